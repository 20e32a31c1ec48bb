"""Moments of customers beside those of customers alike: shares or amounts, standardised to the same exposure.

What each moment is expected to lead to comes in two parts: a forecast from what was known of its exposure then, and by
how much moments of the same cell did better or worse than their own forecasts. The second is direct standardisation:
the comparison's cells, weighted by the moments in them. Customers are drawn with all of their moments, on both sides.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from .intervals import Estimate, wilson
from .reliability import design_effect

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

FEWEST_ALIKE = 20
"""Comparison moments that a cell needs for its rate to be used."""

FEWEST_CUSTOMERS = 50
"""Customers that a group of moments needs to get a number."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Moments of customers [n]: who, in which cell of exposure, and what came of it.

    `outcome` is 0 or 1 (int8) for a target that was met or not, and float64 for an amount. `forecast` is what the
    exposure leads one to expect; zero where only cells are compared.
    """

    customer: Integers
    cell: Integers
    outcome: npt.NDArray[np.int8] | Floats
    forecast: Floats = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        if self.forecast.size != self.outcome.size:
            object.__setattr__(self, "forecast", np.zeros(self.outcome.size))

    def chosen(self, rows: npt.NDArray[np.bool_]) -> "Moments":
        """Some of them."""
        return Moments(self.customer[rows], self.cell[rows], self.outcome[rows], self.forecast[rows])

    @property
    def surprise(self) -> Floats:
        """By how much the outcome is above its forecast [n]."""
        return np.asarray(self.outcome - self.forecast, np.float64)

    @property
    def customers(self) -> int:
        """Distinct customers."""
        return int(np.unique(self.customer).size)


@dataclass(frozen=True)
class GroupRate:
    """A group of moments: its share (or mean amount), that expected of customers alike, and the difference.

    Shares of 1 with 95 % intervals; `customers` are distinct.
    """

    name: str
    moments: int
    customers: int
    share: Estimate
    expected: Estimate
    difference: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        estimates = {name: getattr(self, name).to_dict() for name in ("share", "expected", "difference")}
        return {"name": self.name, "moments": self.moments, "customers": self.customers, **estimates}


@dataclass(frozen=True, eq=False)
class Standardised:
    """Groups of moments beside customers alike: differences [k], and each customer's influence on them [c, k]."""

    rates: tuple[GroupRate, ...]
    difference: Floats
    influence: Floats

    def contrast(self, weights: Floats) -> Estimate:
        """A weighted sum of the differences, with its interval."""
        return Estimate.around(float(self.difference @ weights), error_of(self.influence @ weights))


def standardise(moments: Moments, group: Integers, names: Sequence[str], alike: Moments) -> Standardised:
    """Moments with their groups [n], each a place in `names`, beside comparison moments, which cover all cells."""
    pairing = _Pairing.of(moments, alike)
    found = [_group(pairing, group == place, name) for place, name in enumerate(names)]
    rates, differences, influences = zip(*found, strict=True)
    return Standardised(rates, np.array(differences), np.array(influences).T)


@dataclass(frozen=True, eq=False)
class _Pairing:
    """Both sides with customers coded alike, and how the comparison's cells do beside their forecasts."""

    moments: Moments
    alike: Moments
    own: Integers
    others: Integers
    who: int
    rate: Floats
    surprise: Floats

    @classmethod
    def of(cls, moments: Moments, alike: Moments) -> "_Pairing":
        who, code = np.unique(np.concatenate([moments.customer, alike.customer]), return_inverse=True)
        own, others = code[: moments.customer.size], code[moments.customer.size :]
        cells = int(max(moments.cell.max(initial=0), alike.cell.max(initial=0))) + 1
        of_cell = np.bincount(alike.cell, minlength=cells)
        rate = np.bincount(alike.cell, alike.surprise, minlength=cells) / np.maximum(of_cell, 1)
        surprise = (alike.surprise - rate[alike.cell]) / of_cell[alike.cell]
        return cls(moments, alike, own, others, who.size, rate, surprise)

    def of_alike(self, weight: Floats) -> Floats:
        """Each customer's influence [c] on the comparison's cells, weighted [cells]."""
        spread = weight[self.alike.cell] * self.surprise
        return np.asarray(np.bincount(self.others, spread, minlength=self.who), np.float64)


def _group(pairing: _Pairing, chosen: npt.NDArray[np.bool_], name: str) -> tuple[GroupRate, float, Floats]:
    there = pairing.moments.chosen(chosen)
    size, outcome = there.cell.size, there.outcome.astype(np.float64)
    weight = np.bincount(there.cell, minlength=pairing.rate.size) / size
    expected = float(weight @ pairing.rate + there.forecast.mean())
    residual = there.surprise - pairing.rate[there.cell]
    difference = float(residual.mean())
    of_alike = pairing.of_alike(weight)
    of_own = np.bincount(pairing.own[chosen], (residual - difference) / size, minlength=pairing.who)
    influence = np.asarray(of_own - of_alike, np.float64)
    share = _share(there, outcome)
    expectation = Estimate.around(expected, error_of(of_alike))
    apart = Estimate.around(difference, error_of(influence))
    return GroupRate(name, size, there.customers, share, expectation, apart), difference, influence


def _share(there: Moments, outcome: Floats) -> Estimate:
    """The share, by Wilson on as many independent moments as they are worth, or the mean of amounts."""
    if np.issubdtype(there.outcome.dtype, np.integer):
        effect = design_effect(outcome - outcome.mean(), there.customer)
        return wilson(float(outcome.sum()) / effect, outcome.size / effect)
    code = np.unique(there.customer, return_inverse=True)[1]
    together = np.bincount(code, (outcome - outcome.mean()) / outcome.size)
    return Estimate.around(float(outcome.mean()), error_of(np.asarray(together, np.float64)))


def trends(moments: Moments, value: Floats, period: Integers, alike: Moments, reach: float) -> Standardised:
    """In each period [n: 0, 1, …] the straight line of what is unexpected on a value [n], times the value's reach."""
    pairing = _Pairing.of(moments, alike)
    residual = moments.surprise - pairing.rate[moments.cell]
    slopes, influences = [], []
    for each in range(int(period.max()) + 1):
        chosen = period == each
        apart, level = value[chosen] - value[chosen].mean(), residual[chosen].mean()
        weight = reach * apart / (apart @ apart)
        slope = float(weight @ residual[chosen])
        left = residual[chosen] - level - slope / reach * apart
        cells = np.bincount(moments.cell[chosen], weight, minlength=pairing.rate.size)
        of_own = np.bincount(pairing.own[chosen], weight * left, minlength=pairing.who)
        slopes.append(slope)
        influences.append(of_own - pairing.of_alike(np.asarray(cells, np.float64)))
    return Standardised((), np.array(slopes), np.array(influences).T)


def error_of(influence: Floats) -> float:
    """The standard error of a sum of what each customer contributes to it [c]."""
    customers = np.count_nonzero(influence)
    return float(np.sqrt((influence**2).sum() * customers / max(customers - 1, 1)))


def with_alike(moments: Moments, alike: Moments) -> npt.NDArray[np.bool_]:
    """The moments whose cell has enough comparison moments; bool[n]."""
    cells = int(max(moments.cell.max(initial=0), alike.cell.max(initial=0))) + 1
    return np.asarray(np.bincount(alike.cell, minlength=cells)[moments.cell] >= FEWEST_ALIKE)
