"""Supabase Auth's admin interface: inviting people. Needs the secret key."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

import httpx
from supabase_auth import SyncGoTrueAdminAPI
from supabase_auth.errors import AuthApiError, AuthError

from dentalist.domain.clinic_errors import InvitationRefused
from dentalist.domain.errors import StoreRefused, StoreUnavailable

_UNKNOWN_BYTES = 48  # 64 characters; bcrypt reads 72 at most
_KNOWN = {"email_exists", "user_already_exists"}
_UNWANTED = {"email_address_invalid", "email_address_not_authorized", "validation_failed"}


class SupabaseAuthAdmin:
    """People as Supabase Auth knows them."""

    def __init__(self, supabase_url: str, secret_key: str, *, http: httpx.Client) -> None:
        """Keep the way in; nothing is sent yet.

        Args:
            supabase_url: without a slash at its end.
            secret_key: bypasses every rule; never the publishable one.
            http: shared by every client of this container, with its timeouts.
        """
        headers = {"apikey": secret_key, "Authorization": f"Bearer {secret_key}"}
        self._api = SyncGoTrueAdminAPI(url=f"{supabase_url}/auth/v1", headers=headers, http_client=http)

    def invite(self, email: str, *, redirect_to: str, data: Mapping[str, Any]) -> UUID | None:
        """Make somebody known by their address and send them an invitation, once.

        Args:
            email: where the invitation goes.
            redirect_to: where the link in it ends; one of the project's redirect addresses.
            data: kept with the person, who can read and change it: nothing that grants anything.

        Returns:
            The new person's id; None when somebody with this address is known already, to whom nothing is sent.

        Raises:
            InvitationRefused: nothing can be sent to this address: there is none like it, or the project may write to
                its own people only.
            StoreUnavailable: not reached, too many invitations, or no usable answer; it may have been sent.
            StoreRefused: a mistake of ours, such as a wrong key.

        Source:
            https://supabase.com/docs/reference/python/auth-admin-inviteuserbyemail
        """
        # Nothing is chained: the library's errors quote what was sent.
        try:
            answer = self._api.invite_user_by_email(email, {"data": dict(data), "redirect_to": redirect_to})
            return UUID(answer.user.id)
        except AuthApiError as exc:
            if exc.code in _KNOWN:
                return None
            raise _refusal(exc) from None
        except (AuthError, ValueError):  # no connection, a proxy's page, or an answer that names nobody
            raise StoreUnavailable from None

    def forget_password(self, user_id: UUID) -> None:
        """Give somebody a password that nobody knows, in place of any they have.

        Raises:
            StoreUnavailable: not reached, or no usable answer.
            StoreRefused: a mistake of ours, or nobody has this id any more.

        Source:
            https://supabase.com/docs/reference/python/auth-admin-updateuserbyid
        """
        try:
            self._api.update_user_by_id(str(user_id), {"password": secrets.token_urlsafe(_UNKNOWN_BYTES)})
        except AuthApiError as exc:
            raise _refusal(exc) from None
        except (AuthError, ValueError):
            raise StoreUnavailable from None


def _refusal(error: AuthApiError) -> Exception:
    if error.status == HTTPStatus.TOO_MANY_REQUESTS or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return StoreUnavailable()
    if error.code in _UNWANTED:
        return InvitationRefused("An invitation cannot be sent to this address.")
    return StoreRefused(error.code or str(error.status), "to let somebody in")
