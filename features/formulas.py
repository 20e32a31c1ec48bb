"""Named functions of numbers, for expressions: float64[s] in, float64[s] out."""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def log(values: Floats) -> Floats:
    """Natural logarithm; NaN where the value is not above zero."""
    found = np.full(values.size, np.nan)
    np.log(values, out=found, where=values > 0)
    return found


FORMULAS: Mapping[str, Callable[..., Floats]] = {"log": log}
"""The functions by the name that expressions call them."""
