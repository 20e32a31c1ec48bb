"""A calibrator is kept only where it proved itself on later cutoffs."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, logit

from patron.models.calibration import choose_calibrator, later_losses
from patron.models.calibrators import Identity, Isotonic, Platt, fit_platt

Floats = NDArray[np.float64]


def sample(
    rows: int, slope: float = 1.0, seed: int = 7
) -> tuple[Floats, NDArray[np.int8], NDArray[np.int64]]:
    """Scores whose true probability has `slope` times their logit, outcomes, and four cutoffs."""
    rng = np.random.default_rng(seed)
    score = rng.beta(2, 3, rows)
    outcome = (rng.random(rows) < expit(slope * logit(score))).astype(np.int8)
    return score, outcome, np.arange(rows) % 4


def test_right_probabilities_are_left_alone() -> None:
    score, outcome, cutoff = sample(8_000)
    assert choose_calibrator(score, outcome, cutoff, np.arange(8_000) // 4) == Identity()


def test_wrong_probabilities_are_repaired() -> None:
    score, outcome, cutoff = sample(8_000, slope=0.4)
    chosen = choose_calibrator(score, outcome, cutoff, np.arange(8_000) // 4)
    assert isinstance(chosen, Platt)
    assert chosen.slope == pytest.approx(0.4, abs=0.1)


def test_a_bent_curve_with_many_rows_is_repaired_by_steps() -> None:
    rng = np.random.default_rng(7)
    score = rng.uniform(0.05, 0.95, 40_000)
    outcome = (rng.random(40_000) < np.where(score < 0.5, 0.1, 0.6)).astype(np.int8)
    assert isinstance(choose_calibrator(score, outcome, np.arange(40_000) % 4), Isotonic)


def test_a_single_cutoff_proves_nothing() -> None:
    score, outcome, _ = sample(2_000, slope=0.4)
    assert choose_calibrator(score, outcome, np.zeros(2_000, np.int64)) == Identity()


def test_ranks_are_always_calibrated_even_from_a_single_cutoff() -> None:
    score, outcome, _ = sample(2_000)
    assert choose_calibrator(score, outcome, np.zeros(2_000, np.int64), required=True) == fit_platt(
        outcome, score
    )


def test_ranks_are_calibrated_even_where_they_look_right() -> None:
    score, outcome, cutoff = sample(2_000)
    assert isinstance(choose_calibrator(score, outcome, cutoff, required=True), Platt)


def test_a_repair_that_the_next_cutoff_takes_back_is_not_kept() -> None:
    """The first cutoffs are off in one direction, the last in the other."""
    score = sample(6_000)[0]
    cutoff = np.repeat([0, 1, 2], 2_000)
    rng = np.random.default_rng(1)
    shift = np.where(cutoff < 1, 1.0, -1.0)
    outcome = (rng.random(6_000) < expit(logit(score) + shift)).astype(np.int8)
    losses = later_losses(score, outcome, cutoff)
    at_second = cutoff == 1
    assert losses["platt"][at_second].mean() > losses["identity"][at_second].mean()


def test_later_losses_are_fitted_on_earlier_cutoffs_only() -> None:
    score, outcome, cutoff = sample(2_000, slope=0.4)
    losses = later_losses(score, outcome, cutoff)
    assert set(losses) == {"identity", "platt", "beta"}
    assert np.isnan(losses["platt"][cutoff == 0]).all()
    at = cutoff == 2
    applied = fit_platt(outcome[cutoff < 2], score[cutoff < 2]).apply(score[at])
    np.testing.assert_allclose(losses["platt"][at], -np.log(np.where(outcome[at] == 1, applied, 1 - applied)))


def test_customers_seen_often_count_once_when_a_repair_must_prove_itself() -> None:
    """The same few customers repeated give no more proof than once."""
    score, outcome, cutoff = sample(200, slope=0.5)
    rows = np.repeat(np.arange(200), 60)
    alone = choose_calibrator(score, outcome, cutoff)
    repeated = choose_calibrator(score[rows], outcome[rows], cutoff[rows], rows)
    as_if_many = choose_calibrator(score[rows], outcome[rows], cutoff[rows])
    assert isinstance(alone, Identity)
    assert isinstance(repeated, Identity)
    assert not isinstance(as_if_many, Identity)
