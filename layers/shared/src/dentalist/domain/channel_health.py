"""What can be wrong with a linked account: the one table from a cause to the channel's status, the alert's severity and
the sentence that tells the professional what happened and what to do. Also the sentences of what went well again and of
what is about to end.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from dentalist.domain.accounts import ChannelType
from dentalist.domain.channel import ChannelStatus


class Cause(StrEnum):
    """Why a channel does not work: its ``status_reason``, and the ``cause`` of its test."""

    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - a cause
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a cause
    APP_REMOVED = "app_removed"
    CHECKPOINT = "checkpoint"
    SCOPE_MISSING = "scope_missing"
    NOT_REGISTERED = "not_registered"
    NOT_SUBSCRIBED = "not_subscribed"
    PERMISSION = "permission"
    RESTRICTED = "restricted"


# How loud a warning is, by the days that are left.
_WARNING_SEVERITIES = {14: "info", 7: "warning", 1: "critical"}
WARNING_DAYS = tuple(_WARNING_SEVERITIES)  # told once at each


class AlertKind(StrEnum):
    """The alerts about a channel that are not its death (``channel_dead``, raised where it is marked)."""

    TOKEN_EXPIRING = "token_expiring"  # noqa: S105 - a kind
    DATA_ACCESS_ENDING = "data_access_ending"
    WEBHOOK_REPAIRED = "webhook_repaired"
    CHANNEL_RESTORED = "channel_restored"


@dataclass(frozen=True)
class Diagnosis:
    """What a cause means for one channel."""

    cause: Cause
    status: ChannelStatus
    severity: str
    sentence: str


@dataclass(frozen=True)
class _Row:
    status: ChannelStatus
    sentence: str
    instead: Mapping[ChannelType, str] = field(default_factory=dict)


_NAMES = {
    ChannelType.WHATSAPP: "tu número de WhatsApp",
    ChannelType.INSTAGRAM: "tu cuenta de Instagram",
    ChannelType.GOOGLE_CALENDAR: "tu calendario de Google",
}
_LOGINS = {
    ChannelType.WHATSAPP: "Facebook",
    ChannelType.INSTAGRAM: "Instagram",
    ChannelType.GOOGLE_CALENDAR: "Google",
}
_MEANWHILE = {
    ChannelType.WHATSAPP: "Mientras tanto no se envía ni se responde ningún mensaje.",
    ChannelType.INSTAGRAM: "Mientras tanto no se publica ni se responde nada.",
    ChannelType.GOOGLE_CALENDAR: "Mientras tanto el asistente no reserva turnos por su cuenta.",
}
# Nobody waits for an answer while only the calendar is away.
_SEVERITIES = {ChannelType.GOOGLE_CALENDAR: "warning"}

_TABLE = {
    Cause.TOKEN_EXPIRED: _Row(
        ChannelStatus.REAUTH_REQUIRED,
        "Venció el permiso para usar {name}. Abrí Canales, tocá «Volver a vincular» e iniciá sesión en {login}."
        " {meanwhile}",
    ),
    Cause.PASSWORD_CHANGED: _Row(
        ChannelStatus.REAUTH_REQUIRED,
        "Cambió la contraseña de {login} con la que se vinculó {name}, y eso anuló el permiso. Abrí Canales, tocá"
        " «Volver a vincular» e iniciá sesión con la contraseña nueva. {meanwhile}",
    ),
    Cause.APP_REMOVED: _Row(
        ChannelStatus.REAUTH_REQUIRED,
        "Alguien quitó el acceso de esta aplicación en la configuración de {login}, y {name} quedó sin permiso. Si no"
        " fue a propósito, abrí Canales y tocá «Volver a vincular». {meanwhile}",
    ),
    Cause.CHECKPOINT: _Row(
        ChannelStatus.REAUTH_REQUIRED,
        "{login} pide una verificación de seguridad a quien vinculó {name}. Entrá a {login}, completá los pasos que te"
        " muestra y después tocá «Probar» en Canales: no hace falta volver a vincular. {meanwhile}",
    ),
    Cause.SCOPE_MISSING: _Row(
        ChannelStatus.REAUTH_REQUIRED,
        "Falta uno de los permisos que necesitamos para usar {name}. Abrí Canales, tocá «Volver a vincular» y dejá"
        " marcados todos los permisos. {meanwhile}",
    ),
    Cause.PERMISSION: _Row(
        ChannelStatus.REAUTH_REQUIRED,
        "Quien vinculó {name} ya no tiene acceso a él en Meta. Pedile a quien administra el negocio que se lo devuelva"
        " en business.facebook.com y tocá «Probar» en Canales, o volvé a vincularlo con otra persona. {meanwhile}",
        {
            ChannelType.INSTAGRAM: "Instagram no nos deja usar {name}. En la app de Instagram abrí Configuración,"
            " Mensajes, Herramientas conectadas, permití el acceso a los mensajes y tocá «Probar» en Canales; si sigue"
            " igual, volvé a vincularla. {meanwhile}",
            ChannelType.GOOGLE_CALENDAR: "La cuenta que vinculó {name} ya no puede verlo. Compartilo otra vez con esa"
            " cuenta desde Google Calendar y tocá «Probar» en Canales, o vinculá otro. {meanwhile}",
        },
    ),
    Cause.NOT_REGISTERED: _Row(
        ChannelStatus.PENDING,
        "{Name} no está registrado para enviar mensajes por la plataforma de WhatsApp. Abrí Canales y tocá «Volver a"
        " vincular»: lo registramos de nuevo. {meanwhile}",
        {ChannelType.INSTAGRAM: "{Name} no es una cuenta profesional. Convertila desde la app de Instagram, en"
         " Configuración, Tipo de cuenta, y volvé a vincularla desde Canales. {meanwhile}"},
    ),
    Cause.NOT_SUBSCRIBED: _Row(
        ChannelStatus.PENDING,
        "Dejaron de llegarnos los mensajes que la gente manda a {name}. Abrí Canales y tocá «Renovar»: eso vuelve a"
        " pedirlos. Si sigue igual, tocá «Volver a vincular». {meanwhile}",
    ),
    Cause.RESTRICTED: _Row(
        ChannelStatus.RESTRICTED,
        "Meta restringió {name} y no deja enviar mensajes. Mirá el motivo en business.facebook.com, Calidad de la"
        " cuenta, y pedí ahí la revisión: cuando la levanten se reconecta sin que hagas nada. {meanwhile}",
        {
            ChannelType.INSTAGRAM: "Instagram restringió {name}. Mirá el motivo en la app, Configuración, Estado de la"
            " cuenta, y pedí ahí la revisión: cuando la levanten se reconecta sin que hagas nada. {meanwhile}",
            ChannelType.GOOGLE_CALENDAR: "Google suspendió la cuenta de {name}. Entrá a Google y seguí los pasos para"
            " recuperarla: cuando vuelva se reconecta sin que hagas nada. {meanwhile}",
        },
    ),
}  # fmt: skip


def cause_of(reason: str | None) -> Cause | None:
    """The cause behind a channel's ``status_reason``, or None where it has none that we know."""
    return Cause(reason) if reason in set(Cause) else None


