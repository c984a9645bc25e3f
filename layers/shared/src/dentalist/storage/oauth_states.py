"""Link attempts: kept under the hash of their state, so that a dump of the store completes none of them."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from dentalist.domain.accounts import ChannelType, OAuthAttempt
from dentalist.domain.linking_errors import LinkingError, StateExpired, StateInvalid, StateUsed
from dentalist.storage.credentials import PURPOSE_OF_CHANNEL
from dentalist.storage.database import Database
from dentalist.storage.vault import Place, SecretUnreadable, Vault

_TABLE = "oauth_states"
_COLUMN = "code_verifier_encrypted"
_REFUSALS: dict[str, type[LinkingError]] = {"invalid": StateInvalid, "expired": StateExpired, "used": StateUsed}


class SupabaseOAuthStates:
    """Attempts of all professionals; a state says whose it is."""

    def __init__(self, db: Database, vault: Vault) -> None:
        """Read and write with the secret key's ``db``."""
        self._db = db
        self._vault = vault

    def begin(
        self,
        professional_id: UUID,
        channel: ChannelType,
        *,
        state: str,
        actor_id: UUID,
        redirect_uri: str,
        code_verifier: str | None,
    ) -> datetime:
        """Keep an attempt and answer when it expires.

        Raises:
            StoreUnavailable: the store or the key service cannot be reached.
        """
        attempt_id = uuid4()
        sealed = None
        if code_verifier is not None:
            sealed = self._vault.seal(
                PURPOSE_OF_CHANNEL[channel], _place_of(professional_id, attempt_id), code_verifier
            )
        answer = self._db.rpc(
            "create_oauth_state",
            {
                "id": attempt_id,
                "professional_id": professional_id,
                "channel": channel.value,
                "state_hash": _hash_of(state),
                "actor_id": actor_id,
                "redirect_uri": redirect_uri,
                "code_verifier_encrypted": sealed,
            },
        )
        return datetime.fromisoformat(answer["expires_at"])

    def claim(
        self, state: str, *, professional_id: UUID | None = None, channel: ChannelType | None = None
    ) -> OAuthAttempt:
        """Use a state up, in one statement: of two who come with it at once, one gets it.

        Raises:
            StateInvalid: unknown, or not of what is named, and then it stays unused; or who began it may not link now.
            StateExpired, StateUsed: too late.
            StoreUnavailable: the store or the key service cannot be reached; it may have been used up.
        """
        answer = self._db.rpc(
            "claim_oauth_state",
            {
                "state_hash": _hash_of(state),
                "professional_id": professional_id,
                "channel": None if channel is None else channel.value,
            },
        )
        if refusal := _REFUSALS.get(answer["outcome"]):
            raise refusal
        return self._attempt_of(answer)

    def _attempt_of(self, answer: dict[str, Any]) -> OAuthAttempt:
        attempt_id, professional_id = UUID(answer["id"]), UUID(answer["professional_id"])
        channel, sealed = ChannelType(answer["channel"]), answer["code_verifier_encrypted"]
        verifier = None
        if sealed is not None:
            try:
                verifier = self._vault.open(PURPOSE_OF_CHANNEL[channel], _place_of(professional_id, attempt_id), sealed)
            except SecretUnreadable as exc:  # about no channel: this attempt cannot be ended, another can be begun
                raise StateInvalid from exc
        return OAuthAttempt(
            id=attempt_id,
            professional_id=professional_id,
            channel=channel,
            actor_id=UUID(answer["actor_id"]),
            redirect_uri=answer["redirect_uri"],
            code_verifier=verifier,
        )


def _place_of(professional_id: UUID, attempt_id: UUID) -> Place:
    return Place(professional_id, _TABLE, attempt_id, _COLUMN)


def _hash_of(state: str) -> str:
    # "replace": what somebody made up need not be text that can be encoded
    return hashlib.sha256(state.encode(errors="replace")).hexdigest()
