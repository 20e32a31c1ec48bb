"""Calibrators repair what is broken, never turn a ranking round, and survive JSON."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from scipy.special import expit, logit

from patron.features.errors import ModelError
from patron.models.calibrators import (
    Beta,
    Calibrator,
    Identity,
    Isotonic,
    Platt,
    Seasonal,
    Stretch,
    calibrator_from_dict,
    fit_beta,
    fit_isotonic,
    fit_platt,
    knows_season,
    moved,
)
from patron.models.season import TOLERANCE, YEAR

Floats = NDArray[np.float64]
DAY = 86_400_000_000


def sample(rows: int, slope: float = 1.0, seed: int = 7) -> tuple[Floats, NDArray[np.int8]]:
    """Scores whose true probability has `slope` times their logit, and outcomes."""
    rng = np.random.default_rng(seed)
    score = rng.beta(2, 3, rows)
    outcome = (rng.random(rows) < expit(slope * logit(score))).astype(np.int8)
    return score, outcome


@pytest.mark.parametrize(
    "calibrator",
    [
        Identity(),
        Platt(0.7, -0.2),
        Stretch(1.1, 0.05),
        Beta(1.5, 0.0, 0.1),
        Isotonic((0.1, 0.5), (0.2, 0.4)),
        Seasonal(
            -0.3,
            Platt(0.7, -0.2),
            ((1_483_228_800_000_000, -0.3), (1_485_907_200_000_001, 0.1)),
            share=0.8,
            drift=-0.1,
        ),
        Seasonal(-0.3, Platt(0.7, -0.2)),
    ],
    ids=["identity", "platt", "stretch", "beta", "isotonic", "seasonal", "a single shift"],
)
def test_a_calibrator_survives_json(calibrator: Calibrator) -> None:
    assert calibrator_from_dict(json.loads(json.dumps(calibrator.to_dict()))) == calibrator


@pytest.mark.parametrize(
    "calibrator",
    [
        Identity(),
        Platt(30.0, 0.0),
        Beta(30.0, 30.0, 0.0),
        Isotonic((0.1, 0.5), (0.0, 1.0)),
        Seasonal(30.0, Identity()),
    ],
    ids=["identity", "platt", "beta", "isotonic", "seasonal"],
)
def test_nobody_is_certain(calibrator: Calibrator) -> None:
    applied = calibrator.apply(np.array([0.0, 1e-12, 0.5, 1 - 1e-12, 1.0]))
    assert applied.dtype == np.float64
    assert ((applied > 0) & (applied < 1)).all()


def test_an_unknown_calibration_is_refused() -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        calibrator_from_dict({"kind": "spline"})


def test_platt_finds_the_slope_that_the_scores_lack() -> None:
    score, outcome = sample(20_000, slope=0.5)
    fitted = fit_platt(outcome, score)
    assert fitted.slope == pytest.approx(0.5, abs=0.05)
    assert fitted.apply(score).mean() == pytest.approx(outcome.mean(), abs=0.001)


def test_platt_of_separated_outcomes_is_finite() -> None:
    fitted = fit_platt(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.4]))
    assert np.isfinite([fitted.slope, fitted.intercept]).all()


def test_platt_never_turns_the_ranking_round() -> None:
    score, outcome = sample(2_000)
    fitted = fit_platt(1 - outcome, score)
    assert fitted.slope == 0.0
    assert fitted.apply(np.array([0.3]))[0] == pytest.approx(1 - outcome.mean(), abs=0.001)


def test_isotonic_rises_and_meets_the_observed_rates() -> None:
    score, outcome = sample(20_000, slope=0.5)
    fitted = fit_isotonic(outcome, score)
    grid = fitted.apply(np.linspace(0, 1, 200))
    assert (np.diff(grid) >= 0).all()
    middle = (score > 0.4) & (score < 0.6)
    assert fitted.apply(score[middle]).mean() == pytest.approx(outcome[middle].mean(), abs=0.01)


def test_beta_finds_the_curve_that_outcomes_were_drawn_from() -> None:
    score, _ = sample(100_000)
    truth = Beta(0.5, 2.0, 0.3)
    outcome = (np.random.default_rng(1).random(100_000) < truth.apply(score)).astype(np.int8)
    fitted = fit_beta(outcome, score)
    assert [fitted.a, fitted.b, fitted.c] == pytest.approx([0.5, 2.0, 0.3], abs=0.1)
    assert fitted.apply(score).mean() == pytest.approx(outcome.mean(), abs=0.001)


def test_beta_with_equal_slopes_is_platt() -> None:
    score, _ = sample(100)
    np.testing.assert_allclose(Beta(0.7, 0.7, -0.2).apply(score), Platt(0.7, -0.2).apply(score))


def test_beta_leaves_out_the_end_whose_slope_is_negative() -> None:
    score, _ = sample(20_000)
    falls = expit(2.0 + 2.0 * np.log(score) - np.log1p(-score) * -0.5)  # the high end bends down
    outcome = (np.random.default_rng(1).random(20_000) < falls).astype(np.int8)
    fitted = fit_beta(outcome, score)
    assert fitted.b == 0.0
    assert fitted.a > 0


def test_a_season_moves_the_log_odds_of_all_alike() -> None:
    applied = Seasonal(0.5, Identity()).apply(np.array([0.2, 0.5, 0.9]))
    np.testing.assert_allclose(logit(applied) - logit([0.2, 0.5, 0.9]), 0.5)
    np.testing.assert_allclose(moved(np.array([0.5]), np.log(3.0)), [0.75])


def test_a_cutoff_gets_the_shift_of_its_own_season() -> None:
    seasonal = Seasonal(0.5, Platt(1.0, 0.1), ((0, 0.5), (90 * DAY, -1.0)))
    score = np.array([0.2, 0.5, 0.9])
    np.testing.assert_array_equal(seasonal.apply(score, YEAR), seasonal.apply(score))
    np.testing.assert_array_equal(
        seasonal.apply(score, YEAR + 80 * DAY), seasonal.base.apply(moved(score, -1.0))
    )
    mixed = seasonal.apply(score, np.array([YEAR + 90 * DAY, YEAR, YEAR + 40 * DAY]))
    expected = [seasonal.base.apply(moved(score, shift)) for shift in (-1.0, 0.5, 0.0)]
    np.testing.assert_array_equal(mixed, [each[place] for place, each in enumerate(expected)])


def test_beyond_the_known_seasons_nothing_is_moved() -> None:
    seasonal = Seasonal(0.5, Platt(1.0, 0.1), ((0, 0.5), (20 * DAY, 0.2)))
    score = np.array([0.2, 0.9])
    assert seasonal.known_until == YEAR + 20 * DAY + TOLERANCE
    assert knows_season(seasonal, seasonal.known_until)
    for unknown in (seasonal.known_until + 1, YEAR - TOLERANCE - 1, 2 * YEAR):
        assert not knows_season(seasonal, unknown)
        np.testing.assert_array_equal(seasonal.apply(score, unknown), seasonal.base.apply(score))


def test_a_single_shift_of_an_older_model_holds_near_the_end_of_its_training() -> None:
    plain = {"kind": "seasonal", "shift": 0.5, "base": {"kind": "identity"}}
    old = calibrator_from_dict(plain, trained_until=YEAR)
    assert old.to_dict() == plain
    score = np.array([0.3])
    for cutoff, shift in ((YEAR, 0.5), (YEAR + TOLERANCE, 0.5), (YEAR + TOLERANCE + 1, 0.0)):
        assert knows_season(old, cutoff) == (shift > 0)
        np.testing.assert_array_equal(old.apply(score, cutoff), moved(score, shift))


@pytest.mark.parametrize("calibrator", [Identity(), Platt(0.7, 0.1), Beta(1.0, 2.0, 0.0)])
def test_a_calibrator_without_a_season_is_right_for_every_cutoff(calibrator: Calibrator) -> None:
    score = np.array([0.2, 0.5])
    assert knows_season(calibrator, 0)
    np.testing.assert_array_equal(calibrator.apply(score, 5 * DAY), calibrator.apply(score))


@given(
    arrays.arrays(np.int8, 40, elements=st.integers(0, 1)),
    arrays.arrays(np.float64, 40, elements=st.floats(0, 1)),
    st.floats(-3, 3),
)
def test_no_fit_ever_turns_a_ranking_round_or_leaves_the_open_interval(
    outcome: NDArray[np.int8], score: Floats, shift: float
) -> None:
    grid = np.linspace(0, 1, 101)
    for fit in (fit_platt, fit_beta, fit_isotonic):
        calibrator = Seasonal(shift, fit(outcome, score))
        applied = calibrator.apply(grid)
        assert ((applied > 0) & (applied < 1)).all()
        assert (np.diff(applied) >= -1e-12).all()
        assert calibrator_from_dict(json.loads(json.dumps(calibrator.to_dict()))) == calibrator
