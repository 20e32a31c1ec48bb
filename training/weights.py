"""How much each snapshot counts in training: older ones less, and a customer's overlapping ones together as one."""

import numpy as np
import numpy.typing as npt

from patron.features.localtime import DAY

from .recipe import Recipe

Instants = npt.NDArray[np.int64]


def snapshot_weights(
    customer: npt.NDArray[np.int64], cutoff: Instants, horizon: int, recipe: Recipe
) -> npt.NDArray[np.float64] | None:
    """Customers and cutoffs (instants) [n], sorted by both, to weights [n] with a mean of 1; None for equal ones.

    `horizon` is how long a target looks ahead, in microseconds.
    """
    weight = np.ones(cutoff.size)
    if recipe.half_life_days is not None:
        weight *= 0.5 ** ((cutoff.max() - cutoff) / (recipe.half_life_days * DAY))
    if recipe.share_overlap:
        weight /= overlapping(customer, cutoff, horizon)
    return None if np.ptp(weight) == 0 else weight / weight.mean()


def overlapping(customer: npt.NDArray[np.int64], cutoff: Instants, horizon: int) -> npt.NDArray[np.int64]:
    """How many snapshots of the same customer look at some of the same days, itself among them; int64[n].

    Customers and cutoffs [n] are sorted by both; two cutoffs overlap when they lie less than the horizon apart.
    """
    moments, place = np.unique(cutoff, return_inverse=True)
    first = np.searchsorted(moments, moments - horizon, side="right")
    last = np.searchsorted(moments, moments + horizon, side="left") - 1
    key = customer * moments.size + place
    low = np.searchsorted(key, customer * moments.size + first[place], side="left")
    high = np.searchsorted(key, customer * moments.size + last[place], side="right")
    return np.asarray(high - low, np.int64)
