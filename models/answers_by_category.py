"""In which categories the satisfied buy again more often than the dissatisfied, and in which hardly."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from .after_answers import FEWEST_CUSTOMERS, Floats, Moments, standardise, with_alike
from .intervals import Estimate

FEWEST_IN_CATEGORY = 200
"""Customers who answered that a category needs."""

FEWEST_OF_EACH = 50
"""Moments of either outcome that a category needs."""

SATISFIED = 0.75
"""Where on the scale, from the lowest score given to the highest, the satisfied begin: 4 of five stars, 8 of an NPS."""

FALSE_SHARE = 0.10
"""Of the categories that are said to show a difference, this share may show none (Benjamini & Hochberg 1995)."""


@dataclass(frozen=True)
class CategoryGap:
    """A category: by how much the share who buy again differs between satisfied and dissatisfied, and whether surely.

    `gap` is a difference of shares of 1, each less that of customers alike; `is_measurable` after looking at all.
    """

    category: str
    customers: int
    gap: Estimate
    is_measurable: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {**vars(self), "gap": self.gap.to_dict()}


def gaps_by_category(
    asked: Moments, score: Floats, category: npt.NDArray[np.str_], alike: Moments
) -> tuple[CategoryGap, ...]:
    """Answers, scores and main categories [n] ("": none) to the gaps of those with enough answers, widest first."""
    if not score.size:
        return ()
    satisfied = score >= score.min() + SATISFIED * (score.max() - score.min())
    matched = with_alike(asked, alike)
    found = []
    for name in np.unique(category[category != ""]).tolist():
        chosen = matched & (category == name)
        if _is_enough(asked.chosen(chosen), satisfied[chosen]):
            group = satisfied[chosen].astype(np.int64)
            split = standardise(asked.chosen(chosen), group, ("dissatisfied", "satisfied"), alike)
            gap = split.contrast(np.array([-1.0, 1.0]))
            found.append((name, int(np.unique(asked.customer[chosen]).size), gap))
    if not found:
        return ()
    chances = [2 * float(stats.norm.sf(abs(gap.value) / max(gap.error, 1e-12))) for *_, gap in found]
    surely = stats.false_discovery_control(chances) <= FALSE_SHARE
    gaps = [CategoryGap(*each, bool(sure)) for each, sure in zip(found, surely, strict=True)]
    return tuple(sorted(gaps, key=lambda each: (-each.gap.value, each.category)))


def _is_enough(moments: Moments, satisfied: npt.NDArray[np.bool_]) -> bool:
    """Whether a category has the customers, the outcomes, and both the satisfied and the dissatisfied."""
    events = int(moments.outcome.sum())
    sides = [np.unique(moments.customer[side]).size for side in (satisfied, ~satisfied)]
    return (
        np.unique(moments.customer).size >= FEWEST_IN_CATEGORY
        and min(events, moments.outcome.size - events) >= FEWEST_OF_EACH
        and min(sides) >= FEWEST_CUSTOMERS
    )
