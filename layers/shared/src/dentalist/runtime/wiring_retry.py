"""Which adapter stands behind sending a failed message once more. See ``wiring.py``."""

from __future__ import annotations

from dentalist.domain.identity import Caller
from dentalist.runtime import wiring
from dentalist.services.retry_message import RetryDesk
from dentalist.storage.messages import SupabaseMessages


def retry_desk(caller: Caller) -> RetryDesk:
    """What sending a failed message once more needs."""
    return RetryDesk(
        messages=SupabaseMessages(wiring.user_db(caller), caller.professional_id),
        templates=wiring.user_templates(caller),
        sending=wiring.sending(caller.professional_id),
    )
