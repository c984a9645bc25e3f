"""One line, in Spanish, for every kind of message: what the inbox shows and the assistant reads.

Total: whatever shape a message has, there is a line, and it is never empty.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from dentalist.inbound.shapes import list_of, object_of, text_of

NO_TEXT = "Mensaje sin texto"
DELETED = "Mensaje eliminado"

_UNSUPPORTED_KINDS = {
    "poll": "encuesta",
    "edit": "edición",
    "button": "botón",
    "event": "evento",
    "video_note": "video instantáneo",
    "view_once": "foto o video de una sola vez",
}
_ATTACHMENTS = {
    "image": "📷 Foto",
    "video": "🎬 Video",
    "audio": "🎤 Audio",
    "file": "📄 Archivo",
    "share": "🔗 Publicación compartida",
    "story_mention": "📣 Mención en su historia",
    "ig_reel": "🎬 Reel compartido",
    "reel": "🎬 Reel compartido",
    "ephemeral": "📷 Foto o video temporal",
}


def readable_whatsapp(event: dict[str, Any], kind: str) -> str:
    """The line for a WhatsApp message of type ``kind``, whose content lies below the key of that name."""
    line = _LINES[kind](event) if kind in _LINES else f"Mensaje de tipo «{kind}»"
    return line or NO_TEXT


def readable_instagram(message: dict[str, Any]) -> str:
    """The line for an Instagram direct message."""
    text = text_of(message.get("text")) or ""
    if object_of(object_of(message.get("reply_to")).get("story")):
        text = _labelled("💬 Respuesta a una historia", text)
    kinds = [text_of(object_of(item).get("type")) or "" for item in list_of(message.get("attachments"))]
    if not kinds:
        return text or ("Mensaje no compatible" if message.get("is_unsupported") else NO_TEXT)
    label = _ATTACHMENTS.get(kinds[0], "📎 Adjunto")
    return _labelled(label if len(kinds) == 1 else f"{label} (y {len(kinds) - 1} más)", text)


def _labelled(label: str, *details: str | None) -> str:
    known = [detail for detail in details if detail]
    return f"{label}: {' · '.join(known)}" if known else label


def _text(event: dict[str, Any]) -> str:
    return text_of(object_of(event.get("text")).get("body")) or ""


def _file(kind: str, label: str) -> Callable[[dict[str, Any]], str]:
    def line(event: dict[str, Any]) -> str:
        content = object_of(event.get(kind))
        return _labelled(label, text_of(content.get("filename")), text_of(content.get("caption")))

    return line


def _audio(event: dict[str, Any]) -> str:
    return "🎤 Nota de voz" if object_of(event.get("audio")).get("voice") is True else "🎵 Audio"


def _location(event: dict[str, Any]) -> str:
    place = object_of(event.get("location"))
    named = ", ".join(filter(None, (text_of(place.get("name")), text_of(place.get("address")))))
    coordinates = [value for key in ("latitude", "longitude") if isinstance(value := place.get(key), int | float)]
    return _labelled("📍 Ubicación", named or ", ".join(str(number) for number in coordinates))


def _contacts(event: dict[str, Any]) -> str:
    cards = [object_of(card) for card in list_of(event.get("contacts"))]
    names = [_contact_card(card) for card in cards]
    return _labelled("👤 Contacto" if len(names) < 2 else "👤 Contactos", *names)  # noqa: PLR2004 - singular, plural


def _contact_card(card: dict[str, Any]) -> str:
    name = text_of(object_of(card.get("name")).get("formatted_name"))
    phones = (text_of(object_of(phone).get("phone")) for phone in list_of(card.get("phones")))
    return " ".join(filter(None, (name, next(filter(None, phones), None))))


def _reaction(event: dict[str, Any]) -> str:
    emoji = text_of(object_of(event.get("reaction")).get("emoji"))
    return f"Reaccionó con {emoji}" if emoji else "Quitó su reacción"


def _button(event: dict[str, Any]) -> str:
    button = object_of(event.get("button"))
    return text_of(button.get("text")) or text_of(button.get("payload")) or ""


def _interactive(event: dict[str, Any]) -> str:
    reply = object_of(event.get("interactive"))
    if "nfm_reply" in reply:
        return _labelled("📝 Formulario", *_form_fields(object_of(reply["nfm_reply"])))
    chosen = object_of(reply.get("button_reply")) or object_of(reply.get("list_reply"))
    return text_of(chosen.get("title")) or text_of(chosen.get("id")) or "Respuesta que no se pudo leer"


def _form_fields(form: dict[str, Any]) -> list[str]:
    try:
        answers = object_of(json.loads(text_of(form.get("response_json")) or "{}"))
    except (ValueError, RecursionError):
        return []
    return [f"{name}: {text}" for name, value in answers.items() if name != "flow_token" and (text := text_of(value))]


def _order(event: dict[str, Any]) -> str:
    order = object_of(event.get("order"))
    count = len(list_of(order.get("product_items")))
    return _labelled("🛒 Pedido", f"{count} producto{'s' * (count != 1)}", text_of(order.get("text")))


def _system(event: dict[str, Any]) -> str:
    return text_of(object_of(event.get("system")).get("body")) or "Aviso de WhatsApp"


def _unsupported(event: dict[str, Any]) -> str:
    kind = text_of(object_of(event.get("unsupported")).get("type"))
    return f"Mensaje no compatible ({_UNSUPPORTED_KINDS.get(kind, kind)})" if kind else "Mensaje no compatible"


_LINES: dict[str, Callable[[dict[str, Any]], str]] = {
    "text": _text,
    "image": _file("image", "📷 Foto"),
    "video": _file("video", "🎬 Video"),
    "document": _file("document", "📄 Documento"),
    "sticker": _file("sticker", "💟 Sticker"),
    "audio": _audio,
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
    "button": _button,
    "interactive": _interactive,
    "order": _order,
    "system": _system,
    "unsupported": _unsupported,
    "revoke": lambda _event: DELETED,
    "media_placeholder": lambda _event: "📎 Archivo anterior a la vinculación",
    "request_welcome": lambda _event: "Abrió el chat",
}
