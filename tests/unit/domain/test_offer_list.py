from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dentalist.domain.agenda import OfferedSlot
from dentalist.domain.wording.offers import numbered, slot_list
from tests.unit.domain.clinics import make_slots

ZONES = [
    ZoneInfo(name)
    for name in ("America/Argentina/Buenos_Aires", "Europe/Madrid", "America/Santiago", "America/Tijuana")
]
minutes_of_three_years = st.integers(0, 3 * 366 * 24 * 60)


@settings(max_examples=60, deadline=None)
@given(
    later=st.lists(minutes_of_three_years, min_size=1, max_size=14),
    minutes=st.integers(5, 600),
    body=st.text(min_size=1, max_size=6000),
    what=st.text(max_size=200),
    zone=st.sampled_from(ZONES),
    ids=st.text(min_size=1, max_size=200),
)
def test_every_list_keeps_metas_limits_and_shows_the_local_time(  # noqa: PLR0917 - hypothesis passes them by name
    later: list[int], minutes: int, body: str, what: str, zone: ZoneInfo, ids: str
) -> None:
    length = timedelta(minutes=minutes)
    first = datetime(2026, 1, 1, tzinfo=UTC)
    slots = [
        OfferedSlot(ids, first + timedelta(minutes=wait), first + timedelta(minutes=wait) + length) for wait in later
    ]
    message = slot_list(body, slots, zone, what=what)
    (section,) = message["action"]["sections"]
    assert message["type"] == "list"
    assert 1 <= len(message["body"]["text"]) <= 4096
    assert 1 <= len(message["action"]["button"]) <= 20
    assert 1 <= len(section["title"]) <= 24
    assert len(section["rows"]) == min(len(slots), 10)
    for row, slot in zip(section["rows"], slots, strict=False):
        assert row["id"] == ids
        assert len(row["title"]) <= 24
        assert len(row["description"]) <= 72
        local = slot.starts_at.astimezone(zone)
        assert local.strftime("%H:%M") in row["title"]
        assert f" {local.day} " in row["title"]


@pytest.mark.parametrize(
    "slots", [[], [OfferedSlot("", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))]]
)
def test_a_list_that_meta_would_refuse_is_not_made(slots: list[OfferedSlot]) -> None:
    with pytest.raises(ValueError, match="ids of 1 to 200"):
        slot_list("Horarios", slots, ZONES[0])


def test_without_lists_the_slots_are_numbered_as_they_can_be_chosen() -> None:
    slots = make_slots(datetime(2026, 11, 24, 13, 0, tzinfo=UTC), datetime(2026, 11, 26, 18, 30, tzinfo=UTC))
    assert numbered("Elegí:", slots, ZONES[0]) == (
        "Elegí:\n1. martes 24 de noviembre a las 10:00\n2. jueves 26 de noviembre a las 15:30"
    )
