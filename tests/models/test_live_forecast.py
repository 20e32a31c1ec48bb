"""What was said beside the first probability: further horizons once they are mature, and totals of amounts."""

from datetime import UTC, datetime

import numpy as np
import pytest

from patron.models.live_forecast import further_horizon, is_judged_later, live_amount, live_forecast

LATER = {60: datetime(2025, 6, 1, tzinfo=UTC), 90: datetime(2025, 7, 1, tzinfo=UTC)}


def test_the_columns_that_can_be_judged_are_known_by_their_names() -> None:
    assert further_horizon("probability_60d") == 60
    assert further_horizon("probability") is None
    assert is_judged_later("expected_spend")
    assert not is_judged_later("next_purchase_low")


def test_totals_are_those_of_the_customers_and_the_ratio_is_what_came_for_each_expected() -> None:
    found = live_amount("spend", np.array([10.0, 30.0, 60.0]), np.array([0.0, 40.0, 40.0]), np.arange(3))
    assert (found.customers, found.expected, found.came.value) == (3, 100.0, 80.0)
    assert found.ratio.value == pytest.approx(0.8)
    assert found.came.low < 40.0  # a sample may hold the first customer more than once
    assert found.came.high == 120.0


def test_right_expectations_are_kept_and_a_fifth_too_much_is_not() -> None:
    random = np.random.default_rng(3)
    expected = random.gamma(2.0, 1.0, 4_000)
    came = random.poisson(expected).astype(float)
    right = live_amount("purchases", expected, came, np.arange(4_000))
    assert right.is_kept
    assert right.ratio.low < 1 < right.ratio.high
    wrong = live_amount("purchases", expected * 1.2, came, np.arange(4_000))
    assert not wrong.is_kept
    assert wrong.ratio.high < 0.9


def test_where_nothing_was_expected_there_is_no_ratio() -> None:
    found = live_amount("purchases", np.zeros(3), np.ones(3), np.arange(3))
    assert np.isnan(found.ratio.value)
    assert not found.is_kept
    assert found.to_dict()["ratio"] == {"value": None, "low": None, "high": None}


def test_a_horizon_waits_until_its_target_is_known_and_others_are_judged() -> None:
    random = np.random.default_rng(4)
    probability = random.uniform(0.05, 0.95, 2_000)
    came = (random.random(2_000) < probability).astype(float)
    came[:100] = np.nan  # without a target
    said = {"probability_60d": probability, "probability_90d": probability}
    outcomes = {"target_60d": came, "target_90d": np.full(2_000, np.nan)}
    found = live_forecast(said, outcomes, np.arange(2_000), 0, LATER, 0.0, replicates=50)
    sixty, ninety = found.horizons
    assert sixty.part is not None
    assert (sixty.part.total.n, sixty.part.total.came) == (1_900, int(np.nansum(came)))
    assert sixty.part.total.promised.value == pytest.approx(probability[100:].sum())
    assert sixty.part.metrics["auc"].low < 0.8 < sixty.part.metrics["auc"].high
    assert (ninety.part, ninety.mature_at) == (None, LATER[90])
    assert found.amounts == ()
    assert found.to_dict()["horizons"][1] == {
        "horizon_days": 90,
        "mature_at": "2025-07-01T00:00:00+00:00",
        "part": None,
    }
