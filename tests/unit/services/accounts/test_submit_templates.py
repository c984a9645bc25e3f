"""Templates on their way to Meta and back: nothing twice, and every refusal told with its template."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from dentalist.domain.accounts import AccountKey, ChannelType, RemoteTemplate
from dentalist.domain.channel import ChannelStatus
from dentalist.domain.errors import ChannelDisconnected, ChannelNotFound, MetaError, MetaFault
from dentalist.domain.linking_errors import AccountNotVisible
from dentalist.domain.sending_errors import MetaRateLimited, MetaTransient, MetaUnreachable, TokenDead
from dentalist.domain.standard_templates import StandardTemplate, standard_template
from dentalist.domain.template_errors import TemplatesNeedWhatsapp
from dentalist.domain.template_review import ReviewedTemplate
from dentalist.services.accounts.submit_templates import (
    Outcome,
    Submission,
    TemplateDesk,
    list_templates,
    standard_set,
    submit_templates,
    sync_templates,
)
from tests.builders import make_channel
from tests.fakes import FakeChannels
from tests.fakes_accounts import WABA_ID, FakeAccountBook, FakeBusinesses, FakeTemplateBook
from tests.fakes_channels import FakeReadableTemplates

ALL = list(StandardTemplate)
NAMES = [name.value for name in ALL]
LIMIT = MetaRateLimited(MetaFault(80007), retry_after=timedelta(minutes=5))
TRANSIENT = MetaTransient(MetaFault(2))


def as_ours(name: str, language: str = "es_AR") -> dict[str, Any]:
    """What a template of this name says: ours, where it is one of the set."""
    if name in NAMES:
        return standard_template(StandardTemplate(name), language)
    return {"parameter_format": "NAMED", "components": [{"type": "BODY", "text": "Hola"}]}


def remote(name: str, status: str = "APPROVED", **overrides: Any) -> RemoteTemplate:
    defaults = {
        "external_id": "1",
        "language": "es_AR",
        "category": "UTILITY",
        **as_ours(name),
        "name": name,
        "status": status,
    }
    return RemoteTemplate(**{**defaults, **overrides})


class Office:
    """A professional with a linked number, and what Meta has of its account."""

    def __init__(self) -> None:
        self.professional_id = uuid4()
        self.accounts = FakeAccountBook()
        self.account = self.accounts.add(self.professional_id, access_token="token")
        self.meta = FakeBusinesses(visible={"token": {WABA_ID}})
        self.book = FakeTemplateBook()
        self.refusals: dict[str, Exception] = {}

    def _business_for(self, token: str) -> Any:
        business = self.meta.business_for(token)
        create = business.create_template

        def create_unless_refused(waba_id: str, template: Any) -> RemoteTemplate:
            if template["name"] in self.refusals:
                self.meta.calls.append(("create_template", waba_id, template))
                raise self.refusals[template["name"]]
            return create(waba_id, template)

        business.create_template = create_unless_refused  # type: ignore[method-assign]
        return business

    @property
    def desk(self) -> TemplateDesk:
        return TemplateDesk(self.accounts.of(self.professional_id), self._business_for, self.book)

    @property
    def channel_id(self) -> UUID:
        return self.account.channel_id

    def submit(self, names: list[StandardTemplate] = ALL) -> list[Submission]:
        return submit_templates(self.channel_id, standard_set(names, country="AR"), desk=self.desk)

    @property
    def sent(self) -> list[str]:
        return [template["name"] for _, template in self.meta.called("create_template")]

    @property
    def kept(self) -> dict[str, str]:
        return {name: template.status for (_, name, _), template in self.book.kept.items()}


@pytest.fixture
def office() -> Office:
    return Office()


# ---- submitting ------------------------------------------------------------------------------------------------------


def test_the_whole_set_goes_out_with_one_call_and_is_kept_as_pending(office: Office) -> None:
    told = office.submit()

    assert [(item.name, item.language, item.outcome, item.status) for item in told] == [
        (name, "es_AR", Outcome.SUBMITTED, "PENDING") for name in NAMES
    ]
    assert office.meta.called("create_template") == [(WABA_ID, standard_template(name, "es_AR")) for name in ALL]
    assert office.kept == dict.fromkeys(NAMES, "PENDING")


def test_what_meta_has_already_is_not_sent_again(office: Office) -> None:
    office.meta.templates[WABA_ID] = [remote("appointment_reminder"), remote("urgent_notice", "REJECTED")]

    told = {item.name: (item.outcome, item.status) for item in office.submit()}

    assert told["appointment_reminder"] == (Outcome.ALREADY_THERE, "APPROVED")
    assert told["urgent_notice"] == (Outcome.ALREADY_THERE, "REJECTED")
    assert office.sent == ["appointment_confirmation", "appointment_reschedule", "reopen_conversation"]
    assert office.kept["appointment_reminder"] == "APPROVED"


def test_a_template_in_another_language_is_another_template(office: Office) -> None:
    office.meta.templates[WABA_ID] = [remote("appointment_reminder", language="es_MX")]

    assert [item.outcome for item in office.submit([StandardTemplate.REMINDER])] == [Outcome.SUBMITTED]


def test_a_name_that_the_clinic_uses_for_something_else_is_refused_with_what_to_do(office: Office) -> None:
    own = remote("appointment_reminder", components=[{"type": "BODY", "text": "Hola {{1}}, te esperamos."}])
    office.meta.templates[WABA_ID] = [own._replace(parameter_format="POSITIONAL")]

    reminder, notice = office.submit([StandardTemplate.REMINDER, StandardTemplate.URGENT_NOTICE])

    assert (reminder.outcome, reminder.status) == (Outcome.REFUSED, "APPROVED")
    assert "otra plantilla con este nombre" in str(reminder.reason)
    assert notice.outcome is Outcome.SUBMITTED
    assert office.sent == ["urgent_notice"]


def test_one_of_the_set_that_meta_has_in_older_words_is_there(office: Office) -> None:
    older = "Hola {{name}}, te esperamos en {{clinic}} el {{date}} a las {{time}}. Gracias."
    office.meta.templates[WABA_ID] = [
        remote("appointment_reminder", components=[{"type": "BODY", "text": older}, {"type": "FOOTER", "text": "Hola"}])
    ]

    assert [item.outcome for item in office.submit([StandardTemplate.REMINDER])] == [Outcome.ALREADY_THERE]


@pytest.mark.parametrize(
    ("there", "outcome"), [("Hola {{1}},\n te  esperamos.", "already_there"), ("Hola {{1}}, cerramos.", "refused")]
)
def test_a_template_of_ones_own_is_there_when_meta_has_it_word_for_word(
    office: Office, there: str, outcome: str
) -> None:
    office.meta.templates[WABA_ID] = [remote("aviso", components=[{"type": "BODY", "text": there}])]
    body = {"type": "BODY", "text": "Hola {{1}}, te esperamos."}
    wanted = {"name": "aviso", "language": "es_AR", "category": "UTILITY", "components": [body]}

    [told] = submit_templates(office.channel_id, [wanted], desk=office.desk)

    assert (told.outcome, told.status) == (outcome, "APPROVED")
    assert office.sent == []


def test_submitting_twice_sends_once(office: Office) -> None:
    office.submit()
    again = office.submit()

    assert {item.outcome for item in again} == {Outcome.ALREADY_THERE}
    assert office.sent == NAMES


def test_one_name_twice_in_a_request_is_sent_once(office: Office) -> None:
    told = office.submit([StandardTemplate.REMINDER, StandardTemplate.REMINDER])

    assert [item.outcome for item in told] == [Outcome.SUBMITTED, Outcome.ALREADY_THERE]
    assert office.sent == ["appointment_reminder"]


def test_a_refusal_is_told_in_metas_words_with_its_template_alone(office: Office) -> None:
    fault = MetaFault(100, 2388299, "Invalid parameter")
    office.refusals = {
        "appointment_reschedule": MetaError(fault, "Variables cannot be at the start or end of the template."),
        "urgent_notice": MetaError(MetaFault(131005, message="(#131005) Access denied")),
    }

    told = {item.name: item for item in office.submit()}

    assert told["appointment_reschedule"].outcome is Outcome.REFUSED
    assert told["appointment_reschedule"].reason == "Variables cannot be at the start or end of the template."
    assert told["urgent_notice"].reason == "(#131005) Access denied"
    assert [item.outcome for item in told.values()].count(Outcome.SUBMITTED) == 3
    assert office.sent == NAMES
    assert set(office.kept) == set(NAMES) - {"appointment_reschedule", "urgent_notice"}


def test_a_name_that_somebody_else_submitted_a_moment_ago_is_there(office: Office) -> None:
    office.refusals = {"appointment_reminder": MetaError(MetaFault(100, 2388024, "Invalid parameter"))}

    [told] = office.submit([StandardTemplate.REMINDER])

    assert (told.outcome, told.reason) == (Outcome.ALREADY_THERE, None)


@pytest.mark.parametrize("trouble", [LIMIT, TRANSIENT, MetaUnreachable()], ids=lambda e: type(e).__name__)
def test_trouble_on_the_way_ends_the_work_and_what_went_through_is_kept(office: Office, trouble: Exception) -> None:
    office.refusals = {"appointment_reschedule": trouble}

    with pytest.raises(type(trouble)):
        office.submit()

    assert office.sent == NAMES[:3]
    assert office.kept == dict.fromkeys(NAMES[:2], "PENDING")


def test_asking_again_after_a_limit_goes_on_where_it_ended(office: Office) -> None:
    office.refusals = {"appointment_reschedule": LIMIT}
    with pytest.raises(MetaRateLimited):
        office.submit()
    office.refusals = {}

    told = [item.outcome for item in office.submit()]

    assert told == [Outcome.ALREADY_THERE] * 2 + [Outcome.SUBMITTED] * 3
    assert office.sent == [*NAMES[:3], *NAMES[2:]]


@pytest.mark.parametrize("trouble", [LIMIT, TRANSIENT, AccountNotVisible()], ids=lambda e: type(e).__name__)
def test_nothing_is_sent_while_what_is_there_is_not_known(office: Office, trouble: Exception) -> None:
    office.meta.failures = {"templates": trouble}

    with pytest.raises(type(trouble)):
        office.submit()

    assert (office.sent, office.kept) == ([], {})


def test_a_token_that_died_marks_the_channel_with_what_to_do(office: Office) -> None:
    office.refusals = {"appointment_confirmation": TokenDead(MetaFault(190, 460), reason="password_changed")}

    with pytest.raises(TokenDead):
        office.submit()

    [marked] = office.accounts.marked
    assert (marked.channel_id, marked.status) == (office.channel_id, ChannelStatus.REAUTH_REQUIRED)
    assert (marked.reason, marked.severity) == ("password_changed", "critical")
    assert "contraseña" in marked.message
    assert office.kept == {"appointment_reminder": "PENDING"}


def test_another_professionals_channel_does_not_exist(office: Office) -> None:
    foreign = office.accounts.add(uuid4(), access_token="token", key=AccountKey(WABA_ID, "310000000000008"))

    with pytest.raises(ChannelNotFound):
        submit_templates(foreign.channel_id, standard_set(ALL, country="AR"), desk=office.desk)

    assert office.meta.calls == []


@pytest.mark.parametrize("work", ["submit", "sync"])
def test_only_a_whatsapp_number_has_templates(office: Office, work: str) -> None:
    instagram = office.accounts.add(office.professional_id, ChannelType.INSTAGRAM)

    with pytest.raises(TemplatesNeedWhatsapp):
        if work == "submit":
            submit_templates(instagram.channel_id, [], desk=office.desk)
        else:
            sync_templates(instagram.channel_id, desk=office.desk)


@pytest.mark.parametrize("status", [ChannelStatus.DISCONNECTED, ChannelStatus.REAUTH_REQUIRED])
def test_a_channel_without_access_submits_nothing(office: Office, status: ChannelStatus) -> None:
    office.account.status = status

    with pytest.raises(ChannelDisconnected):
        office.submit()

    assert office.meta.calls == []


# ---- reading again ---------------------------------------------------------------------------------------------------


def test_reading_again_keeps_what_meta_has_and_drops_what_it_has_not(office: Office) -> None:
    office.book.keep(office.channel_id, [remote("gone"), remote("aviso", "PENDING")], complete=False)
    office.meta.templates[WABA_ID] = [remote("aviso"), remote("nueva", "REJECTED", rejection_reason="SCAM")]

    sync_templates(office.channel_id, desk=office.desk)

    assert office.kept == {"gone": "DELETED", "aviso": "APPROVED", "nueva": "REJECTED"}


def test_a_reading_that_fails_changes_nothing(office: Office) -> None:
    office.book.keep(office.channel_id, [remote("aviso")], complete=False)
    office.meta.failures = {"templates": TRANSIENT}

    with pytest.raises(MetaTransient):
        sync_templates(office.channel_id, desk=office.desk)

    assert office.kept == {"aviso": "APPROVED"}


# ---- listing ---------------------------------------------------------------------------------------------------------


def reviewed(channel_id: UUID, name: str, language: str = "es_AR", **overrides: Any) -> ReviewedTemplate:
    defaults = {"category": "UTILITY", **as_ours(name, language), "name": name, "language": language}
    return ReviewedTemplate(**{**defaults, "id": uuid4(), "channel_id": channel_id, "status": "PENDING", **overrides})


def test_what_of_the_standard_set_is_missing_is_proposed_in_the_clinics_spanish() -> None:
    channel = make_channel()
    items = [reviewed(channel.id, "appointment_reminder"), reviewed(channel.id, "urgent_notice", "es_MX")]
    readable = FakeReadableTemplates({channel.id: items})

    found = list_templates(channel.id, channels=FakeChannels({channel.id: channel}), readable=readable)

    assert found.items == items
    assert found.proposed == [standard_template(name, "es_AR") for name in ALL[1:]]


def test_what_the_clinic_has_under_our_name_for_something_else_is_still_proposed() -> None:
    channel = make_channel()
    own = reviewed(channel.id, "appointment_reminder", parameter_format="POSITIONAL")
    readable = FakeReadableTemplates({channel.id: [own]})

    found = list_templates(channel.id, channels=FakeChannels({channel.id: channel}), readable=readable)

    assert found.proposed == [standard_template(name, "es_AR") for name in ALL]
    assert not own.is_standard


def test_nothing_is_proposed_for_an_account_without_templates() -> None:
    channel = make_channel(type="instagram")

    found = list_templates(channel.id, channels=FakeChannels({channel.id: channel}), readable=FakeReadableTemplates())

    assert (found.items, found.proposed) == ([], [])


def test_the_templates_of_a_channel_that_nobody_sees_do_not_exist() -> None:
    with pytest.raises(ChannelNotFound):
        list_templates(uuid4(), channels=FakeChannels(), readable=FakeReadableTemplates())
