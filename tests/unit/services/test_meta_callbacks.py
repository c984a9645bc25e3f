"""Meta's signed requests: what is genuine and fresh is believed, and nothing else."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from dentalist.domain.accounts import ChannelType
from dentalist.domain.channel_health import Cause, diagnose
from dentalist.inbound.body import MalformedBody
from dentalist.inbound.signatures import SignatureInvalid
from dentalist.services.meta_callbacks import deauthorize, read_request
from tests.fakes_privacy import FakeMetaUsers
from tests.unit.inbound.bodies import DATA

VECTORS: list[dict[str, Any]] = json.loads((DATA / "signature_vectors.json").read_text())["signed_request"]
SECRET: str = VECTORS[0]["app_secret"]
GENUINE: str = VECTORS[0]["signed_request"]
ISSUED_AT = datetime.fromtimestamp(VECTORS[0]["payload"]["issued_at"], UTC)
USER: str = VECTORS[0]["payload"]["user_id"]
ASCII = [chr(code) for code in range(128)]


def signed(payload: Any, secret: str = SECRET) -> str:
    """As Meta signs it."""
    text = base64.urlsafe_b64encode(json.dumps(payload).encode()).rstrip(b"=")
    signature = base64.urlsafe_b64encode(hmac.digest(secret.encode(), text, "sha256")).rstrip(b"=")
    return f"{signature.decode()}.{text.decode()}"


def request_of(**overrides: Any) -> str:
    payload = {"algorithm": "HMAC-SHA256", "issued_at": int(ISSUED_AT.timestamp()), "user_id": USER}
    return signed({key: value for key, value in {**payload, **overrides}.items() if value is not None})


@pytest.mark.parametrize("vector", [pytest.param(vector, id=vector["name"]) for vector in VECTORS])
def test_the_recorded_requests_are_told_apart(vector: dict[str, Any]) -> None:
    if vector["valid"]:
        assert read_request(vector["signed_request"], secrets=[SECRET], now=ISSUED_AT) == (USER, ISSUED_AT)
    else:
        with pytest.raises(SignatureInvalid):
            read_request(vector["signed_request"], secrets=[SECRET], now=ISSUED_AT)


@pytest.mark.parametrize("secrets", [("other", SECRET), (SECRET, "other"), (SECRET, "")])
def test_either_app_may_have_signed(secrets: tuple[str, str]) -> None:
    assert read_request(GENUINE, secrets=secrets, now=ISSUED_AT).user_id == USER


@pytest.mark.parametrize(
    ("age", "is_fresh"),
    [
        (timedelta(), True),
        (timedelta(days=1), True),
        (timedelta(days=1, seconds=1), False),
        (timedelta(minutes=-1), True),
        (timedelta(minutes=-1, seconds=-1), False),
    ],
)
def test_a_request_is_believed_for_a_day_and_not_from_the_future(age: timedelta, *, is_fresh: bool) -> None:
    if is_fresh:
        assert read_request(GENUINE, secrets=[SECRET], now=ISSUED_AT + age).issued_at == ISSUED_AT
    else:
        with pytest.raises(SignatureInvalid):
            read_request(GENUINE, secrets=[SECRET], now=ISSUED_AT + age)


@pytest.mark.parametrize("issued_at", [None, "1794009600", 1794009600.5, True, 10**30, -(10**30), []])
def test_a_request_without_an_age_is_not_believed(issued_at: Any) -> None:
    with pytest.raises(SignatureInvalid):
        read_request(request_of(issued_at=issued_at), secrets=[SECRET], now=ISSUED_AT)


@pytest.mark.parametrize("user_id", [None, "", "a b", "ñ", "1" * 301, "1\n", True, {"id": "1"}, "\0"])
def test_a_genuine_request_that_names_nobody_is_malformed(user_id: Any) -> None:
    with pytest.raises(MalformedBody):
        read_request(request_of(user_id=user_id), secrets=[SECRET], now=ISSUED_AT)


def test_a_user_id_may_be_a_number() -> None:
    assert read_request(request_of(user_id=10200000000000901), secrets=[SECRET], now=ISSUED_AT).user_id == USER


@given(position=st.integers(0, len(GENUINE) - 1), character=st.characters() | st.sampled_from(ASCII))
@example(position=GENUINE.index(".") - 1, character="B")  # differs in bits that mean nothing
@example(position=GENUINE.index("-"), character="+")  # the other alphabet
def test_one_other_character_anywhere_makes_it_a_forgery(position: int, character: str) -> None:
    altered = GENUINE[:position] + character + GENUINE[position + 1 :]
    assume(altered != GENUINE)
    with pytest.raises(SignatureInvalid):
        read_request(altered, secrets=[SECRET], now=ISSUED_AT)


@given(text=st.text(max_size=200))
def test_whatever_else_comes_is_a_forgery_and_never_a_crash(text: str) -> None:
    with pytest.raises(SignatureInvalid):
        read_request(text, secrets=[SECRET, ""], now=ISSUED_AT)


@given(payload=st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_a_genuine_signature_over_anything_is_an_answer_and_never_a_crash(payload: Any) -> None:
    with pytest.raises((SignatureInvalid, MalformedBody)):
        read_request(signed(payload), secrets=[SECRET], now=ISSUED_AT)


def test_the_owner_is_told_in_the_words_of_every_other_lost_access() -> None:
    users = FakeMetaUsers({USER: 2})

    assert deauthorize(read_request(GENUINE, secrets=[SECRET], now=ISSUED_AT), users=users) == 2
    assert users.sentences == {
        kind.value: diagnose(Cause.APP_REMOVED.value, kind).sentence
        for kind in (ChannelType.WHATSAPP, ChannelType.INSTAGRAM)
    }


def test_a_request_in_a_log_names_nobody() -> None:
    assert USER not in repr(read_request(GENUINE, secrets=[SECRET], now=ISSUED_AT))
