"""What code prepared in the situations of the corpora, and what may be said then."""

from datetime import datetime
from typing import Any

from dentalist.domain.clinic import Clinic
from dentalist.domain.guard.check import Allowed
from dentalist.domain.understanding.intents import Language
from tests.unit.domain.clinics import MONDAY_11AM, make_clinic

FACTS = {
    "greeting": "¡Hola! ¿En qué te puedo ayudar? Puedo darte turnos, precios, horarios o la dirección.",
    "offer": (
        "Estos son los horarios libres. Elegí el que te quede mejor:\n"
        "1. jueves 26 de noviembre a las 10:00\n2. jueves 26 de noviembre a las 11:30\n"
        "3. viernes 27 de noviembre a las 15:00\n4. lunes 30 de noviembre a las 09:00"
    ),
    "nearest": (
        "Para ese momento no hay turnos libres; esto es lo más cercano. Elegí el que te quede mejor:\n"
        "1. miércoles 25 de noviembre a las 16:30\n2. jueves 26 de noviembre a las 17:00"
    ),
    "price": "Limpieza dental: $ 25.000.",
    "prices": "Estos son nuestros precios:\n• Limpieza dental: $ 25.000\n• Implante: USD 900",
    "hours": "Atendemos lunes a viernes de 9 a 13 y de 15 a 19.",
    "closed": (
        "Atendemos lunes a viernes de 9 a 13 y de 15 a 19. El martes 8 de diciembre cerramos (Inmaculada Concepción)."
    ),
    "address": "Estamos en Av. Siempreviva 742, CABA. Mapa: https://maps.example/sonrisas",
    "insurance": "Trabajamos con OSDE y Swiss Medical. Si la tuya no está en la lista, te lo confirma la clínica.",
    "payment": "Se puede pagar con efectivo y Mercado Pago.",
    "phone": "El teléfono de la clínica es +54 11 5555-1000.",
    "treatment": "Sí, está entre nuestros tratamientos: Limpieza dental. Limpieza dental: unos 45 minutos.",
    "missing": "Sobre el estacionamiento no tengo ese dato, te lo confirma la clínica.",
    "symptom": (
        "Por chat no puedo dar un diagnóstico: lo tiene que ver el equipo en una consulta. Si querés, te busco un"
        " turno. Si aparece hinchazón en la cara, fiebre, sangrado que no para o mucho dolor, avisame enseguida."
    ),
    "media": (
        "Recibí el archivo y se lo dejo al equipo: por chat no puedo interpretar fotos ni estudios. Si es una"
        " urgencia, llamá al 107 o al 911."
    ),
    "unclear": (
        "No entendí bien el mensaje. ¿Me lo decís con otras palabras? Puedo ayudar con turnos, precios, horarios y la"
        " dirección."
    ),
    "bye": "¡De nada!",
    "mine": "Tenés turno mañana martes a las 15:30.",
    "none_free": (
        "No encuentro turnos libres en los próximos días: le paso tu pedido a la clínica y te avisan por este chat."
    ),
    "late": "Gracias por avisar: se lo paso a la clínica.",
    "coming": "¡Gracias por confirmar! Te esperamos mañana martes a las 15:30.",
    "later": "Perfecto, escribime cuando quieras.",
    "bot": "Soy Sofi, asistente virtual de Clínica Sonrisas, no una persona.",
}
NAMES = frozenset({"Lucía Pérez", "Sofi"})


def make_allowed(situation: str = "greeting", **changes: Any) -> Allowed:
    """What may be said in a situation, by a clinic with everything filled in, on Monday 23 November 2026."""
    clinic: Clinic = changes.pop("clinic", make_clinic())
    now: datetime | None = changes.pop("now", MONDAY_11AM)
    defaults: dict[str, Any] = {
        "facts": FACTS[situation],
        "names": NAMES,
        "clinic": clinic,
        "language": Language.SPANISH,
        "max_chars": 900,
        "now": now,
    }
    return Allowed(**{**defaults, **changes})
