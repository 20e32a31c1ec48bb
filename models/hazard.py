"""Several horizons by one discrete-time hazard: what is added from each horizon to the next.

The chance to buy by a later horizon is that of buying by the first, plus, for those who have not, the chance of buying
between one horizon and the next. The probabilities rise with the horizon by construction, and the first is the
judged one, bit by bit. In the words of survival analysis each step is a hazard, and its complements multiply to the
survival curve (Singer and Willett 1993).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from patron.features.catalogue import FeatureField

from .boosters import read_booster
from .calibrators import Calibrator
from .encoding import encode

if TYPE_CHECKING:
    import lightgbm

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class HazardStep:
    """The chance to buy by `horizon_days` of those who have not bought by the horizon before it.

    `booster` is LightGBM text that reads `features` in their order.
    """

    horizon_days: int
    booster: str
    calibrator: Calibrator
    features: tuple[FeatureField, ...]

    def make_ready(self) -> None:
        """Read the booster, which else waits for the first prediction."""
        _ = self._booster

    def hazard(self, table: pa.Table) -> Floats:
        """Snapshots with the features [n] to calibrated chances [n]."""
        if table.num_rows == 0:  # LightGBM refuses a matrix without rows
            return np.empty(0)
        raw = self._booster.predict(encode(table, self.features))
        return self.calibrator.apply(np.asarray(raw, np.float64))

    @cached_property
    def _booster(self) -> "lightgbm.Booster":
        return read_booster(self.booster, f"step_{self.horizon_days}d.txt")


def probabilities_by_horizon(first: Floats, hazards: Sequence[Floats]) -> Floats:
    """The first horizon's probabilities [n] and each further step's hazards [n] to probabilities [n, horizons].

    They never fall along the horizons; the first column is `first` as it is.

    >>> probabilities_by_horizon(np.array([0.5]), [np.array([0.2])]).tolist()
    [[0.5, 0.6]]
    """
    columns = [np.asarray(first, np.float64)]
    for hazard in hazards:
        before = columns[-1]
        columns.append(before + (1 - before) * hazard)
    return np.column_stack(columns)
