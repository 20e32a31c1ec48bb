"""The evaluation of a model beside an opponent: what it says, when it stays silent, and its way through JSON."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from patron.features.errors import DataError
from patron.models import metrics
from patron.models.curves import capacity_sizes
from patron.models.evaluation import Evaluation, evaluate
from patron.models.intervals import CustomerBootstrap, Estimate
from patron.models.predictions import Predictions

DAY = 86_400_000_000


def predictions(customers: int = 600, cutoffs: int = 3, noise: float = 1.0) -> Predictions:
    """A model that knows the truth, an opponent that sees it through noise; a tenth of the customers is new."""
    rng = np.random.default_rng(7)
    rows = customers * cutoffs
    truth = rng.normal(size=rows) - 0.5
    return Predictions(
        customer=np.arange(rows) % customers,
        cutoff=np.arange(rows) // customers * 30 * DAY,
        outcome=(rng.random(rows) < expit(truth)).astype(np.int8),
        probability=expit(truth),
        opponents={"noisy": np.round(expit(truth + noise * rng.normal(size=rows)), 2)},
        groups={"stage": np.where(np.arange(rows) % customers % 10 == 0, "new", "repeat")},
    )


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return evaluate(predictions(), seed=7, replicates=100)


def test_it_counts_what_it_judged(evaluation: Evaluation) -> None:
    outcome = predictions().outcome
    assert (evaluation.n, evaluation.customers, evaluation.replicates) == (1_800, 600, 100)
    assert evaluation.base_rate == outcome.mean()


@pytest.mark.parametrize("name", metrics.METRICS)
def test_values_are_the_metrics_and_lie_in_their_intervals(evaluation: Evaluation, name: str) -> None:
    rows = predictions()
    for estimates, probability in (
        (evaluation.model, rows.probability),
        (evaluation.opponent, rows.opponents["noisy"]),
    ):
        estimate = estimates[name]
        assert estimate.value == pytest.approx(metrics.measure(rows.outcome, probability)[name])
        assert estimate.low < estimate.high
        if name != "calibration_error":  # resampling adds chance error, so that its interval lies above
            assert estimate.low < estimate.value < estimate.high


@pytest.mark.parametrize("name", ["auc", "average_precision", "log_loss", "brier", "calibration_error"])
def test_improvement_is_positive_where_the_model_is_better(evaluation: Evaluation, name: str) -> None:
    improvement = evaluation.improvement[name]
    assert improvement.value == pytest.approx(
        abs(evaluation.model[name].value - evaluation.opponent[name].value)
    )
    assert improvement.low > 0


def test_the_difference_is_paired_and_so_narrower_than_either(evaluation: Evaluation) -> None:
    rows = predictions(noise=0.1)
    close = evaluate(rows, seed=7, replicates=100)
    widths = {
        name: estimates["auc"].high - estimates["auc"].low
        for name, estimates in {"model": close.model, "difference": close.improvement}.items()
    }
    assert widths["difference"] < widths["model"] / 3


def test_of_several_opponents_the_one_with_the_lowest_log_loss_decides() -> None:
    rows = predictions(noise=0.3)
    both = replace(rows, opponents={"base rate": np.full(1_800, 0.4), **rows.opponents})
    judged, alone = (evaluate(each, seed=7, replicates=20) for each in (both, rows))
    assert [each.name for each in judged.opponents] == ["noisy", "base rate"]
    assert judged.best_opponent == "noisy"
    assert judged.improvement == alone.improvement == judged.opponents[0].improvement
    assert judged.opponents[0].metrics == judged.opponent
    rate = judged.opponents[1]
    assert rate.metrics["log_loss"].value == pytest.approx(
        metrics.log_loss(rows.outcome, np.full(1_800, 0.4))
    )
    assert rate.metrics["auc"].value == 0.5
    assert rate.improvement["auc"].value == pytest.approx(judged.model["auc"].value - 0.5)
    assert rate.won == 3


def test_few_cutoffs_give_a_range_and_more_an_interval_for_the_next(evaluation: Evaluation) -> None:
    losses = [part.model["log_loss"].value for part in evaluation.per_cutoff]
    seen = evaluation.next_cutoff["model"]["log_loss"]
    assert (seen.is_range, seen.low, seen.high) == (True, min(losses), max(losses))
    four = evaluate(predictions(cutoffs=4), seed=7, replicates=20).next_cutoff["improvement"]["auc"]
    assert not four.is_range
    assert four.cutoffs == 4


def test_a_model_is_no_better_than_itself() -> None:
    rows = predictions()
    same = evaluate(replace(rows, opponents={"itself": rows.probability}), seed=7, replicates=20)
    assert {estimate.value for estimate in same.improvement.values()} == {0.0}
    assert {estimate.high for estimate in same.improvement.values()} == {0.0}


def test_a_seed_repeats_the_evaluation() -> None:
    assert evaluate(predictions(), 7, 20) == evaluate(predictions(), 7, 20)
    assert evaluate(predictions(), 7, 20).model != evaluate(predictions(), 8, 20).model


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """AUC of a score with known separation, over many samples of customers with two alike snapshots each."""
    truth, covered = 0.7602, 0  # the normal distribution at 1 / sqrt(2)
    for sample in range(200):
        rng = np.random.default_rng(sample)
        outcome = np.repeat(rng.integers(0, 2, 200), 2)
        ranking = metrics.Ranking.of(outcome, expit(np.repeat(rng.normal(size=200), 2) + outcome))
        code = (np.arange(400) // 2)[ranking.order]
        plan = CustomerBootstrap.of(np.arange(200), sample, 100)
        drawn = [ranking.measure(plan.counts(replicate)[code])[0] for replicate in range(100)]
        interval = Estimate.of(ranking.measure(np.ones(400))[0], np.array(drawn))
        covered += interval.low <= truth <= interval.high
    assert 0.90 <= covered / 200 <= 0.98


def test_cutoffs_are_judged_one_by_one_in_order(evaluation: Evaluation) -> None:
    assert [segment.name for segment in evaluation.per_cutoff] == [
        "1970-01-01T00:00:00Z",
        "1970-01-31T00:00:00Z",
        "1970-03-02T00:00:00Z",
    ]
    rows = predictions()
    second = rows.where(rows.cutoff == 30 * DAY)
    assert evaluation.per_cutoff[1].model["auc"].value == metrics.auc(second.outcome, second.probability)


def test_a_segment_with_too_few_people_has_a_reason_instead_of_metrics(evaluation: Evaluation) -> None:
    new, repeat = evaluation.per_stage
    assert (new.name, repeat.name) == ("new", "repeat")
    assert new.customers == 60
    assert new.model is None
    assert new.opponent is None
    assert new.improvement is None
    assert "60 customers" in new.reason
    assert repeat.reason is None
    assert repeat.model["auc"].value > 0.5


def test_reliability_bins_hold_all_snapshots_from_low_to_high(evaluation: Evaluation) -> None:
    bins = evaluation.reliability
    assert sum(one.n for one in bins) == 1_800
    assert [one.predicted for one in bins] == sorted(one.predicted for one in bins)
    assert all(one.low < one.observed < one.high for one in bins)
    error = sum(one.n * abs(one.predicted - one.observed) for one in bins) / 1_800
    assert evaluation.model["calibration_error"].value == pytest.approx(error)


def test_gains_run_from_nobody_to_everybody(evaluation: Evaluation) -> None:
    gains = evaluation.gains
    assert len(gains.shares) == len(gains.model) == len(gains.opponent) == 101
    assert (gains.model[0], gains.model[-1]) == (0.0, pytest.approx(1.0))
    assert gains.model[10] == pytest.approx(0.1 * evaluation.model["lift_at_10"].value)
    assert gains.model[30] > gains.opponent[30] > 0.3


def test_lift_by_decile_falls_and_averages_to_one(evaluation: Evaluation) -> None:
    lifts = evaluation.lift_by_decile["model"]
    assert lifts[0] == pytest.approx(evaluation.model["lift_at_10"].value)
    assert np.mean(lifts) == pytest.approx(1.0)
    assert lifts[0] > lifts[4] > lifts[9]


def test_capacity_says_how_many_buyers_the_best_ranked_bring_at_a_cutoff(evaluation: Evaluation) -> None:
    rows = predictions()
    assert [row.contacted for row in evaluation.capacity] == [50, 100, 200, 500]
    row = evaluation.capacity[1]
    found = []
    for moment in np.unique(rows.cutoff):
        at = rows.where(rows.cutoff == moment)
        best = np.argsort(-at.probability)[:100]
        found.append(float(at.outcome[best].sum()))
    assert row.by_cutoff == tuple(found)
    assert row.buyers.value == pytest.approx(np.mean(found))
    assert row.buyers.low < row.buyers.value < row.buyers.high
    assert row.random_buyers == pytest.approx(100 * rows.outcome.mean())
    assert row.random_buyers < row.opponent_buyers.value < row.buyers.value


@pytest.mark.parametrize(
    ("population", "sizes"),
    [(49, ()), (50, (50,)), (999, (50, 100, 200, 500)), (5_000, (50, 100, 200, 500, 1_000, 2_000, 5_000))],
)
def test_capacities_are_round_numbers_up_to_the_population(population: int, sizes: tuple[int, ...]) -> None:
    assert capacity_sizes(population) == sizes


def test_right_probabilities_are_within_chance_and_need_no_recalibration(evaluation: Evaluation) -> None:
    assert evaluation.model["calibration_error"].value < evaluation.chance_calibration_error
    assert evaluation.recalibration["slope"].low < 1 < evaluation.recalibration["slope"].high
    assert evaluation.recalibration["intercept"].low < 0 < evaluation.recalibration["intercept"].high


def test_probabilities_that_are_too_extreme_have_a_slope_below_one() -> None:
    rows = predictions()
    extreme = expit(2 * np.log(rows.probability / (1 - rows.probability)))
    judged = evaluate(replace(rows, probability=extreme), seed=7, replicates=20)
    assert judged.recalibration["slope"].high < 0.7
    assert judged.model["calibration_error"].value > judged.chance_calibration_error


def test_an_evaluation_survives_json(evaluation: Evaluation) -> None:
    text = json.dumps(evaluation.to_dict(), allow_nan=False)
    assert Evaluation.from_dict(json.loads(text)) == evaluation


def test_what_is_undefined_is_null_in_json() -> None:
    constant = replace(predictions(), probability=np.full(1_800, 0.4))
    plain = evaluate(constant, seed=7, replicates=20).to_dict()
    assert plain["recalibration"]["slope"] == {"value": None, "low": None, "high": None}


def test_a_single_outcome_cannot_be_judged() -> None:
    with pytest.raises(DataError, match="both outcomes"):
        evaluate(replace(predictions(), outcome=np.zeros(1_800, np.int8)), seed=7)
