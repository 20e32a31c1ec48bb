"""How repurchase varies with the score that was given, beside customers alike who were not asked.

Each answer is a moment: the share who bought again within the horizon after it is set beside what the same mix of
exposure leads to at moments without a question (see `moments` and `exposure`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from .intervals import Estimate
from .moments import FEWEST_CUSTOMERS, Floats, GroupRate, Moments, Standardised, standardise, with_alike

if TYPE_CHECKING:
    from .answers_by_category import CategoryGap
    from .answers_over_time import OverTime

MOST_POINTS = 11
"""An instrument with more points than this (an NPS has 11) is shown in bands."""

BANDS = 5
"""Bands of a longer scale, of the same width."""


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
    where it is not known who was asked. `is_among_answers` says that hardly anybody alike was not asked, so that those
    who answered are compared with each other. `spend` and `spend_slope` are the same of net spend in the horizon, every
    customer's cut at `spend_cap`. `segments` are by category, stage and tier of spend.
    """

    unit: str
    bands: tuple[GroupRate, ...]
    slope: Estimate
    step: Step | None
    matched: float
    response: tuple[GroupRate, ...] = ()
    answered_less_silent: Estimate | None = None
    is_among_answers: bool = False
    segments: "Mapping[str, tuple[CategoryGap, ...]]" = field(default_factory=dict)
    over_time: "OverTime | None" = None
    spend: tuple[GroupRate, ...] = ()
    spend_slope: Estimate | None = None
    spend_cap: float | None = None

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
            "is_among_answers": self.is_among_answers,
            "segments": {name: [each.to_dict() for each in gaps] for name, gaps in self.segments.items()},
            "over_time": self.over_time and self.over_time.to_dict(),
            "spend": [each.to_dict() for each in self.spend],
            "spend_slope": self.spend_slope and self.spend_slope.to_dict(),
            "spend_cap": self.spend_cap,
        }


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


def spend_after(
    asked: Moments, score: Floats, alike: Moments
) -> tuple[tuple[GroupRate, ...], Estimate | None]:
    """Answers with net spend as outcome and scores [n]: the bands' mean spend beside that of customers alike."""
    matched = with_alike(asked, alike)
    if not matched.any():
        return (), None
    answers = asked.chosen(matched)
    band, names, middle = score_bands(score[matched], answers.customer)
    if len(names) < 2:
        return (), None
    found = standardise(answers, band, names, alike)
    return found.rates, found.contrast(_slope_weights(middle, np.bincount(band)))


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
