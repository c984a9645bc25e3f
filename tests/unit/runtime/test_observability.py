"""What a log line may hold."""

import json
import logging
from collections.abc import Iterator

import pytest

from dentalist.runtime.observability import correlation_id, make_logger, masked


@pytest.fixture(autouse=True)
def _package_logger_as_before() -> Iterator[None]:
    package = logging.getLogger("dentalist")
    handlers, propagate, level = package.handlers, package.propagate, package.level
    yield
    package.handlers, package.propagate, package.level = handlers, propagate, level


def test_sensitive_keys_are_masked_however_deep() -> None:
    value = {"message_id": "m", "contact": {"name": "Ana"}, "list": [{"PHONE": "+54911", "count": 1}]}

    assert masked(value) == {"message_id": "m", "contact": "[masked]", "list": [{"PHONE": "[masked]", "count": 1}]}


def test_a_line_of_the_package_leaves_as_json_with_the_functions_keys(capsys: pytest.CaptureFixture[str]) -> None:
    logger = make_logger("test_observability")
    logger.set_correlation_id("request-9")

    logging.getLogger("dentalist.services.sending").warning("send not settled", extra={"wamid": "wamid.SECRET"})

    line = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert line["message"] == "send not settled"
    assert line["correlation_id"] == "request-9"
    assert line["wamid"] == "[masked]"
    assert correlation_id() == "request-9"


@pytest.mark.parametrize("name", ["httpx", "httpcore", "openai"])
def test_libraries_that_log_urls_and_bodies_stay_quiet(name: str) -> None:
    make_logger("test_observability")

    assert not logging.getLogger(name).isEnabledFor(logging.INFO)
