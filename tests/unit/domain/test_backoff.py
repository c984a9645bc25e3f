from datetime import timedelta
from itertools import pairwise

import pytest

from dentalist.domain.backoff import FILE_LIFETIME, MOST_FILE_ATTEMPTS, is_file_due, outage_pause


def test_pauses_grow_by_half_from_five_seconds() -> None:
    assert [outage_pause(count).total_seconds() for count in (1, 2, 3, 4)] == [5, 7.5, 11.25, 16.875]


def test_no_pause_exceeds_five_minutes_and_none_is_shorter_than_the_one_before() -> None:
    pauses = [outage_pause(count) for count in range(1, 1200)]

    assert all(earlier <= later for earlier, later in pairwise(pauses))
    assert pauses[-1] == max(pauses) == timedelta(minutes=5)


@pytest.mark.parametrize("count", [-1, 0])
def test_a_count_that_makes_no_sense_is_a_first_time(count: int) -> None:
    assert outage_pause(count) == timedelta(seconds=5)


@pytest.mark.parametrize(
    ("attempts", "minutes", "due"),
    [
        (0, 0, True),
        (1, 1.9, False),
        (1, 2.1, True),
        (2, 3.9, False),
        (2, 4.1, True),
        (12, 4095, False),
        (12, 4097, True),
    ],
)
def test_a_file_is_asked_for_at_once_and_then_after_two_four_eight_minutes(
    attempts: int, minutes: float, due: bool
) -> None:
    assert is_file_due(attempts, timedelta(minutes=minutes)) is due


def test_the_last_attempt_comes_while_meta_still_has_the_file() -> None:
    a_day_to_spare = FILE_LIFETIME - timedelta(days=1)

    assert is_file_due(MOST_FILE_ATTEMPTS - 1, a_day_to_spare)
