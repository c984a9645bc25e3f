"""The five templates every clinic needs, in its country's Spanish, within what Meta approves. No I/O.

Each is a UTILITY template whose only variables are the clinic, a name, a date and a time: nothing about a patient's
health ever stands in a text that anybody can read on a locked screen. Between two variables, and before the first and
after the last, there are words: Meta refuses anything else.

Source:
    https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
    https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-categorization
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any

_NAMED_VARIABLE = re.compile(r"\{\{([a-z]+)\}\}")
_ANY_VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_NAMED = "NAMED"


class StandardTemplate(StrEnum):
    """Under which name each is known at Meta. Never renamed: approvals hang on it."""

    REMINDER = "appointment_reminder"
    CONFIRMATION = "appointment_confirmation"
    RESCHEDULE = "appointment_reschedule"
    REOPENING = "reopen_conversation"
    URGENT_NOTICE = "urgent_notice"


VARIABLES = ("name", "clinic", "date", "time")
_NEUTRAL = "es"
_LANGUAGE_OF_COUNTRY = MappingProxyType({"AR": "es_AR", "MX": "es_MX", "ES": "es_ES"})
# With the buttons' words the answer classifier already recognises a confirmation and a cancellation.
_BUTTONS: Mapping[StandardTemplate, tuple[str, ...]] = MappingProxyType(
    {StandardTemplate.REMINDER: ("Confirmo", "Cancelar")}
)
_SAMPLES = MappingProxyType(
    {"name": "Ana", "clinic": "Consultorio Ferreyra", "date": "jueves 12 de noviembre", "time": "15:30"}
)

_TEXTS: Mapping[str, Mapping[StandardTemplate, str]] = MappingProxyType(
    {
        "es_AR": {
            StandardTemplate.REMINDER: (
                "Hola {{name}}, te recordamos tu turno en {{clinic}}: es el {{date}} a las {{time}}. "
                "Tocá un botón para avisarnos si venís, o escribinos por acá si necesitás cambiarlo."
            ),
            StandardTemplate.CONFIRMATION: (
                "Hola {{name}}, tu turno en {{clinic}} quedó reservado para el {{date}} a las {{time}}. "
                "Si no podés venir, avisanos respondiendo este mensaje."
            ),
            StandardTemplate.RESCHEDULE: (
                "Hola {{name}}, tu turno en {{clinic}} cambió: ahora es el {{date}} a las {{time}}. "
                "Si ese horario no te sirve, respondé este mensaje y buscamos otro."
            ),
            StandardTemplate.REOPENING: (
                "Hola {{name}}, te escribimos de {{clinic}} por la consulta que nos hiciste el {{date}}. "
                "Respondé este mensaje y la seguimos por acá."
            ),
            StandardTemplate.URGENT_NOTICE: (
                "Hola {{name}}, este es un aviso urgente de {{clinic}}: el {{date}} a las {{time}} entró un asunto "
                "que necesita a una persona lo antes posible. Abrí el panel de la clínica para verlo."
            ),
        },
        "es_MX": {
            StandardTemplate.REMINDER: (
                "Hola {{name}}, le recordamos su cita en {{clinic}}: es el {{date}} a las {{time}}. "
                "Toque un botón para avisarnos si asistirá, o escríbanos por aquí si necesita cambiarla."
            ),
            StandardTemplate.CONFIRMATION: (
                "Hola {{name}}, su cita en {{clinic}} quedó reservada para el {{date}} a las {{time}}. "
                "Si no puede asistir, avísenos respondiendo a este mensaje."
            ),
            StandardTemplate.RESCHEDULE: (
                "Hola {{name}}, su cita en {{clinic}} cambió: ahora es el {{date}} a las {{time}}. "
                "Si ese horario no le queda bien, responda a este mensaje y buscamos otro."
            ),
            StandardTemplate.REOPENING: (
                "Hola {{name}}, le escribimos de {{clinic}} por la consulta que nos hizo el {{date}}. "
                "Responda a este mensaje y la seguimos por aquí."
            ),
            StandardTemplate.URGENT_NOTICE: (
                "Hola {{name}}, este es un aviso urgente de {{clinic}}: el {{date}} a las {{time}} entró un asunto "
                "que necesita a una persona lo antes posible. Abra el panel de la clínica para verlo."
            ),
        },
        "es_ES": {
            StandardTemplate.REMINDER: (
                "Hola {{name}}, te recordamos tu cita en {{clinic}}: es el {{date}} a las {{time}}. "
                "Pulsa un botón para avisarnos si vienes, o escríbenos por aquí si necesitas cambiarla."
            ),
            StandardTemplate.CONFIRMATION: (
                "Hola {{name}}, tu cita en {{clinic}} ha quedado reservada para el {{date}} a las {{time}}. "
                "Si no puedes venir, avísanos respondiendo a este mensaje."
            ),
            StandardTemplate.RESCHEDULE: (
                "Hola {{name}}, tu cita en {{clinic}} ha cambiado: ahora es el {{date}} a las {{time}}. "
                "Si ese horario no te viene bien, responde a este mensaje y buscamos otro."
            ),
            StandardTemplate.REOPENING: (
                "Hola {{name}}, te escribimos de {{clinic}} por la consulta que nos hiciste el {{date}}. "
                "Responde a este mensaje y la seguimos por aquí."
            ),
            StandardTemplate.URGENT_NOTICE: (
                "Hola {{name}}, este es un aviso urgente de {{clinic}}: el {{date}} a las {{time}} ha entrado un "
                "asunto que necesita a una persona lo antes posible. Abre el panel de la clínica para verlo."
            ),
        },
        _NEUTRAL: {
            StandardTemplate.REMINDER: (
                "Hola {{name}}, le recordamos su cita en {{clinic}}: es el {{date}} a las {{time}}. "
                "Toque un botón para avisarnos si viene, o escríbanos por aquí si necesita cambiarla."
            ),
            StandardTemplate.CONFIRMATION: (
                "Hola {{name}}, su cita en {{clinic}} quedó reservada para el {{date}} a las {{time}}. "
                "Si no puede venir, avísenos respondiendo a este mensaje."
            ),
            StandardTemplate.RESCHEDULE: (
                "Hola {{name}}, su cita en {{clinic}} cambió: ahora es el {{date}} a las {{time}}. "
                "Si ese horario no le sirve, responda a este mensaje y buscamos otro."
            ),
            StandardTemplate.REOPENING: (
                "Hola {{name}}, le escribimos de {{clinic}} por la consulta que nos hizo el {{date}}. "
                "Responda a este mensaje y la seguimos por aquí."
            ),
            StandardTemplate.URGENT_NOTICE: (
                "Hola {{name}}, este es un aviso urgente de {{clinic}}: el {{date}} a las {{time}} llegó un asunto "
                "que necesita a una persona lo antes posible. Abra el panel de la clínica para verlo."
            ),
        },
    }
)
LANGUAGES = tuple(_TEXTS)


def language_of(country: str | None) -> str:
    """The Spanish, by Meta's code, in which a clinic of this country writes to its patients."""
    return _LANGUAGE_OF_COUNTRY.get((country or "").upper(), _NEUTRAL)


