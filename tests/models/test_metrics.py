"""Metrics agree with scikit-learn and with sums done by hand; ties are exact."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from sklearn import metrics as sklearn_metrics

from patron.models import metrics

Floats = NDArray[np.float64]

OUTCOME = np.array([1, 0, 1, 0, 0, 1, 0, 0, 0, 0])
TIED = np.array([0.9, 0.9, 0.6, 0.6, 0.6, 0.3, 0.3, 0.1, 0.1, 0.1])


def sample(rows: int = 500, levels: int = 40) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Outcomes, scores with many ties, and weights of which some are 0."""
    rng = np.random.default_rng(7)
    probability = rng.integers(1, levels, rows) / levels
    return (
        (rng.random(rows) < probability).astype(np.int64),
        probability,
        rng.integers(0, 4, rows).astype(float),
    )


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (metrics.auc, sklearn_metrics.roc_auc_score),
        (metrics.average_precision, sklearn_metrics.average_precision_score),
        (metrics.log_loss, sklearn_metrics.log_loss),
        (metrics.brier, sklearn_metrics.brier_score_loss),
    ],
    ids=["auc", "average_precision", "log_loss", "brier"],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_it_agrees_with_scikit_learn(ours: object, theirs: object, weighted: bool) -> None:
    outcome, probability, weight = sample()
    weights = weight if weighted else None
    expected = theirs(outcome, probability, sample_weight=weights)  # type: ignore[operator]
    assert ours(outcome, probability, weights=weights) == pytest.approx(expected)  # type: ignore[operator]


@pytest.mark.parametrize("name", metrics.METRICS)
def test_a_weight_of_two_is_two_rows_and_a_weight_of_none_is_no_row(name: str) -> None:
    outcome, probability, weight = sample()
    repeated = np.repeat(np.arange(len(weight)), weight.astype(int))
    expected = metrics.measure(outcome[repeated], probability[repeated])[name]
    assert metrics.measure(outcome, probability, weight)[name] == pytest.approx(expected)


@pytest.mark.parametrize("name", metrics.METRICS)
def test_the_order_of_rows_does_not_matter_not_even_within_ties(name: str) -> None:
    outcome, probability, weight = sample()
    shuffled = np.random.default_rng(1).permutation(len(outcome))
    expected = metrics.measure(outcome, probability, weight)[name]
    again = metrics.measure(outcome[shuffled], probability[shuffled], weight[shuffled])[name]
    assert again == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("share", "lift"),
    [
        (0.1, (0.5 / 1) / 0.3),  # half of the first tie: half an event among one row
        (0.2, (1 / 2) / 0.3),
        (0.3, (1 + 1 / 3) / 3 / 0.3),
        (0.5, (2 / 5) / 0.3),
        (1.0, 1.0),
    ],
)
def test_lift_splits_the_tie_at_the_edge(share: float, lift: float) -> None:
    assert metrics.lift_at(OUTCOME, TIED, share) == pytest.approx(lift)


def test_lift_of_scores_that_are_all_equal_is_one() -> None:
    assert metrics.lift_at(OUTCOME, np.full(10, 0.3)) == pytest.approx(1.0)


def test_auc_of_scores_that_are_all_equal_is_a_half() -> None:
    assert metrics.auc(OUTCOME, np.full(10, 0.3)) == 0.5


def test_calibration_error_is_the_mean_gap_of_bins_of_equal_size() -> None:
    rng = np.random.default_rng(7)
    probability = np.sort(rng.random(200))[::-1]
    outcome = rng.random(200) < probability**2
    gaps = [
        abs(p.mean() - y.mean())
        for p, y in zip(np.split(probability, 10), np.split(outcome, 10), strict=True)
    ]
    assert metrics.calibration_error(outcome, probability) == pytest.approx(np.mean(gaps))


def test_calibration_error_keeps_a_tie_in_one_bin() -> None:
    outcome = np.array([1, 1, 0, 0, 0, 0, 0, 0])
    probability = np.full(8, 0.25)
    assert metrics.calibration_error(outcome, probability) == pytest.approx(0.0)


def test_calibration_bins_are_those_of_the_calibration_error() -> None:
    outcome, probability, _ = sample()
    ranking = metrics.Ranking.of(outcome, probability)
    gaps = np.bincount(metrics.calibration_bins(ranking), ranking.probability - ranking.outcome)
    expected = np.abs(gaps).sum() / len(outcome)
    assert metrics.calibration_error(outcome, probability) == pytest.approx(expected)


