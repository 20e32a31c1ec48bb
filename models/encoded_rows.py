"""Rows of a table as the booster reads them, encoded block by block: their matrix is never whole in memory."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import lightgbm
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.features.catalogue import FeatureField

from .encoding import encode


class EncodedRows(lightgbm.Sequence):
    """Some rows of a table as float32[rows, features], in the order of the table and of the features.

    LightGBM takes blocks of it to the very bins and trees that it makes of the whole matrix. Without it, folds whose
    matrices hold gigabytes would need the table twice. Only one thread at a time may have LightGBM make a dataset of
    such rows: two at once crash LightGBM 4.7.
    """

    batch_size = 16_384
    """Rows encoded at a time: at 300 features 20 MB."""

    def __init__(self, table: pa.Table, rows: NDArray[np.bool_], features: Sequence[FeatureField]) -> None:
        self._table = table.select([field.name for field in features])
        self._places = np.flatnonzero(rows)
        self._features = tuple(features)
        self._held: tuple[int, NDArray[np.float32]] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and features."""
        return self._places.size, len(self._features)

    def __len__(self) -> int:
        return int(self._places.size)

    def __getitem__(self, asked: int | slice | list[int]) -> NDArray[Any]:
        """A block for a slice of rows, or one row, which LightGBM wants as float64 when it looks for bins."""
        if isinstance(asked, slice):
            start, stop, _ = asked.indices(len(self))
            return self._block(start, stop)
        if isinstance(asked, list):
            return np.stack([self[place] for place in asked])
        start = int(asked) // self.batch_size * self.batch_size
        if self._held is None or self._held[0] != start:  # rows are asked for in their order
            self._held = (start, self._block(start, start + self.batch_size))
        row: NDArray[np.float64] = self._held[1][int(asked) - start].astype(np.float64)
        return row

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """All rows, one block after another."""
        for start, stop in pairwise([*range(0, len(self), self.batch_size), len(self)]):
            yield self._block(start, stop)

    def _block(self, start: int, stop: int) -> NDArray[np.float32]:
        places = self._places[start:stop]
        if places.size == 0:
            return np.empty((0, len(self._features)), np.float32)
        low, high = int(places[0]), int(places[-1]) + 1
        part = self._table.slice(low, high - low)
        if places.size < high - low:
            chosen = np.zeros(high - low, np.bool_)
            chosen[places - low] = True
            part = part.filter(pa.array(chosen))
        return encode(part, self._features)
