"""In which categories, stages and tiers of spend the satisfied buy again more often than the dissatisfied."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from .intervals import Estimate, is_apart
from .moments import FEWEST_CUSTOMERS, Floats, Moments, standardise, with_alike
from .pooling import pooled

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
    """A segment: by how much the share who buy again differs between satisfied and dissatisfied, and whether surely.

    `gap` is a difference of shares of 1, each less that of customers alike; `pooled` is drawn
    towards what the segments have in common: the better guess of its size. `is_measurable` needs both the false
    discovery rate, after looking at all of its kind, and a pooled interval that leaves out zero.
    """

    category: str
    customers: int
    gap: Estimate
    is_measurable: bool
    pooled: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {**vars(self), "gap": self.gap.to_dict(), "pooled": self.pooled.to_dict()}


def gaps_by_segment(
    asked: Moments, score: Floats, segment: npt.NDArray[np.str_], alike: Moments
) -> tuple[CategoryGap, ...]:
    """Answers, scores and segments [n] ("": none) to the gaps of those with enough answers, widest first."""
    if not score.size:
        return ()
    satisfied = score >= score.min() + SATISFIED * (score.max() - score.min())
    matched = with_alike(asked, alike)
    found = []
    for name in np.unique(segment[segment != ""]).tolist():
        chosen = matched & (segment == name)
        if _is_enough(asked.chosen(chosen), satisfied[chosen]):
            group = satisfied[chosen].astype(np.int64)
            split = standardise(asked.chosen(chosen), group, ("dissatisfied", "satisfied"), alike)
            gap = split.contrast(np.array([-1.0, 1.0]))
            found.append((name, int(np.unique(asked.customer[chosen]).size), gap))
    if not found:
        return ()
    chances = [2 * float(stats.norm.sf(abs(gap.value) / max(gap.error, 1e-12))) for *_, gap in found]
    surely = stats.false_discovery_control(chances) <= FALSE_SHARE
    drawn = pooled([gap for *_, gap in found]).groups
    gaps = [
        CategoryGap(*each, bool(sure) and is_apart(own), own)
        for each, sure, own in zip(found, surely, drawn, strict=True)
    ]
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
