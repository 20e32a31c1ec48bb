"""Doubly robust scores: for each row an unbiased, noisy view of what each arm would bring it.

The score of row i for arm a is m_a(x_i) + 1{row i got a} / p_a(x_i) · (y_i − m_a(x_i)): the augmented inverse
probability weighting of Robins, Rotnitzky & Zhao (1994), with m and p told across folds (Chernozhukov et al. 2018).
Its mean over rows estimates the mean outcome had everybody got a. Where p is known, as in a test, that is unbiased
whatever m is, and the better m, the narrower the interval.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from patron.models.intervals import Estimate

from .outcome_models import expected_outcome
from .trial import Trial

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

FEWEST_OF_ITS_OWN = 500
"""Rows of an arm from which on it has an outcome model of its own where arms were not drawn."""


@dataclass(frozen=True, eq=False)
class Scores:
    """`values` [n, arms], and `expected` [n, arms]: what the outcome models expect under each arm."""

    values: Floats
    expected: Floats
    customer: Places

    def against_control(self, place: int) -> Floats:
        """The score of an arm less that of the control; float64[n]."""
        return self.values[:, place] - self.values[:, 0]

    def effect(self, place: int, weight: Floats | None = None) -> Estimate:
        """The mean effect of an arm against the control, rows weighted by [n], with its 95% interval."""
        return mean_of(self.against_control(place), self.customer, weight)


def mean_of(values: Floats, customer: Places, weight: Floats | None = None) -> Estimate:
    """Values [n] of customers [n], with weights [n], to their mean; only customers are independent."""
    weight = np.ones(values.size) if weight is None else weight
    share = weight / weight.sum()
    mean = float(share @ values)
    left = np.bincount(customer, share * (values - mean))
    return Estimate.around(mean, float(np.sqrt(left @ left)))


def difference_of_arms(trial: Trial, place: int) -> Estimate:
    """The plain difference between the means of an arm and the control, each row weighted by one over its chance."""
    weight = 1 / trial.own_chance()
    arm, control = (_from_mean(trial, weight, each) for each in (place, 0))
    left = np.bincount(trial.customer, arm[1] - control[1])
    return Estimate.around(arm[0] - control[0], float(np.sqrt(left @ left)))


def _from_mean(trial: Trial, weight: Floats, place: int) -> tuple[float, Floats]:
    """The mean of an arm, and what each row [n] adds to its error."""
    share = np.where(trial.arm == place, weight, 0.0)
    share = share / share.sum()
    mean = float(share @ trial.outcome)
    return mean, share * (trial.outcome - mean)


def drawn_scores(trial: Trial, seed: int) -> Scores:
    """The scores of a trial whose chances are known.

    One outcome model serves all arms, moved by each arm's mean: a small arm needs none of its own, and effects are
    small beside what differs between customers.
    """
    if trial.chance is None:
        raise ValueError("the chances of a trial that was not drawn are not known")
    weight = 1 / trial.own_chance()
    told = expected_outcome(trial, weight, seed)
    left = trial.outcome - told
    shift = np.bincount(trial.arm, weight * left) / np.bincount(trial.arm, weight)
    return _scores(trial, told[:, None] + shift, trial.chance)


def estimated_scores(trial: Trial, chance: Floats, seed: int) -> Scores:
    """The scores of a trial whose chances [n, arms] were estimated; arms large enough have outcome models of their own.

    A wrong outcome model is mended by right chances and the other way round, but not both at once.
    """
    expected = np.empty_like(chance)
    sizes = trial.counts()
    together = (
        expected_outcome(trial, np.ones(trial.rows), seed)
        if sizes.min() < FEWEST_OF_ITS_OWN
        else trial.outcome
    )
    for place in range(len(trial.arms)):
        own = (trial.arm == place).astype(np.float64)
        if sizes[place] >= FEWEST_OF_ITS_OWN:
            expected[:, place] = expected_outcome(trial, own, seed)
        else:
            expected[:, place] = together + np.average(trial.outcome - together, weights=own)
    return _scores(trial, expected, chance)


def _scores(trial: Trial, expected: Floats, chance: Floats) -> Scores:
    got = np.eye(len(trial.arms))[trial.arm]
    values = expected + got / chance * (trial.outcome[:, None] - expected)
    return Scores(values, expected, trial.customer)
