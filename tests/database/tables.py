"""Who may read each table, and one valid row of it. A table that is missing here fails the suite."""

from collections.abc import Callable
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

# The owner and the members of the team.
TEAM = frozenset(
    {
        "ai_usage",
        "appointments",
        "marketing_alert_deliveries",
        "marketing_alerts",
        "marketing_audit_logs",
        "marketing_campaign_assets",
        "marketing_campaign_recipients",
        "marketing_campaigns",
        "marketing_channel_usage",
        "marketing_channels",
        "marketing_comments",
        "marketing_consent_events",
        "marketing_conversations",
        "marketing_messages",
        "marketing_suggestions",
        "marketing_templates",
        "patients",
        "professional_members",
        "professionals",
    }
)
# The owner, and of the columns only those that are no secret.
OWNER_ONLY = frozenset({"marketing_channel_credentials"})
# No signed-in user: the functions' own bookkeeping.
NOBODY = frozenset(
    {
        "calendar_feeds",
        "calendar_removals",
        "calendar_syncs",
        "channel_pace",
        "contact_suppressions",
        "idempotency_keys",
        "marketing_contact_identities",
        "marketing_data_requests",
        "marketing_slot_offers",
        "marketing_webhook_events",
        "message_status_events",
        "model_circuits",
        "oauth_states",
        "phone_app_contacts",
        "publish_attempts",
        "tenant_data_keys",
    }
)
ALL = TEAM | OWNER_ONLY | NOBODY
# The host application's: their grants are its own, our policies only let the tenant read.
HOST = frozenset({"professionals", "patients", "appointments"})

Row = dict[str, Any]


class UnknownTableError(AssertionError):
    """The suite was not told about a table."""


def row_of(table: str, professional_id: UUID) -> Row:
    """A valid row of a table for one professional; its references point to the professional's other rows."""
    if table not in _ROWS:
        raise UnknownTableError(
            f"tests/database/tables.py does not know {table}: add it to TEAM, OWNER_ONLY or NOBODY, and a row to _ROWS"
        )
    tenant = _Tenant(professional_id)
    return _ROWS[table](tenant)


class _Tenant:
    """Names of one professional's rows: the same name is always the same id."""

    def __init__(self, professional_id: UUID) -> None:
        self.id = str(professional_id)

    def __getitem__(self, name: str) -> str:
        return str(uuid5(NAMESPACE_URL, f"{self.id}/{name}"))

    def owned(self, name: str, /, **columns: Any) -> Row:
        return {"id": self[name], "professional_id": self.id, **columns}


NOON = "2026-11-23T15:00:00+00:00"
HALF_PAST = "2026-11-23T15:30:00+00:00"

