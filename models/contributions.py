"""What each feature contributes to a score, in log-odds: parts that sum to it, for a customer or for many.

The parts are LightGBM's own exact Shapley values of trees (Lundberg et al. 2020): what a feature moves the score by, on
average over the orders in which features could be told. They say how this model came to its number, and nothing of
what would happen if the feature were changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from patron.features.catalogue import FeatureField

from .feature_groups import columns_by_group
from .logistic import log_odds

if TYPE_CHECKING:
    import lightgbm

Floats = npt.NDArray[np.float64]

_BLOCK_CELLS = 8_000_000
"""Contributions that are computed at a time: 64 MB, whatever the number of rows."""

CALENDAR = "calendar"
"""The name under which features that tell moments apart and not customers are taken together."""


@dataclass(frozen=True, eq=False)
class Contributions:
    """Parts of scores in log-odds: `base` + the sum of `features` [n, k] + `calibration` [n] is that of `probability`.

    `base` is what the model says of a customer of whom nothing is known; `calibration` is what the correction of the
    probability (its season among it) moves the score by.
    """

    base: float
    features: Floats
    calibration: Floats
    probability: Floats

    def by_group(self, fields: Sequence[FeatureField]) -> dict[str, Floats]:
        """The contribution of each group of features [n], in the order of `feature_groups.GROUPS`, calendar last."""
        places = columns_by_group(fields)
        found = {name: self.features[:, list(columns)].sum(axis=1) for name, columns in places.items()}
        named = {column for columns in places.values() for column in columns}
        rest = [place for place in range(len(fields)) if place not in named]
        if rest:
            found[CALENDAR] = self.features[:, rest].sum(axis=1)
        return found


def contributions_of(
    booster: "lightgbm.Booster",
    matrix: npt.NDArray[np.float32],
    probability: Floats,
    n_trees: int | None = None,
) -> Contributions:
    """A booster of a yes-or-no target, encoded features [n, k], and the probabilities [n] that were made of its scores.

    Of the booster the first `n_trees` trees count, all unless given. Rows are taken in blocks, so that memory does not
    grow beyond the result.
    """
    found = np.empty((len(matrix), booster.num_feature() + 1))
    step = max(1, _BLOCK_CELLS // found.shape[1])
    for start in range(0, len(matrix), step):
        rows = slice(start, start + step)
        found[rows] = booster.predict(matrix[rows], pred_contrib=True, num_iteration=n_trees)
    base = float(found[0, -1]) if len(found) else 0.0
    features = found[:, :-1]
    return Contributions(base, features, log_odds(probability) - base - features.sum(axis=1), probability)
