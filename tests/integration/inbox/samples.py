"""What each webhook sample must lead to in the store: the rows it makes or changes, in the columns that matter."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.database.outbound_builders import Row, insert
from tests.integration.inbox.world import INSTAGRAM, NUMBER, SECOND_NUMBER, Changes, World

CONVERSATIONS, IDENTITIES, MESSAGES = (
    "marketing_conversations",
    "marketing_contact_identities",
    "marketing_messages",
)
AUDIT, STATUSES, TEMPLATES = "marketing_audit_logs", "message_status_events", "marketing_templates"


class Contact(NamedTuple):
    """Who writes: the number to answer to, the one to be found by, and the name."""

    phone: str
    key: str
    name: str


ANA_BELEN = Contact("+5491155550201", "+541155550201", "Ana Belén Sosa")
JUAN = Contact("+5493515550202", "+543515550202", "Juan Martín Quiroga")
LUCIANA = Contact("+5492615550203", "+542615550203", "Luciana Peralta")
OSCAR = Contact("+5493415550204", "+543415550204", "Óscar Núñez")
SOMEBODY = "880000000000201"  # on Instagram

QUESTION = "wamid.HBgNNTQ5MTE1NTU1MDIwMRUCABEYFDNBMDQ4QTY5ODU3ODMxOUYzOTZEAA=="
REMINDER = "wamid.HBgNNTQ5MzUxNTU1MDIwMhUCABEYFDNBOTVDMkE5RjhFODFBNkM5RkQ4AA=="
OFFER = "wamid.HBgNNTQ5MjYxNTU1MDIwMxUCABEYFDNBQjhCMjAzNjAwQTJFOTJFNjcyAA=="


@dataclass(frozen=True)
class Case:
    """What one sample must lead to. ``given`` arranges what was there before."""

    outcome: str
    changes: Changes
    channels: tuple[str, ...] = (NUMBER,)
    wakes: bool = False
    fetches: bool = False
    given: Callable[[World], None] = field(default=lambda _: None)


# ---- what was there before -------------------------------------------------------------------------------------------


def sent_to(contact: Contact, external_id: str, status: str = "sent", sender: str = "ai") -> Callable[[World], None]:
    """A message of ours, known to Meta by this id."""

    def arrange(world: World) -> None:
        owner = {"professional_id": world.tenants.ana, "channel_id": world.tenants.channels[NUMBER]}
        conversation = insert(world.db, CONVERSATIONS, contact_phone=contact.phone, **owner)
        of_it = {**owner, "conversation_id": conversation["id"]}
        insert(world.db, IDENTITIES, kind="phone", value=contact.key, **of_it)
        content = {"direction": "outbound", "sender": sender, "type": "text", "body": "Hola"}
        insert(world.db, MESSAGES, status=status, external_id=external_id, **content, **of_it)

    return arrange


def template(name: str, category: str) -> Callable[[World], None]:
    """A template that Meta is still looking at, on the first number."""

    def arrange(world: World) -> None:
        owner = {"professional_id": world.tenants.ana, "channel_id": world.tenants.channels[NUMBER]}
        insert(world.db, TEMPLATES, name=name, language="es_AR", category=category, status="PENDING", **owner)

    return arrange


def agreed(contact: Contact) -> Callable[[World], None]:
    """A patient of ours with a conversation, who agreed to marketing long before."""

    def arrange(world: World) -> None:
        owner = {"professional_id": world.tenants.ana}
        patient = insert(world.db, "patients", full_name="P", phone=contact.phone, whatsapp_opt_in=True, **owner)
        earlier = "update marketing_consent_events set occurred_at = '2026-01-01' where patient_id = %s"
        world.db.execute(earlier, [patient["id"]])
        owner["channel_id"] = world.tenants.channels[NUMBER]
        conversation = insert(world.db, CONVERSATIONS, contact_phone=contact.phone, patient_id=patient["id"], **owner)
        insert(world.db, IDENTITIES, kind="phone", value=contact.key, conversation_id=conversation["id"], **owner)

    return arrange


# ---- what comes of it ------------------------------------------------------------------------------------------------


def message(contact: Contact, body: str, type_: str = "text", *, mime: str | None = None, **columns: Any) -> Case:
    """A new contact's first message: a conversation that owes an answer."""
    row = {"direction": "inbound", "sender": "contact", "status": "received", "type": type_, "body": body}
    media = {"media_status": "pending" if mime else None, "media_mime": mime}
    conversation = {
        "contact_phone": contact.phone,
        "contact_name": contact.name,
        "patient_id": None,
        "epoch": 1,
        "answered_epoch": 0,
        "unread_count": 1,
        "ai_enabled": True,
    }
    changes: Changes = {
        CONVERSATIONS: [conversation],
        IDENTITIES: [{"kind": "phone", "value": contact.key}],
        MESSAGES: [{**row, **media, "owed_epoch": 1, "reply_to_external_id": None, **columns}],
    }
    return Case("stored", changes, wakes=True, fetches=mime is not None)


