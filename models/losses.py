"""Losses by which models are set beside each other, row by row: for what happens or not, and for amounts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .metrics import SMALLEST

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Loss:
    """`of` takes predictions [fits, rows] and outcomes [rows] to the loss of each; less is better, a constant is free.

    `objective` is what LightGBM minimises for it; `ranks` says whether outcomes are 0 or 1, so that there is an AUC.
    """

    name: str
    objective: Mapping[str, Any]
    of: Callable[[Floats, Floats], Floats]
    ranks: bool


def _log_losses(prediction: Floats, outcome: Floats) -> Floats:
    likelihood = np.where(outcome == 1, prediction, 1 - prediction)
    return np.asarray(-np.log(np.clip(likelihood, SMALLEST, None)))


def _deviances(prediction: Floats, outcome: Floats) -> Floats:
    expected = np.sqrt(np.clip(prediction, SMALLEST, None))
    return np.asarray(4 * (outcome / expected + expected) - 8 * np.sqrt(outcome))


LOG_LOSS = Loss("log loss", {"objective": "binary"}, _log_losses, ranks=True)
"""Negative log likelihood in nats, of probabilities."""

DEVIANCE = Loss("deviance", {"objective": "tweedie", "tweedie_variance_power": 1.5}, _deviances, ranks=False)
"""Tweedie's deviance with power 1.5, of amounts that are zero or more (Jørgensen 1987): 4 (y/√m + √m) − 8 √y.

The variance grows with the mean, as spend's does: a big spender counts, and does not decide alone as with squares.
"""
