"""Who sends a request: Supabase's access token, verified here, and the team membership, read with that very token."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import jwt
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from dentalist.domain.errors import FeatureDisabled, ProfessionalNotFound, StoreUnavailable, Unauthenticated
from dentalist.domain.identity import Caller, Role
from dentalist.storage.database import Database

_AUDIENCE = "authenticated"
_CLOCK_SKEW_SECONDS = 10
_JWKS_LIFESPAN_SECONDS = 600
_JWKS_TIMEOUT_SECONDS = 3
_ASYMMETRIC = ["ES256", "RS256", "EdDSA"]


class Authenticator:
    """Verifies access tokens and says for which professional the person acts."""

    def __init__(self, *, supabase_url: str, jwt_secret: str | None, db: Database) -> None:
        """Verify HS256 with ``jwt_secret`` where the project has one, else with the keys it publishes.

        Args:
            supabase_url: where the project publishes its keys.
            jwt_secret: only where the project signs HS256.
            db: with the publishable key; it is asked with the person's own token.
        """
        self._secret = jwt_secret
        self._db = db
        self._jwks = jwt.PyJWKClient(
            f"{supabase_url}/auth/v1/.well-known/jwks.json",
            lifespan=_JWKS_LIFESPAN_SECONDS,
            timeout=_JWKS_TIMEOUT_SECONDS,
        )

    def caller(self, event: APIGatewayProxyEventV2, *, even_if_disabled: bool = False) -> Caller:
        """Who sends this request.

        Args:
            event: with ``Authorization: Bearer`` and perhaps ``X-Professional-Id``.
            even_if_disabled: let a professional without the feature pass: disconnect, export, erasure.

        Raises:
            Unauthenticated: no token, or not one of this project's that is valid now.
            ProfessionalNotFound: the caller is not of that professional's team.
            FeatureDisabled: the professional has no marketing module.
            StoreUnavailable: the store or its keys cannot be reached.
        """
        token = _bearer(event.headers.get("authorization"))
        user_id = self._verified_user(token)
        professional_id = _named_professional(event.headers.get("x-professional-id"), user_id)
        reader = self._db.signed_in(token)
        role = Role.OWNER if professional_id == user_id else _membership(reader, professional_id, user_id)
        enabled = _is_enabled(reader, professional_id)
        if not enabled and not even_if_disabled:
            raise FeatureDisabled
        return Caller(professional_id, user_id, role, token)

    def _verified_user(self, token: str) -> UUID:
        claims = self._claims(token)
        try:
            return UUID(claims["sub"])
        except (ValueError, TypeError, AttributeError) as exc:
            raise Unauthenticated from exc

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            if self._secret is not None:
                key: Any = self._secret
                algorithms = ["HS256"]
            else:
                key = self._jwks.get_signing_key_from_jwt(token)
                algorithms = _ASYMMETRIC
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=algorithms,
                audience=_AUDIENCE,
                leeway=_CLOCK_SKEW_SECONDS,
                options={"require": ["exp", "sub", "aud"]},
            )
        except jwt.PyJWKClientConnectionError as exc:
            raise StoreUnavailable from exc
        except jwt.PyJWTError as exc:
            raise Unauthenticated from exc
        return claims


def _bearer(header: str | None) -> str:
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated
    return token.strip()


def _named_professional(header: str | None, user_id: UUID) -> UUID:
    if not header:
        return user_id
    try:
        return UUID(header)
    except ValueError as exc:
        raise ProfessionalNotFound from exc


def _membership(db: Database, professional_id: UUID, user_id: UUID) -> Role:
    rows = db.select(
        "professional_members",
        "role",
        professional_id=professional_id,
        user_id=user_id,
        revoked_at=None,
    )
    if not rows:
        raise ProfessionalNotFound
    return Role(rows[0]["role"])


def _is_enabled(db: Database, professional_id: UUID) -> bool:
    rows = db.select("professionals", "marketing_enabled", id=professional_id)
    if not rows:
        raise ProfessionalNotFound
    return bool(rows[0]["marketing_enabled"])
