"""The WhatsApp Business accounts (WABA) that one token sees: their numbers, templates and webhooks."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dentalist.domain.accounts import Number, RemoteTemplate
from dentalist.domain.errors import MetaError, MetaFault
from dentalist.domain.linking_errors import AccountNotVisible, RegistrationFailed
from dentalist.domain.phones import parse_phone
from dentalist.domain.sending_errors import MetaTransient
from dentalist.outbound.loose import identifier, objects, text
from dentalist.outbound.meta.graph import ATTEMPTS, GraphClient

_ID = re.compile(r"[0-9]{1,32}")
_BUSINESS_EDGES = ("owned_whatsapp_business_accounts", "client_whatsapp_business_accounts")
# Not ``messaging_limit_tier``: asking for a field that a version has retired is refused as a whole.
_NUMBER_FIELDS = ",".join(
    (
        "id",
        "display_phone_number",
        "verified_name",
        "quality_rating",
        "status",
        "platform_type",
        "is_on_biz_app",
        "whatsapp_business_manager_messaging_limit",
    )
)
_TEMPLATE_FIELDS = "id,name,status,category,language,components,parameter_format,rejected_reason"
# Of a number on the Cloud API: what Meta then thinks of its messages changes nothing about its registration.
_REGISTERED = {"CONNECTED", "FLAGGED", "RATE_LIMITED", "RESTRICTED"}
_NO_REASON = {"", "NONE"}
# (code, subcode): the object is not there or, which Meta does not tell apart, not for this token. None is any.
_NOT_VISIBLE: frozenset[tuple[int, int | None]] = frozenset({(100, 33), (200, None), (803, None)})
# Of what a person's businesses are: "(#100) Missing Permission", without a subcode of its own.
_NOT_SHOWN = _NOT_VISIBLE | {(10, None), (100, None)}
_SYNC_OVER = {2593107, 2593108}  # asked before; asked more than a day after linking
_REGISTRATION = {
    33: "Meta no longer has this number.",
    131031: "Meta has locked this WhatsApp account; see WhatsApp Manager.",
    131045: "Meta could not make the number's certificate; try again later.",
    133000: "An earlier removal of this number has not ended yet; try again in a few minutes.",
    133004: "WhatsApp cannot register numbers right now; try again in a few minutes.",
    133005: "The number has a two-step verification PIN of its own; change or switch it off in WhatsApp Manager.",
    133006: "The number must be verified again by SMS or call in WhatsApp Manager.",
    133008: "The PIN was wrong too many times; wait before trying again.",
    133009: "The PIN was tried too fast; wait before trying again.",
    133015: "The number was deleted a moment ago; try again in five minutes.",
    133016: "The number was registered too often; wait 72 hours before trying again.",
}

logger = logging.getLogger(__name__)


class WhatsAppBusinessClient:
    """What the holder of a token may manage, with a Graph client that holds it."""

    def __init__(self, graph: GraphClient, *, app_id: str) -> None:
        """Keep both; ``app_id`` is ours, to be found among the apps that a WABA tells of its events."""
        self._graph = graph
        self._app_id = app_id

    def accounts(self) -> list[str]:
        """The ids of the WABAs of all businesses of the token's holder, own ones first, each once.

        Raises:
            AccountNotVisible: the token may not see businesses.
            TokenDead, MetaRateLimited, MetaTransient, MetaUnreachable, MetaError: not told.

        Source:
            https://developers.facebook.com/docs/marketing-api/reference/business/owned_whatsapp_business_accounts/
        """
        with _visible(_NOT_SHOWN):
            businesses = [identifier(item.get("id")) for item in self._graph.pages("/me/businesses")]
        found = [
            waba for edge in _BUSINESS_EDGES for business in businesses if business for waba in self._of(business, edge)
        ]
        return list(dict.fromkeys(found))

    def numbers(self, waba_id: str) -> list[Number]:
        """The numbers of a WABA, newest first.

        Raises:
            AccountNotVisible: there is no such WABA, or not for this token.
            TokenDead, MetaRateLimited, MetaTransient, MetaUnreachable, MetaError: not told.

        Source:
            https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account/phone_numbers/
        """
        path = f"/{graph_id(waba_id)}/phone_numbers"
        with _visible():
            found = [_number_of(item) for item in self._graph.pages(path, {"fields": _NUMBER_FIELDS})]
        return [number for number in found if number]

    def number(self, phone_number_id: str) -> Number:
        """One number.

        Raises:
            AccountNotVisible: there is no such number, or not for this token.
            TokenDead, MetaRateLimited, MetaTransient, MetaUnreachable, MetaError: not told.

        Source:
            https://developers.facebook.com/docs/graph-api/reference/whats-app-business-phone-number/
        """
        with _visible():
            number = _number_of(self._graph.get(f"/{graph_id(phone_number_id)}", {"fields": _NUMBER_FIELDS}))
        if number is None:
            raise AccountNotVisible
        return number

    def is_subscribed(self, waba_id: str) -> bool:
        """Whether our app is among those that receive the WABA's webhooks.

        Raises:
            As ``numbers``.

        Source:
            https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account/subscribed_apps/
        """
        with _visible():
            apps = list(self._graph.pages(f"/{graph_id(waba_id)}/subscribed_apps"))
        described = objects([app.get("whatsapp_business_api_data") for app in apps])
        return any(identifier(app.get("id")) == self._app_id for app in described)

    def subscribe(self, waba_id: str) -> None:
        """Receive the WABA's webhooks; once more changes nothing.

        Raises:
            As ``numbers``.
        """
        with _visible():
            self._graph.post(f"/{graph_id(waba_id)}/subscribed_apps", attempts=ATTEMPTS)

    def unsubscribe(self, waba_id: str) -> None:
        """Receive them no longer.

        Raises:
            As ``numbers``.
        """
        with _visible():
            self._graph.delete(f"/{graph_id(waba_id)}/subscribed_apps")

    def register(self, phone_number_id: str, pin: str) -> None:
        """Make a number usable through the API, once: ten tries in 72 hours are all there are.

        Args:
            phone_number_id: of a number that does not stay in the phone app.
            pin: six digits; the first registration sets them, a later one needs the same.

        Raises:
            RegistrationFailed: refused; its detail says what to do.
            AccountNotVisible: there is no such number, or not for this token.
            MetaTransient, MetaUnreachable: not answered; ``number`` tells whether it was registered.
            TokenDead, MetaRateLimited, MetaError: refused for another reason.

        Source:
            https://developers.facebook.com/docs/whatsapp/cloud-api/reference/registration
        """
        path = f"/{graph_id(phone_number_id)}/register"
        try:
            with _visible():
                self._graph.post(path, {"messaging_product": "whatsapp", "pin": pin})
        except MetaError as exc:
            if sentence := _REGISTRATION.get(exc.fault.code):
                logger.warning("number not registered", extra={"meta_code": exc.fault.code})
                raise RegistrationFailed(sentence) from exc
            raise

    def request_sync(self, phone_number_id: str, sync_type: str) -> None:
        """Ask for what a number that stays in the phone app has: contacts or history. Later and again is no failure.

        Args:
            phone_number_id: of a number in coexistence.
            sync_type: ``smb_app_state_sync`` for contacts, ``history`` for messages; each within a day of linking.

        Raises:
            As ``numbers``.

        Source:
            https://developers.facebook.com/docs/whatsapp/embedded-signup/custom-flows/onboarding-business-app-users
        """
        body = {"messaging_product": "whatsapp", "sync_type": sync_type}
        try:
            with _visible():
                self._graph.post(f"/{graph_id(phone_number_id)}/smb_app_data", body, attempts=ATTEMPTS)
        except MetaError as exc:
            if not _SYNC_OVER & {exc.fault.code, exc.fault.subcode}:
                raise
            logger.info("sync not available", extra={"sync_type": sync_type, "meta_code": exc.fault.code})

    def templates(self, waba_id: str) -> list[RemoteTemplate]:
        """All templates of a WABA, in every language and status.

        Raises:
            As ``numbers``. Half a list is never answered.

        Source:
            https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account/message_templates/
        """
        path = f"/{graph_id(waba_id)}/message_templates"
        with _visible():
            found = [_template_of(item) for item in self._graph.pages(path, {"fields": _TEMPLATE_FIELDS})]
        return [template for template in found if template]

    def create_template(self, waba_id: str, template: Mapping[str, Any]) -> RemoteTemplate:
        """Submit a template for approval, once: a second copy of it is refused.

        Args:
            waba_id: the account that it will belong to.
            template: ``name``, ``language``, ``category``, ``components`` and perhaps ``parameter_format``.

        Returns:
            The template under Meta's id, mostly PENDING; Meta may have chosen another category.

        Raises:
            MetaError: refused; the detail is Meta's own sentence about the mistake, where it gave one.
            MetaTransient, MetaUnreachable: not answered; ``templates`` tells whether it arrived.
            As ``numbers`` otherwise.

        Source:
            https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account/message_templates/
        """
        with _visible():
            answer = self._graph.post(f"/{graph_id(waba_id)}/message_templates", template)
        known = {key: answer[key] for key in ("id", "status", "category") if answer.get(key)}
        created = _template_of({"status": "PENDING", **template, **known})
        if created is None:
            raise MetaError(MetaFault(code=0, message="A template without an id."))
        return created

    def _of(self, business_id: str, edge: str) -> list[str]:
        """The WABAs below one edge of a business; one of them may be closed to a person who sees the other."""
        try:
            with _visible(_NOT_SHOWN):
                found = [identifier(item.get("id")) for item in self._graph.pages(f"/{graph_id(business_id)}/{edge}")]
        except AccountNotVisible:
            logger.info("business not readable", extra={"edge": edge})
            return []
        return [waba_id for waba_id in found if waba_id]


def graph_id(told: str) -> str:
    """An id as a part of a path. Browsers name ids too, and what is no id must not become another path.

    Raises:
        AccountNotVisible: it is none of Meta's.
    """
    if not _ID.fullmatch(told):
        raise AccountNotVisible
    return told


@contextmanager
def _visible(refusals: Collection[tuple[int, int | None]] = _NOT_VISIBLE) -> Iterator[None]:
    """Meta's ways of saying that an object is not there for this token, as one error."""
    try:
        yield
    except MetaTransient:
        raise
    except MetaError as exc:
        if (exc.fault.code, exc.fault.subcode) in refusals or (exc.fault.code, None) in refusals:
            raise AccountNotVisible from exc
        raise


