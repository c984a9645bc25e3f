"""Amazon SES: mails to the professionals.

Source:
    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
"""

from __future__ import annotations

from email.utils import formataddr
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from dentalist.domain.mail_errors import MailRefused, MailUnavailable
from dentalist.domain.notices import Mail

_SENDER = "Dentalist"
# Definite about this one mail. Everything else (a limit, an outage, an account that SES has paused, a domain or a right
# that somebody has to see to) may pass, and then the mail should still go out.
_REFUSALS = {"BadRequestException", "MessageRejected"}


class SesMailer:
    """Sends from one address, which SES has verified."""

    def __init__(self, address: str, *, ses: Any) -> None:
        """Keep the address and a client of SES v2."""
        self._from = formataddr((_SENDER, address))
        self._ses = ses

    def send(self, mail: Mail) -> str:
        """Send one mail and answer SES's id of it. Accepted, not yet delivered.

        Raises:
            MailRefused: SES will never take it: the address is none, or rejected.
            MailUnavailable: not now. It may have been sent all the same, when only the answer was lost.
        """
        try:
            answer = self._ses.send_email(
                FromEmailAddress=self._from,
                Destination={"ToAddresses": [mail.to]},
                Content={
                    "Simple": {
                        "Subject": _text(mail.subject),
                        "Body": {"Text": _text(mail.text), "Html": _text(mail.html)},
                    }
                },
            )
        except ClientError as exc:
            if exc.response.get("Error", {}).get("Code") in _REFUSALS:
                raise MailRefused from exc
            raise MailUnavailable from exc
        except BotoCoreError as exc:
            raise MailUnavailable from exc
        return str(answer["MessageId"])


def _text(data: str) -> dict[str, str]:
    return {"Data": data, "Charset": "UTF-8"}
