"""Was it really drawn by lot? Arms of the promised size, alike before, with outcomes missing alike."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2, chi2_contingency

from .trial import Trial

Floats = npt.NDArray[np.float64]

DOUBTFUL = 0.001
"""Draws by lot fall below this p-value once in a thousand checks: below it a check says no."""


@dataclass(frozen=True)
class Randomisation:
    """Checks of a draw, each a p-value that is small where it was none; NaN where there is nothing to check.

    `sizes`: arms as large as their chances say (sample-ratio mismatch). `balance`: covariates alike in all arms.
    `missing`: outcomes missing alike. `apart` names the covariate that differs most, in standard deviations.
    """

    sizes: float
    balance: float
    missing: float
    apart: str
    apart_by: float

    @property
    def doubts(self) -> tuple[str, ...]:
        """What speaks against a draw by lot, in words; empty where nothing does."""
        found = (
            (self.sizes, "the arms have not the sizes that their probabilities promise"),
            (
                self.balance,
                f"the arms differed before: most in {self.apart}, by {self.apart_by:.2f} standard deviations",
            ),
            (self.missing, "outcomes are missing in one arm more than in another"),
        )
        return tuple(words for p, words in found if p < DOUBTFUL)

    def to_dict(self) -> dict[str, Any]:
        """Plain data; None where there was nothing to check."""
        numbers = {
            name: None if np.isnan(getattr(self, name)) else float(getattr(self, name))
            for name in ("sizes", "balance", "missing", "apart_by")
        }
        return {**numbers, "apart": self.apart, "doubts": list(self.doubts)}


def check_randomisation(trial: Trial) -> Randomisation:
    """A trial whose chances are known to the checks of its draw."""
    differences = [standardised_differences(trial, place, None) for place in range(1, len(trial.arms))]
    largest = np.max(np.abs(differences), axis=0) if trial.covariates.shape[1] else np.empty(0)
    worst = int(np.argmax(largest)) if largest.size else -1
    return Randomisation(
        _sizes(trial),
        _balance(trial),
        _missing(trial),
        trial.covariate_names[worst] if largest.size else "",
        float(largest[worst]) if largest.size else np.nan,
    )


def standardised_differences(trial: Trial, place: int, weight: Floats | None) -> Floats:
    """Each covariate's mean in an arm less that in the control, weighted by [n], in units of its spread; float64[k]."""
    weight = np.ones(trial.rows) if weight is None else weight
    spread = trial.covariates.std(axis=0)
    arm, control = (
        np.average(trial.covariates[trial.arm == each], axis=0, weights=weight[trial.arm == each])
        for each in (place, 0)
    )
    found: Floats = (arm - control) / spread
    return found


def _sizes(trial: Trial) -> float:
    """How likely arms differ at least so much from the sizes expected of the chances (a score test)."""
    if trial.chance is None:
        return np.nan
    surprise = (trial.counts() - trial.chance.sum(axis=0))[1:]
    spread = np.diag(trial.chance.sum(axis=0)) - trial.chance.T @ trial.chance
    statistic = surprise @ np.linalg.pinv(spread[1:, 1:]) @ surprise
    return float(chi2.sf(statistic, surprise.size))


def _balance(trial: Trial) -> float:
    """How likely all covariates together differ at least so much by lot (after Hansen & Bowers 2008).

    The sum over rows of covariates times (got the arm less its chance) is zero on average under a draw by lot, for
    every arm; its length is measured in its own covariance.
    """
    if trial.chance is None or not trial.covariates.shape[1]:
        return np.nan
    centred = trial.covariates - trial.covariates.mean(axis=0)
    surprise = (np.eye(len(trial.arms))[trial.arm] - trial.chance)[:, 1:]
    total = (centred.T @ surprise).ravel(order="F")
    blocks = [
        [(centred * _covariance(trial.chance, a, b)[:, None]).T @ centred for b in range(1, len(trial.arms))]
        for a in range(1, len(trial.arms))
    ]
    covariance = np.block(blocks)
    statistic = total @ np.linalg.pinv(covariance, hermitian=True) @ total
    rank = int(np.linalg.matrix_rank(covariance, hermitian=True))
    return float(chi2.sf(statistic, rank))


def _covariance(chance: Floats, a: int, b: int) -> Floats:
    """The covariance of having got arm a and arm b, for each row [n]."""
    found: Floats = chance[:, a] * ((a == b) - chance[:, b])
    return found


def _missing(trial: Trial) -> float:
    lost = trial.set_apart.get("no outcome", {})
    if not lost:
        return np.nan
    missing = np.array([lost.get(name, 0) for name in trial.arms])
    return float(chi2_contingency(np.stack([missing, trial.counts()])).pvalue)
