"""What later time says of a forecast: the better ranking wins, at every cutoff and over all of them."""

import json

import numpy as np
import pytest

from patron.models.forecast_evaluation import ForecastEvaluation, judge_amount, judge_horizon

RANDOM = np.random.default_rng(3)
CUSTOMER = np.repeat(np.arange(600), 2)
CUTOFF = np.tile([0, 86_400_000_000], 600)
TRAIT = RANDOM.gamma(1.0, 1.0, 600)[CUSTOMER]
AMOUNT = RANDOM.poisson(TRAIT * 3).astype(float)


def test_a_better_ranking_gains_over_the_best_opponent_with_an_interval() -> None:
    coarse = np.round(TRAIT + RANDOM.normal(0, 1.5, 1_200))
    said = {"model": TRAIT * 3, "own average": coarse, "noise": RANDOM.random(1_200)}
    found = judge_amount("purchases", AMOUNT, said, CUSTOMER, CUTOFF, 7)
    assert found.best_opponent == "own average"
    assert 0 < found.gain.low < found.gain.value < found.gain.high
    assert found.metrics["model"]["level"].value == pytest.approx(1, abs=0.1)
    assert (found.n, found.customers) == (1_200, 600)
    tenths = [each.expected for each in found.deciles]
    assert len(tenths) == 10
    assert tenths == sorted(tenths)
    assert sum(each.realised.value for each in found.deciles) / 10 == pytest.approx(AMOUNT.mean())
    assert judge_amount("purchases", AMOUNT, said, CUSTOMER, CUTOFF, 7) == found


def test_a_further_horizon_is_judged_like_the_first() -> None:
    chance = 1 - np.exp(-TRAIT)
    outcome = (RANDOM.random(1_200) < chance).astype(np.int8)
    found = judge_horizon(30, outcome, chance, np.full(1_200, outcome.mean()), CUSTOMER, 2, 7)
    assert found.gain is not None
    assert found.gain.low > 0
    assert found.model["auc"].value > 0.6
    assert found.opponent["auc"].value == 0.5


def test_every_cutoff_has_its_own_gain_and_the_next_one_a_range() -> None:
    said = {"model": TRAIT * 3, "own average": TRAIT * 3 * np.where(CUTOFF > 0, RANDOM.random(1_200), 1)}
    found = judge_amount("spend", AMOUNT, said, CUSTOMER, CUTOFF, 7)
    first, second = found.by_cutoff
    assert (first.cutoff, second.cutoff) == ("1970-01-01T00:00:00Z", "1970-01-02T00:00:00Z")
    assert (first.n, second.n) == (600, 600)
    assert first.gain.value == 0
    assert second.gain.low > 0
    assert first.gini.value - first.opponent_gini.value == first.gain.value
    assert found.next_cutoff.is_range
    assert (found.next_cutoff.low, found.next_cutoff.high) == (0, second.gain.value)


def test_the_metrics_have_names_and_the_rest_is_plain() -> None:
    amount = judge_amount(
        "spend", AMOUNT, {"model": TRAIT, "own average": AMOUNT * 0 + 1}, CUSTOMER, CUTOFF, 7
    )
    found = ForecastEvaluation((amount,))
    assert found.metrics()["spend.gini"] == amount.metrics["model"]["gini"]
    assert found.metrics()["spend.improvement.gini"] == amount.gain
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain["amounts"][0]["by_cutoff"][1]["gain"] == amount.by_cutoff[1].gain.to_dict()
    assert plain["ranges"] is None
