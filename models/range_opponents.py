"""Simpler rules for when the next purchase comes, beside which the model's ranges are judged."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from patron.features.bgnbd import BgNbd, purchase_probability

from .next_purchase import HIGH, LOW, MIDDLE, whole_days
from .range_evaluation import Days, Floats

LONGEST = 3650.0
"""Days beyond which BG/NBD is not asked: who is not so likely to buy by then has no range."""

_HALVINGS = 40


def own_gap_ranges(since: Floats, gap: Floats, variation: Floats) -> Days:
    """Days since the last purchase, own mean gap and its variation [n] to ranges: mean gap ± 1.28 own deviations.

    What is over already is due today. NaN for who has no gap.
    """
    reach = float(ndtri(HIGH)) * variation * gap
    due = gap - since
    low, middle, high = whole_days(*np.maximum([due - reach, due, due + reach], 0.0))
    return low, middle, high


@dataclass(frozen=True)
class BuyingHistory:
    """Orders after the first, days from the first to the last, and days since the first; float64[n] each."""

    frequency: Floats
    recency: Floats
    age: Floats


def bgnbd_ranges(model: BgNbd, history: BuyingHistory) -> Days:
    """When BG/NBD's probability of a purchase reaches the three levels; NaN for who may have left for good."""
    found = np.array([_reached(model, history, level) for level in (LOW, MIDDLE, HIGH)])
    found[:, np.isnan(found[2])] = np.nan
    low, middle, high = whole_days(*found)
    return low, middle, high


def _reached(model: BgNbd, history: BuyingHistory, level: float) -> Floats:
    """Days by which the probability is at the level, by bisection; float64[n]."""

    def below(days: Floats) -> npt.NDArray[np.bool_]:
        said = purchase_probability(days, model, history.frequency, history.recency, history.age)
        return np.asarray(~(said >= level))

    low, high = np.zeros(history.age.size), np.full(history.age.size, LONGEST)
    never = below(high)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        early = below(middle)
        low, high = np.where(early, middle, low), np.where(early, high, middle)
    return np.where(never, np.nan, high)
