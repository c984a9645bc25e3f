"""Percentiles are values that occurred; a figure is met at its limit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.bench.figures import Figure, Spread, percentile

samples = st.lists(st.floats(min_value=0, max_value=1e6), min_size=1, max_size=50)


@pytest.mark.parametrize(
    ("percent", "expected"), [(0, 1), (1, 1), (50, 50), (95, 95), (99, 99), (99.5, 100), (100, 100)]
)
def test_a_percentile_is_the_nearest_rank(percent: float, expected: float) -> None:
    assert percentile(list(range(100, 0, -1)), percent) == expected


def test_the_99th_percentile_of_few_samples_is_the_worst() -> None:
    assert percentile([3.0, 1.0, 2.0], 99) == 3.0


@given(values=samples, percent=st.floats(min_value=0, max_value=100))
def test_a_percentile_is_a_value_that_occurred_and_so_many_are_not_above_it(
    values: list[float], percent: float
) -> None:
    found = percentile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) >= len(values) * percent / 100


@pytest.mark.parametrize(("values", "percent"), [([], 50), ([1.0], -1), ([1.0], 101)])
def test_nothing_has_no_percentile_and_neither_has_more_than_everything(values: list[float], percent: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile(values, percent)


def test_a_spread_goes_from_the_least_to_the_most() -> None:
    spread = Spread.of([float(value) for value in range(1, 201)])
    assert spread == Spread(count=200, least=1, p50=100, p95=190, p99=198, most=200)


@pytest.mark.parametrize(
    ("measured", "limit", "is_met", "verdict"),
    [(1.5, 1.5, True, "met"), (1.51, 1.5, False, "NOT MET"), (0, 0, True, "met"), (9, None, None, "")],
)
def test_a_figure_is_met_up_to_its_limit_and_only_informs_without_one(
    measured: float, limit: float | None, is_met: bool | None, verdict: str
) -> None:
    figure = Figure("anything", measured, limit=limit)
    assert (figure.is_met, figure.verdict) == (is_met, verdict)
