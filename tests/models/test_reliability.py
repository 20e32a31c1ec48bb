"""Reliability: recalibration is a logistic regression, and undefined where there is none."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from patron.models.reliability import design_effect, recalibration

Floats = NDArray[np.float64]


def sample(rows: int, slope: float = 1.0, seed: int = 7) -> tuple[Floats, NDArray[np.int8]]:
    """Scores whose true probability has `slope` times their logit, and outcomes."""
    rng = np.random.default_rng(seed)
    score = rng.beta(2, 3, rows)
    outcome = (rng.random(rows) < expit(slope * logit(score))).astype(np.int8)
    return score, outcome


def test_recalibration_is_the_unpenalised_logistic_regression_on_the_logit() -> None:
    score, outcome = sample(2_000, slope=0.6)
    theirs = LogisticRegression(C=np.inf, tol=1e-10).fit(logit(score)[:, None], outcome)
    ours = recalibration(outcome, score)
    assert ours.slope == pytest.approx(theirs.coef_[0, 0], rel=1e-4)
    assert ours.intercept == pytest.approx(theirs.intercept_[0], abs=1e-4)


def test_recalibration_of_right_probabilities_is_slope_one_and_intercept_none() -> None:
    score, outcome = sample(50_000)
    assert recalibration(outcome, score).slope == pytest.approx(1.0, abs=0.05)
    assert recalibration(outcome, score).intercept == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize("outcome", [[0, 0, 0, 0], [0, 0, 1, 1]], ids=["one class", "separated"])
def test_recalibration_of_what_cannot_be_fitted_is_undefined(outcome: list[int]) -> None:
    assert np.isnan(recalibration(np.array(outcome), np.array([0.1, 0.2, 0.3, 0.4])).slope)


def test_the_design_effect_is_that_of_customers_who_are_right_or_wrong_together() -> None:
    residual = np.array([0.5, -0.5, 0.5, -0.5])
    assert design_effect(residual, np.array([1, 2, 3, 4])) == 1.0
    assert design_effect(residual, np.array([1, 2, 1, 2])) == pytest.approx(2.0)
    assert (
        design_effect(residual, np.array([1, 1, 2, 2])) == 1.0
    )  # who alternates is no worse than independent
    assert design_effect(np.zeros(2), np.array([1, 2])) == 1.0
