"""Views: what each snapshot may see of a timeline, as a stretch of rows in one array."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from . import kernels, number_kernels
from .localtime import DAY, FOREVER
from .timeline import UNKNOWN, Array, Timeline

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class _Taken(Mapping[str, Array]):
    """Some rows of columns, taken only of those columns that are asked for."""

    def __init__(self, columns: Mapping[str, Array], rows: npt.NDArray[Any]) -> None:
        """`rows` are places int64[k] or which rows to take bool[n]."""
        self._columns = columns
        self._rows = rows
        self._made: dict[str, Array] = {}

    def __getitem__(self, name: str) -> Array:
        if name not in self._made:
            self._made[name] = self._columns[name][self._rows]
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


@dataclass(frozen=True)
class View:
    """A timeline as seen from snapshots: snapshot i sees the rows [begin[i], end[i]), in the order they happened.

    Rows lie in segments bounded by `offsets`: one for each customer, and one of its own for a snapshot that must not
    see a row which happened before others that it does see (late, corrected or linked later). Sums and gaps start
    anew in every segment, so no value depends on another customer or on what became known later.
    """

    happened: Integers
    offsets: Integers
    begin: Integers
    end: Integers
    columns: Mapping[str, Array]
    dictionaries: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, timeline: Timeline, customer: Integers, as_of: Integers) -> "View":
        """What snapshots (customer int64[s] counted from zero, as_of int64[s]; sorted by both) see of a timeline."""
        rows = (timeline.starts, timeline.known, timeline.until, FOREVER, customer, as_of)
        ends, own, mains, is_plain = kernels.visible_prefix(*rows)
        if is_plain:
            begin = timeline.starts[customer]
            return cls(
                timeline.happened,
                timeline.starts,
                begin,
                begin + ends,
                timeline.columns,
                timeline.dictionaries,
            )
        main_at = np.concatenate([[0], np.cumsum(mains)])
        own_at = main_at[-1] + np.concatenate([[0], np.cumsum(own)])
        places = kernels.lay_out_segments(*rows, main_at[:-1], own, own_at[:-1], int(own_at[-1]))
        begin = np.where(own > 0, own_at[:-1], main_at[:-1][customer])
        return cls(
            timeline.happened[places],
            np.unique(np.concatenate([main_at, own_at])),
            begin,
            begin + np.where(own > 0, own, ends),
            _Taken(timeline.columns, places),
            timeline.dictionaries,
        )

    def chosen(self, keep: npt.NDArray[np.bool_]) -> "View":
        """What the kept snapshots see, bool[s]."""
        return self if keep.all() else replace(self, begin=self.begin[keep], end=self.end[keep])

    def only(self, keep: npt.NDArray[np.bool_]) -> "View":
        """The same with only the rows that are kept, bool[rows]."""
        before = np.concatenate([[0], np.cumsum(keep)])
        return View(
            self.happened[keep],
            before[self.offsets],
            before[self.begin],
            before[self.end],
            _Taken(self.columns, keep),
            self.dictionaries,
        )

    @cached_property
    def days(self) -> Floats:
        """When each row happened, in days since the first row of its segment (so that none depends on the rest)."""
        return number_kernels.elapsed(self.happened, self.offsets, DAY)

    @cached_property
    def gap(self) -> Floats:
        """Days since the row before in the same segment; NaN for the first."""
        return number_kernels.gaps(self.happened, self.offsets, DAY)

    def codes(self, column: str) -> Integers:
        """A text column's codes in its dictionary, -1 for unknown; int64[rows]."""
        return np.asarray(self.columns[column], np.int64)

    def numbers(self, column: str) -> Floats:
        """A column as float64[rows], in its own unit; NaN for unknown."""
        values = self.columns[column]
        if values.dtype == np.int64:
            return np.where(values == UNKNOWN, np.nan, values.astype(np.float64))
        return np.asarray(values, np.float64)