def diagnose(cause: str | None, channel: ChannelType) -> Diagnosis:
    """What a cause means for this kind of channel; an unknown one can only be cured by linking again.

    Args:
        cause: as a provider's refusal or ``status_reason`` names it.
        channel: the kind of account.
    """
    known = cause_of(cause) or Cause.TOKEN_EXPIRED
    row = _TABLE[known]
    return Diagnosis(
        cause=known,
        status=row.status,
        severity=_SEVERITIES.get(channel, "critical"),
        sentence=_worded(row.instead.get(channel, row.sentence), channel),
    )


def health_sentence(status: ChannelStatus, reason: str | None, channel: ChannelType) -> str:
    """How a channel is, in a sentence for the dashboard."""
    if status is ChannelStatus.CONNECTED:
        return _worded("{Name} funciona.", channel)
    if status is ChannelStatus.DISCONNECTED:
        return _worded("{Name} ya no está en uso. Podés volver a vincular desde Canales.", channel)
    if reason is None and status is ChannelStatus.PENDING:
        return _worded("{Name} todavía no terminó de vincularse. Abrí Canales y tocá «Volver a vincular».", channel)
    if cause_of(reason) is None and status is ChannelStatus.RESTRICTED:
        return diagnose(Cause.RESTRICTED, channel).sentence
    return diagnose(reason, channel).sentence


def can_heal(status: ChannelStatus) -> bool:
    """Whether finding everything in order connects the channel again; what its owner took off stays off."""
    return status not in (ChannelStatus.CONNECTED, ChannelStatus.DISCONNECTED)


def due_warning(end: datetime, now: datetime, *, from_days: int = max(WARNING_DAYS)) -> int | None:
    """Which of the warnings about an end is due: the days it is told for, or None while there is time.

    Args:
        end: when it ends.
        now: the moment this is asked for.
        from_days: leave out the earlier warnings.
    """
    left = end - now
    due = [days for days in WARNING_DAYS if days <= from_days and left <= timedelta(days=days)]
    return min(due, default=None)


def warning_severity(days: int) -> str:
    """How loud the warning at this many days is."""
    return _WARNING_SEVERITIES[days]


def expiring_sentence(channel: ChannelType, end: datetime, now: datetime) -> str:
    """The access ends and could not be renewed without the person."""
    return _worded(
        f"El permiso para usar {{name}} vence {_when(end - now)} y no se puede renovar solo. Abrí Canales, tocá «Volver"
        " a vincular» e iniciá sesión en {login}: lleva un minuto y no se pierde nada.",
        channel,
    )


def data_access_sentence(channel: ChannelType, end: datetime, now: datetime) -> str:
    """Meta ends the access to data of whoever has not logged in for ninety days, though the token lives on."""
    return _worded(
        f"{_when(end - now).capitalize()} {{login}} deja de darnos los datos de {{name}} si no volvés a iniciar sesión."
        " Abrí Canales y tocá «Volver a vincular»: lleva un minuto y no se pierde nada.",
        channel,
    )


def repaired_sentence(channel: ChannelType) -> str:
    """The webhook was gone and is back."""
    return _worded(
        "Se había cortado el aviso de los mensajes que llegan a {name} y ya lo reconectamos. Revisá en tu app si quedó"
        " alguno de las últimas horas sin responder.",
        channel,
    )


def restored_sentence(channel: ChannelType) -> str:
    """The channel works again."""
    return _worded("{Name} volvió a funcionar. No hace falta que hagas nada.", channel)


def _when(left: timedelta) -> str:
    days = math.ceil(left / timedelta(days=1))
    if days <= 0:
        return "hoy"
    return "en menos de un día" if days == 1 else f"en {days} días"


def _worded(sentence: str, channel: ChannelType) -> str:
    name = _NAMES[channel]
    return sentence.format(
        name=name, Name=name[0].upper() + name[1:], login=_LOGINS[channel], meanwhile=_MEANWHILE[channel]
    )
