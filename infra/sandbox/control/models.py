"""What the control interface takes. Unknown keys are errors, so that a misspelt option cannot go unnoticed."""

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from infra.sandbox.phone_app import PhoneApp
from infra.sandbox.template_rules import STATUSES
from infra.sandbox.tokens import TokenState
from infra.sandbox.validation import MEDIA_TYPES

Signature = Literal["valid", "missing", "wrong"]

_PHONE = r"^\+?[1-9][0-9]{6,14}$"
_USER_ID = r"^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,256}$"
_MOST_COPIES = 20


class Request(BaseModel):
    """Base of all requests."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class AccountRequest(Request):
    """``POST /control/accounts``: a business number, registered or brought up to date."""

    phone_number_id: str = Field(pattern=r"^\d{5,20}$")
    display_phone_number: str = Field(pattern=r"^[+\d][\d\s()-]{6,24}$")
    waba_id: str = Field(pattern=r"^\d{5,20}$")
    access_token: str = Field(min_length=8)
    verified_name: str = Field(min_length=1)
    webhook_url: str | None = None
    templates: list[dict[str, Any]] | None = None

    @field_validator("templates")
    @classmethod
    def _complete(cls, templates: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
        for template in templates or []:
            absent = {"name", "language", "components"} - template.keys()
            if absent:
                raise ValueError(f"a template needs {', '.join(sorted(absent))}")
            if template.get("status", "APPROVED") not in STATUSES:
                raise ValueError(f"template status must be one of {', '.join(STATUSES)}")
        return templates


class AccountPatch(Request):
    """``PATCH /control/accounts/{phone_number_id}``: what changes of a number, its tokens and its WABA."""

    verified_name: str | None = None
    webhook_url: str | None = None
    quality_rating: Literal["GREEN", "YELLOW", "RED", "UNKNOWN"] | None = None
    status: str | None = None
    registered: bool | None = None
    messaging_limit: str | None = None
    token_state: TokenState | None = None
    code_verification_status: Literal["VERIFIED", "NOT_VERIFIED", "EXPIRED"] | None = None
    on_phone_app: bool | None = None
    phone_app: PhoneApp | None = None
    token_expires_at: int | None = Field(None, ge=0)
    waba_access: bool | None = None
    revoked_scopes: list[str] | None = None
    subscribed: bool | None = None


class DeliveryOptions(Request):
    """How the webhook of something is delivered."""

    copies: int = Field(1, ge=1, le=_MOST_COPIES)
    signature: Signature = "valid"
    hold: bool = False
    wait: bool = Field(default=False, description="answer once the first attempt of every copy has ended")


class File(Request):
    """A patient's file; without content a small sample of the type is sent."""

    content_base64: str | None = None
    mime_type: str | None = None
    filename: str | None = None
    caption: str | None = None
    voice: bool = False


class Context(Request):
    """What a message answers, or that it was forwarded."""

    message_id: str | None = None
    forwarded: bool = False
    frequently_forwarded: bool = False

    def as_webhook(self, business_digits: str) -> dict[str, Any]:
        """The ``context`` of a webhook."""
        if self.message_id:
            return {"from": business_digits, "id": self.message_id}
        return {"frequently_forwarded": True} if self.frequently_forwarded else {"forwarded": True}


class Content(Request):
    """The content of a message: the key named like its ``type``, in the shape of Meta's webhook."""

    type: str
    text: dict[str, Any] | str | None = None
    image: File | None = None
    video: File | None = None
    audio: File | None = None
    document: File | None = None
    sticker: File | None = None
    location: dict[str, Any] | None = None
    contacts: list[dict[str, Any]] | None = None
    reaction: dict[str, Any] | None = None
    button: dict[str, Any] | None = None
    interactive: dict[str, Any] | None = None
    order: dict[str, Any] | None = None
    system: dict[str, Any] | None = None
    unsupported: dict[str, Any] | None = None
    edit: dict[str, Any] | None = None
    revoke: dict[str, Any] | None = None
    request_welcome: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _content_of_type(self) -> "Content":
        if self.type in MEDIA_TYPES or self.type in ("request_welcome", "unsupported"):
            return self
        if self.type not in _NEEDED:
            raise ValueError(f"type must be one of {', '.join(sorted({*_NEEDED, *MEDIA_TYPES, *_FREE}))}")
        if getattr(self, self.type) is None:
            raise ValueError(f"a message of type {self.type} needs the key {self.type}")
        absent = [] if self.type == "contacts" else [k for k in _NEEDED[self.type] if k not in self.content()]
        if absent:
            raise ValueError(f"{self.type} needs {', '.join(absent)}")
        return self

    def content(self) -> Any:
        """The content in the shape of the webhook; ``text`` may be given as a plain string."""
        content = getattr(self, self.type)
        if self.type == "text" and isinstance(content, str):
            return {"body": content}
        return {"type": "unknown"} if content is None else content

    def file(self) -> File:
        """The file of a media message, a sample where none was given."""
        file = getattr(self, self.type)
        return file if isinstance(file, File) else File()


