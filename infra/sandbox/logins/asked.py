"""What an authorization URL asks for, checked as strictly as the real dialogs check it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode, urlsplit, urlunsplit

from infra.sandbox.config import Config
from infra.sandbox.google import accounts as google
from infra.sandbox.instagram import accounts as instagram
from infra.sandbox.tokens import MANAGEMENT, MESSAGING

Provider = Literal["facebook", "instagram", "google"]

_FACEBOOK = re.compile(r"(/v\d+\.\d)?/dialog/oauth/?")
_INSTAGRAM = re.compile(r"(/instagram)?/oauth/authorize/?")
_GOOGLE = re.compile(r"/google/auth/?")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_FACEBOOK_SCOPES = re.compile(
    r"public_profile|email|business_management|catalog_management|"
    r"whatsapp_business_(management|messaging|manage_events)|(pages|ads|instagram)_[a-z_]+"
)


class BadDialog(Exception):
    """The dialog shows an error page and sends nobody back: the address that opened it is wrong."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A well-formed request for permission."""

    provider: Provider
    redirect_uri: str
    state: str | None
    scopes: tuple[str, ...]
    configured: bool = False  # Facebook Login for Business: the token is the business's, not the person's
    challenge: str | None = None
    offline: bool = False
    consent: bool = False

    def back(self, **answer: str) -> str:
        """Where the browser goes next, with the state as it came."""
        state = {} if self.state is None else {"state": self.state}
        target = urlsplit(self.redirect_uri)
        query = "&".join(filter(None, (target.query, urlencode({**answer, **state}))))
        # Instagram puts this behind every answer; a client must not take it for part of the code or the state.
        return urlunsplit(target._replace(query=query, fragment="_" if self.provider == "instagram" else ""))

    def denied(self) -> str:
        """Where the browser goes when the person does not agree."""
        if self.provider == "google":
            return self.back(error="access_denied")
        return self.back(
            error="access_denied", error_reason="user_denied", error_description="The user denied your request."
        )


def parse(path: str, query: Mapping[str, str], config: Config) -> Asked:
    """Read the address of a dialog.

    Raises:
        BadDialog: no dialog is there, or the real one would refuse to open; the message is for a person.
    """
    provider = _provider(path, query)
    redirect_uri = query.get("redirect_uri", "")
    target = urlsplit(redirect_uri)
    if target.scheme not in ("http", "https") or not target.netloc or target.fragment:
        raise BadDialog("Falta redirect_uri, o no es una dirección completa (http o https, sin #).")
    expected = {
        "facebook": (config.app_id,),
        "instagram": (config.instagram_app_id, config.app_id),
        "google": (config.google_client_id,),
    }
    if query.get("client_id") not in expected[provider]:
        raise BadDialog("El identificador de la app (client_id) no es válido.")
    if query.get("response_type") != "code":
        raise BadDialog("response_type debe ser code.")
    scopes = _scopes(provider, query)
    if provider != "google":
        configured = provider == "facebook" and bool(query.get("config_id"))
        return Asked(provider, redirect_uri, query.get("state"), scopes, configured)
    return Asked(
        provider,
        redirect_uri,
        query.get("state"),
        scopes,
        challenge=_challenge(query),
        offline=query.get("access_type") == "offline",
        consent="consent" in query.get("prompt", "").split(),
    )


def _provider(path: str, query: Mapping[str, str]) -> Provider:
    if _GOOGLE.fullmatch(path):
        return "google"
    if _INSTAGRAM.fullmatch(path):
        return "instagram"
    if _FACEBOOK.fullmatch(path):
        # A stack with one dialog for Meta opens this one for Instagram too.
        return "instagram" if "instagram_business_" in query.get("scope", "") else "facebook"
    raise BadDialog(f"No hay ningún diálogo en {path}.")


def _scopes(provider: Provider, query: Mapping[str, str]) -> tuple[str, ...]:
    if provider == "facebook" and query.get("config_id"):
        return (MANAGEMENT, MESSAGING)  # the configuration names them, not the address
    separator = r"\s+" if provider == "google" else r"[,\s]+"
    asked = tuple(dict.fromkeys(filter(None, re.split(separator, query.get("scope", "")))))
    if not asked:
        raise BadDialog("Falta scope: no se pide ningún permiso.")
    for scope in asked:
        known = {
            "facebook": bool(_FACEBOOK_SCOPES.fullmatch(scope)),
            "instagram": scope in instagram.SCOPES,
            "google": scope in google.SCOPES,
        }
        if not known[provider]:
            raise BadDialog(f"Permiso desconocido: {scope}.")
    return asked


def _challenge(query: Mapping[str, str]) -> str | None:
    challenge = query.get("code_challenge")
    if challenge is None:
        return None
    if query.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise BadDialog("code_challenge debe ser un SHA-256 en base64url, con code_challenge_method=S256.")
    return challenge
