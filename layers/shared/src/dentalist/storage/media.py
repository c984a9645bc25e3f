"""Files of one professional in the private bucket, below their own prefix."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx

from dentalist.domain.errors import StoreUnavailable
from dentalist.domain.sending_errors import MediaNotFound, MediaRefused

BUCKET = "marketing-assets"
LINK_SECONDS = 15 * 60
_UPLOAD_TIMEOUT = httpx.Timeout(60, connect=3)


class SupabaseMedia:
    """Supabase Storage's REST interface, of which most of this product needs three calls."""

    def __init__(
        self, supabase_url: str, key: str, professional_id: UUID, *, http: httpx.Client, token: str | None = None
    ) -> None:
        """Act for one professional, with the secret key or as the person with ``token``."""
        self._base_url = f"{supabase_url}/storage/v1"
        self._headers = {"apikey": key, "Authorization": f"Bearer {token or key}"}
        self._prefix = f"{professional_id}/"
        self._http = http

    def link(self, storage_path: str) -> str:
        """A link that lives for 15 minutes.

        Raises:
            MediaNotFound: no such file, or not below the professional's prefix.
            StoreUnavailable: the store cannot be reached.

        Source:
            https://supabase.com/docs/reference/javascript/storage-from-createsignedurl
        """
        answer = self._ask(f"/object/sign/{BUCKET}/{self._own(storage_path)}", json={"expiresIn": LINK_SECONDS})
        return f"{self._base_url}{answer['signedURL']}"

    def store(self, storage_path: str, content: bytes, *, content_type: str) -> None:
        """Write a file; one of the same path is replaced.

        Raises:
            MediaNotFound: the path is not below the professional's prefix.
            MediaRefused: the bucket does not take this size or type.
            StoreUnavailable: the store cannot be reached.
        """
        self._ask(
            f"/object/{BUCKET}/{self._own(storage_path)}",
            content=content,
            headers={"Content-Type": content_type, "x-upsert": "true"},
            timeout=_UPLOAD_TIMEOUT,
        )

    def remove(self, paths: Sequence[str]) -> None:
        """Delete files for good; one that is not there is gone already, one not below the prefix is left alone.

        Raises:
            StoreUnavailable: not known which are gone; deleting them again is harmless.

        Source:
            https://supabase.com/docs/reference/javascript/storage-from-remove
        """
        own = [path for path in paths if path.startswith(self._prefix)]
        if not own:
            return
        try:
            response = self._http.request(
                "DELETE", f"{self._base_url}/object/{BUCKET}", headers=self._headers, json={"prefixes": own}
            )
        except httpx.RequestError as exc:
            raise StoreUnavailable from exc
        if not response.is_success:
            raise StoreUnavailable

    def _own(self, storage_path: str) -> str:
        parts = storage_path.split("/")
        if not storage_path.startswith(self._prefix) or any(part in ("", ".", "..") for part in parts):
            raise MediaNotFound
        return quote(storage_path, safe="/")

    def _ask(self, path: str, *, headers: dict[str, str] | None = None, **request: Any) -> dict[str, Any]:
        try:
            response = self._http.post(self._base_url + path, headers={**self._headers, **(headers or {})}, **request)
        except httpx.RequestError as exc:
            raise StoreUnavailable from exc
        told = _json(response)
        # Storage reports a missing object as HTTP 400 with "statusCode": "404" in the body.
        status = int(told.get("statusCode", response.status_code)) if response.is_error else response.status_code
        if response.is_success:
            return told
        if status == HTTPStatus.NOT_FOUND:
            raise MediaNotFound
        if status in (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE):
            raise MediaRefused
        raise StoreUnavailable


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        told = response.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
