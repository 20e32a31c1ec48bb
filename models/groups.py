"""Groups of customers by which a model is judged apart: how long ago they bought, what, and how much they spend."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

STAGES = ("new", "repeat", "lapsed", "prospect", "unknown")

RECENCY_DAYS = (7, 14, 30, 60, 90, 180)
"""Days since the last order, or since a prospect became known, at which a band ends."""

RECENCY_BANDS = (
    "under 7 days",
    *(f"{low} to {high - 1} days" for low, high in pairwise(RECENCY_DAYS)),
    "180 days or more",
    "never",
)

SPEND_TIERS = ("low", "middle", "high", "not known")

GROUP_NAMES: dict[str, Sequence[str]] = {
    "stage": STAGES,
    "recency": RECENCY_BANDS,
    "known": RECENCY_BANDS,
    "category": (),
    "spend": SPEND_TIERS,
}
"""The ways of grouping, and the names of each in order; others come after them by their size."""

MOST_GROUPS = 8
"""Of groups without an order so many are shown, the largest; the others are taken together."""

OTHERS = "all others"


def recency_bands(days_since: NDArray[np.float64]) -> NDArray[np.str_]:
    """Days since the last order [n] (NaN: never) to the names of their bands [n].

    >>> recency_bands(np.array([6.9, 7.0, np.nan])).tolist()
    ['under 7 days', '7 to 13 days', 'never']
    """
    place = np.searchsorted(RECENCY_DAYS, days_since, side="right")
    return np.array(RECENCY_BANDS)[np.where(np.isnan(days_since), len(RECENCY_BANDS) - 1, place)]


def spend_edges(spend: NDArray[np.float64]) -> tuple[float, float]:
    """What customers of a training end had spent [n] to the ends of the lower two thirds; NaN where nobody's is known.

    >>> spend_edges(np.array([10.0, 20.0, 30.0, np.nan]))
    (16.666666666666668, 23.333333333333336)
    """
    known = spend[np.isfinite(spend)]
    if not known.size:
        return np.nan, np.nan
    low, high = np.quantile(known, [1 / 3, 2 / 3])
    return float(low), float(high)


def spend_tiers(spend: NDArray[np.float64], edges: tuple[float, float]) -> NDArray[np.str_]:
    """What customers have spent [n] and the ends of the lower two tiers to the names of the tiers [n].

    >>> spend_tiers(np.array([5.0, 20.0, 21.0, np.nan]), (10.0, 20.0)).tolist()
    ['low', 'middle', 'high', 'not known']
    """
    place = np.searchsorted(edges, spend, side="left")
    known = np.isfinite(spend) & np.isfinite(edges).all()
    return np.array(SPEND_TIERS)[np.where(known, place, len(SPEND_TIERS) - 1)]


def ordered_groups(grouping: str, groups: NDArray[np.str_]) -> tuple[tuple[str, ...], NDArray[np.str_]]:
    """The names of the rows' groups in the order in which to show them, and the groups [n], small ones together."""
    known = GROUP_NAMES.get(grouping, ())
    names, sizes = np.unique(groups, return_counts=True)
    present = dict(zip(names.tolist(), sizes.tolist(), strict=True))
    others = sorted((name for name in present if name not in known), key=lambda name: (-present[name], name))
    shown = [name for name in known if name in present] + others[:MOST_GROUPS]
    if len(others) > MOST_GROUPS + 1:
        return (*shown, OTHERS), np.where(np.isin(groups, shown), groups, OTHERS)
    return (*shown, *others[MOST_GROUPS:]), groups
