"""Totals: what was promised, what came, and how far the two may lie apart."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from patron.models.intervals import Estimate
from patron.models.predictions import Predictions
from patron.models.totals import Total, level_miss, miss_spread, total, totals


def of(outcome: list[int], probability: list[float], spread: float = 0.0) -> Total:
    rows = len(outcome)
    cutoff, customers = np.zeros(rows, np.int64), np.arange(rows)
    return total("all", np.array(outcome), np.array(probability), cutoff, customers, {0: spread})


def test_promised_is_the_sum_of_the_probabilities_with_the_error_of_independent_cases() -> None:
    found = of([1] * 40 + [0] * 60, [0.5] * 100)
    assert (found.n, found.came, found.promised.value) == (100, 40, 50.0)
    assert found.promised.low == pytest.approx(50 - 1.96 * 5, abs=0.01)
    assert found.promised.high == pytest.approx(50 + 1.96 * 5, abs=0.01)
    assert not found.is_kept
    assert found.miss == pytest.approx(0.1)


def test_a_level_that_may_move_widens_the_interval() -> None:
    """25 is the variance of the cases, and so what a log-odds of one moves."""
    found = of([1] * 40 + [0] * 60, [0.5] * 100, spread=0.4)
    assert found.promised.high - 50 == pytest.approx(1.96 * np.hypot(5, 0.4 * 25), abs=0.01)


def test_levels_of_cutoffs_move_together() -> None:
    outcome, probability = np.tile([0, 1], 100), np.full(200, 0.5)
    cutoff, customers = np.repeat([0, 1], 100), np.arange(200)
    found = total("all", outcome, probability, cutoff, customers, {0: 0.4, 1: 0.2})
    assert found.promised.high - 100 == pytest.approx(1.96 * np.hypot(50**0.5, 0.4 * 25 + 0.2 * 25), abs=0.01)


def test_customers_who_come_together_widen_the_interval() -> None:
    outcome, probability = np.repeat([0, 1], 100), np.full(200, 0.5)
    cutoff, customers = np.tile([0, 1], 100), np.arange(200) // 2
    found = total("all", outcome, probability, cutoff, customers)
    assert found.promised.high - 100 == pytest.approx(1.96 * np.sqrt(2 * 50), abs=0.01)


def test_no_interval_promises_fewer_than_none_or_more_than_all() -> None:
    found = of([0, 1], [0.1, 0.9], spread=50.0)
    assert (found.promised.low, found.promised.high) == (0.0, 2.0)


def test_the_interval_holds_what_comes_as_often_as_it_says() -> None:
    rng, kept = np.random.default_rng(7), 0
    for _ in range(400):
        odds = rng.normal(-1, 1, 300)
        outcome = rng.random(300) < expit(odds + rng.normal(0, 0.3))
        cutoff, customers = np.zeros(300, np.int64), np.arange(300)
        kept += total("all", outcome, expit(odds), cutoff, customers, {0: 0.3}).is_kept
    assert 0.92 <= kept / 400 <= 0.98


def test_a_total_survives_json() -> None:
    found = Total("2011-09-10", 300, Estimate(100.0, 80.0, 120.0), 130)
    assert Total.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    assert not found.is_kept


@given(st.floats(-2, 2))
def test_the_miss_of_a_level_makes_the_promise_what_came(shift: float) -> None:
    odds = np.linspace(-2, 2, 50)
    outcome = (np.arange(50) % 3 == 0).astype(np.int8)
    found = level_miss(outcome, expit(odds + shift))
    assert expit(odds + shift + found.value).sum() == pytest.approx(outcome.sum())
    assert found.low < found.value < found.high


def test_the_miss_of_a_single_outcome_is_not_defined() -> None:
    assert np.isnan(level_miss(np.zeros(3), np.array([0.1, 0.2, 0.3])).value)
    assert np.isnan(miss_spread(np.zeros(3), np.array([0.1, 0.2, 0.3]), np.zeros(3, np.int64)))


def test_the_spread_of_misses_is_what_sampling_does_not_explain() -> None:
    rng = np.random.default_rng(7)
    cutoff = np.repeat(np.arange(10), 4_000)
    odds = rng.normal(-1, 1, 40_000)
    drift = np.where(cutoff % 2 == 0, 0.5, -0.5)
    assert miss_spread(rng.random(40_000) < expit(odds), expit(odds), cutoff) < 0.06
    drifting = miss_spread(rng.random(40_000) < expit(odds + drift), expit(odds), cutoff)
    assert drifting == pytest.approx(0.5, abs=0.05)


def test_totals_are_by_cutoff_and_over_all_of_them_by_group() -> None:
    said = np.array([0.2, 0.4, 0.6, 0.8])
    rows = Predictions(
        customer=np.array([1, 2, 1, 2]),
        cutoff=np.array([0, 0, 86_400_000_000, 86_400_000_000]),
        outcome=np.array([0, 1, 1, 1], np.int8),
        probability=said,
        opponents={"base rate": said},
        groups={"stage": np.array(["repeat", "new", "repeat", "new"])},
    )
    found = totals(rows, {})
    assert [(each.name, each.n, each.came) for each in found.per_cutoff] == [
        ("1970-01-01T00:00:00Z", 2, 1),
        ("1970-01-02T00:00:00Z", 2, 2),
    ]
    assert [(each.name, round(each.promised.value, 6)) for each in found.groups["stage"]] == [
        ("new", 1.2),
        ("repeat", 0.8),
    ]
    assert found.to_dict()["groups"]["stage"][0]["came"] == 2
