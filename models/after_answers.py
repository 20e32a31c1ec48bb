"""How repurchase varies with the score that was given, beside customers alike who were not asked.

Each answer is a moment: the share who bought again within the horizon after it is set beside what the same mix of
exposure (stage, recency, frequency) leads to at moments without a question, by direct standardisation: the rates of the
comparison's cells, weighted by the answers in them. Customers are drawn with all of their moments, on both sides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from .groups import STAGES
from .intervals import Estimate, wilson
from .reliability import design_effect

if TYPE_CHECKING:
    from .answers_by_category import CategoryGap

Floats = npt.NDArray[np.float64]

RECENCY_DAYS = (3, 7, 14, 30, 60, 90, 180)
"""Days since the last order at which a band of exposure ends: finer at first, as questions follow orders."""

ORDERS = (1, 2, 3, 5, 8)
"""Orders in 90 days at which the next band of exposure begins."""

FEWEST_ALIKE = 20
"""Comparison moments that a cell needs for its rate to be used."""

FEWEST_CUSTOMERS = 50
"""Customers that a band of scores needs; smaller ones are joined to their neighbours."""

MOST_POINTS = 11
"""An instrument with more points than this (an NPS has 11) is shown in bands."""

BANDS = 5
"""Bands of a longer scale, of the same width."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Moments of customers [n]: who, in which cell of exposure, and whether the target was met then (0 or 1)."""

    customer: npt.NDArray[np.int64]
    cell: npt.NDArray[np.int64]
    outcome: npt.NDArray[np.int8]

    def chosen(self, rows: npt.NDArray[np.bool_]) -> "Moments":
        """Some of them."""
        return Moments(self.customer[rows], self.cell[rows], self.outcome[rows])


@dataclass(frozen=True)
class GroupRate:
    """A group of moments: its share who bought again, that expected of customers alike, and the difference.

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


@dataclass(frozen=True)
class Step:
    """The largest change between neighbouring bands of scores, its interval widened for having been looked for."""

    below: str
    above: str
    change: Estimate


@dataclass(frozen=True)
class AfterAnswers:
    """What followed the answers, by score, and what followed being asked, with and without an answer.

    `slope` is by how much the difference to customers alike changes from the lowest score given to the highest, if it
    changes evenly. `step` is None where no single step is measurable. `matched` is the share of answers for which there
    are customers alike. `response` holds the silent, those who answered, and `answered_less_silent`; empty and None
    where it is not known who was asked.
    """

    unit: str
    bands: tuple[GroupRate, ...]
    slope: Estimate
    step: Step | None
    matched: float
    response: tuple[GroupRate, ...] = ()
    answered_less_silent: Estimate | None = None
    categories: "tuple[CategoryGap, ...]" = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        step = self.step and {
            "below": self.step.below,
            "above": self.step.above,
            "change": self.step.change.to_dict(),
        }
        answered = self.answered_less_silent
        return {
            "unit": self.unit,
            "bands": [each.to_dict() for each in self.bands],
            "slope": self.slope.to_dict(),
            "step": step,
            "matched": self.matched,
            "response": [each.to_dict() for each in self.response],
            "answered_less_silent": answered and answered.to_dict(),
            "categories": [each.to_dict() for each in self.categories],
        }


def exposure_cells(stage: Sequence[str], days_since: Floats, orders: Floats) -> npt.NDArray[np.int64]:
    """Stages, days since the last order and orders in 90 days [n] (NaN: not known) to cells of exposure [n].

    >>> exposure_cells(["new", "new", "new"], np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 1.0])).tolist()
    [1, 1, 8]
    """
    places = {name: place for place, name in enumerate(STAGES)}
    first = np.array([places.get(each, len(STAGES)) for each in stage], np.int64)
    recency = _place(RECENCY_DAYS, days_since)
    frequency = _place(ORDERS, orders)
    return (first * (len(RECENCY_DAYS) + 2) + recency) * (len(ORDERS) + 2) + frequency


def _place(edges: Sequence[float], values: Floats) -> npt.NDArray[np.int64]:
    place = np.searchsorted(edges, values, side="right")
    return np.asarray(np.where(np.isnan(values), len(edges) + 1, place), np.int64)


@dataclass(frozen=True, eq=False)
class Standardised:
    """Groups of moments beside customers alike: differences [k], and each customer's influence on them [c, k]."""

    rates: tuple[GroupRate, ...]
    difference: Floats
    influence: Floats

    def contrast(self, weights: Floats) -> Estimate:
        """A weighted sum of the differences, with its interval."""
        value = float(self.difference @ weights)
        return Estimate.around(value, _error(self.influence @ weights))


def standardise(
    asked: Moments, group: npt.NDArray[np.int64], names: Sequence[str], alike: Moments
) -> Standardised:
    """Moments with their groups [n], each a place in `names`, beside comparison moments, which cover all cells."""
    who, code = np.unique(np.concatenate([asked.customer, alike.customer]), return_inverse=True)
    own, others = code[: asked.customer.size], code[asked.customer.size :]
    cells = int(max(asked.cell.max(initial=0), alike.cell.max(initial=0))) + 1
    of_cell = np.bincount(alike.cell, minlength=cells)
    rate = np.bincount(alike.cell, alike.outcome, minlength=cells) / np.maximum(of_cell, 1)
    surprise = (alike.outcome - rate[alike.cell]) / of_cell[alike.cell]
    rates, differences, influences = [], [], []
    for place, name in enumerate(names):
        chosen = group == place
        there, cell = asked.outcome[chosen].astype(np.float64), asked.cell[chosen]
        weight = np.bincount(cell, minlength=cells) / cell.size
        expected = float(weight @ rate)
        difference = float(there.mean()) - expected
        residual = there - rate[cell]
        of_alike: Floats = np.asarray(
            np.bincount(others, weight[alike.cell] * surprise, minlength=who.size), np.float64
        )
        of_asked = np.bincount(own[chosen], (residual - difference) / cell.size, minlength=who.size)
        influence: Floats = np.asarray(of_asked - of_alike, np.float64)
        effect = design_effect(there - there.mean(), asked.customer[chosen])
        rates.append(
            GroupRate(
                name,
                int(cell.size),
                int(np.unique(asked.customer[chosen]).size),
                wilson(float(there.sum()) / effect, cell.size / effect),
                Estimate.around(expected, _error(of_alike)),
                Estimate.around(difference, _error(influence)),
            )
        )
        differences.append(difference)
        influences.append(influence)
    return Standardised(tuple(rates), np.array(differences), np.array(influences).T)


