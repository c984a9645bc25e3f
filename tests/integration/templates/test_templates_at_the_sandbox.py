"""The standard set on its way to Meta: the real client against a Meta that refuses whatever the real one refuses."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from dentalist.domain.accounts import AccountKey
from dentalist.domain.errors import RateLimited
from dentalist.domain.sending_errors import TokenDead
from dentalist.domain.standard_templates import LANGUAGES, StandardTemplate, standard_template
from dentalist.outbound.meta.business import WhatsAppBusinessClient
from dentalist.outbound.meta.graph import GraphClient
from dentalist.services.accounts.submit_templates import (
    Outcome,
    TemplateDesk,
    standard_set,
    submit_templates,
    sync_templates,
)
from tests.fakes_accounts import FakeAccountBook, FakeTemplateBook
from tests.integration.sandbox.conftest import application, make_sandbox, sandbox
from tests.integration.sandbox.world import APP_ID, APP_SECRET, RIOS, Application, Sandbox, wait_for

__all__ = ["application", "make_sandbox", "sandbox"]
WABA = str(RIOS["waba_id"])
NAMES = [name.value for name in StandardTemplate]


class Clinic:
    """A professional whose number the sandbox has, with a store in memory."""

    def __init__(self, base_url: str, http: httpx.Client) -> None:
        self.professional_id = uuid4()
        self.accounts = FakeAccountBook()
        key = AccountKey(WABA, str(RIOS["phone_number_id"]))
        self.account = self.accounts.add(self.professional_id, key=key, access_token=RIOS["access_token"])
        self.book = FakeTemplateBook()
        self._graph = GraphClient(base_url=base_url, version="v25.0", app_secret=APP_SECRET, http=http)

    @property
    def desk(self) -> TemplateDesk:
        return TemplateDesk(
            self.accounts.of(self.professional_id),
            lambda token: WhatsAppBusinessClient(self._graph.as_holder_of(token), app_id=APP_ID),
            self.book,
        )

    def submits(self, templates: list[dict[str, Any]]) -> list[tuple[str, str | None, str | None]]:
        told = submit_templates(self.account.channel_id, templates, desk=self.desk)
        return [(item.outcome.value, item.status, item.reason) for item in told]

    @property
    def statuses(self) -> dict[str, str]:
        return {name: template.status for (_, name, _), template in self.book.kept.items()}


@pytest.fixture
def clinic(sandbox: Sandbox) -> Iterator[Clinic]:
    with GraphClient.http_client() as http:
        yield Clinic(str(sandbox.http.base_url), http)


def test_the_set_is_taken_in_every_language_and_once(clinic: Clinic) -> None:
    everything = [standard_template(name, language) for name in StandardTemplate for language in LANGUAGES]

    assert clinic.submits(everything) == [("submitted", "PENDING", None)] * len(everything)
    assert clinic.submits(everything) == [("already_there", "PENDING", None)] * len(everything)


def test_metas_decision_comes_by_webhook_and_is_read_again(
    clinic: Clinic, sandbox: Sandbox, application: Application
) -> None:
    clinic.submits(standard_set(list(StandardTemplate), country="AR"))
    for name, event, reason in [("appointment_reminder", "APPROVED", "NONE"), ("urgent_notice", "REJECTED", "SCAM")]:
        decided = {"waba_id": WABA, "name": name, "language": "es_AR", "event": event, "reason": reason}
        sandbox.control("POST", "/templates/status", decided)

    wait_for(lambda: len(application.received) == 2)
    told = [value["event"] for got in application.received for value in got.values]
    assert told == ["APPROVED", "REJECTED"]

    sync_templates(clinic.account.channel_id, desk=clinic.desk)

    decided_now = {"appointment_reminder": "APPROVED", "urgent_notice": "REJECTED"}
    assert clinic.statuses == {**dict.fromkeys(NAMES, "PENDING"), **decided_now}


def test_what_meta_refuses_is_told_in_its_own_words(clinic: Clinic) -> None:
    good = standard_template(StandardTemplate.REMINDER, "es_AR")
    bad = json.loads(json.dumps({**good, "name": "mala"}).replace("Hola {{name}}", "{{name}}"))

    assert clinic.submits([bad, good]) == [
        ("refused", None, "Variables cannot be at the start or end of the template."),
        ("submitted", "PENDING", None),
    ]
    assert clinic.statuses == {"appointment_reminder": "PENDING"}


def test_a_token_that_was_taken_back_marks_the_channel(clinic: Clinic, sandbox: Sandbox) -> None:
    sandbox.control("PATCH", f"/accounts/{RIOS['phone_number_id']}", {"token_state": "app_removed"})

    with pytest.raises(TokenDead):
        clinic.submits(standard_set([StandardTemplate.REMINDER], country="AR"))

    assert [marked.reason for marked in clinic.accounts.marked] == ["app_removed"]


def test_after_a_limit_the_rest_goes_out_by_asking_again(clinic: Clinic, sandbox: Sandbox) -> None:
    wanted = standard_set(list(StandardTemplate), country="AR")
    clinic.submits(wanted[:2])
    fault = {"match": {"route": "template_create"}, "action": {"kind": "error", "code": 80007}, "count": 1}
    sandbox.control("POST", "/faults", fault, expect=201)

    with pytest.raises(RateLimited):
        clinic.submits(wanted)

    assert [outcome for outcome, _, _ in clinic.submits(wanted)] == [Outcome.ALREADY_THERE] * 2 + [
        Outcome.SUBMITTED
    ] * 3
