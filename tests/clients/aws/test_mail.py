"""Mails by Amazon SES: what leaves, and what its refusals mean."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from dentalist.domain.errors import DomainError
from dentalist.domain.mail_errors import MailRefused, MailUnavailable
from dentalist.domain.notices import Mail
from dentalist.outbound.aws.clients import aws_client
from dentalist.outbound.aws.mail import SesMailer

FROM = "avisos@dentalist.example"
MAIL = Mail("ana@example.com", "Urgencia: ñandú", "Hola", "<p>Hola</p>")


class Ses:
    """SES as far as it refuses."""

    def __init__(self, failure: Exception) -> None:
        self.failure = failure

    def send_email(self, **_mail: Any) -> dict[str, str]:
        raise self.failure


def refusal(code: str, status: int = 400) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "SendEmail")  # type: ignore[typeddict-item]


@pytest.mark.usefixtures("aws")
def test_a_mail_leaves_as_it_is_and_its_id_comes_back() -> None:
    ses = aws_client("sesv2")
    ses.create_email_identity(EmailIdentity=FROM)

    message_id = SesMailer(FROM, ses=ses).send(MAIL)

    [sent] = ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages
    assert sent.id == message_id
    assert (sent.source, sent.subject) == (f"Dentalist <{FROM}>", MAIL.subject)
    assert sent.destinations["ToAddresses"] == [MAIL.to]


@pytest.mark.parametrize("code", ["MessageRejected", "BadRequestException"])
def test_a_mail_that_ses_will_never_take_is_refused(code: str) -> None:
    with pytest.raises(MailRefused):
        SesMailer(FROM, ses=Ses(refusal(code))).send(MAIL)


@pytest.mark.parametrize(
    "failure",
    [
        refusal("TooManyRequestsException", 429),
        refusal("SendingPausedException"),
        refusal("AccountSuspendedException"),
        refusal("MailFromDomainNotVerifiedException"),
        refusal("AccessDeniedException", 403),  # a right that somebody has to give us
        refusal("InternalFailure", 500),
        EndpointConnectionError(endpoint_url="http://ses"),
        ReadTimeoutError(endpoint_url="http://ses"),
    ],
)
def test_what_somebody_can_put_right_is_trouble_that_passes(failure: Exception) -> None:
    with pytest.raises(MailUnavailable):
        SesMailer(FROM, ses=Ses(failure)).send(MAIL)


def test_neither_a_mail_nor_its_refusal_tells_who_gets_it() -> None:
    with pytest.raises(DomainError) as told:
        SesMailer(FROM, ses=Ses(refusal("MessageRejected"))).send(MAIL)

    assert MAIL.to not in repr(told.value) + told.value.detail + repr(MAIL)
