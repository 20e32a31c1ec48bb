"""Logistic regression agrees with a well-kept library, and says where there is nothing to find."""

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from patron.models.logistic import inside, log_odds, logistic_regression


def test_it_is_the_unpenalised_maximum_of_the_likelihood() -> None:
    rng = np.random.default_rng(7)
    columns = rng.normal(size=(500, 2))
    outcome = (rng.random(500) < expit(columns @ [1.0, -0.5] + 0.3)).astype(np.float64)
    theirs = LogisticRegression(C=np.inf, tol=1e-10).fit(columns, outcome)
    expected = [*theirs.coef_[0], *theirs.intercept_]
    assert logistic_regression(columns, outcome).tolist() == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("scores", "target"),
    [
        ([[0.1], [0.2], [0.3]], [0, 0, 0]),
        ([[0.1], [0.1], [0.1]], [0, 1, 0]),
        ([[0.1], [0.2], [0.3]], [0, 0, 1]),
        ([[0.1, 0.2], [0.2, 0.4], [0.3, 0.6]], [0, 1, 0]),
    ],
    ids=["one outcome", "one score", "separated", "columns alike"],
)
def test_where_there_is_no_maximum_it_is_undefined(scores: list[list[float]], target: list[float]) -> None:
    assert np.isnan(logistic_regression(np.array(scores), np.array(target, np.float64))).all()


def test_log_odds_are_finite_even_for_the_certain() -> None:
    assert log_odds(np.array([0.25])) == pytest.approx(logit(0.25))
    assert np.isfinite(log_odds(np.array([0.0, 1.0]))).all()
    assert inside(np.array([0.0, 0.5, 1.0])).tolist() == [1e-6, 0.5, 1 - 1e-6]
