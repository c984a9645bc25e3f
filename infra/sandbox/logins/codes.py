"""Authorization codes: what a dialog hands out, once, for a little while."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar, cast

from infra.sandbox.clock import Clock
from infra.sandbox.tokens import TokenKind, new_secret

EMBEDDED_SECONDS = 30
FACEBOOK_SECONDS = 600
INSTAGRAM_SECONDS = 3600
GOOGLE_SECONDS = 600
_MOST_CODES = 2_000

State = Literal["good", "used", "expired"]


@dataclass(frozen=True, slots=True)
class FacebookGrant:
    """What a person let the app into; ``lifetime`` None: the token never expires."""

    user_id: str
    waba_ids: tuple[str, ...]
    scopes: tuple[str, ...]
    declined: tuple[str, ...]
    kind: TokenKind
    lifetime: int | None


@dataclass(frozen=True, slots=True)
class InstagramGrant:
    """Which Instagram account, and what for."""

    user_id: str
    scopes: tuple[str, ...]
    lifetime: int


@dataclass(frozen=True, slots=True)
class GoogleGrant:
    """Which Google account, and what for; ``refreshable``: a refresh token comes with it."""

    email: str
    scopes: tuple[str, ...]
    refreshable: bool
    challenge: str | None


Grant = FacebookGrant | InstagramGrant | GoogleGrant
GrantT = TypeVar("GrantT", bound=Grant)


@dataclass(slots=True)
class Code(Generic[GrantT]):
    """A code with what it stands for. ``redirect_uri`` is None for one that came from the browser's SDK."""

    redirect_uri: str | None
    grant: GrantT
    expires_at: float
    used: bool = False

    def state(self, now: float) -> State:
        """Whether it can be exchanged."""
        if self.used:
            return "used"
        return "expired" if self.expires_at <= now else "good"


class Codes:
    """The codes handed out, in memory: one that a restart forgets is simply unknown."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._codes: OrderedDict[str, Code[Grant]] = OrderedDict()

    def issue(self, grant: Grant, *, redirect_uri: str | None, seconds: float, prefix: str) -> str:
        """A new code for a grant."""
        value = new_secret(prefix)
        self._codes[value] = Code(redirect_uri, grant, self._clock.now() + seconds)
        if len(self._codes) > _MOST_CODES:
            self._codes.popitem(last=False)
        return value

    def find(self, value: str, kind: type[GrantT]) -> Code[GrantT] | None:
        """The code of a provider, used or expired ones too, or None."""
        code = self._codes.get(value)
        return cast("Code[GrantT]", code) if code is not None and isinstance(code.grant, kind) else None

    def clear(self) -> None:
        """Forget all of them."""
        self._codes.clear()
