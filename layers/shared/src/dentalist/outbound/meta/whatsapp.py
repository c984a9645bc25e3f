"""The WhatsApp Cloud API on behalf of one business phone number."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

import httpx

from dentalist.domain.errors import MetaError, MetaFault, OutcomeUnknown
from dentalist.domain.message import Recipient
from dentalist.domain.sending_errors import MediaGone, MediaRefused, MetaUnreachable
from dentalist.outbound.meta.graph import COURTESY_TIMEOUT, GraphClient
from dentalist.services.ports import MediaFile

# Where Meta keeps files; the token goes nowhere else.
_MEDIA_HOSTS = ("fbsbx.com", "fbcdn.net", "whatsapp.net")
_NO_SUCH_OBJECT = 100  # of a GET: the id is unknown, deleted, or not this number's
_CHUNK_BYTES = 64 * 1024


class WhatsAppClient:
    """One number, with a Graph client that holds its token."""

    def __init__(self, graph: GraphClient, phone_number_id: str) -> None:
        """Keep both."""
        self._graph = graph
        self._phone_number_id = phone_number_id

    def send(self, recipient: Recipient, body: Mapping[str, Any], *, reference: UUID) -> str:
        """Send a message once.

        Args:
            recipient: phone with its plus sign (without one Meta assumes our own country code), or a user id.
            body: ``type`` and the key of that name, as ``Content.as_graph`` makes it.
            reference: our id of the message; status webhooks return it as ``biz_opaque_callback_data``.

        Returns:
            The ``wamid`` under which Meta knows the message. Accepted, not yet delivered.

        Raises:
            ServiceWindowClosed: code 131047, though Meta mostly reports it later, as a failed status.
            ChannelDisconnected: code 190 and its like, the token expired or was revoked.
            RateLimited: codes 4, 80007, 130429, 131056 and other limits that pass soon.
            OutcomeUnknown: timeout, 5xx or a foreign answer; the message may have been sent.
            MetaUnreachable: no connection; nothing was sent.
            MetaError: any other code.

        Source:
            https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages
        """
        answer = self._graph.send(
            f"/{self._phone_number_id}/messages",
            {
                "messaging_product": "whatsapp",
                "recipient_type": "individual",
                **recipient.as_graph(),
                **body,
                "biz_opaque_callback_data": str(reference),
            },
        )
        return _wamid_of(answer)

    def mark_read(self, wamid: str, *, typing: bool = False) -> None:
        """Blue ticks for this message and all before it; with ``typing``, the indicator until we answer, at most 25 s.

        Raises:
            ChannelDisconnected, RateLimited, MetaError, MetaUnreachable: not marked; nobody is harmed.

        Source:
            https://developers.facebook.com/docs/whatsapp/cloud-api/typing-indicators
        """
        body: dict[str, Any] = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
        if typing:
            body["typing_indicator"] = {"type": "text"}
        # The answer that the contact waits for comes after this.
        self._graph.post(f"/{self._phone_number_id}/messages", body, timeout=COURTESY_TIMEOUT)

    def upload_media(self, content: bytes, *, mime_type: str, filename: str) -> str:
        """Upload a file and answer its id, which lives for 30 days.

        Raises:
            ChannelDisconnected, RateLimited, MetaError, MetaUnreachable: not uploaded.

        Source:
            https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media
        """
        answer = self._graph.upload(
            f"/{self._phone_number_id}/media",
            {"messaging_product": "whatsapp", "type": mime_type},
            (filename, content, mime_type),
        )
        media_id = answer.get("id")
        if not media_id:
            raise MetaError(MetaFault(code=0, message="An upload without an id."))
        return str(media_id)

    def fetch_media(self, media_id: str, *, max_bytes: int, allowed_types: Collection[str] | None = None) -> MediaFile:
        """The bytes behind a media id: its link lives for five minutes, so both steps happen here.

        Args:
            media_id: as a webhook gave it; it lives for seven days.
            max_bytes: stop reading beyond it, whatever size was announced.
            allowed_types: MIME types without parameters; None takes any.

        Raises:
            MediaRefused: too large, not of an allowed type, or a link to a host that is not Meta's.
            MediaGone: Meta no longer has it.
            ChannelDisconnected, RateLimited, MetaError, MetaUnreachable: not fetched.

        Source:
            https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media
        """
        try:
            return self._fetch_once(media_id, max_bytes, allowed_types)
        except MediaGone:  # the link ran out between the two steps: once more with a new one
            return self._fetch_once(media_id, max_bytes, allowed_types)

    def _fetch_once(self, media_id: str, max_bytes: int, allowed_types: Collection[str] | None) -> MediaFile:
        told = self._describe(media_id)
        mime_type = str(told.get("mime_type") or "application/octet-stream")
        size = str(told.get("file_size") or "0")  # a number or a string of one
        if allowed_types is not None and mime_type.partition(";")[0].strip().lower() not in allowed_types:
            raise MediaRefused("This type of file is not accepted.")
        if size.isdigit() and int(size) > max_bytes:
            raise MediaRefused("The file is too large.")
        url = str(told.get("url") or "")
        if not self._is_metas(url):
            raise MediaRefused("The file lies on a host that is not Meta's.")
        return MediaFile(self._download(url, max_bytes), mime_type, str(told["sha256"]) if "sha256" in told else None)

    def _describe(self, media_id: str) -> dict[str, Any]:
        try:
            return self._graph.get(f"/{media_id}", {"phone_number_id": self._phone_number_id})
        except MetaError as exc:
            if exc.fault.code == _NO_SUCH_OBJECT:
                raise MediaGone from exc
            raise

    def _is_metas(self, url: str) -> bool:
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL:
            return False
        base = self._graph.base_url
        if (parsed.scheme, parsed.host, parsed.port) == (base.scheme, base.host, base.port):
            return True
        return parsed.scheme == "https" and any(
            parsed.host == host or parsed.host.endswith(f".{host}") for host in _MEDIA_HOSTS
        )

    def _download(self, url: str, max_bytes: int) -> bytes:
        content = bytearray()
        try:
            with self._graph.stream(url) as response:
                _check_download(response)
                for chunk in response.iter_bytes(_CHUNK_BYTES):
                    content += chunk
                    if len(content) > max_bytes:
                        raise MediaRefused("The file is too large.")
        except httpx.RequestError as exc:
            raise MetaUnreachable from exc
        return bytes(content)


def _check_download(response: httpx.Response) -> None:
    if response.status_code == HTTPStatus.NOT_FOUND:
        raise MediaGone
    if not response.is_success:
        # 401 with a page instead of an error body: the token may be dead, which the next real call will tell for sure.
        raise MetaError(MetaFault(code=response.status_code, message="The file was not handed out."))


def _wamid_of(answer: Mapping[str, Any]) -> str:
    messages = answer.get("messages")
    if isinstance(messages, list) and messages and isinstance(messages[0], Mapping):
        wamid = messages[0].get("id")
        if isinstance(wamid, str) and wamid:
            return wamid
    raise OutcomeUnknown  # a 200 that is not Meta's shape