def _number_of(node: Mapping[str, Any]) -> Number | None:
    number_id, phone = identifier(node.get("id")), parse_phone(identifier(node.get("display_phone_number")))
    if number_id is None or phone is None:
        return None
    status = text(node.get("status"))
    limit = node.get("whatsapp_business_manager_messaging_limit") or node.get("messaging_limit_tier")
    return Number(
        id=number_id,
        display_phone_number=phone,
        verified_name=text(node.get("verified_name")),
        quality_rating=text(node.get("quality_rating")),
        messaging_limit=text(limit),
        status=status,
        is_registered=node.get("platform_type") == "CLOUD_API" and status in _REGISTERED,
        on_phone_app=node.get("is_on_biz_app") is True,
    )


def _template_of(node: Mapping[str, Any]) -> RemoteTemplate | None:
    template_id, name, language = (identifier(node.get(key)) for key in ("id", "name", "language"))
    if template_id is None or name is None or language is None:
        return None
    reason = text(node.get("rejected_reason")) or ""
    return RemoteTemplate(
        external_id=template_id,
        name=name,
        language=language.replace("-", "_"),  # webhooks write es-AR where the API writes es_AR
        category=(text(node.get("category")) or "MARKETING").upper(),  # untold: what asks for most consent
        status=(text(node.get("status")) or "PENDING").upper(),
        parameter_format=(text(node.get("parameter_format")) or "POSITIONAL").upper(),
        components=objects(node.get("components")),
        rejection_reason=None if reason.upper() in _NO_REASON else reason,
    )