def _error(influence: Floats) -> float:
    """The standard error of a sum of what each customer contributes to it [c]."""
    customers = np.count_nonzero(influence)
    return float(np.sqrt((influence**2).sum() * customers / max(customers - 1, 1)))


def with_alike(asked: Moments, alike: Moments) -> npt.NDArray[np.bool_]:
    """The moments whose cell has enough comparison moments; bool[n]."""
    cells = int(max(asked.cell.max(initial=0), alike.cell.max(initial=0))) + 1
    return np.asarray(np.bincount(alike.cell, minlength=cells)[asked.cell] >= FEWEST_ALIKE)


def after_answers(asked: Moments, score: Floats, alike: Moments, unit: str) -> AfterAnswers | None:
    """Answers with their scores [n] beside comparison moments; None where fewer than two bands can be shown."""
    matched = with_alike(asked, alike)
    if not matched.any():
        return None
    answers, score = asked.chosen(matched), score[matched]
    band, names, middle = score_bands(score, answers.customer)
    if len(names) < 2:
        return None
    found = standardise(answers, band, names, alike)
    return AfterAnswers(
        unit,
        found.rates,
        found.contrast(_slope_weights(middle, np.bincount(band))),
        _largest_step(found, names),
        float(matched.mean()),
    )


def response(
    asked: Moments, answered: npt.NDArray[np.bool_], alike: Moments
) -> tuple[tuple[GroupRate, ...], Estimate | None]:
    """Those asked, silent and answering, beside comparison moments, and the difference of the differences."""
    matched = with_alike(asked, alike)
    group = answered[matched].astype(np.int64)
    chosen = asked.chosen(matched)
    sizes = [np.unique(chosen.customer[group == place]).size for place in (0, 1)]
    if min(sizes) < FEWEST_CUSTOMERS:
        return (), None
    found = standardise(chosen, group, ("asked, no answer", "asked and answered"), alike)
    return found.rates, found.contrast(np.array([-1.0, 1.0]))


def score_bands(
    score: Floats, customer: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], tuple[str, ...], Floats]:
    """Scores and customers [n] to bands of scores [n], their names, and the mean score of each, ascending.

    The points of an instrument where there are few of them, else bands of the same width; neighbours are joined until
    each has enough customers.
    """
    points = np.unique(score)
    if points.size > MOST_POINTS:
        edges = np.linspace(points[0], points[-1], BANDS + 1)[1:-1]
        place = np.searchsorted(edges, score, side="right")
    else:
        place = np.searchsorted(points, score)
    joined = _joined(place, customer)
    middle = np.bincount(joined, score) / np.bincount(joined)
    names = [
        f"{low:g}" if low == high else f"{low:g} to {high:g}"
        for low, high in ((each.min(), each.max()) for each in _each_band(score.round(1), joined))
    ]
    return joined, tuple(names), np.asarray(middle)


def _each_band(score: Floats, band: npt.NDArray[np.int64]) -> list[Floats]:
    return [score[band == place] for place in range(int(band.max()) + 1)]


def _joined(place: npt.NDArray[Any], customer: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Places from the lowest on, joined until each has enough customers; what is left joins the last."""
    found: list[list[int]] = [[]]
    for each in np.unique(place).tolist():
        found[-1].append(each)
        if np.unique(customer[np.isin(place, found[-1])]).size >= FEWEST_CUSTOMERS:
            found.append([])
    last = found.pop()
    if found:
        found[-1] += last
    else:
        found = [last]
    new = {each: at for at, group in enumerate(found) for each in group}
    return np.array([new[each] for each in place.tolist()], np.int64)


def _slope_weights(middle: Floats, sizes: npt.NDArray[np.int64]) -> Floats:
    """Weights that make of the bands' differences the slope of least squares over the range of scores."""
    distance = middle - np.average(middle, weights=sizes)
    slope = sizes * distance / (sizes * distance**2).sum()
    return np.asarray(slope * (middle[-1] - middle[0]))


def _largest_step(found: Standardised, names: Sequence[str]) -> Step | None:
    """The largest of the measurable changes between neighbours; intervals by Bonferroni."""
    quantile = float(stats.norm.ppf(1 - 0.025 / (len(names) - 1)))
    steps = []
    for place in range(len(names) - 1):
        weights = np.zeros(len(names))
        weights[place], weights[place + 1] = -1.0, 1.0
        change = found.contrast(weights)
        half = quantile * change.error
        if abs(change.value) > half:
            wide = Estimate(change.value, change.value - half, change.value + half)
            steps.append(Step(names[place], names[place + 1], wide))
    return max(steps, key=lambda step: abs(step.change.value), default=None)
