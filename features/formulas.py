"""Named functions of numbers, for expressions: float64[s] in, float64[s] out."""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from .bgnbd import BgNbd, expected_purchases, probability_alive, purchase_probability

Floats = npt.NDArray[np.float64]


def log(values: Floats) -> Floats:
    """Natural logarithm; NaN where the value is not above zero."""
    found = np.full(values.size, np.nan)
    np.log(values, out=found, where=values > 0)
    return found


def _alive(*inputs: Floats) -> Floats:
    frequency, recency, age, _, r, alpha, a, b = inputs
    return probability_alive(BgNbd(r, alpha, a, b), frequency, recency, age)


def _buys(*inputs: Floats) -> Floats:
    frequency, recency, age, horizon, r, alpha, a, b = inputs
    return purchase_probability(horizon, BgNbd(r, alpha, a, b), frequency, recency, age)


def _purchases(*inputs: Floats) -> Floats:
    frequency, recency, age, horizon, r, alpha, a, b = inputs
    return expected_purchases(horizon, BgNbd(r, alpha, a, b), frequency, recency, age)


FORMULAS: Mapping[str, Callable[..., Floats]] = {
    "log": log,
    "alive": _alive,
    "buys": _buys,
    "purchases": _purchases,
}
"""The functions by the name that expressions call them.

alive, buys and purchases take a purchase history, a horizon (days), and the parameters r, alpha, a and b of `bgnbd`.
"""
