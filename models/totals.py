"""Totals: how many were promised and how many came, with the interval that right probabilities allow."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from .groups import ordered_groups
from .intervals import Estimate
from .logistic import Floats, log_odds
from .predictions import Predictions
from .reliability import design_effect


@dataclass(frozen=True)
class Total:
    """Of `n` snapshots, how many cases were promised, within which interval their number should lie, and what came."""

    name: str
    n: int
    promised: Estimate
    came: int

    @property
    def is_kept(self) -> bool:
        """Whether as many came as the interval allows."""
        return self.promised.low <= self.came <= self.promised.high

    @property
    def miss(self) -> float:
        """By how much more was promised than came, as a share of the snapshots."""
        return (self.promised.value - self.came) / self.n

    def to_dict(self) -> dict[str, Any]:
        """The total as plain data."""
        return {"name": self.name, "n": self.n, "promised": self.promised.to_dict(), "came": self.came}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The total that `to_dict` described."""
        return cls(plain["name"], plain["n"], Estimate.from_dict(plain["promised"]), plain["came"])


@dataclass(frozen=True)
class Totals:
    """The totals of each test cutoff, named by its instant, and over all of them of each group of each grouping."""

    per_cutoff: tuple[Total, ...]
    groups: Mapping[str, tuple[Total, ...]]

    def to_dict(self) -> dict[str, Any]:
        """The totals as plain data."""
        groups = {name: [each.to_dict() for each in parts] for name, parts in self.groups.items()}
        return {"per_cutoff": [each.to_dict() for each in self.per_cutoff], "groups": groups}


def totals(predictions: Predictions, spread: Mapping[int, float]) -> Totals:
    """Predictions, and by cutoff the standard deviation of the level in log-odds, to what was promised and came."""

    def of(name: str, rows: NDArray[np.bool_]) -> Total:
        part = predictions.where(rows)
        return total(name, part.outcome, part.probability, part.cutoff, part.customer, spread)

    moments = np.unique(predictions.cutoff).tolist()
    names = {each: f"{np.datetime64(each, 'us').astype('datetime64[s]')}Z" for each in moments}
    groups = {}
    for grouping, labels in predictions.groups.items():
        ordered, shown = ordered_groups(grouping, np.asarray(labels).astype(str))
        groups[grouping] = tuple(of(name, shown == name) for name in ordered)
    return Totals(tuple(of(names[each], predictions.cutoff == each) for each in moments), groups)


def total(
    name: str,
    outcome: NDArray[Any],
    probability: Floats,
    cutoff: NDArray[np.int64],
    customers: NDArray[Any],
    spread: Mapping[int, float] | None = None,
) -> Total:
    """Outcomes, probabilities, cutoffs and customers [n] to what was promised and what came.

    With V = sum p (1 - p), the variance of a number of independent cases of right probability p, the variance of the
    promise is d V + (sum over cutoffs of s V)²: d is the design effect of customers with several snapshots, and s the
    standard deviation of a cutoff's level in log-odds (`spread`, by cutoff; 0 unless given), which V turns into cases.
    Levels of cutoffs are taken to move together, as their label windows may overlap.
    """
    chance = probability * (1 - probability)
    expected, alone = float(probability.sum()), float(chance.sum())
    moments, place = np.unique(cutoff, return_inverse=True)
    levels = np.array([(spread or {}).get(int(moment), 0.0) for moment in moments])
    by_level = float(np.bincount(place, chance, len(moments)) @ levels)
    error = np.sqrt(design_effect(outcome - probability, customers) * alone + by_level**2)
    promised = Estimate.around(expected, float(error))
    rows = len(outcome)
    within = Estimate(expected, max(promised.low, 0.0), min(promised.high, float(rows)))
    return Total(name, rows, within, int(np.sum(outcome)))


def level_miss(outcome: NDArray[Any], probability: Floats) -> Estimate:
    """Outcomes and probabilities [n] of different customers to the log-odds by which all promises were too low.

    Found by Newton's method; with a single outcome it is not defined: NaN.
    """
    came, odds, shift = float(np.sum(outcome)), log_odds(probability), 0.0
    if not 0 < came < len(outcome):
        return Estimate(np.nan, np.nan, np.nan)
    for _ in range(100):
        moved = expit(odds + shift)
        weight = float((moved * (1 - moved)).sum())
        step = (came - float(moved.sum())) / weight
        shift += float(np.clip(step, -1.0, 1.0))
        if abs(step) < 1e-10:
            break
    return Estimate.around(shift, weight**-0.5)


def miss_spread(outcome: NDArray[Any], probability: Floats, cutoff: NDArray[np.int64]) -> float:
    """Out-of-time outcomes, probabilities and cutoffs [n] to how far, in log-odds, a cutoff's level is missed.

    The root of the mean square of the cutoffs' misses beyond what sampling explains; a cutoff with a single outcome is
    left out, and without any other it is not defined: NaN.
    """
    misses = [level_miss(outcome[at], probability[at]) for at in (cutoff == m for m in np.unique(cutoff))]
    known = [(each.value, each.error) for each in misses if np.isfinite(each.value)]
    if not known:
        return np.nan
    value, error = np.array(known).T
    return float(np.sqrt(max(0.0, np.mean(value**2) - np.mean(error**2))))
