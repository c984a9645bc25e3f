"""A professional's templates go to Meta for approval, and what Meta has comes back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from dentalist.domain.accounts import ChannelType, LinkedAccount, RemoteTemplate
from dentalist.domain.channel_health import diagnose
from dentalist.domain.errors import ChannelDisconnected, MetaError
from dentalist.domain.sending_errors import AccessLost, MetaTransient
from dentalist.domain.standard_templates import StandardTemplate, language_of, standard_template, takes_our_values
from dentalist.domain.template_errors import TemplatesNeedWhatsapp
from dentalist.domain.template_review import ReviewedTemplate
from dentalist.services.accounts.ports_accounts import Accounts, BusinessFor, TemplateBook, WhatsAppBusiness
from dentalist.services.accounts.ports_channels import ReadableTemplates
from dentalist.services.ports import Channels

# Meta's word for "this name has a text in this language already".
_DUPLICATE_SUBCODE = 2388024
_NAME_TAKEN = (
    "La cuenta ya tiene en Meta otra plantilla con este nombre y este idioma, con otro texto: borrala ahí o usá otro"
    " nombre."
)


class Outcome(StrEnum):
    """What became of one template that was to be submitted."""

    SUBMITTED = "submitted"
    ALREADY_THERE = "already_there"
    REFUSED = "refused"


class Submission(NamedTuple):
    """One template of a request; ``reason`` is Meta's own sentence where it refused."""

    name: str
    language: str
    outcome: Outcome
    status: str | None = None
    reason: str | None = None


class TemplateList(NamedTuple):
    """What a channel has, and which of the standard set it does not have yet, as Meta would get them."""

    items: list[ReviewedTemplate]
    proposed: list[dict[str, Any]]


@dataclass(frozen=True)
class TemplateDesk:
    """What talking to Meta about templates needs, for one professional."""

    accounts: Accounts
    business_for: BusinessFor
    book: TemplateBook


def list_templates(channel_id: UUID | None, *, channels: Channels, readable: ReadableTemplates) -> TemplateList:
    """What is known of a channel's templates, without asking Meta; without a channel, of all, and nothing is proposed.

    Raises:
        ChannelNotFound: the person sees no such channel.
        StoreUnavailable: the store cannot be reached.
    """
    if channel_id is None:
        return TemplateList(readable.of_every_channel(), [])
    if channels.get(channel_id).type != ChannelType.WHATSAPP:
        return TemplateList([], [])
    items = readable.of_channel(channel_id)
    language = language_of(readable.country())
    known = {(item.name, item.language) for item in items if item.is_standard}
    missing = [name for name in StandardTemplate if (name.value, language) not in known]
    return TemplateList(items, [standard_template(name, language) for name in missing])


def standard_set(names: Sequence[StandardTemplate], *, country: str | None) -> list[dict[str, Any]]:
    """Templates of the standard set in the Spanish of a country, as Meta takes them."""
    return [standard_template(name, language_of(country)) for name in names]


def submit_templates(
    channel_id: UUID, templates: Sequence[Mapping[str, Any]], *, desk: TemplateDesk
) -> list[Submission]:
    """Submit templates for approval and keep them as pending; what Meta has already is not sent again.

    A refusal concerns its template alone and is told with it. Trouble of Meta's ends the work: what went through until
    then is kept, and asking again goes on from there.

    Args:
        channel_id: a WhatsApp number; its templates are its account's.
        templates: as Meta takes them.
        desk: for the professional.

    Raises:
        ChannelNotFound, TemplatesNeedWhatsapp, ChannelDisconnected: no number that could submit one.
        RateLimited: too many were submitted, or asked for, in the last hour.
        MetaTransient, MetaUnreachable, StoreUnavailable: ask again.
    """
    with _at_meta(channel_id, desk) as (account, business):
        waba_id = str(account.external_business_id)
        known = {(found.name, found.language): found for found in business.templates(waba_id)}
        desk.book.keep(channel_id, list(known.values()), complete=True)
        submitted: list[RemoteTemplate] = []
        try:
            return [_submit(template, waba_id, business, known, submitted) for template in templates]
        finally:
            # Also when Meta broke off: what was accepted is pending there, whatever we answer.
            if submitted:
                desk.book.keep(channel_id, submitted, complete=False)


def sync_templates(channel_id: UUID, *, desk: TemplateDesk) -> None:
    """Read every template of a number's account from Meta and keep what it says.

    Raises:
        ChannelNotFound, TemplatesNeedWhatsapp, ChannelDisconnected, RateLimited, MetaError, MetaUnreachable,
        StoreUnavailable: nothing was changed.
    """
    with _at_meta(channel_id, desk) as (account, business):
        desk.book.keep(channel_id, business.templates(str(account.external_business_id)), complete=True)


@contextmanager
def _at_meta(channel_id: UUID, desk: TemplateDesk) -> Iterator[tuple[LinkedAccount, WhatsAppBusiness]]:
    account = desk.accounts.get(channel_id)
    if account.channel is not ChannelType.WHATSAPP:
        raise TemplatesNeedWhatsapp
    if account.external_business_id is None:
        raise ChannelDisconnected
    business = desk.business_for(desk.accounts.access_token(account.credential_id))
    try:
        yield account, business
    except AccessLost as lost:
        found = diagnose(lost.reason, account.channel)
        desk.accounts.mark(channel_id, found.status, found.cause, message=found.sentence, severity=found.severity)
        raise


def _submit(
    template: Mapping[str, Any],
    waba_id: str,
    business: WhatsAppBusiness,
    known: dict[tuple[str, str], RemoteTemplate],
    submitted: list[RemoteTemplate],
) -> Submission:
    name, language = template["name"], template["language"]
    if there := known.get((name, language)):
        if not _stands_for(template, there):
            return Submission(name, language, Outcome.REFUSED, there.status, _NAME_TAKEN)
        return Submission(name, language, Outcome.ALREADY_THERE, there.status)
    try:
        made = business.create_template(waba_id, template)
    except MetaTransient:
        raise
    except MetaError as refusal:
        if refusal.fault.subcode == _DUPLICATE_SUBCODE:  # somebody else submitted it a moment ago
            return Submission(name, language, Outcome.ALREADY_THERE)
        return Submission(name, language, Outcome.REFUSED, reason=_words_of(refusal))
    known[name, language] = made
    submitted.append(made)
    return Submission(name, language, Outcome.SUBMITTED, made.status)


def _stands_for(template: Mapping[str, Any], there: RemoteTemplate) -> bool:
    """Whether what Meta has is what is asked for: the same words, or one of the set in an earlier wording of ours."""
    if _words(template["components"]) == _words(there.components):
        return True
    return _is_standard(template) and _is_standard(there._asdict())


def _is_standard(template: Mapping[str, Any]) -> bool:
    return takes_our_values(
        template["name"],
        template["language"],
        parameter_format=template.get("parameter_format", ""),
        components=template["components"],
    )


def _words(components: Sequence[Mapping[str, Any]]) -> list[str]:
    return [" ".join(str(part.get("text")).split()) for part in components if part.get("type") == "BODY"]


def _words_of(refusal: MetaError) -> str:
    """Meta's sentence for a person where it gave one, else what it tells engineers."""
    return refusal.detail if refusal.detail != MetaError.detail else refusal.fault.message or refusal.detail
