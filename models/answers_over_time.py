"""Whether satisfaction matters more or less than it did: customers change, and so may what brings them back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .after_answers import score_bands
from .answers_by_category import FEWEST_IN_CATEGORY, FEWEST_OF_EACH
from .intervals import Estimate
from .moments import Floats, Integers, Moments, trends, with_alike

PERIODS = (4, 2)
"""Parts of equal length that the time of the answers is cut into: as many as have enough answers each."""


@dataclass(frozen=True)
class Period:
    """A part of the time: its first and last answer (instants), who answered, and the slope from lowest to highest."""

    first: int
    last: int
    customers: int
    slope: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {**vars(self), "slope": self.slope.to_dict()}


@dataclass(frozen=True)
class OverTime:
    """The slopes by period, and by how much they change from the first to the last along a straight line.

    No periods where there are too few answers to tell two parts of the time apart.
    """

    periods: tuple[Period, ...] = ()
    change: Estimate | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        change = self.change and self.change.to_dict()
        return {"periods": [each.to_dict() for each in self.periods], "change": change}


def over_time(asked: Moments, score: Floats, moment: Integers, alike: Moments) -> OverTime:
    """Answers with scores and instants [n] beside comparison moments; the change is a single contrast, fixed before."""
    matched = with_alike(asked, alike)
    answers, score, moment = asked.chosen(matched), score[matched], moment[matched]
    if not score.size:
        return OverTime()
    band, names, middle = score_bands(score, answers.customer)
    if len(names) < 2:
        return OverTime()
    score = middle[band]
    for parts in PERIODS:
        edges = np.linspace(moment.min(), moment.max(), parts + 1)[1:-1]
        period = np.searchsorted(edges, moment, side="right").astype(np.int64)
        if all(_is_enough(answers.chosen(period == each), score[period == each]) for each in range(parts)):
            return _slopes(answers, score, moment, period, alike)
    return OverTime()


def _slopes(answers: Moments, score: Floats, moment: Integers, period: Integers, alike: Moments) -> OverTime:
    found = trends(answers, score, period, alike, float(score.max() - score.min()))
    place = np.arange(found.difference.size) - (found.difference.size - 1) / 2
    change = found.contrast(place / (place @ place) * (found.difference.size - 1))
    periods = [_period(each, found.contrast(unit), answers, moment, period)
               for each, unit in enumerate(np.eye(found.difference.size))]  # fmt: skip
    return OverTime(tuple(periods), change)


def _period(
    place: int, slope: Estimate, answers: Moments, moment: Integers, period: Sequence[int] | Integers
) -> Period:
    chosen = np.asarray(period) == place
    there = moment[chosen]
    return Period(int(there.min()), int(there.max()), answers.chosen(chosen).customers, slope)


def _is_enough(moments: Moments, score: Floats) -> bool:
    """The customers and outcomes that any part needs for a sentence, and more than one score."""
    met = int(moments.outcome.sum())
    enough = min(met, moments.outcome.size - met) >= FEWEST_OF_EACH
    return moments.customers >= FEWEST_IN_CATEGORY and enough and bool(np.unique(score).size > 1)
