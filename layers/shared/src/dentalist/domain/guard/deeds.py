"""What only code may say has happened or will happen, as patterns: verbs by their stem, and phrases of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

NOUN = r"(?:turnos?|citas?|horas?|reservas?|consultas?|lugar(?:es)?|visitas?|espacios?|cupos?|horarios?|huecos?)"
_CLITIC = r"(?:se lo|se la|te lo|te la|se los|te|le|lo|la|se|los|las|les|nos|me)"
_AFTER = r"(?:el|la|los|las|tu|tus|su|sus|un|una|al|a|con|por|para|en|este|ese|todo|de|que|mi|ya|hoy|manana|dos|ambos)"


@dataclass(frozen=True)
class Deed:
    """One kind of effect.

    Attributes:
        stems: of verbs in -ar.
        done: other words for "I did it".
        past: other participles, without their ending.
        will: other words for "I do it, I shall do it", said after a pronoun.
        phrases: patterns that say it in no regular way.
        promises: whether announcing it is as bad as claiming it.
    """

    stems: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    will: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    promises: bool = True

    def told(self) -> re.Pattern[str]:
        """Says that it has happened."""
        stems = "|".join(self.stems)
        soft = "|".join(_soft(stem) for stem in self.stems)
        regular = [rf"(?:(?:{soft})e|(?:{stems})(?:amos|aron|aste))"] if stems else []
        done = "|".join([*regular, *self.done]) or r"\Z."
        past = "|".join([*([rf"(?:{stems})ad"] if stems else []), *self.past]) or r"\Z."
        return re.compile(
            rf"(?<!\w)(?:{_CLITIC} (?:ya )?(?:{done})(?!\w)(?! por)"
            rf"|(?:ya|listo|hecho|perfecto|genial|bien|recien),? (?:{done})(?!\w)"
            rf"|(?:^|(?<=[,:] ))(?:{done}) {_AFTER}(?!\w)"
            rf"|(?:he|hemos|ha|han|habiamos|habia)(?: \w+)? (?:{past})o(?!\w)"
            rf"|(?:qued\w+|esta|estan|estas|fue|fueron|ha sido|sigue|salio|dej\w+|tenes|tienes|tiene|ya"
            rf"|listo,?|con|todo)"
            rf" (?:\w+ ){{0,4}}?(?:{past})[oa]s?(?!\w)"
            rf"|{NOUN} (?:\w+ ){{0,4}}?(?:{past})[oa]s?(?!\w)"
            rf"|(?:^|(?<=[,:] ))(?:{past})[oa]s?(?!\w)"
            rf"{''.join(f'|{phrase}' for phrase in self.phrases)})"
        )

    def announced(self) -> re.Pattern[str]:
        """Says that it is about to happen."""
        stems = "|".join(self.stems)
        future = [rf"(?:{stems})(?:o|amos|an|are|aremos|aran|ara)"] if stems else []
        infinitive = [rf"(?:{stems})ar(?:te|le|lo|la|los|las|telo|selo)?"] if stems else []
        will = "|".join([*future, *self.will]) or r"\Z."
        going = "|".join(infinitive) or r"\Z."
        gerund = rf"(?:{stems})ando" if stems else r"\Z."
        return re.compile(
            rf"(?<!\w)(?:(?!me ){_CLITIC} (?:{will})(?!\w)|(?:{_CLITIC} )?(?:voy|vamos|va|van|paso) a (?:{going})(?!\w)"
            rf"|(?:{_CLITIC} )?(?:estoy|estamos|estan|esta) (?:{gerund})(?:\w{{2}})?(?!\w))"
        )


def _soft(stem: str) -> str:
    """The stem before an e: "actualicé", "notifiqué", "cargué"."""
    for ending, before_e in (("z", "c"), ("c", "qu"), ("g", "gu")):
        if stem.endswith(ending):
            return stem.removesuffix(ending) + before_e
    return stem


DEEDS: Mapping[str, Deed] = {
    "booked": Deed(
        stems=(
            "reserv", "agend", "anot", "apart", "program", "confirm", "asign", "coordin", "registr", "bloque", "guard",
            "reagend", "asegur", "fij", "apunt", "separ", "tom",
        ),
        done=("inscribi", "inscribimos", "puse", "pusimos", "di", "dimos", "meti", "sume", "consegui", "conseguimos"),
        past=("inscript", "cerrad[oa] tu turn", "dad"),
        will=("doy", "pongo", "meto", "sumo", "consigo"),
        phrases=(
            rf"{NOUN} (?:ya )?es (?:tuy|suy)[oa]",
            rf"ya (?:tenes|tienes|tiene|esta)(?: \w+){{0,2}} {NOUN}",
            r"(?:esta\w*|ya|quedas?|entro) en (?:la |nuestra )?agenda|ya estas? (?:en el sistema|adentro|dentro)",
            rf"te (?:hago|hacemos|damos|doy|abrimos|consigo) (?:un |el |ese |otro )?{NOUN}|(?:vas|va) a tener (?:tu"
            rf"|su|el|un)",
            r"trato hecho|asunto resuelto|dalo por hecho|delo por hecho|contas con (?:ese|el) (?:turno|lugar)",
            r"cuenta con (?:ese|el|su) (?:turno|lugar)|(?:booked|scheduled|your appointment|agendamento confirmado)",
            r"(?:operacion|reserva|gestion|tramite) (?:exitosa|realizada|completada|completa|hech[oa])",
        ),
    ),
    "cancelled": Deed(
        stems=("cancel", "anul", "elimin", "borr", "quit", "liber"),
        done=("suspendi", "suspendimos", "di de baja", "dimos de baja"),
        past=("suspendid", "dad[oa] de baj"),
        will=("suspendo", "doy de baja", "damos de baja"),
        phrases=(
            rf"ya no (?:tenes|tienes|tiene)(?: \w+)? {NOUN}",
            r"(?:cancelacion|baja) (?:exitosa|realizada|hecha|confirmada)",
        ),
    ),
    "moved": Deed(
        stems=("cambi", "reprogram", "reagend", "adelant", "posterg", "traslad", "modific", "atras"),
        done=("movi", "movimos", "corri", "corrimos"),
        past=("movid", "corrid"),
        will=("muevo", "movemos", "corro", "paso (?:al|para)"),
        phrases=(r"(?:cambio|reprogramacion) (?:exitos[oa]|realizad[oa]|hech[oa]|confirmad[oa])",),
    ),
    "notified": Deed(
        stems=("avis", "notific", "inform", "comunic", "alert", "consult", "habl", "pregunt", "llam", "contact"),
        done=("escribi", "escribimos", "pedi", "pedimos", "transmiti", "transmitimos"),
        past=("transmitid", "advertid"),
        will=("escribo", "escribimos", "escriben", "escribiran", "escribira", "escribire", "transmito"),
        phrases=(
            r"(?:el|la) (?:doctora?|dra?\.?|odontolog[oa]|equipo|secretaria|recepcion|profesional)(?: \w+)? ya"
            r" (?:sabe|lo vio|lo sabe"
            r"|esta (?:al tanto|enterad|avisad)|lo autorizo|autorizo|dijo|te espera|viene)",
            r"(?:segun|me (?:dijo|confirmo|autorizo|pidio|aviso)|hable con) (?:el|la) (?:doctora?|dra?|odontolog[oa]"
            r"|profesional)",
            r"(?:se|nos) (?:va|van|vamos) a (?:comunicar|contactar|poner en contacto)",
            r"(?:se|nos) (?:comunic|contact|pondr)(?:a|an|ara|aran|amos|aremos|emos)(?!\w)",
            r"(?:te|le|lo|la) (?:respond|atend|contest)(?:en|eran|emos|eremos|era|ere|an|aran)(?: \w+)?"
            r" (?:en|enseguida|hoy|manana|antes|ya|pronto|a la brevedad|dentro)(?!\w)",
            r"(?:en (?:un|una|unos|pocos|breve|minutos|segundos|cuestion)(?: \w+){0,2}|enseguida|a la brevedad"
            r"|pronto),?"
            r" (?:te|le|lo|la|se|nos|vas|va|tendras|tendra|recibiras)(?!\w)",
        ),
    ),
    "passed_on": Deed(
        stems=("deriv", "elev", "transfier"),
        done=("pase tu", "pase su", "transferi", "tome nota"),
        past=("tomad[oa] not",),
        will=(
            r"paso (?:tu|su|este|el) (?:pedido|mensaje|consulta|reclamo|caso|solicitud|pregunta)",
            r"paso (?:a|al|con) (?:la clinica|una persona|alguien|equipo|el equipo|la doctora|el doctor|recepcion)",
            r"dejo (?:tu|su|el|este) (?:pedido|mensaje|consulta|caso|archivo)", "dejo al equipo",
            "transfiero", "hago llegar", "comunico con", "pongo en contacto",
        ),
        phrases=(
            r"(?:tu|su) (?:pedido|mensaje|consulta|reclamo|caso|solicitud) (?:ya )?(?:fue|esta|quedo|llego|paso)",
        ),
    ),
    "sent": Deed(
        stems=("envi", "mand", "adjunt"),
        done=("comparti", "compartimos"),
        past=("compartid", "emitid"),
        will=("comparto por", "va a llegar", "llegara", "van a llegar", "llega un", "llega una"),
        phrases=(r"(?:vas a recibir|va a recibir|recibiras|recibira)(?!\w)",),
    ),
    "paid": Deed(
        stems=("cobr", "acredit", "proces", "reintegr", "factur", "deposit"),
        done=("recibi (?:el|tu|su) (?:pago|transferencia|sena|deposito)", "devolvi", "devolvimos"),
        past=("devuelt",),
        will=("devolvemos", "devuelvo", "descuento"),
        phrases=(
            r"(?:pago|transferencia|sena|deposito) (?:\w+ ){0,2}(?:recibid|acreditad|registrad|confirmad|aprobad"
            r"|rechazad)[oa]",
            r"recib(?:i|imos) (?:\w+ ){0,2}(?:pago|transferencia|dinero|plata|sena|deposito)",
            r"(?:mand|envi|hac|realiz)\w+ (?:\w+ ){0,2}(?:pago|transferencia|sena|deposito|comprobante)",
            r"(?:transfer\w*|deposit\w*) (?:\w+ ){0,3}(?:cuenta|alias|cbu|cvu|clabe|iban)|(?:alias|cbu|cvu|clabe"
            r"|iban)(?:\s|:| es)",
        ),
    ),
    "recorded": Deed(
        stems=("actualiz", "modific", "carg", "agreg", "complet"),
        done=("corregi", "corregimos", "di de alta", "cree"),
        past=("corregid", "dad[oa] de alt"),
        will=("doy de alta",),
        phrases=(
            r"(?:ya )?no (?:vas a|va a|te va a|te van a|te vamos a|te voy a|te|le) (?:recibir|llegar\w*|enviar\w*"
            r"|molest\w*|escribir\w*)"
            r"(?:(?: mas)? (?:mensajes?|nada|promociones|avisos)| mas(?!\w))",
        ),
    ),
    "promised": Deed(
        stems=("garantiz",),
        done=(),
        will=("prometo", "prometemos", "juro", "aseguro", "aseguramos"),
        phrases=(
            r"(?:totalmente|completamente|absolutamente) (?:segur|indolor|efectiv|garantizad)\w*|indoloro",
            r"no (?:te |le )?(?:va a|vas a sentir|duele|dolera|sentiras)(?: \w+){0,2}? ?(?:doler|nada|dolor)?(?!\w)"
            r"(?<!va a)(?<!va a )",
            r"sin (?:ningun )?dolor|para toda la vida|de por vida|numero uno",
            r"(?:la|los|las) mejor(?:es)? (?:clinica|precio\w*|equipo|profesional\w*|atencion|del?)(?!\w)",
        ),
    ),
    "expected": Deed(
        phrases=(
            r"(?:te|lo|la|los|las|le) (?:esper\w+|vemos|veo|atend\w+|atiend\w+|recib\w+)(?: \w+){0,3}?"
            r" (?:el|hoy|manana|a las?|este|pasado)(?!\w)",
            r"nos vemos (?:el|hoy|manana|a las?|este|pasado)",
            rf"(?:tenes|tienes|tiene) (?:un |una |tu |su |el |la )?{NOUN} (?:el|hoy|manana|a las?|para|con)",
            rf"(?:tus?|sus?|el|la|ese|esa) (?:proxim[oa] )?(?:{NOUN}|pagos?|datos|pedido) (?:de \w+ )?(?:ya |no |ya"
            rf" no )?"
            r"(?:es|son|sera|sigue|siguen|continua|seria|esta|estan|queda|quedan|existe)(?!\w)(?! (?:en la lista|de"
            r" lunes|disponible))",
            rf"(?:tenes|tienes|tiene|tenemos|contas|conta|cuenta) (?:con )?(?:el|tu|su|ese) (?:{NOUN}|pago)(?!\w)",
            r"ya (?:estas?|estan|tenes|tienes|tiene|tenemos|no|lo|la|los|te (?!paso|muestr|cuento|digo|busco|ayudo"
            r"|dejo))",
            r"todo (?:listo|hecho|en orden|resuelto|arreglado)(?! para ayud)|qued(?:a|amos) asi entonces",
            r"te (?:veo|vemos|ven|ve)(?! (?:bien|mejor))(?!\w)",
            r"(?:podes|puedes|puede|podrias) (?:pasar|venir|acercarte|acercarse|entrar)(?!\w)",
            r"(?:pasa|veni|venite|acercate|vente|venga|pase)(?= (?:cuando|ahora|hoy|ya|nomas|directo|por|sin)|[.,!]|$)",
            r"(?:te|lo|la|los|las) esper(?:o|amos) (?:cuando|ahora|hoy|ya|ahi|entonces)",
        ),
    ),
    "free": Deed(
        phrases=(
            rf"(?:tengo|tenemos|hay|queda|quedan|quedo|contamos con|se libero|se liberaron|dispongo de) (?:\w+"
            rf" ){{0,3}}?"
            rf"(?:{NOUN}|disponibilidad)(?! de atencion)(?! que)(?!\w)",
            rf"(?:esta|estan|sigue|siguen) (?:\w+ )?(?:libres?|disponibles?)|{NOUN} (?:libres?|disponibles?)",
        ),
    ),
    "full": Deed(
        phrases=(
            rf"no (?:hay|tengo|tenemos|quedan?|contamos con|encuentro) (?:\w+ ){{0,2}}?(?:{NOUN}|disponibilidad)(?!\w)",
            r"(?:agenda|dia|semana|mes) (?:\w+ ){0,2}(?:complet|llen|ocupad)[oa]|todo (?:ocupado|lleno|tomado)",
        ),
    ),
}  # fmt: skip
