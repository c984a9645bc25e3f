"""Bearer tokens of Meta: who they act for, what they were granted, and what is wrong with them, if anything."""

import secrets
import string
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, Field

from infra.sandbox.errors import GraphError, graph_error

MANAGEMENT = "whatsapp_business_management"
MESSAGING = "whatsapp_business_messaging"
SIXTY_DAYS = 5_183_944  # what Meta answers for "about 60 days", Facebook and Instagram alike

TokenState = Literal["valid", "expired", "password_changed", "app_removed", "checkpoint", "invalid"]
TokenKind = Literal["system", "user"]

_SUBCODES: dict[str, int | None] = {
    "expired": 463,
    "password_changed": 460,
    "app_removed": 458,
    "checkpoint": 459,
    "invalid": None,
}
_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 60
_BEGINNING = 1_794_009_600  # when tokens that were put in place instead of granted count as issued


def new_secret(prefix: str) -> str:
    """A token or code nobody can guess."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


class Token(BaseModel):
    """What Facebook's and Instagram's tokens have in common."""

    value: str
    state: TokenState = "valid"
    issued_at: int = _BEGINNING
    expires_at: int = 0  # 0: never, as in debug_token
    long_lived: bool = True
    scopes: list[str] = Field(default_factory=list)
    revoked_scopes: list[str] = Field(default_factory=list)

    @property
    def granted(self) -> list[str]:
        """The permissions it still has."""
        return [scope for scope in self.scopes if scope not in self.revoked_scopes]

    def refusal(self, now: float) -> GraphError | None:
        """The error of every call made with this token, or None while it is good."""
        if self.state != "valid":
            return graph_error(190, subcode=_SUBCODES[self.state])
        if self.expires_at and self.expires_at <= now:
            return graph_error(190, subcode=_SUBCODES["expired"])
        return None

    def require(self, scope: str) -> None:
        """Refuse what a missing permission forbids.

        Raises:
            GraphError: 10, the token lacks ``scope``.
        """
        if scope not in self.granted:
            raise graph_error(10)


class AccessToken(Token):
    """A token of graph.facebook.com: a person's, or the one a business gave the app (system user)."""

    kind: TokenKind = "system"
    scopes: list[str] = Field(default_factory=lambda: [MANAGEMENT, MESSAGING])
    declined: list[str] = Field(default_factory=list)
    waba_access: bool = True
    waba_ids: list[str] = Field(default_factory=list)  # granted in a login; those of a registered account come on top
    user_id: str | None = None
    app_id: str | None = None  # None: this sandbox's own app


_CHANGES = {
    "token_state": "state",
    "token_expires_at": "expires_at",
    "revoked_scopes": "revoked_scopes",
    "waba_access": "waba_access",
}


def split_changes(wanted: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The part of a control request that is about tokens, under their own names, and the rest."""
    about_tokens = {_CHANGES[name]: value for name, value in wanted.items() if name in _CHANGES}
    return about_tokens, {name: value for name, value in wanted.items() if name not in _CHANGES}


def change_all(tokens: Iterable[Token], changes: Mapping[str, Any]) -> None:
    """Let something happen to tokens that exist; whoever logs in afterwards gets a good one, as at Meta."""
    for token in tokens:
        for name, value in changes.items():
            setattr(token, name, value)
