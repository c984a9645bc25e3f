"""Every sample of Meta's webhooks, through split and parse, becomes the event it is."""

from typing import Any

import pytest

from tests.unit.inbound.bodies import ACCOUNT, BSUID, DISPLAY, NUMBER, RECEIVED_AT, WABA, WEBHOOKS, event, sample

OUR_MESSAGE = "wamid.HBgNNTQ5MTE1NTU1MDIwMRUCABEYFDNBMDQ4QTY5ODU3ODMxOUYzOTZEAA=="
REMINDER = "wamid.HBgNNTQ5MzUxNTU1MDIwMhUCABEYFDNBOTVDMkE5RjhFODFBNkM5RkQ4AA=="
ANA, JUAN, LUCIANA, OSCAR = "+5491155550201", "+5493515550202", "+5492615550203", "+5493415550204"

EXPECTED: dict[str, dict[str, Any]] = {
    "01": {
        "kind": "message",
        "type": "text",
        "body": "Hola! Quería sacar un turno para limpieza, ¿tenés algo el jueves a la tarde?",
        "contact_phone": ANA,
        "contact_user_id": None,
        "contact_name": "Ana Belén Sosa",
        "sent_at": "2026-11-07T00:00:37Z",
        "owes_answer": True,
        "opens_window": True,
        "media": None,
        "reply_id": None,
    },
    "02": {"kind": "message", "body": "Sí, ese horario me sirve", "context_external_id": OUR_MESSAGE},
    "03": {"kind": "message", "body": "Promo: 2x1 en blanqueamiento dental", "context_external_id": None},
    "04": {
        "kind": "message",
        "type": "image",
        "body": "📷 Foto: Se me salió la corona, mirá",
        "media": {
            "id": "1003383421380001",
            "mime": "image/jpeg",
            "sha256": "SfInY0gGKTsJlUWbwxC1k+FAD0FZHvzwfpvO0zX0GUI=",
            "filename": None,
            "voice": False,
            "url": "https://lookaside.fbsbx.com/whatsapp_business/attachments/"
            "?mid=1003383421380001&source=webhook&ext=1794010000&hash=ARinvented01",
        },
    },
    "05": {"kind": "message", "type": "audio", "body": "🎤 Nota de voz", "contact_phone": JUAN},
    "06": {"kind": "message", "body": "📄 Documento: panoramica_peralta.pdf · Mi radiografía panorámica"},
    "07": {"kind": "message", "type": "video", "body": "🎬 Video", "contact_phone": LUCIANA},
    "08": {"kind": "message", "type": "sticker", "body": "💟 Sticker", "contact_phone": OSCAR},
    "09": {"kind": "message", "body": "📍 Ubicación: Clínica del Parque, Bv. Oroño 1200, Rosario, Santa Fe"},
    "10": {"kind": "message", "body": "👤 Contacto: Mamá +54 9 11 5555-0299"},
    "11": {"kind": "reaction", "emoji": "👍", "target_external_id": OUR_MESSAGE, "sender": "contact"},
    "12": {"kind": "reaction", "emoji": None, "target_external_id": OUR_MESSAGE},
    "13": {"kind": "message", "type": "button", "body": "Confirmo", "reply_id": "TURNO_CONFIRMAR:8841"},
    "14": {"kind": "message", "body": "Reprogramar", "reply_id": "turno:reprogramar:8841"},
    "15": {"kind": "message", "body": "Jue 12/11 15:30", "reply_id": "slot:2026-11-12T15:30-03:00"},
    "16": {"kind": "message", "body": "📝 Formulario: dni: 30111222 · obra_social: OSDE 210 · alergias: penicilina"},
    "17": {"kind": "message", "body": "Hola, vi el anuncio de implantes. ¿Precio?", "contact_name": "Óscar Núñez"},
    "18": {"kind": "message", "contact_phone": ANA, "contact_user_id": BSUID, "contact_username": "anabelen.sosa"},
    "19": {"kind": "message", "type": "unsupported", "body": "Mensaje no compatible (encuesta)", "owes_answer": True},
    "20": {
        "kind": "status",
        "external_id": REMINDER,
        "status": "sent",
        "reference": "outbox:5f0c1e",
        "contact_phone": JUAN,
        "pricing": {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "utility"},
    },
    "21": {"kind": "status", "status": "delivered", "occurred_at": "2026-11-07T00:12:57Z", "errors": []},
    "22": {"kind": "status", "status": "read", "external_id": REMINDER, "pricing": None},
    "23": {"kind": "status", "status": "sent", "reference": None, "error_code": None},
    "24": {"kind": "status", "status": "failed", "error_code": 131047},
    "25": {"kind": "account", "field": "message_template_status_update", "event": "APPROVED", "phone_number_id": None},
    "26": {"kind": "account", "field": "message_template_status_update", "event": "REJECTED"},
    "27": {"kind": "account", "event": "THROUGHPUT_UPGRADE", "display_phone_number": f"+{DISPLAY}"},
    "28": {"kind": "account", "field": "account_update", "event": "DISABLED_UPDATE"},
    "29": {"kind": "preference", "category": "marketing_messages", "value": "stop", "contact_phone": OSCAR},
    "30": {"kind": "echo", "body": "Hola Ana, soy la doctora. Te espero el jueves 15:30.", "contact_phone": ANA},
    "31": {"kind": "message", "body": "Hola! hacen carillas?", "contact_user_id": "880000000000201"},
    "32": {
        "kind": "echo",
        "contact_user_id": "880000000000201",
        "body": "¡Hola! Sí, contanos qué te gustaría mejorar.",
    },
    "33": {
        "kind": "comment",
        "external_id": "17900000000000301",
        "body": "¿Cuánto sale el blanqueamiento?",
        "media_id": "17900000000000001",
        "contact_username": "sofi.dientes",
        "from_business": False,
    },
}


def test_no_sample_is_forgotten() -> None:
    assert [path.name[:2] for path in WEBHOOKS] == sorted(EXPECTED)


@pytest.mark.parametrize("number", sorted(EXPECTED))
def test_a_sample_becomes_the_event_it_is(number: str) -> None:
    arguments = event(sample(number)).as_arguments()
    assert {key: arguments[key] for key in EXPECTED[number]} == EXPECTED[number]


@pytest.mark.parametrize("number", sorted(EXPECTED))
def test_a_sample_says_where_it_belongs(number: str) -> None:
    arguments = event(sample(number)).as_arguments()
    on_instagram = number in {"31", "32", "33"}
    account_wide = number in {"25", "26", "27", "28"}

    assert arguments["channel_type"] == ("instagram" if on_instagram else "whatsapp")
    assert arguments["waba_id"] == (None if on_instagram else WABA)
    assert arguments["account_id"] == (ACCOUNT if on_instagram else None)
    assert arguments["phone_number_id"] == (None if on_instagram or account_wide else NUMBER)
    assert (arguments["received_at"], arguments["correlation_id"]) == (RECEIVED_AT.replace("123Z", "123000Z"), "c-1")
    assert arguments["raw"]
