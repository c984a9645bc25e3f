"""What Meta decided about a template, in words."""

from typing import Any
from uuid import uuid4

import pytest

from dentalist.domain.standard_templates import StandardTemplate, standard_template
from dentalist.domain.template_review import ReviewedTemplate, rejection_text, status_text

CODES = ["ABUSIVE_CONTENT", "INCORRECT_CATEGORY", "INVALID_FORMAT", "PROMOTIONAL", "SCAM", "TAG_CONTENT_MISMATCH"]


def reviewed(status: str, reason: str | None = None, **overrides: Any) -> ReviewedTemplate:
    known = {"name": "aviso", "language": "es", "category": "UTILITY", **overrides}
    return ReviewedTemplate(id=uuid4(), channel_id=uuid4(), status=status, rejection_reason=reason, **known)


@pytest.mark.parametrize("code", CODES)
def test_every_code_of_metas_has_a_sentence_of_its_own(code: str) -> None:
    told = rejection_text(code)

    assert code not in told
    assert told.endswith(".")
    assert [other for other in CODES if rejection_text(other) == told] == [code]


@pytest.mark.parametrize("code", ["tag_content_mismatch", "TAG CONTENT MISMATCH"])
def test_a_code_is_known_however_it_is_written(code: str) -> None:
    assert rejection_text(code) == rejection_text("TAG_CONTENT_MISMATCH")


@pytest.mark.parametrize("reason", [None, "", "NONE", "none"])
def test_a_rejection_without_a_reason_says_so(reason: str | None) -> None:
    assert "sin decir el motivo" in rejection_text(reason)


def test_metas_own_sentence_is_told_as_it_is() -> None:
    assert rejection_text("The text has a phone number") == "Meta dijo: «The text has a phone number»."


def test_only_a_rejected_template_has_a_rejection() -> None:
    assert reviewed("APPROVED", "NONE").rejection_text is None
    assert reviewed("PENDING").rejection_text is None
    assert reviewed("REJECTED", "SCAM").rejection_text == rejection_text("SCAM")


@pytest.mark.parametrize("status", ["PENDING", "IN_APPEAL", "PAUSED", "DISABLED", "ARCHIVED", "PENDING_DELETION"])
def test_a_template_that_cannot_be_sent_says_why(status: str) -> None:
    told = status_text(status)

    assert told is not None
    assert status not in told


@pytest.mark.parametrize("reason", [None, "NONE", "SCAM", "The text has a phone number"])
def test_a_rejection_is_called_so_once(reason: str | None) -> None:
    told = str(status_text("REJECTED", reason))

    assert told.startswith("Meta la rechazó")
    assert told.count("rechazó") == 1
    assert told.endswith(rejection_text(reason))


def test_a_status_that_nobody_has_heard_of_is_named() -> None:
    assert "WITHHELD" in str(status_text("WITHHELD"))


def test_an_approved_template_needs_no_words() -> None:
    assert status_text("APPROVED") is None


def test_the_standard_set_is_told_from_the_clinics_own() -> None:
    ours = standard_template(StandardTemplate.REMINDER, "es_AR")

    assert reviewed("PENDING", **ours).is_standard
    assert not reviewed("PENDING", **{**ours, "name": "promo_verano"}).is_standard
    assert not reviewed("PENDING", **{**ours, "parameter_format": "POSITIONAL"}).is_standard