def with_user_id(case: Case, user_id: str, username: str) -> Case:
    """The same by somebody of whom both names are known."""
    [conversation] = case.changes[CONVERSATIONS]
    known = {**conversation, "contact_user_id": user_id, "contact_username": username}
    identities = [*case.changes[IDENTITIES], {"kind": "user_id", "value": user_id}]
    return Case("stored", {**case.changes, CONVERSATIONS: [known], IDENTITIES: identities}, wakes=True)


def reaction(emoji: str | None) -> Case:
    """Kept, but neither answered nor counted; the conversation only moves up."""
    row = {"direction": "inbound", "type": "reaction", "body": emoji, "reply_to_external_id": QUESTION}
    conversation = {"contact_name": ANA_BELEN.name, "epoch": 0, "unread_count": 0, "last_inbound_at": None}
    changes: Changes = {CONVERSATIONS: [conversation], MESSAGES: [{**row, "owed_epoch": None}]}
    return Case("stored", changes, given=sent_to(ANA_BELEN, QUESTION))


def status(contact: Contact, external_id: str, word: str, former: str, /, **columns: Any) -> Case:
    """A message of ours moves up."""
    moved = {"external_id": external_id, "status": word, **columns}
    changes: Changes = {STATUSES: [{"external_id": external_id, "status": word}], MESSAGES: [moved]}
    if word == "failed":
        changes["marketing_alerts"] = [{"kind": "message_failed", "severity": "warning", "entity_type": "message"}]
    return Case("applied", changes, given=sent_to(contact, external_id, former))


def account(
    event: str, changes: Changes, channels: tuple[str, ...], given: Callable[[World], None] | None = None
) -> Case:
    """Something about the account: audited for every number it concerns."""
    audited = {"action": "channel.account_update", "entity_type": "channel", "payload": {"event": event}}
    return Case("applied", {**changes, AUDIT: [audited] * len(channels)}, channels, given=given or (lambda _: None))


def echo(body: str, conversation: Row, identity: Row, channel: str) -> Case:
    """A person answered outside: theirs is the conversation now."""
    row = {"direction": "outbound", "sender": "professional", "status": "sent", "type": "text", "body": body}
    taken = {"ai_enabled": False, "handoff_reason": "human_reply", "human_epoch": 1, "unread_count": 0}
    changes: Changes = {
        CONVERSATIONS: [{**conversation, **taken}],
        IDENTITIES: [identity],
        MESSAGES: [{**row, "owed_epoch": None}],
        AUDIT: [{"action": "conversation.handed_over", "payload": {"reason": "human_reply"}}],
    }
    return Case("stored", changes, (channel,))


BOTH_NUMBERS = (NUMBER, SECOND_NUMBER)
DEAD_ACCOUNT: Changes = {
    "marketing_channels": [{"status": "restricted"}] * 2,
    "marketing_channel_credentials": [{"status": "restricted", "status_reason": "restricted"}] * 2,
    "marketing_alerts": [{"kind": "channel_dead", "severity": "critical", "acknowledged_at": None}] * 2,
}
STOPPED = Case(
    "applied",
    {
        "marketing_consent_events": [
            {"scope": "marketing", "action": "withdrawn", "source": "user_preferences", "contact_value": OSCAR.key}
        ],
        "patients": [{"whatsapp_opt_in": False}],
        AUDIT: [{"action": "consent.withdrawn", "payload": {"scope": "marketing", "source": "user_preferences"}}],
    },
    given=agreed(OSCAR),
)
FAILED = {"code": 131047, "message": "Re-engagement message"}
OPUS = "audio/ogg; codecs=opus"

