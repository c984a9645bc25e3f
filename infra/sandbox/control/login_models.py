"""What the control interface takes about people, their accounts and their logins."""

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from infra.sandbox.control.models import Request
from infra.sandbox.google.accounts import Busy, GoogleState
from infra.sandbox.instagram.accounts import AccountType
from infra.sandbox.logins.people import Relation
from infra.sandbox.phone_app import PhoneApp
from infra.sandbox.tokens import TokenKind, TokenState

_ID = r"^\d{5,20}$"
_SHOWN = r"^[+\d][\d\s()-]{6,24}$"
_ADDRESS = r"^[^@\s]+@[^@\s]+$"


class NumberRequest(Request):
    """A number of a person's WABA. For one that exists only what is named changes."""

    phone_number_id: str = Field(pattern=_ID)
    display_phone_number: str = Field(pattern=_SHOWN)
    verified_name: str = Field(min_length=1)
    registered: bool = False
    on_phone_app: bool = False
    phone_app: PhoneApp = Field(default_factory=PhoneApp)
    quality_rating: Literal["GREEN", "YELLOW", "RED", "UNKNOWN"] = "UNKNOWN"
    messaging_limit: str = "TIER_250"
    status: str | None = None


class WabaRequest(Request):
    """A WhatsApp account of a business."""

    waba_id: str = Field(pattern=_ID)
    name: str | None = None
    relation: Relation = "owned"
    numbers: list[NumberRequest] = Field(default_factory=list)


class BusinessRequest(Request):
    """A business of a person."""

    id: str | None = Field(None, pattern=_ID)
    name: str = Field(min_length=1)
    wabas: list[WabaRequest] = Field(default_factory=list)


class InstagramRequest(Request):
    """``POST /control/instagram``: an account, with a token in place where one is given."""

    user_id: str = Field(pattern=_ID)
    username: str = Field(min_length=1)
    name: str | None = None
    account_type: AccountType = "BUSINESS"
    access_token: str | None = Field(None, min_length=8)


class GoogleRequest(Request):
    """``POST /control/google``: an account with its calendar."""

    email: str | None = Field(None, pattern=_ADDRESS)
    calendar_id: str | None = Field(None, min_length=1)
    summary: str | None = None
    time_zone: str = "America/Argentina/Buenos_Aires"
    busy: list[Busy] = Field(default_factory=list)

    @model_validator(mode="after")
    def _some_address(self) -> "GoogleRequest":
        address = self.email or self.calendar_id
        if address is None or "@" not in address:
            raise ValueError("give email, or a calendar_id that is an address")
        self.email, self.calendar_id = address, self.calendar_id or address
        return self


class PersonRequest(Request):
    """``POST /control/people``: a person with everything they own."""

    user_id: str | None = Field(None, pattern=_ID)
    name: str = Field(min_length=1)
    businesses: list[BusinessRequest] = Field(default_factory=list)
    instagram: list[InstagramRequest] = Field(default_factory=list)
    google: list[GoogleRequest] = Field(default_factory=list)

    @field_validator("google", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value


class PersonPatch(Request):
    """``PATCH /control/people/{user_id}``: what happens to the tokens that come from this person's logins."""

    name: str | None = None
    token_state: TokenState | None = None
    token_expires_at: int | None = Field(None, ge=0)
    waba_access: bool | None = None
    revoked_scopes: list[str] | None = None


class InstagramPatch(Request):
    """``PATCH /control/instagram/{user_id}``: the account, and what happens to its tokens."""

    username: str | None = None
    name: str | None = None
    account_type: AccountType | None = None
    subscribed_fields: list[str] | None = None
    token_state: TokenState | None = None
    token_expires_at: int | None = Field(None, ge=0)
    revoked_scopes: list[str] | None = None


class GooglePatch(Request):
    """``PATCH /control/google/{email}``: the calendar, and what happens to the account's tokens."""

    summary: str | None = None
    shared: bool | None = None
    busy: list[Busy] | None = None
    token_state: GoogleState | None = None
    revoked_scopes: list[str] | None = None


class PersonChoice(Request):
    """What somebody chooses in a dialog; see ``Choice``."""

    person: str | None = None
    waba_ids: list[str] | None = None
    phone_number_ids: list[str] | None = None
    without_scopes: list[str] = Field(default_factory=list)
    token_kind: TokenKind | None = None
    token_lifetime_seconds: int | None = Field(None, ge=0)


class DialogRequest(PersonChoice):
    """``POST /control/dialog``: decide without a browser."""

    url: str = Field(min_length=1)
    decision: Literal["allow", "deny"] = "allow"
    instagram_user_id: str | None = None
    google_email: str | None = None


class EmbeddedSignupRequest(PersonChoice):
    """``POST /control/embedded-signup``: what the browser's SDK gives the page that opened it."""

    phone_number_id: str


class TokenRequest(PersonChoice):
    """``POST /control/tokens``: a token without any dialog; with ``app_id`` it belongs to another app."""

    app_id: str | None = None
    scopes: list[str] | None = None


class CallbackRequest(Request):
    """``POST …/deauthorize`` and ``…/data-deletion``: Meta calls back; the rest forges what it sends."""

    url: str = Field(min_length=1)
    signature: Literal["valid", "wrong"] = "valid"
    algorithm: str = "HMAC-SHA256"
    issued_at: int | None = None


class MailRequest(Request):
    """``POST /control/mails``: a mail that somebody would receive."""

    to: str = Field(pattern=_ADDRESS)
    subject: str = Field(min_length=1)
    html: str | None = None
    text: str | None = None

    @model_validator(mode="after")
    def _some_content(self) -> "MailRequest":
        if self.html is None and self.text is None:
            raise ValueError("give html or text")
        return self
