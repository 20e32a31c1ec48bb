"""Rows: one evidence table of a range of customers as arrays in a total order, however its rows came."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from .order_codes import with_order_codes
from .row_order import group_by_customer, sort_grouped, sort_rows
from .timeline import UNKNOWN, Array, Integers, Timeline
from .word_order import in_word_order


class Dictionaries(Mapping[str, tuple[str, ...]]):
    """The sorted words of text columns, made into Python's only where they are asked for."""

    def __init__(self, words: Mapping[str, pa.Array]) -> None:
        self._words = words
        self._made: dict[str, tuple[str, ...]] = {}

    def __getitem__(self, name: str) -> tuple[str, ...]:
        if name not in self._made:
            self._made[name] = tuple(self._words[name].to_pylist())
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)


@dataclass(frozen=True)
class Rows:
    """The columns of one table as arrays, sorted by customer, happened, recorded, each column in turn, and until.

    `starts` int64[customers + 1] is where the rows of each customer begin and end, customers counted from the first of
    the range. Values that are not known come first, but NaN last.
    """

    starts: Integers
    happened: Integers
    recorded: Integers
    until: Integers
    columns: Mapping[str, Array]
    dictionaries: Mapping[str, tuple[str, ...]]
    scales: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Lowest and highest score of the business's own instruments, by `name_part`."""

    @classmethod
    def of(cls, table: pa.Table, first: int, customers: int) -> "Rows":
        """Arrays of a table such as `EvidenceStore.tables` hands out, its rows in any order."""
        starts, places = group_by_customer(_integers(table["customer"]) - first, customers)
        table = with_order_codes(table, starts, places)
        happened, until = _integers(table["happened"]), _integers(table["until"])
        is_once = table["recorded"].equals(table["happened"])
        recorded = happened if is_once else _integers(table["recorded"])  # what is the same is sorted once
        names = table.column_names[4:]
        arrays, words = [], {}
        for name in names:
            values, found = _array(table[name])
            arrays.append(values)
            if found is not None:
                words[name] = found
        columns = [happened, recorded, *arrays, until]
        happened, recorded, *arrays, until = sort_grouped(starts, places, columns)
        return cls(
            starts, happened, recorded, until, dict(zip(names, arrays, strict=True)), Dictionaries(words)
        )

    @property
    def customers(self) -> int:
        """How many customers the range has."""
        return self.starts.size - 1

    @cached_property
    def customer(self) -> Integers:
        """Whose each row is; int64[n]."""
        return np.repeat(np.arange(self.customers), np.diff(self.starts))

    def timeline(self, keep: npt.NDArray[np.bool_], happened: Integers, names: Sequence[str]) -> Timeline:
        """The kept rows as events that happened at `happened`, sorted by all that they know."""
        places = np.flatnonzero(keep)
        moment, until = happened[places], self.until[places]
        known = np.maximum(moment, self.recorded[places])
        columns = {name: self.columns[name][places] for name in names if name in self.columns}
        starts, (moment, known, *arrays, until) = sort_rows(
            self.customer[places], self.customers, [moment, known, *columns.values(), until]
        )
        sorted_columns = dict(zip(columns, arrays, strict=True))
        return Timeline(starts, moment, known, until, sorted_columns, self._words(columns))

    def part(self, low: int, high: int) -> "Rows":
        """The rows of the customers from `low` until `high`, who are counted from zero again."""
        inside = slice(int(self.starts[low]), int(self.starts[high]))
        return Rows(
            self.starts[low : high + 1] - self.starts[low],
            self.happened[inside],
            self.recorded[inside],
            self.until[inside],
            {name: values[inside] for name, values in self.columns.items()},
            self.dictionaries,
        )

    def only(self, keep: npt.NDArray[np.bool_], columns: Mapping[str, Array]) -> "Rows":
        """The kept rows with other columns."""
        if keep.all():
            return replace(self, columns=columns)
        before = np.concatenate([[0], np.cumsum(keep)])
        return Rows(
            before[self.starts],
            self.happened[keep],
            self.recorded[keep],
            self.until[keep],
            columns,
            self.dictionaries,
        )

    def as_sorted(self, names: Sequence[str]) -> Timeline:
        """All rows in the order in which they are."""
        columns = {name: self.columns[name] for name in names if name in self.columns}
        return Timeline(self.starts, self.happened, self.recorded, self.until, columns, self._words(columns))

    def _words(self, names: Mapping[str, Array]) -> dict[str, tuple[str, ...]]:
        return {name: self.dictionaries[name] for name in names if name in self.dictionaries}


def _array(column: pa.ChunkedArray) -> tuple[Array, pa.Array | None]:
    """An arrow column as an array, and its words in sorted order where it holds text."""
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
        return _codes(column)
    if pa.types.is_integer(kind):
        return _integers(column), None
    # Zero is added because -0.0 and 0.0 are equal, and their order would be that of the source.
    return _in_one(column, np.float64, np.nan) + 0.0, None


def _integers(column: pa.ChunkedArray) -> Integers:
    return _in_one(column, np.int64, UNKNOWN)


def _in_one(column: pa.ChunkedArray, kind: type[np.generic], unknown: float) -> Array:
    """The values of all chunks in one array, which numpy asks for in large pages, as Arrow does not."""
    if column.num_chunks == 1:
        return np.asarray(_values(column.chunk(0), unknown), kind)
    found, at = np.empty(len(column), kind), 0
    for chunk in column.chunks:
        found[at : at + len(chunk)] = _values(chunk, unknown)
        at += len(chunk)
    return found


def _values(chunk: pa.Array, unknown: float) -> Array:
    if chunk.null_count:
        chunk = (chunk.cast(pa.float64()) if pa.types.is_boolean(chunk.type) else chunk).fill_null(unknown)
    return np.asarray(chunk.to_numpy(zero_copy_only=False))


def _codes(column: pa.ChunkedArray) -> tuple[Integers, pa.Array]:
    """Text as the places of its words in sorted order, -1 where there is none."""
    encoded = in_word_order(column.combine_chunks())
    return np.asarray(pc.fill_null(encoded.indices, -1), np.int64), encoded.dictionary
