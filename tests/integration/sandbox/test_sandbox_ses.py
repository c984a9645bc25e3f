"""What the application sends by Amazon SES is in the mailbox."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dentalist.domain.mail_errors import MailRefused
from dentalist.domain.notices import Mail
from dentalist.outbound.aws.clients import aws_client
from dentalist.outbound.aws.mail import SesMailer
from infra.local.aws import CREDENTIALS
from tests.integration.sandbox.world import Sandbox

FROM = "avisos@dentalist.example"
MAIL = Mail("ana@clinica.example", "Urgencia: ñandú", "Hola, Ana:", "<p>Hola, <b>Ana</b>:</p>")


@pytest.fixture
def ses(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client that finds the sandbox as a function does."""
    for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL_SESV2": f"{sandbox.url}/ses"}.items():
        monkeypatch.setenv(name, value)
    client = aws_client("sesv2")
    yield client
    client.close()


def test_a_mail_that_the_application_sends_is_in_the_mailbox(sandbox: Sandbox, ses: Any) -> None:
    message_id = SesMailer(FROM, ses=ses).send(MAIL)

    [mail] = sandbox.control("GET", "/mails?to=ana@clinica.example")["mails"]
    assert message_id
    assert (mail["to"], mail["subject"], mail["text"], mail["html"]) == MAIL
    assert "Urgencia: ñandú" in sandbox.http.get("/mails").text
    assert "<b>Ana</b>" in sandbox.http.get(f"/mails/{mail['id']}/body").text


@pytest.mark.parametrize("to", ["", "nadie", "a b@example.com", "@example.com"])
def test_an_address_that_is_none_is_refused(sandbox: Sandbox, ses: Any, to: str) -> None:
    with pytest.raises(MailRefused):
        SesMailer(FROM, ses=ses).send(MAIL._replace(to=to))
    assert sandbox.control("GET", "/mails")["mails"] == []


def test_what_ses_itself_would_bounce_is_accepted_and_arrives_nowhere(sandbox: Sandbox, ses: Any) -> None:
    SesMailer(FROM, ses=ses).send(MAIL._replace(to="bounce@simulator.amazonses.com"))

    assert sandbox.control("GET", "/mails")["mails"] == []


def test_a_mail_needs_a_subject(ses: Any) -> None:
    with pytest.raises(ClientError) as refused:
        ses.send_email(
            FromEmailAddress=FROM,
            Destination={"ToAddresses": [MAIL.to]},
            Content={"Simple": {"Subject": {"Data": ""}, "Body": {"Text": {"Data": "x"}}}},
        )
    assert refused.value.response["Error"]["Code"] == "BadRequestException"


def test_a_call_that_nobody_signed_is_refused(sandbox: Sandbox) -> None:
    answer = sandbox.http.post("/ses/v2/email/outbound-emails", json={})

    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (403, "MissingAuthenticationTokenException")
