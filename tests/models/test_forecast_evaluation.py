"""What later time says of a forecast: the better ranking wins, and a range is judged once it is over."""

import numpy as np
import pytest

from patron.models.forecast_evaluation import judge_amount, judge_horizon, judge_ranges

RANDOM = np.random.default_rng(3)
CUSTOMER = np.repeat(np.arange(600), 2)
TRAIT = RANDOM.gamma(1.0, 1.0, 600)[CUSTOMER]
AMOUNT = RANDOM.poisson(TRAIT * 3).astype(float)


def test_a_better_ranking_gains_over_the_best_opponent_with_an_interval() -> None:
    coarse = np.round(TRAIT + RANDOM.normal(0, 1.5, 1_200))
    said = {"model": TRAIT * 3, "own average": coarse, "noise": RANDOM.random(1_200)}
    found = judge_amount("purchases", AMOUNT, said, CUSTOMER, 7)
    assert found.best_opponent == "own average"
    assert 0 < found.gain.low < found.gain.value < found.gain.high
    assert found.metrics["model"]["level"].value == pytest.approx(1, abs=0.1)
    assert (found.n, found.customers) == (1_200, 600)
    tenths = [each.expected for each in found.deciles]
    assert len(tenths) == 10
    assert tenths == sorted(tenths)
    assert sum(each.realised.value for each in found.deciles) / 10 == pytest.approx(AMOUNT.mean())
    assert judge_amount("purchases", AMOUNT, said, CUSTOMER, 7) == found


def test_a_further_horizon_is_judged_like_the_first() -> None:
    chance = 1 - np.exp(-TRAIT)
    outcome = (RANDOM.random(1_200) < chance).astype(np.int8)
    found = judge_horizon(30, outcome, chance, np.full(1_200, outcome.mean()), CUSTOMER, 2, 7)
    assert found.gain is not None
    assert found.gain.low > 0
    assert found.model["auc"].value > 0.6
    assert found.opponent["auc"].value == 0.5


def test_ranges_are_judged_when_they_are_over_and_who_did_not_buy_is_after() -> None:
    nan = np.nan
    low = np.array([2.0, 2.0, 2.0, 2.0, 2.0, nan])
    high = np.array([6.0, 6.0, 6.0, 6.0, 10.0, nan])
    day = np.array([6.9, 1.9, 7.0, nan, 3.0, 4.0])
    observed = np.full(6, 10.0)
    found = judge_ranges(low, low + 2, high, day, observed, np.arange(6), {"too few": 1}, 7)
    assert found is not None
    assert (found.snapshots, found.told, found.judged) == (6, 5, 4)  # day 10 had not passed
    assert [each.value for each in (found.inside, found.before, found.after)] == [0.25, 0.25, 0.5]
    assert found.by_middle.value == 0.25
    assert found.width_days == 5


def test_without_a_range_that_is_over_nothing_is_said() -> None:
    one = np.array([3.0])
    assert judge_ranges(one, one, one, one, np.array([3.0]), np.array([1]), {}, 7) is None
