"""Google accounts with their calendar, and the tokens of Google's OAuth."""

from typing import Literal

from pydantic import BaseModel, Field

from infra.sandbox.store import Store

GoogleState = Literal["valid", "expired", "revoked"]
ACCESS_SECONDS = 3599
IDLE_SECONDS = 183 * 24 * 3600  # a refresh token that nobody used for six months is dead

_PREFIX = "https://www.googleapis.com/auth/"
CALENDAR = _PREFIX + "calendar"
READONLY = _PREFIX + "calendar.readonly"
EVENTS = _PREFIX + "calendar.events"
EVENTS_READONLY = _PREFIX + "calendar.events.readonly"
FREEBUSY = _PREFIX + "calendar.freebusy"
EVENTS_FREEBUSY = _PREFIX + "calendar.events.freebusy"
_IDENTITY = ("openid", "email", "profile", _PREFIX + "userinfo.email", _PREFIX + "userinfo.profile")
SCOPES = (CALENDAR, READONLY, EVENTS, EVENTS_READONLY, FREEBUSY, EVENTS_FREEBUSY, *_IDENTITY)


class Busy(BaseModel):
    """A stretch of time in which the calendar is taken, in seconds since the epoch."""

    start: float
    end: float


class GoogleAccount(BaseModel):
    """A person's account; the calendar's id is the address unless told otherwise."""

    email: str
    calendar_id: str
    summary: str
    time_zone: str = "America/Argentina/Buenos_Aires"
    shared: bool = True  # false: the calendar is not found any more
    busy: list[Busy] = Field(default_factory=list)
    generation: int = 0  # of its sync tokens: with the next one all are forgotten
    consented: bool = False  # a refresh token was given before: the next one only comes with prompt=consent


class GoogleToken(BaseModel):
    """An access token (``expires_at`` set) or a refresh token."""

    value: str
    email: str
    scopes: list[str]
    kind: Literal["access", "refresh"]
    state: GoogleState = "valid"
    revoked_scopes: list[str] = Field(default_factory=list)
    expires_at: float | None = None
    used_at: float = 0

    @property
    def granted(self) -> list[str]:
        """The permissions it still has."""
        return [scope for scope in self.scopes if scope not in self.revoked_scopes]

    def is_good(self, now: float) -> bool:
        """Whether Google still takes it."""
        if self.kind == "refresh":
            return self.state != "revoked" and now - self.used_at < IDLE_SECONDS
        return self.state == "valid" and (self.expires_at or 0) > now


class GoogleAccounts:
    """The registry, persisted; it survives restarts and resets."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.accounts = {key: GoogleAccount.model_validate(body) for key, body in store.load("google").items()}
        self.tokens = {key: GoogleToken.model_validate(body) for key, body in store.load("google_token").items()}

    def save(self, account: GoogleAccount) -> None:
        """Add an account or bring it up to date."""
        self.accounts[account.email] = account
        self._store.put("google", account.email, account.model_dump())

    def save_token(self, token: GoogleToken) -> None:
        """Add a token or persist what changed of it."""
        self.tokens[token.value] = token
        self._store.put("google_token", token.value, token.model_dump())

    def calendar(self, calendar_id: str, holder: str) -> GoogleAccount | None:
        """The calendar of an id as the holder of a token sees it; ``primary`` is their own. None: not found."""
        own = self.accounts[holder]
        return own if own.shared and calendar_id in ("primary", own.calendar_id) else None

    def tokens_of(self, email: str) -> list[GoogleToken]:
        """The tokens of an account."""
        return [token for token in self.tokens.values() if token.email == email]
