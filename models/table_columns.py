"""Columns of snapshots as arrays."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def numbers(table: pa.Table, name: str) -> npt.NDArray[np.float64]:
    """A column of features or outcomes, NaN where it is not known; float64[n]."""
    return np.asarray(table[name].cast(pa.float64()).combine_chunks().to_numpy(zero_copy_only=False))