CASES = {
    "01_text": message(ANA_BELEN, "Hola! Quería sacar un turno para limpieza, ¿tenés algo el jueves a la tarde?"),
    "02_text_reply_with_context": message(ANA_BELEN, "Sí, ese horario me sirve", reply_to_external_id=QUESTION),
    "03_text_forwarded": message(JUAN, "Promo: 2x1 en blanqueamiento dental", payload={"context": {"forwarded": True}}),
    "04_image_with_caption": message(ANA_BELEN, "📷 Foto: Se me salió la corona, mirá", "image", mime="image/jpeg"),
    "05_audio_voice_note": message(JUAN, "🎤 Nota de voz", "audio", mime=OPUS, payload={"media": {"voice": True}}),
    "06_document_pdf": message(
        LUCIANA,
        "📄 Documento: panoramica_peralta.pdf · Mi radiografía panorámica",
        "document",
        mime="application/pdf",
    ),
    "07_video": message(LUCIANA, "🎬 Video", "video", mime="video/mp4"),
    "08_sticker": message(OSCAR, "💟 Sticker", "sticker", mime="image/webp"),
    "09_location": message(OSCAR, "📍 Ubicación: Clínica del Parque, Bv. Oroño 1200, Rosario, Santa Fe", "location"),
    "10_contacts": message(ANA_BELEN, "👤 Contacto: Mamá +54 9 11 5555-0299", "contacts"),
    "11_reaction_added": reaction("👍"),
    "12_reaction_removed": reaction(None),
    "13_button_template_quick_reply": message(
        JUAN,
        "Confirmo",
        "button",
        reply_to_external_id=REMINDER,
        payload={"reply_id": "TURNO_CONFIRMAR:8841"},
    ),
    "14_interactive_button_reply": message(
        JUAN,
        "Reprogramar",
        "interactive",
        reply_to_external_id=REMINDER,
        payload={"reply_id": "turno:reprogramar:8841"},
    ),
    "15_interactive_list_reply": message(
        LUCIANA,
        "Jue 12/11 15:30",
        "interactive",
        reply_to_external_id=OFFER,
        payload={"reply_id": "slot:2026-11-12T15:30-03:00"},
    ),
    "16_interactive_flow_nfm_reply": message(
        LUCIANA,
        "📝 Formulario: dni: 30111222 · obra_social: OSDE 210 · alergias: penicilina",
        "interactive",
        reply_to_external_id=OFFER,
    ),
    "17_text_from_ad_referral": message(
        OSCAR,
        "Hola, vi el anuncio de implantes. ¿Precio?",
        payload={"referral": {"source_type": "ad", "ctwa_clid": "Aff-inventado-clid-0001"}},
    ),
    "18_text_with_bsuid_and_username": with_user_id(
        message(ANA_BELEN, "Buenas, ¿atienden por Swiss Medical?"), "AR.10200000000000000201", "anabelen.sosa"
    ),
    "19_unsupported": message(
        OSCAR, "Mensaje no compatible (encuesta)", "unsupported", payload={"unsupported": {"type": "poll"}}
    ),
    "20_status_sent_template": status(JUAN, REMINDER, "sent", "unknown"),
    "21_status_delivered": status(JUAN, REMINDER, "delivered", "sent"),
    "22_status_read": status(JUAN, REMINDER, "read", "delivered"),
    "23_status_sent_service_free_tier": status(ANA_BELEN, QUESTION, "sent", "sending"),
    "24_status_failed_window_131047": status(LUCIANA, OFFER, "failed", "sent", error=FAILED),
    "25_template_status_approved": account(
        "APPROVED",
        {TEMPLATES: [{"status": "APPROVED", "rejection_reason": None, "external_id": "1689556908120001"}]},
        BOTH_NUMBERS,
        template("recordatorio_turno_24h", "UTILITY"),
    ),
    "26_template_status_rejected": account(
        "REJECTED",
        {
            TEMPLATES: [{"status": "REJECTED", "rejection_reason": "INVALID_FORMAT"}],
            "marketing_alerts": [{"kind": "template_status", "severity": "warning", "entity_type": "template"}],
        },
        BOTH_NUMBERS,
        template("promo_blanqueamiento", "MARKETING"),
    ),
    "27_phone_number_quality_update": account(
        "THROUGHPUT_UPGRADE",
        {"marketing_channels": [{"messaging_limit": "TIER_UNLIMITED", "status": "connected"}]},
        (NUMBER,),
    ),
    "28_account_update_disabled": account("DISABLED_UPDATE", DEAD_ACCOUNT, BOTH_NUMBERS),
    "29_user_preferences_stop": STOPPED,
    "30_smb_message_echo_text": echo(
        "Hola Ana, soy la doctora. Te espero el jueves 15:30.",
        {"contact_phone": ANA_BELEN.phone},
        {"kind": "phone", "value": ANA_BELEN.key},
        NUMBER,
    ),
    "31_instagram_message_text": Case(
        "stored",
        {
            CONVERSATIONS: [{"contact_user_id": SOMEBODY, "contact_phone": None, "unread_count": 1, "epoch": 0}],
            IDENTITIES: [{"kind": "user_id", "value": SOMEBODY}],
            MESSAGES: [{"direction": "inbound", "type": "text", "body": "Hola! hacen carillas?", "owed_epoch": None}],
        },
        (INSTAGRAM,),
    ),
    "32_instagram_message_echo": echo(
        "¡Hola! Sí, contanos qué te gustaría mejorar.",
        {"contact_user_id": SOMEBODY, "contact_phone": None},
        {"kind": "user_id", "value": SOMEBODY},
        INSTAGRAM,
    ),
    "33_instagram_comment": Case(
        "stored",
        {
            "marketing_comments": [
                {
                    "body": "¿Cuánto sale el blanqueamiento?",
                    "author_username": "sofi.dientes",
                    "media_external_id": "17900000000000001",
                }
            ]
        },
        (INSTAGRAM,),
    ),
}