_FREE = ("request_welcome", "unsupported")
_NEEDED: dict[str, tuple[str, ...]] = {
    "text": ("body",),
    "location": ("latitude", "longitude"),
    "contacts": (),
    "reaction": ("message_id",),
    "button": ("payload", "text"),
    "interactive": ("type",),
    "order": ("catalog_id", "product_items"),
    "system": ("type",),
    "edit": ("original_message_id", "message"),
    "revoke": ("original_message_id",),
}


class Sender(Request):
    """A person: a phone, a BSUID, or both; with only a BSUID the phone stays hidden, as with usernames."""

    sender: str | None = Field(None, alias="from", pattern=_PHONE)
    user_id: str | None = Field(None, pattern=_USER_ID)
    name: str | None = None

    @model_validator(mode="after")
    def _somebody(self) -> "Sender":
        if self.sender is None and self.user_id is None:
            raise ValueError("give from (a phone), user_id (a BSUID), or both")
        return self


class PatientMessage(Sender, Content):
    """``POST /control/patients/messages``."""

    to: str = Field(description="the phone_number_id the patient writes to")
    username: str | None = None
    id: str | None = None
    timestamp: int | None = None
    context: Context | None = None
    referral: dict[str, Any] | None = None
    delivery: DeliveryOptions = Field(default_factory=DeliveryOptions)


class PreferenceRequest(Sender):
    """``POST /control/patients/preferences``."""

    to: str
    value: Literal["stop", "resume"]
    delivery: DeliveryOptions = Field(default_factory=DeliveryOptions)


class EchoRequest(Content):
    """``POST /control/echoes``: the clinic answers from the phone app."""

    phone_number_id: str
    to: str | None = Field(None, pattern=_PHONE)
    to_user_id: str | None = Field(None, pattern=_USER_ID)
    id: str | None = None
    delivery: DeliveryOptions = Field(default_factory=DeliveryOptions)

    @model_validator(mode="after")
    def _to_somebody(self) -> "EchoRequest":
        if self.to is None and self.to_user_id is None:
            raise ValueError("give to (a phone), to_user_id (a BSUID), or both")
        if self.type in MEDIA_TYPES:
            raise ValueError("an echo with a file is not simulated")
        return self


class StatusRequest(Request):
    """``POST /control/statuses``: a status by hand."""

    phone_number_id: str
    message_id: str
    status: Literal["sent", "delivered", "read", "played", "failed"]
    error_code: int | None = None
    to: str | None = None
    delivery: DeliveryOptions = Field(default_factory=DeliveryOptions)


class TemplateStatusRequest(Request):
    """``POST /control/templates/status``: Meta decides about a template."""

    waba_id: str
    name: str
    language: str
    event: Literal["APPROVED", "REJECTED", "PENDING", "PAUSED", "DISABLED", "FLAGGED", "REINSTATED", "DELETED"]
    reason: str | None = "NONE"
    delivery: DeliveryOptions = Field(default_factory=DeliveryOptions)


class ChangeRequest(Request):
    """``POST /control/changes``: any change of a WABA (``account_update``, ``phone_number_quality_update``…)."""

    waba_id: str
    field: str = "account_update"
    value: dict[str, Any]
    delivery: DeliveryOptions = Field(default_factory=DeliveryOptions)


class WebhookRequest(Request):
    """``POST /control/webhooks``: a whole body, as JSON (escaped and signed like any other) or as raw bytes."""

    payload: Any = None
    raw_base64: str | None = None
    url: str | None = None
    delivery: DeliveryOptions = Field(default_factory=DeliveryOptions)

    @model_validator(mode="after")
    def _one_body(self) -> "WebhookRequest":
        if (self.payload is None) == (self.raw_base64 is None):
            raise ValueError("give exactly one of payload and raw_base64")
        return self


class ReleaseRequest(Request):
    """``POST /control/deliveries/release``."""

    ids: list[int] | None = None
    order: Literal["held", "reversed", "shuffled"] = "held"


class ClockRequest(Request):
    """``POST /control/clock``: set the offset, or move it."""

    offset_seconds: float | None = None
    advance_seconds: float | None = None

    @model_validator(mode="after")
    def _one_of(self) -> "ClockRequest":
        if (self.offset_seconds is None) == (self.advance_seconds is None):
            raise ValueError("give exactly one of offset_seconds and advance_seconds")
        return self


class IdleRequest(Request):
    """``POST /control/idle``: wait until nothing is on its way."""

    timeout_seconds: float = Field(10, gt=0, le=300)


def plain_number(text: str) -> str:
    """Digits of a filter such as ``?to=+549…`` (a plus sign in a query arrives as a space)."""
    return re.sub(r"\D", "", text)
