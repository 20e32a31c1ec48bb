"""Whether two sides gave the same values: counts and money exactly, the rest to a millionth."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from workload import EXACT, FEATURES


@dataclass(frozen=True)
class Result:
    """What one side gave: a Parquet file with customer_id, cutoff (naive is UTC) and features."""

    path: Path

    @property
    def features(self) -> list[str]:
        """Those of the benchmark's features that it has."""
        names = pq.read_schema(self.path).names
        return [name for name in FEATURES if name in names]

    def keys(self) -> npt.NDArray[np.int64]:
        """Customer and instant of every snapshot; int64[2, s]."""
        table = pq.read_table(self.path, columns=["customer_id", "cutoff"])
        moments = pc.cast(table["cutoff"], pa.timestamp("us", getattr(table["cutoff"].type, "tz", None)))
        return np.stack([np.asarray(table["customer_id"], np.int64), np.asarray(moments.cast(pa.int64()))])

    def values(self, feature: str) -> npt.NDArray[np.float32]:
        """A feature as the model would see it, null as NaN."""
        column = pq.read_table(self.path, columns=[feature])[feature]
        return np.asarray(pc.fill_null(column.cast(pa.float64()), np.nan), np.float32)


def differences(given: Result, expected: Result) -> list[str]:
    """One line for every feature of `given` whose values are not those expected; features it lacks are left out."""
    given_keys, expected_keys = given.keys(), expected.keys()
    given_order, expected_order = np.lexsort(given_keys[::-1]), np.lexsort(expected_keys[::-1])
    if not np.array_equal(given_keys[:, given_order], expected_keys[:, expected_order]):
        return [f"other snapshots: {given_keys.shape[1]:,}, expected {expected_keys.shape[1]:,}"]
    found = []
    for name in given.features:
        left, right = given.values(name)[given_order], expected.values(name)[expected_order]
        unequal = np.flatnonzero(~_same(name, left, right))
        if unequal.size:
            customer, moment = expected_keys[:, expected_order][:, unequal[0]]
            found.append(
                f"{name}: {unequal.size:,} values, first {left[unequal[0]]} where {right[unequal[0]]} is expected,"
                f" customer {customer} at {np.datetime64(int(moment), 'us')}"
            )
    return found


def _same(name: str, left: npt.NDArray[np.float32], right: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    if name in EXACT:
        return np.asarray((left == right) | (np.isnan(left) & np.isnan(right)))
    return np.isclose(left, right, rtol=1e-6, atol=1e-9, equal_nan=True)
