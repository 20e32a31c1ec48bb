"""The recency rule ranks within a cutoff and promises what it saw."""

import numpy as np
import pytest

from patron.features.errors import ModelError
from patron.models.metrics import auc
from patron.models.opponents import RecencyRule, recency_ranks


def test_the_most_recent_ranks_highest_and_ties_share_the_middle() -> None:
    days = np.array([10.0, 3.0, 10.0, 50.0])
    assert recency_ranks(days, np.zeros(4, np.int64)).tolist() == [0.5, 0.875, 0.5, 0.125]


def test_who_never_ordered_comes_last() -> None:
    assert recency_ranks(np.array([np.nan, 400.0]), np.zeros(2, np.int64)).tolist() == [0.25, 0.75]


def test_each_cutoff_is_ranked_by_itself() -> None:
    days = np.array([1.0, 2.0, 100.0, 200.0])
    assert recency_ranks(days, np.array([1, 1, 2, 2])).tolist() == [0.75, 0.25, 0.75, 0.25]


def snapshots(rows: int = 3_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    days = rng.exponential(40, rows).round()
    outcome = (rng.random(rows) < 0.7 * np.exp(-days / 40)).astype(np.int8)
    return days, outcome, np.arange(rows) % 3


def test_it_promises_the_rate_that_it_saw() -> None:
    days, outcome, cutoff = snapshots()
    probability = RecencyRule().fit(days, outcome, cutoff).predict(days, cutoff)
    assert probability.mean() == pytest.approx(outcome.mean(), abs=0.002)
    assert auc(outcome, probability) == pytest.approx(auc(outcome, np.exp(-days / 1_000)), abs=0.005)


def test_a_single_cutoff_is_enough_to_learn_from() -> None:
    days, outcome, _ = snapshots()
    probability = (
        RecencyRule().fit(days, outcome, np.zeros(3_000, np.int64)).predict(days, np.ones(3_000, np.int64))
    )
    assert (np.diff(probability[np.argsort(days)]) <= 0).all()


def test_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(ModelError, match="nothing to learn"):
        RecencyRule().fit(np.array([]), np.array([]), np.array([], np.int64))