def test_mean_difference_is_positive_where_too_much_was_promised() -> None:
    assert metrics.mean_difference([0, 0, 1, 0], [0.5, 0.5, 0.5, 0.5]) == pytest.approx(0.25)


@pytest.mark.parametrize(("rows", "expected"), [(500, 0.042), (2_400, 0.019), (7_200, 0.011)])
def test_a_calibrated_model_has_the_calibration_error_of_chance(rows: int, expected: float) -> None:
    """Means found by simulation, in bins of equal size, of scores from beta(2, 3)."""
    probability = np.random.default_rng(7).beta(2, 3, rows)
    median = metrics.chance_calibration_error(probability, 7, level=0.5)
    assert median == pytest.approx(expected, rel=0.25)
    assert metrics.chance_calibration_error(probability, 7) > median


def test_perfect_probabilities_show_the_calibration_error_that_was_measured_at_2_400_rows() -> None:
    """.019 on average and .027 at the 95th percentile, with ten bins and scores around one in six."""
    probability = np.random.default_rng(7).beta(8, 40, 2_400)
    assert metrics.expected_calibration_error(probability, 7) == pytest.approx(0.019, abs=0.001)
    assert metrics.chance_calibration_error(probability, 7) == pytest.approx(0.027, abs=0.001)


def test_customers_who_go_right_or_wrong_together_have_a_larger_error_by_chance() -> None:
    """The same 600 outcomes four times over are no more evidence than once."""
    rng = np.random.default_rng(7)
    probability = np.tile(rng.beta(2, 3, 600), 4)
    alike = [
        metrics.calibration_error(np.tile(rng.random(600) < probability[:600], 4), probability)
        for _ in range(300)
    ]
    expected = metrics.expected_calibration_error(probability, 7, design=4.0)
    assert expected == pytest.approx(np.mean(alike), rel=0.05)


def test_chance_calibration_error_covers_outcomes_drawn_row_by_row() -> None:
    rng = np.random.default_rng(7)
    probability = rng.beta(1, 9, 800)
    limit = metrics.chance_calibration_error(probability, 7)
    drawn = [metrics.calibration_error(rng.random(800) < probability, probability) for _ in range(400)]
    assert np.mean(np.array(drawn) <= limit) == pytest.approx(0.95, abs=0.03)


def test_gains_rise_along_ties_in_straight_lines() -> None:
    shares = [0.0, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0]
    expected = [0, 1 / 6, 1 / 3, 1 / 2, 2 / 3, 1, 1]
    assert metrics.gains(OUTCOME, TIED, shares) == pytest.approx(expected)


def test_gains_at_a_share_are_the_lift_there_times_the_share() -> None:
    outcome, probability, weight = sample()
    captured = metrics.gains(outcome, probability, [0.1], weight)[0]
    assert captured == pytest.approx(0.1 * metrics.lift_at(outcome, probability, 0.1, weight))


def test_a_single_class_leaves_ranking_metrics_undefined_and_the_others_not() -> None:
    values = metrics.measure([0, 0, 0], [0.1, 0.2, 0.3])
    undefined = {name for name, value in values.items() if np.isnan(value)}
    assert undefined == {"auc", "average_precision", "lift_at_10"}


@pytest.mark.parametrize(
    ("outcome", "probability"),
    [([0, 1], [0.5]), ([], []), ([0, 2], [0.1, 0.2]), ([0, 1], [0.1, np.nan]), ([0, 1], [0.1, 1.5])],
)
def test_what_is_no_outcome_or_no_probability_is_refused(
    outcome: list[int], probability: list[float]
) -> None:
    with pytest.raises(ValueError, match=r"outcome|probabilit"):
        metrics.measure(outcome, probability)


def test_negative_weights_are_refused() -> None:
    with pytest.raises(ValueError, match="weights"):
        metrics.auc([0, 1], [0.1, 0.2], weights=[1, -1])


@given(
    arrays.arrays(np.int8, 30, elements=st.integers(0, 1)),
    arrays.arrays(np.float64, 30, elements=st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0])),
)
def test_auc_counts_pairs(outcome: NDArray[np.int8], probability: Floats) -> None:
    events, others = probability[outcome == 1], probability[outcome == 0]
    pairs = (events[:, None] > others) + 0.5 * (events[:, None] == others)
    expected = pairs.mean() if pairs.size else np.nan
    assert metrics.auc(outcome, probability) == pytest.approx(expected, nan_ok=True)
