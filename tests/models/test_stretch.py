"""Scores are stretched only where they lie too close together or too far apart at all cutoffs alike."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, logit

from patron.models.calibration import Trial, choose_calibrator
from patron.models.calibrators import Identity, Platt, Seasonal, Stretch
from patron.models.stretch import stretch, stretch_of
from patron.training.pages import describe_calibration

Floats = NDArray[np.float64]


def sample(
    slopes: tuple[float, ...], levels: tuple[float, ...] = (), rows: int = 3_000, seed: int = 7
) -> tuple[NDArray[np.int8], Floats, NDArray[np.int64]]:
    """Outcomes, scores and cutoffs: at each cutoff the true log-odds are a slope times the score's, and a level."""
    rng = np.random.default_rng(seed)
    cutoff = np.repeat(np.arange(len(slopes)), rows)
    score = rng.beta(2, 3, cutoff.size)
    level = np.repeat(levels or (0.0,) * len(slopes), rows)
    truth = expit(np.repeat(slopes, rows) * logit(score) + level)
    return (rng.random(cutoff.size) < truth).astype(np.int8), score, cutoff


def stretched(
    outcome: NDArray[np.int8],
    score: Floats,
    cutoff: NDArray[np.int64],
    customers: NDArray[np.int64] | None = None,
) -> Stretch | None:
    """The stretch that scores show, with their own mean; None where they show none."""
    slope = stretch_of(outcome, score, cutoff, customers)
    return None if slope is None else stretch(slope, score)


def test_the_slope_is_found_whatever_the_levels_of_cutoffs_and_the_mean_stays() -> None:
    outcome, score, cutoff = sample((1.3, 1.3, 1.3, 1.3), levels=(-1.0, 0.5, 1.0, -0.5))
    found = stretched(outcome, score, cutoff)
    assert found is not None
    assert found.slope == pytest.approx(1.3, abs=0.06)
    assert found.apply(score).mean() == pytest.approx(score.mean(), abs=1e-9)


def test_right_scores_are_left_alone_even_where_levels_are_missed() -> None:
    outcome, score, cutoff = sample((1.0, 1.0, 1.0, 1.0), levels=(-1.0, 0.5, 1.0, -0.5))
    assert stretched(outcome, score, cutoff) is None


def test_right_scores_are_stretched_in_few_samples_only() -> None:
    found = [stretched(*sample((1.0, 1.0, 1.0, 1.0), rows=400, seed=seed)) for seed in range(200)]
    assert sum(each is not None for each in found) <= 14


def test_scores_that_hardly_differ_are_left_alone() -> None:
    """Between .45 and .6, true log-odds six times as far apart: another booster's level is easily off by as much."""
    outcome, score, cutoff = sample((1.0, 1.0, 1.0, 1.0))
    assert stretched(outcome, expit(logit(score) / 6), cutoff) is None
    assert stretched(outcome, expit(logit(score) / 1.5), cutoff) is not None
    assert stretched(outcome, expit(logit(score) * 3), cutoff) is not None


def test_cutoffs_whose_slopes_disagree_show_nothing() -> None:
    outcome, score, cutoff = sample((1.6, 0.7, 1.7, 0.9))
    assert stretched(outcome, score, cutoff) is None


def test_fewer_than_three_cutoffs_show_nothing() -> None:
    assert stretched(*sample((1.5, 1.5))) is None
    assert stretched(*sample((1.5, 1.5, 1.5))) is not None


def test_customers_seen_often_count_once() -> None:
    outcome, score, cutoff = (np.repeat(each, 40) for each in sample((1.3, 1.3, 1.3), rows=75, seed=3))
    assert stretched(outcome, score, cutoff) is not None
    assert stretched(outcome, score, cutoff, np.arange(outcome.size) // 40) is None


def test_a_cutoff_with_a_single_outcome_says_nothing() -> None:
    outcome, score, cutoff = sample((1.5, 1.5, 1.5, 1.5))
    outcome[cutoff == 3] = 0
    found = stretched(outcome, score, cutoff)
    assert found is not None
    assert found.slope == pytest.approx(
        stretched(*(each[cutoff < 3] for each in (outcome, score, cutoff))).slope
    )


def test_scores_are_stretched_where_no_cutoff_was_mature_before_another() -> None:
    outcome, score, cutoff = sample((1.3, 1.3, 1.3, 1.3), levels=(-1.0, 0.5, 1.0, -0.5))
    late = dict.fromkeys(range(4), 9)
    chosen = choose_calibrator(score, outcome, cutoff, np.arange(score.size), mature=late)
    assert isinstance(chosen, Platt)
    assert chosen == stretched(outcome, score, cutoff, np.arange(score.size))
    right = sample((1.0, 1.0, 1.0, 1.0))
    assert choose_calibrator(right[1], right[0], right[2], mature=late) == Identity()


def test_the_stretch_beneath_a_season_is_seen_at_all_cutoffs_and_keeps_the_moved_level() -> None:
    outcome, score, cutoff = sample((1.3, 1.3, 1.3, 1.3), levels=(0.8, 0.8, 0.8, 0.8))
    trial = Trial(score, outcome, cutoff)
    known = trial.where(cutoff >= 2).moved(np.full((cutoff >= 2).sum(), 0.8))
    found = known.settled("identity", trial)
    assert isinstance(found, Platt)
    assert found.slope == stretched(outcome, score, cutoff).slope
    assert found.apply(known.probability).mean() == pytest.approx(known.probability.mean(), abs=1e-9)


def test_a_report_does_not_say_that_a_stretch_proved_itself_later() -> None:
    told = describe_calibration(Stretch(1.08, 0.1))
    assert told == "log-odds stretched by 1.08, as the scores of all earlier cutoffs asked for alike"
    seasonal = describe_calibration(Seasonal(0.4, Stretch(1.08, 0.1)))
    assert seasonal.startswith(
        "last year's level: log-odds moved by +0.40 at the first cutoff after training"
    )
    assert seasonal.endswith(f"; then {told}")
