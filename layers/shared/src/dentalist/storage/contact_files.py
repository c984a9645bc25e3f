"""The files of a contact, many at once: signed for an export, deleted by an erasure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

import httpx

from dentalist.domain.errors import StoreUnavailable
from dentalist.storage.media import BUCKET, LINK_SECONDS, SupabaseMedia

_SIGNED_AT_ONCE = 500


class SupabaseContactFiles:
    """Supabase Storage below one professional's prefix, with the secret key."""

    def __init__(self, supabase_url: str, key: str, professional_id: UUID, *, http: httpx.Client) -> None:
        """Act for one professional."""
        self._base_url = f"{supabase_url}/storage/v1"
        self._headers = {"apikey": key, "Authorization": f"Bearer {key}"}
        self._prefix = f"{professional_id}/"
        self._http = http
        self._media = SupabaseMedia(supabase_url, key, professional_id, http=http)

    def links(self, paths: Collection[str]) -> dict[str, str]:
        """Signed links that live for 15 minutes; a path that is not there, or not the professional's, has none.

        Raises:
            StoreUnavailable: the store cannot be reached.

        Source:
            https://supabase.com/docs/reference/javascript/storage-from-createsignedurls
        """
        signed: dict[str, str] = {}
        own = iter([path for path in paths if path.startswith(self._prefix)])
        while batch := list(islice(own, _SIGNED_AT_ONCE)):
            answers = self._ask(f"/object/sign/{BUCKET}", {"paths": batch, "expiresIn": LINK_SECONDS})
            signed |= {
                item["path"]: f"{self._base_url}{item['signedURL']}" for item in answers if item.get("signedURL")
            }
        return signed

    def store(self, storage_path: str, content: bytes, *, content_type: str) -> None:
        """Write a file; one of the same path is replaced.

        Raises:
            MediaNotFound, MediaRefused, StoreUnavailable: as ``SupabaseMedia.store``.
        """
        self._media.store(storage_path, content, content_type=content_type)

    def remove(self, paths: Sequence[str]) -> None:
        """Delete files for good; one that is not there is gone already.

        Raises:
            StoreUnavailable: not known which are gone; deleting them again is harmless.

        Source:
            https://supabase.com/docs/reference/javascript/storage-from-remove
        """
        self._media.remove(paths)

    def _ask(self, path: str, body: dict[str, Any]) -> list[dict[str, Any]]:
        try:
            response = self._http.post(self._base_url + path, headers=self._headers, json=body)
            answer = response.json() if response.is_success else None
        except (httpx.RequestError, ValueError) as exc:
            raise StoreUnavailable from exc
        if not isinstance(answer, list):
            raise StoreUnavailable
        return answer
