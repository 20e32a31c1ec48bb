"""Where nobody drew lots: whether those who got something can be compared with those who did not.

The chance to get each arm is estimated from what was so before. Rows whose chance of some arm is close to nothing have
nobody to be compared with and are left out; what can be said is said of the others. Where too few are left, or their
covariates still differ after weighting, there is no comparison, and no number.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from patron.models.metrics import auc

from .outcome_models import expected_arm
from .randomisation import standardised_differences
from .trial import Trial

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

LEAST_CHANCE = 0.05
"""Below this chance of any arm a row has nobody to be compared with (after Crump et al. 2009, who take 0.1)."""

LEAST_SHARE = 0.5
"""At least this share of those who got an arm must be comparable, or what is said is of too few of them."""

LEAST_EFFECTIVE = 100.0
"""Rows that the weighted rows of an arm are worth, at the least (Kish's effective sample size)."""

MOST_APART = 0.1
"""Covariates of comparable arms lie no further apart after weighting, in standard deviations (Austin 2009)."""


@dataclass(frozen=True, eq=False)
class Comparability:
    """How an arm and the control differ, and who of them can be compared.

    `chance` [n, arms] is the estimated chance of each arm, `comparable` bool[n]. `separability` is the AUC with which
    the arm can be told from the control before; `effective` what the weighted rows of arm and control are worth.
    `before` and `after` are the largest differences between their covariates, in standard deviations, without and with
    weights; `apart` names the covariate that still differs most.
    """

    chance: Floats
    comparable: Flags
    share: float
    separability: float
    effective: tuple[float, float]
    before: float
    after: float
    apart: str
    differ: tuple[tuple[str, float], ...]

    @property
    def why_not(self) -> str | None:
        """Why the arm cannot be compared with the control; None where it can."""
        if self.share < LEAST_SHARE:
            return (
                f"only {self.share:.0%} of those who got it have anybody alike who did not"
                f" (a chance between {LEAST_CHANCE:.0%} and {1 - LEAST_CHANCE:.0%})"
            )
        if min(self.effective) < LEAST_EFFECTIVE:
            return f"those who can be compared are worth {min(self.effective):.0f} customers, too few"
        if self.after > MOST_APART:
            return f"even when weighted alike, they differ in {self.apart} by {self.after:.2f} standard deviations"
        return None

    def to_dict(self) -> dict[str, Any]:
        """Plain data, without the rows."""
        return {
            "comparable_share": self.share,
            "separability": self.separability,
            "effective_rows": list(self.effective),
            "largest_difference_before": self.before,
            "largest_difference_after": self.after,
            "apart": self.apart,
            "differ_most_before": [list(each) for each in self.differ],
            "why_not": self.why_not,
        }


def compare_arms(trial: Trial, seed: int) -> Comparability:
    """A trial of two arms whose chances nobody knows to how they compare."""
    chance = expected_arm(trial, seed)
    comparable = np.min(chance, axis=1) > LEAST_CHANCE
    got = trial.arm == 1
    own = chance[np.arange(trial.rows), trial.arm]
    weight = np.where(comparable, 1 / np.maximum(own, LEAST_CHANCE), 0.0)
    before = np.abs(standardised_differences(trial, 1, None))
    after = _after(trial, comparable, weight)
    worst = int(np.argmax(after)) if after.size else -1
    order = np.argsort(-before, kind="stable")[:3]
    return Comparability(
        chance=chance,
        comparable=comparable,
        share=float(comparable[got].mean()),
        separability=auc(got.astype(np.int8), chance[:, 1]),
        effective=(_effective(weight[got]), _effective(weight[~got])),
        before=float(before.max(initial=0.0)),
        after=float(after.max(initial=0.0)),
        apart=trial.covariate_names[worst] if after.size else "",
        differ=tuple((trial.covariate_names[each], float(before[each])) for each in order),
    )


def _after(trial: Trial, comparable: Flags, weight: Floats) -> Floats:
    """How far covariates lie apart when weighted; infinitely where an arm has nobody left."""
    if not all((comparable & (trial.arm == place)).any() for place in (0, 1)):
        return np.full(trial.covariates.shape[1], np.inf)
    return np.abs(standardised_differences(trial, 1, weight))


def _effective(weight: Floats) -> float:
    total = float(np.sum(weight**2))
    return float(np.sum(weight)) ** 2 / total if total else 0.0