# In an order in which every row finds what it references.
_ROWS: dict[str, Callable[[_Tenant], Row]] = {
    "professionals": lambda t: {
        "id": t.id,
        "name": "Clínica",
        "email": f"{t.id}@example.com",
        "timezone": "America/Argentina/Buenos_Aires",
        "marketing_enabled": True,
    },
    "professional_members": lambda t: t.owned("member", user_id=t.id, role="owner"),
    "patients": lambda t: t.owned("patient", full_name="Paz Paciente", phone="+5491155550100"),
    "tenant_data_keys": lambda t: t.owned("key", purpose="meta", wrapped_key="d3JhcHBlZA=="),
    "marketing_channel_credentials": lambda t: t.owned(
        "credential",
        channel="whatsapp",
        phone_number_id=t["phone number"],
        access_token_encrypted="v1.secret",
        ai_api_key_encrypted="v1.secret",
        status="connected",
    ),
    "marketing_channels": lambda t: t.owned(
        "channel", credential_id=t["credential"], type="whatsapp", status="connected"
    ),
    "marketing_channel_usage": lambda t: {
        "professional_id": t.id,
        "channel_id": t["channel"],
        "month": "2026-11-01",
        "service_messages": 12,
    },
    "channel_pace": lambda t: {
        "professional_id": t.id,
        "channel_id": t["channel"],
        "scope": "channel",
        "key": "all",
        "tokens": 80,
    },
    "calendar_syncs": lambda t: {"professional_id": t.id, "channel_id": t["channel"], "linked_at": NOON},
    "calendar_removals": lambda t: {"professional_id": t.id, "event_id": t["event"]},
    "calendar_feeds": lambda t: t.owned("feed", host="calendario.example", feed_url_encrypted="v1.secret"),
    "oauth_states": lambda t: t.owned(
        "state", channel="whatsapp", state_hash=t["state hash"], actor_id=t.id, expires_at=HALF_PAST
    ),
    "marketing_templates": lambda t: t.owned(
        "template", channel_id=t["channel"], name="recordatorio", language="es", category="UTILITY", status="APPROVED"
    ),
    "marketing_conversations": lambda t: t.owned(
        "conversation", channel_id=t["channel"], contact_phone="+5491155550100", patient_id=t["patient"]
    ),
    "marketing_contact_identities": lambda t: t.owned(
        "identity",
        channel_id=t["channel"],
        conversation_id=t["conversation"],
        kind="phone",
        value="+541155550100",
    ),
    "marketing_messages": lambda t: t.owned(
        "message",
        conversation_id=t["conversation"],
        channel_id=t["channel"],
        direction="inbound",
        sender="contact",
        body="Hola",
        external_id=t["wamid"],
        status="received",
    ),
    "message_status_events": lambda t: t.owned(
        "status event", channel_id=t["channel"], external_id=t["wamid"], status="delivered", occurred_at=NOON
    ),
    "marketing_comments": lambda t: t.owned("comment", channel_id=t["channel"], external_id="comment", body="¿Precio?"),
    "marketing_slot_offers": lambda t: t.owned(
        "offer",
        conversation_id=t["conversation"],
        batch_id=t["batch"],
        starts_at=NOON,
        ends_at=HALF_PAST,
        expires_at=NOON,
    ),
    "marketing_suggestions": lambda t: t.owned(
        "suggestion", conversation_id=t["conversation"], answer_epoch=1, type="text", body="Hola", payload={}
    ),
    "appointments": lambda t: t.owned(
        "appointment", patient_id=t["patient"], starts_at=NOON, ends_at=HALF_PAST, status="booked", source="host_app"
    ),
    "marketing_consent_events": lambda t: t.owned(
        "consent", patient_id=t["patient"], scope="care", action="granted", source="dashboard"
    ),
    "marketing_audit_logs": lambda t: t.owned("audit", entity_type="conversation", action="conversation.handed_over"),
    "marketing_webhook_events": lambda t: t.owned("parked", reason="unknown_field", payload={"field": "new"}),
    "marketing_alerts": lambda t: t.owned("alert", kind="channel", severity="critical", message="El canal no responde"),
    "marketing_alert_deliveries": lambda t: t.owned("delivery", alert_id=t["alert"], medium="email", round=1),
    "idempotency_keys": lambda t: {
        "professional_id": t.id,
        "route": "POST /api/marketing/whatsapp/send",
        "key": "key",
        "request_hash": "hash",
        "lease_id": t["lease"],
        "lease_until": NOON,
    },
    "ai_usage": lambda t: {"professional_id": t.id, "day": "2026-11-23", "questions": 12, "cost_micros": 4200},
    "model_circuits": lambda t: t.owned("circuit", provider="openai", failures=1),
    "marketing_campaigns": lambda t: t.owned("campaign", channel_type="instagram", name="Blanqueamiento"),
    "marketing_campaign_assets": lambda t: t.owned(
        "asset", campaign_id=t["campaign"], asset_type="image", storage_path=f"{t.id}/post.jpg"
    ),
    "marketing_campaign_recipients": lambda t: t.owned(
        "recipient", campaign_id=t["campaign"], patient_id=t["patient"], message_id=t["message"]
    ),
    "publish_attempts": lambda t: t.owned("attempt", campaign_id=t["campaign"], attempt=1, step="creating"),
    "phone_app_contacts": lambda t: {
        "professional_id": t.id,
        "channel_id": t["channel"],
        "phone": "+541155550201",
        "name": "Ana",
        "changed_at": NOON,
    },
    "contact_suppressions": lambda t: {
        "professional_id": t.id,
        "contact_hash": t["hash"],
        "scopes": "{marketing}",
        "erased_at": NOON,
    },
    "marketing_data_requests": lambda t: t.owned(
        "request",
        kind="contact_erasure",
        confirmation_code=t["code"],
        status="pending_media",
    ),
}
IN_ORDER = tuple(_ROWS)
