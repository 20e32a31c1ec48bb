"""The relation over time: a change is found where there is one, and rarely where there is none."""

import numpy as np

from patron.models.answers_over_time import over_time
from patron.models.moments import Moments


def world(seed, late, early=0.3, customers=4_000):
    """What the highest score is worth changes half-way."""
    random = np.random.default_rng(seed)
    score = random.integers(1, 6, customers).astype(np.float64)
    moment = np.arange(customers)
    worth = np.where(moment < customers / 2, early, late) * (score - 3) / 4
    back = (random.random(customers) < 0.5 + worth).astype(np.int8)
    calm = (random.random(8_000) < 0.5).astype(np.int8)
    cells = np.zeros(customers, np.int64), np.zeros(8_000, np.int64)
    alike = Moments(customers + np.arange(8_000), cells[1], calm)
    return Moments(np.arange(customers), cells[0], back), score, moment, alike


def test_a_relation_that_goes_away_has_a_change_below_zero():
    found = over_time(*world(1, late=0.0))

    assert len(found.periods) == 4
    assert found.periods[0].slope.low > 0.1
    assert found.periods[-1].slope.low < 0 < found.periods[-1].slope.high
    assert found.change.high < 0
    assert sum(each.customers for each in found.periods) == 4_000


def test_where_nothing_changes_a_change_is_found_about_as_rarely_as_nominal():
    found = [over_time(*world(seed, late=0.3, customers=1_600)).change for seed in range(100, 160)]
    assert sum(each.low > 0 or each.high < 0 for each in found) <= 7


def test_fewer_answers_make_two_parts_and_hardly_any_none():
    assert len(over_time(*world(2, late=0.3, customers=500)).periods) == 2
    nothing = over_time(*world(2, late=0.3, customers=300))
    assert (nothing.periods, nothing.change) == ((), None)
    assert nothing.to_dict() == {"periods": [], "change": None}
