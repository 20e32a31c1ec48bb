"""Live quality: totals for anybody, metrics where there are enough people, tenths of the ranking."""

import numpy as np
import pytest

from patron.models.live import live_groups, live_part, tenths
from patron.models.predictions import Predictions


def sent(n: int, miss: float = 0.0, seed: int = 4) -> Predictions:
    random = np.random.default_rng(seed)
    probability = random.uniform(0.05, 0.95, n)
    outcome = (random.random(n) < np.clip(probability + miss, 0, 1)).astype(np.int8)
    groups = {"stage": np.array(["new", "repeat"], object)[(np.arange(n) % 4 > 0).astype(int)]}
    return Predictions(np.arange(n), np.zeros(n, np.int64), outcome, probability, {}, groups)


def test_right_probabilities_keep_their_promise() -> None:
    found = live_part("everyone", sent(4_000), spread=0.0)
    assert found.total.is_kept
    assert found.metrics["auc"].low < 0.8 < found.metrics["auc"].high  # that of uniform probabilities
    assert found.recalibration["slope"].low < 1 < found.recalibration["slope"].high
    assert found.calibration_by_chance is not None
    assert found.metrics["calibration_error"].value < found.calibration_by_chance


def test_probabilities_that_are_too_low_do_not() -> None:
    found = live_part("everyone", sent(4_000, miss=0.1), spread=0.0)
    assert found.total.came > found.total.promised.high
    assert found.recalibration["intercept"].low > 0


def test_levels_that_are_usually_missed_widen_the_promise() -> None:
    narrow, wide = (live_part("everyone", sent(4_000, miss=0.05), spread=each).total for each in (0.0, 0.3))
    assert not narrow.is_kept
    assert wide.is_kept


def test_a_handful_gets_its_total_and_no_metrics_but_the_reason() -> None:
    found = live_part("everyone", sent(150), spread=0.0)
    assert found.total.n == 150
    assert found.metrics == {}
    assert "needs 200 customers" in (found.reason or "")


def test_groups_hold_everyone_once() -> None:
    found = live_groups(sent(2_000), spread=0.0, replicates=20)
    assert [each.name for each in found["stage"]] == ["new", "repeat"]
    assert [each.total.n for each in found["stage"]] == [500, 1_500]


def test_tenths_begin_with_the_likeliest() -> None:
    probability = np.linspace(0.01, 1.0, 20)
    outcome, contacted = probability > 0.5, probability > 0.8
    found = tenths(probability, np.arange(20), outcome, contacted)
    assert [each.n for each in found] == [2] * 10
    assert found[0].promised == pytest.approx(probability[-2:].mean())
    assert [each.came for each in found] == [1] * 5 + [0] * 5
    assert [each.contacted for each in found] == [1] * 2 + [0] * 8
    assert [each.came for each in tenths(probability, np.arange(20), None, None)] == [None] * 10


def test_equal_scores_go_by_the_order_of_their_customers() -> None:
    found = tenths(np.full(10, 0.5), np.arange(10)[::-1], np.arange(10) >= 5, None)
    assert [each.came for each in found] == [1] * 5 + [0] * 5
