from typing import Any

import pytest

from dentalist.inbound.readable import readable_whatsapp
from tests.unit.inbound.bodies import event_of_message, make_message


@pytest.mark.parametrize(
    ("kind", "content", "line"),
    [
        ("text", {"body": "Hola\ndoctora"}, "Hola\ndoctora"),
        ("text", {"body": ""}, "Mensaje sin texto"),
        ("text", None, "Mensaje sin texto"),
        ("image", {"id": "1"}, "📷 Foto"),
        ("video", {"id": "1", "caption": "mirá"}, "🎬 Video: mirá"),
        ("document", {"filename": "a.pdf"}, "📄 Documento: a.pdf"),
        ("audio", {"voice": False}, "🎵 Audio"),
        ("audio", {"voice": True}, "🎤 Nota de voz"),
        ("sticker", {"animated": True}, "💟 Sticker"),
        ("location", {"latitude": -32.9, "longitude": -60.6}, "📍 Ubicación: -32.9, -60.6"),
        ("location", {}, "📍 Ubicación"),
        ("contacts", [{"name": {"formatted_name": "A"}}, {"phones": [{"phone": "+1"}]}], "👤 Contactos: A · +1"),
        ("contacts", "x", "👤 Contacto"),
        ("reaction", {"emoji": "👍"}, "Reaccionó con 👍"),
        ("button", {"payload": "P"}, "P"),
        ("interactive", {"type": "list_reply", "list_reply": {"id": "7"}}, "7"),
        ("interactive", None, "Respuesta que no se pudo leer"),
        ("interactive", {"nfm_reply": {"response_json": "{no json"}}, "📝 Formulario"),
        (
            "interactive",
            {"nfm_reply": {"response_json": '{"dni": 30111222, "flow_token": "t"}'}},
            "📝 Formulario: dni: 30111222",
        ),
        ("order", {"product_items": [{}, {}], "text": "para hoy"}, "🛒 Pedido: 2 productos · para hoy"),
        ("order", {"product_items": [{}]}, "🛒 Pedido: 1 producto"),
        ("system", {"body": "Ana cambió su número"}, "Ana cambió su número"),
        ("unsupported", {"type": "hologram"}, "Mensaje no compatible (hologram)"),
        ("unsupported", None, "Mensaje no compatible"),
        ("request_welcome", None, "Abrió el chat"),
        ("revoke", {}, "Mensaje eliminado"),
        ("hologram", {}, "Mensaje de tipo «hologram»"),
    ],
)
def test_every_type_has_a_line_that_a_receptionist_understands(kind: str, content: Any, line: str) -> None:
    assert readable_whatsapp({"type": kind, kind: content}, kind) == line


def test_a_message_without_type_is_read_by_its_content() -> None:
    message = make_message()
    del message["type"]
    assert event_of_message(**{**message, "type": None}).body == "Hola"
