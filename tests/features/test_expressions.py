"""Expressions: descriptions that are equal when they mean the same, and refuse what has no meaning."""

import pytest

from patron.features.expressions import Evidence, PopulationNumber

ORDERS = Evidence("orders", ("amount", "channel"))


def test_the_same_measure_is_the_same_value_object():
    assert ORDERS.last(30).sum("amount") == ORDERS.last(30).sum("amount")
    assert (
        len({ORDERS.last(30).sum("amount"), ORDERS.last(30).sum("amount"), ORDERS.last(31).sum("amount")})
        == 2
    )


def test_measures_within_are_found_parts_first():
    ratio = ORDERS.last(30).count() / (
        ORDERS.ever().at_least("amount", ORDERS.population("amount", "mean")) + 1
    )
    assert [measure.kind for measure in ratio.measures()] == ["count", "at_least"]
    assert [type(part).__name__ for part in ratio.walk()][1:3] == ["PopulationNumber", "Measure"]
    assert PopulationNumber("orders.amount.mean", "orders", "amount", "mean") in list(ratio.walk())


@pytest.mark.parametrize("days", [0, -3])
def test_a_window_needs_a_day(days: int):
    with pytest.raises(ValueError, match="at least a day"):
        ORDERS.last(days)


@pytest.mark.parametrize(("start", "end"), [(5, 5), (5, 9), (5, -1)])
def test_a_window_never_reaches_beyond_the_cutoff(start: int, end: int):
    with pytest.raises(ValueError, match="not after the cutoff"):
        ORDERS.between(start, end)


def test_decayed_sums_need_the_whole_history():
    with pytest.raises(ValueError, match="use ever"):
        ORDERS.last(30).decayed(7)


def test_evidence_says_what_it_has():
    assert ORDERS.has("channel")
    assert not ORDERS.has("discount")