def standard_template(name: StandardTemplate, language: str) -> dict[str, Any]:
    """One of the set as Meta takes it, examples included: reviewers see the text as a patient would.

    Args:
        name: which one.
        language: one of ``LANGUAGES``.
    """
    text = _TEXTS[language][name]
    samples = [{"param_name": found, "example": _SAMPLES[found]} for found in _NAMED_VARIABLE.findall(text)]
    components: list[dict[str, Any]] = [
        {"type": "BODY", "text": text, "example": {"body_text_named_params": samples}},
    ]
    if labels := _BUTTONS.get(name):
        buttons = [{"type": "QUICK_REPLY", "text": label} for label in labels]
        components.append({"type": "BUTTONS", "buttons": buttons})
    return {
        "name": name.value,
        "language": language,
        "category": "UTILITY",
        "parameter_format": _NAMED,
        "components": components,
    }


def takes_our_values(
    name: str, language: str, *, parameter_format: str, components: Sequence[Mapping[str, Any]]
) -> bool:
    """Whether what Meta has under this name can be sent as one of the set.

    ``appointment_reminder`` is a name that many a clinic uses already, for a text with other variables: the approval of
    that one says nothing about ours.
    """
    if name not in list(StandardTemplate) or language not in _TEXTS or parameter_format != _NAMED:
        return False
    # A picture on top is a value as well, and we have none to give.
    if any(component.get("format") not in (None, "TEXT") for component in components):
        return False
    wanted = set(_NAMED_VARIABLE.findall(_TEXTS[language][StandardTemplate(name)]))
    return {found for text in _texts_of(components) for found in _ANY_VARIABLE.findall(text)} == wanted


def _texts_of(components: Sequence[Mapping[str, Any]]) -> list[str]:
    """Wherever a variable may stand."""
    links = [button.get("url") for component in components for button in component.get("buttons") or []]
    return [text for text in (*(component.get("text") for component in components), *links) if isinstance(text, str)]
