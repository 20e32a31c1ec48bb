"""Calibrators repair what is broken, stay away from what is not, and survive JSON."""

import json

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from patron.features.errors import ModelError
from patron.models.calibration import (
    Calibrator,
    Identity,
    Isotonic,
    Platt,
    calibrator_from_dict,
    choose_calibrator,
    fit_isotonic,
    fit_platt,
    later_losses,
    recalibration,
)

Floats = NDArray[np.float64]


def sample(
    rows: int, slope: float = 1.0, seed: int = 7
) -> tuple[Floats, NDArray[np.int8], NDArray[np.int64]]:
    """Scores whose true probability has `slope` times their logit, outcomes, and four cutoffs."""
    rng = np.random.default_rng(seed)
    score = rng.beta(2, 3, rows)
    outcome = (rng.random(rows) < expit(slope * logit(score))).astype(np.int8)
    return score, outcome, np.arange(rows) % 4


@pytest.mark.parametrize(
    "calibrator",
    [Identity(), Platt(0.7, -0.2), Isotonic((0.1, 0.5), (0.2, 0.4))],
    ids=["identity", "platt", "isotonic"],
)
def test_a_calibrator_survives_json(calibrator: Calibrator) -> None:
    assert calibrator_from_dict(json.loads(json.dumps(calibrator.to_dict()))) == calibrator


@pytest.mark.parametrize(
    "calibrator",
    [Identity(), Platt(30.0, 0.0), Isotonic((0.1, 0.5), (0.0, 1.0))],
    ids=["identity", "platt", "isotonic"],
)
def test_nobody_is_certain(calibrator: Calibrator) -> None:
    applied = calibrator.apply(np.array([0.0, 1e-12, 0.5, 1 - 1e-12, 1.0]))
    assert applied.dtype == np.float64
    assert ((applied > 0) & (applied < 1)).all()


def test_an_unknown_calibration_is_refused() -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        calibrator_from_dict({"kind": "beta"})


def test_recalibration_is_the_unpenalised_logistic_regression_on_the_logit() -> None:
    score, outcome, _ = sample(2_000, slope=0.6)
    theirs = LogisticRegression(C=np.inf, tol=1e-10).fit(logit(score)[:, None], outcome)
    ours = recalibration(outcome, score)
    assert ours.slope == pytest.approx(theirs.coef_[0, 0], rel=1e-4)
    assert ours.intercept == pytest.approx(theirs.intercept_[0], abs=1e-4)


def test_recalibration_of_right_probabilities_is_slope_one_and_intercept_none() -> None:
    score, outcome, _ = sample(50_000)
    assert recalibration(outcome, score).slope == pytest.approx(1.0, abs=0.05)
    assert recalibration(outcome, score).intercept == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize("outcome", [[0, 0, 0, 0], [0, 0, 1, 1]], ids=["one class", "separated"])
def test_recalibration_of_what_cannot_be_fitted_is_undefined(outcome: list[int]) -> None:
    assert np.isnan(recalibration(np.array(outcome), np.array([0.1, 0.2, 0.3, 0.4])).slope)


def test_platt_finds_the_slope_that_the_scores_lack() -> None:
    score, outcome, _ = sample(20_000, slope=0.5)
    fitted = fit_platt(outcome, score)
    assert fitted.slope == pytest.approx(0.5, abs=0.05)
    assert fitted.apply(score).mean() == pytest.approx(outcome.mean(), abs=0.001)


def test_platt_of_separated_outcomes_is_finite() -> None:
    fitted = fit_platt(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.4]))
    assert np.isfinite([fitted.slope, fitted.intercept]).all()


def test_platt_never_turns_the_ranking_round() -> None:
    score, outcome, _ = sample(2_000)
    fitted = fit_platt(1 - outcome, score)
    assert fitted.slope == 0.0
    assert fitted.apply(np.array([0.3]))[0] == pytest.approx(1 - outcome.mean(), abs=0.001)


def test_isotonic_rises_and_meets_the_observed_rates() -> None:
    score, outcome, _ = sample(20_000, slope=0.5)
    fitted = fit_isotonic(outcome, score)
    grid = fitted.apply(np.linspace(0, 1, 200))
    assert (np.diff(grid) >= 0).all()
    middle = (score > 0.4) & (score < 0.6)
    assert fitted.apply(score[middle]).mean() == pytest.approx(outcome[middle].mean(), abs=0.01)


def test_right_probabilities_are_left_alone() -> None:
    score, outcome, cutoff = sample(8_000)
    assert choose_calibrator(score, outcome, cutoff, np.arange(8_000) // 4) == Identity()


def test_wrong_probabilities_are_repaired() -> None:
    score, outcome, cutoff = sample(2_000, slope=0.4)
    chosen = choose_calibrator(score, outcome, cutoff, np.arange(2_000) // 4)
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
    assert set(losses) == {"identity", "platt"}
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
