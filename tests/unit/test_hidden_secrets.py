"""Whatever carries a secret hides it when it is printed, formatted or logged: a traceback or a log line is forever."""

import dataclasses
import importlib
import json
import logging
import pkgutil
import pprint
import re
import traceback
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from pydantic import BaseModel, SecretStr

import dentalist
from dentalist.domain.accounts import (
    AccountKey,
    AccountToLink,
    Availability,
    ChannelType,
    Grant,
    LinkedAccount,
    Place,
    TokenFacts,
    TokenKind,
)
from dentalist.domain.channel import ChannelStatus
from dentalist.runtime import observability
from dentalist.services.accounts.connect_channel import EmbeddedSignup, Linked, Returned
from dentalist.services.accounts.connect_whatsapp import _Access
from dentalist.services.accounts.examine_account import Examination
from dentalist.services.accounts.renew_token import _Proven
from infra.local.paths import ROOT
from tests.builders import NOON

CANARY = "CANARY-1a2b3c"
# By its name a field may hold a secret; whether it does is decided below, once for each that does not.
SUSPICIOUS = re.compile(
    r"token|secret|password|verifier|proof|plaintext|wrapped|sealed|signed|authorization|api_key|download_url|upload_url"
    r"|(?:^|_)pin$|^(?:code|state|key|cookie)$"
)
TEXT = re.compile(r"\b(str|bytes|SecretStr)\b")
HARMLESS = {
    "token_kind": "one of four words",
    "tokens_parameter": "how a provider calls a limit",
    "Check.code": "the word for what a test found",
    "CheckItem.code": "the word for what a test found",
    "Problem.code": "the word for an error",
    "_Lease.key": "a client's name for a request of theirs",
}


def classes() -> Iterator[type]:
    """Every data class, named tuple and model of the layer and of the functions."""
    for name in module_names():
        module = importlib.import_module(name)
        for found in vars(module).values():
            if isinstance(found, type) and found.__module__ == name and fields_of(found):
                yield found


def module_names() -> Iterator[str]:
    yield from (module.name for module in pkgutil.walk_packages(dentalist.__path__, "dentalist."))
    for path in sorted((ROOT / "functions").glob("*/*.py")):
        if path.stem not in ("__init__", "handler"):
            yield f"{path.parent.name}.{path.stem}"


def fields_of(found: type) -> dict[str, str]:
    """The fields of a class with their types as they are written."""
    if dataclasses.is_dataclass(found):
        return {field.name: str(field.type) for field in dataclasses.fields(found)}
    if issubclass(found, BaseModel):
        return {name: str(field.annotation) for name, field in found.model_fields.items()}
    if issubclass(found, tuple) and hasattr(found, "_fields"):
        return {name: str(found.__annotations__[name]) for name in found._fields}
    return {}


def secret_fields(found: type) -> dict[str, str]:
    return {
        name: written
        for name, written in fields_of(found).items()
        if SUSPICIOUS.search(name) and TEXT.search(written) and not {name, f"{found.__name__}.{name}"} & HARMLESS.keys()
    }


def filled(found: type) -> Any:
    """An instance whose secret fields hold the canary, made without its checks."""
    secrets = {name: as_written(written) for name, written in secret_fields(found).items()}
    values = {**dict.fromkeys(fields_of(found)), **secrets}
    if issubclass(found, BaseModel):
        return found.model_construct(**values)
    if issubclass(found, tuple):
        return found(**values)
    instance = object.__new__(found)
    for name, value in values.items():
        object.__setattr__(instance, name, value)
    return instance


def as_written(kind: str) -> Any:
    if "SecretStr" in kind:
        return SecretStr(CANARY)
    return CANARY.encode() if re.search(r"\bbytes\b", kind) else CANARY


def shown(value: Any) -> str:
    """All that printing it in any way tells."""
    ways: tuple[Callable[[Any], str], ...] = (repr, str, ascii, "{}".format, "{!r}".format, pprint.pformat)
    told = [way(value) for way in ways]
    told += [repr([value]), str({"held": value}), in_a_traceback(value), in_a_log_line(value)]
    return "\n".join(told)


def in_a_traceback(value: Any) -> str:
    """A traceback that tells the values of local variables, as some error reporters ask for."""
    try:
        fail(value)
    except ValueError as error:
        return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def fail(held: Any) -> None:
    raise ValueError(type(held).__name__)


def in_a_log_line(value: Any) -> str:
    """As a function's logger writes it, as a key of its own and inside others."""
    formatter = observability._MaskingFormatter()
    record = logging.makeLogRecord({"msg": "m", "levelname": "INFO", "held": value, "more": {"of": [value]}})
    line = formatter.format(record)
    assert json.loads(line)["message"] == "m"
    return line


@pytest.mark.parametrize(
    "found", [found for found in classes() if secret_fields(found)], ids=lambda found: found.__name__
)
def test_what_carries_a_secret_does_not_show_it(found: type) -> None:
    told = shown(filled(found))

    assert found.__name__ in told, "it is shown at all"
    assert CANARY not in told


def test_the_carriers_of_secrets_are_found() -> None:
    found = {found.__name__ for found in classes() if secret_fields(found)}

    assert found >= {
        *("Grant", "AccountToLink", "OAuthAttempt", "Beginning", "EmbeddedSignup", "Returned", "Changes", "Caller"),
        *("Examination", "_Secrets", "_DataKey", "DataKey", "DataKeyRow", "SealedSecret"),
        *("EmbeddedSignupRequest", "StartResponse", "ChannelChange"),
    }


GRANT = Grant(CANARY, NOON, CANARY, frozenset({"a"}), "1")
TO_LINK = AccountToLink(
    ChannelType.WHATSAPP, AccountKey("1", "2"), GRANT, TokenKind.SYSTEM, NOON, registration_pin=CANARY
)
ACCOUNT = LinkedAccount(
    credential_id=uuid4(),
    channel_id=uuid4(),
    professional_id=uuid4(),
    channel=ChannelType.WHATSAPP,
    status=ChannelStatus.CONNECTED,
)


@pytest.mark.parametrize(
    "carrier",
    [
        TO_LINK,
        Linked(uuid4(), TO_LINK),
        (Place(Availability.FREE, uuid4()), TO_LINK),
        Returned(CANARY, signup=EmbeddedSignup("1", "2", CANARY)),
        Examination(ACCOUNT, token=CANARY, grant=GRANT),
        _Access(GRANT, TokenFacts(is_valid=True)),
        _Proven(GRANT, {}),
    ],
    ids=lambda carrier: type(carrier).__name__,
)
def test_what_holds_a_carrier_does_not_show_its_secret_either(carrier: Any) -> None:
    assert CANARY not in shown(carrier)


def test_a_carrier_that_hides_nothing_would_be_found() -> None:
    @dataclasses.dataclass
    class Careless:
        refresh_token: str | None = None

    assert secret_fields(Careless)
    assert CANARY in shown(filled(Careless))


@pytest.mark.parametrize("library", observability._TALKATIVE)
def test_libraries_that_log_what_they_send_stay_quiet_also_where_everything_is_logged(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "DEBUG")
    observability.make_logger("test_hidden_secrets")

    assert not logging.getLogger(library).isEnabledFor(logging.INFO)
    assert not logging.getLogger(f"{library}.client").isEnabledFor(logging.INFO)
