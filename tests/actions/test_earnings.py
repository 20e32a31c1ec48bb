"""What a test's contacts earn: the margin of what they add less their cost, in the order that was learned or by lot."""

from types import SimpleNamespace

import numpy as np
import pytest

from patron.actions.earnings import Worth, earnings_of
from patron.actions.scores import drawn_scores
from patron.actions.trial import Trial

ROWS = 400


def trial(response=10.0):
    """Every second customer is contacted and spends so much more than the 20 of the others."""
    got = np.arange(ROWS) % 2
    spend = 20.0 + got * response
    return Trial.of({"arm": got, "net spend": spend}, "arm", "net spend", (), 0.5)


def earned(response=10.0, cost=2.0, targeting=None):
    mine = trial(response)
    worth = Worth(0.5, {"1": cost, "0": 0.0})
    return earnings_of(mine, drawn_scores(mine, 7), 1, targeting, worth, 7)


def test_by_lot_everyone_earns_the_margin_of_the_effect_less_the_cost():
    found = earned()

    assert found.spent[0] == 0
    assert found.profit[0].value == 0
    assert found.spent[-1] == pytest.approx(ROWS * 2.0)
    assert found.profit[-1].value == pytest.approx(ROWS * (0.5 * 10 - 2))
    half = found.spent.index(pytest.approx(ROWS))
    assert found.profit[half].value == pytest.approx(found.profit[-1].value / 2)
    assert found.stops_paying_at == found.spent[-1]
    assert found.words.startswith("1 for all 400 earns +1,200.00")


def test_what_costs_more_than_it_earns_stops_paying_at_once():
    assert earned(cost=6.0).stops_paying_at == 0


def test_what_the_control_costs_is_taken_off():
    assert Worth(0.5, {"letter": 2.0, "control": 0.5}).of("letter", "control") == 1.5


@pytest.mark.parametrize("cost", [{}, {"1": 0.0}, {"0": 2.0, "1": 2.0}])
def test_where_costs_are_not_known_or_nothing_there_is_no_curve(cost):
    mine = trial()
    assert earnings_of(mine, drawn_scores(mine, 7), 1, None, Worth(0.5, cost), 7) is None


def test_those_who_respond_more_come_first_where_that_was_learned():
    """The first half responds with 20, the others with nothing."""
    got = np.arange(ROWS) % 2
    first = np.arange(ROWS) < ROWS // 2
    mine = Trial.of({"arm": got, "net spend": 20.0 * got * first}, "arm", "net spend", (), 0.5)
    targeting = SimpleNamespace(beats_everyone=True, order=np.where(first, 1.0, 0.5))

    found = earnings_of(mine, drawn_scores(mine, 7), 1, targeting, Worth(0.5, {"1": 2.0}), 7)

    assert found.learned
    assert found.stops_paying_at == pytest.approx(ROWS / 2 * 2.0)
    best = max(each.value for each in found.profit)
    # half of them bring 20 each, weighed by lot
    assert best == pytest.approx(ROWS / 2 * (0.5 * 20 - 2), rel=0.1)
    assert "on those who respond most" in found.words


def test_what_was_learned_of_other_rows_orders_nothing():
    targeting = SimpleNamespace(beats_everyone=True, order=np.ones(ROWS - 1))
    assert not earned(targeting=targeting).learned
