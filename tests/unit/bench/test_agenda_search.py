"""The search of the benchmark and its floor do the same work."""

from infra.bench import agenda


def test_product_and_floor_find_the_same_slots_of_a_year() -> None:
    year = agenda.make_year()

    ours = [
        (slot.starts_at.astimezone(agenda.TIMEZONE).replace(tzinfo=None), slot.ends_at - slot.starts_at)
        for slot in agenda.search_year(year)
    ]

    assert len(ours) > 500
    assert ours == [(start, end - start) for start, end in agenda.walk_year(year)]


def test_an_offer_is_a_full_list() -> None:
    assert len(agenda.search_offer(agenda.make_year()).slots) == 10
