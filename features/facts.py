"""Facts: the tables of coded customers, handed out in ranges of customers that fit into memory."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from .order_codes import with_order_codes
from .row_order import group_by_customer
from .sql import first_row, literal, quoted
from .word_order import in_word_order

ALWAYS = ("customer", "happened", "recorded", "until")
"""The columns that every table of facts has."""

_FILE_ROWS = 1 << 20
"""How many rows a file has whose customers are read together."""

_GROUP_ROWS = 1 << 14
_WAITING_ROWS = 1 << 18
"""Rows of a file that are written together, and rows of a table that wait for that: memory that each file takes."""

_HELD_SHARE = 8
"""A row that is only held takes this part of what it takes while snapshots are built from it."""


@dataclass(frozen=True)
class Range:
    """Customers `low` to `high` (exclusive) by code, small enough to be held in memory at once."""

    low: int
    high: int


@dataclass(frozen=True)
class _Held:
    """All rows of a table in memory, those of each customer together."""

    starts: npt.NDArray[np.int64]
    table: pa.Table

    @classmethod
    def of(cls, table: pa.Table, customers: int) -> "_Held":
        starts, places = group_by_customer(np.asarray(table["customer"], np.int64), customers)
        table = with_order_codes(table, starts, places)
        if places is None:
            return cls(starts, table.combine_chunks())
        where = pa.array(places)
        happened = table["happened"].take(where)
        columns = [
            happened if column.equals(table["happened"]) else _taken(column, where)
            for column in table.columns
        ]
        return cls(starts, pa.table(columns, table.column_names).combine_chunks())

    def part(self, part: Range) -> pa.Table:
        low, high = int(self.starts[part.low]), int(self.starts[part.high])
        return self.table.slice(low, high - low)


def _taken(column: pa.ChunkedArray, places: pa.Array) -> pa.Array | pa.ChunkedArray:
    if pa.types.is_string(column.type):
        return in_word_order(column.combine_chunks()).take(places)
    if not pa.types.is_boolean(column.type) and column.null_count == 0:
        extremes = pc.min_max(column)
        if extremes["min"] == extremes["max"]:
            return column  # all the same, in whatever order
    return column.take(places)


def neighbours_together(
    connection: duckdb.DuckDBPyConnection, relation: str, rows: int, customers: int, folder: Path
) -> str:
    """A copy of facts with a file for every few neighbouring customers, as it stands after FROM.

    Parquet takes a tenth of the disk that DuckDB's own tables take there, and needs no sorting.
    """
    width = max(customers // math.ceil(rows / _FILE_ROWS), 1)
    connection.execute(f"SET partitioned_write_flush_threshold = {_WAITING_ROWS}")
    connection.execute(f"SET partitioned_write_max_open_files = {customers // width + 1}")
    connection.execute(
        f"COPY (SELECT *, customer // {width} AS neighbours FROM {relation}) TO {literal(str(folder))}"
        f" (FORMAT parquet, PARTITION_BY (neighbours), ROW_GROUP_SIZE {_GROUP_ROWS})"
    )
    return f"read_parquet({literal(str(folder / '*' / '*.parquet'))}, hive_partitioning = false)"


class Facts:
    """Tables of facts in DuckDB (customer, happened, recorded, until and more), by ranges of customers.

    What keeps neighbours together is read range by range. Where all else fits into the memory of one range, it is
    read once; where not, a copy that keeps neighbours together is made, so that a range reads little more than its
    own rows.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        customers: int,
        implied: Mapping[str, Mapping[str, str | int | bool]],
        near: Mapping[str, str],
        counts: Mapping[str, str],
        folder: Path,
    ) -> None:
        """`near` are relations of tables that keep neighbours together already, `folder` takes those of others.

        `counts` are columns of the table `customers` that say how many rows of a table each has, where that is known.
        `implied` says of tables what need not be read: columns of one value, or of what another column (its name)
        holds.
        """
        self._connection = connection
        self._customers = customers
        self._implied = implied
        self._folder = folder
        self._near = dict(near)
        self._counted = counts
        self._rows: dict[str, int] = {}
        self._fits = False
        self._held: dict[tuple[str, ...], _Held] = {}

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        if table not in self._rows:
            row = first_row(self._connection, f"SELECT count(*) FROM {quoted(table)}")
            assert row is not None
            self._rows[table] = int(row[0])
        return self._rows[table]

    def ranges(
        self, tables: Sequence[str], most_rows: int, rows_per_customer: int | npt.NDArray[np.int64]
    ) -> list[Range]:
        """All customers in ranges of at most `most_rows` rows, a larger customer alone.

        `rows_per_customer` is added for what each customer costs besides its facts; one number, or one for each.
        """
        self._held.clear()
        weights = np.zeros(self._customers, np.int64) + rows_per_customer
        rows = sum(self.rows(name) for name in tables)
        if rows + int(weights.sum()) <= most_rows:
            return [Range(0, self._customers)] if self._customers else []
        most_rows = self._made_ready(tables, rows, most_rows)
        return _cut(weights + self._counts(tables), most_rows)

    def steady_ranges(
        self, tables: Sequence[str], cut: int, most_rows: int, rows_per_customer: int, at_once: int = 1
    ) -> list[tuple[Range, ...]]:
        """Like `ranges` with `cut` rows each, whatever the memory; a range that is too large for it comes in pieces.

        `most_rows` fit into the memory, and `at_once` pieces are there together.
        """
        self._held.clear()
        weights = np.zeros(self._customers, np.int64) + rows_per_customer
        rows = sum(self.rows(name) for name in tables)
        if rows + int(weights.sum()) > min(cut, most_rows // at_once):
            most_rows = self._made_ready(tables, rows, most_rows)
            weights += self._counts(tables)
        most_rows = max(most_rows // at_once, 1)
        return [
            tuple(
                Range(part.low + piece.low, part.low + piece.high)
                for piece in _cut(weights[part.low : part.high], most_rows)
            )
            for part in _cut(weights, cut)
        ]

    def _made_ready(self, tables: Sequence[str], rows: int, most_rows: int) -> int:
        """Have ranges of the tables at hand; how many rows of the memory that leaves for a range."""
        self._fits = rows <= most_rows
        if not self._fits:
            self._keep_neighbours_together(tables)
        held = sum(self.rows(name) for name in tables if name not in self._near)
        return max(most_rows - held // _HELD_SHARE, 1)

    def _counts(self, tables: Iterable[str]) -> npt.NDArray[np.int64]:
        """How many rows each customer has in the tables."""
        counts = np.zeros(self._customers, np.int64)
        for name in tables:
            asked = (
                f"{self._counted[name]} AS facts FROM customers"
                if name in self._counted
                else f"count(*) AS facts FROM {self._relation(name)} GROUP BY customer"
            )
            found = self._connection.execute(f"SELECT customer, {asked}").fetchnumpy()
            counts[np.asarray(found["customer"])] += np.asarray(found["facts"])
        return counts

    def _relation(self, name: str) -> str:
        """What stands after FROM for a table."""
        return self._near.get(name, quoted(name))

    def _keep_neighbours_together(self, tables: Iterable[str]) -> None:
        """Lay the rows of neighbours into files of their own."""
        for name in tables:
            if name not in self._near and self.rows(name):
                folder = self._folder / f"near {len(self._near)}"
                rows = (quoted(name), self.rows(name))
                self._near[name] = neighbours_together(self._connection, *rows, self._customers, folder)

    def tables(self, part: Range, columns: Mapping[str, Sequence[str]]) -> dict[str, pa.Table]:
        """The rows of a range of customers in any order: `ALWAYS` (int64) and the asked columns."""
        found = {
            name: self._part_held(name, wanted, part)
            if self._is_held(name, part)
            else self._part_read(name, wanted, part)
            for name, wanted in columns.items()
        }
        if part.high == self._customers:
            self._held.clear()
        return found

    def _is_held(self, name: str, part: Range) -> bool:
        """Whether the whole table is read at once; of one that keeps neighbours together a part is read as soon."""
        return self._fits and name not in self._near and part != Range(0, self._customers)

    def _part_held(self, name: str, wanted: Sequence[str], part: Range) -> pa.Table:
        key = (name, *wanted)
        if key not in self._held:
            whole = self._part_read(name, wanted, Range(0, self._customers))
            self._held[key] = _Held.of(whole, self._customers)
        return self._held[key].part(part)

    def _part_read(self, name: str, wanted: Sequence[str], part: Range) -> pa.Table:
        names, implied = (*ALWAYS, *wanted), self._implied.get(name, {})
        selected = ", ".join(quoted(column) for column in names if column not in implied)
        inside = f" WHERE customer >= {part.low} AND customer < {part.high}"
        condition = "" if part == Range(0, self._customers) else inside
        read = self._connection.sql(
            f"SELECT {selected} FROM {self._relation(name)}{condition}"
        ).to_arrow_table()
        columns = [_column(read, implied.get(column, column)) for column in names]
        return pa.table(columns, list(names))


def _column(read: pa.Table, says: str | int | bool) -> pa.Array | pa.ChunkedArray:
    return read[says] if isinstance(says, str) else pa.array(np.full(read.num_rows, says))


def _cut(weights: npt.NDArray[np.int64], most: int) -> list[Range]:
    ends = np.cumsum(weights)
    ranges, low = [], 0
    while low < len(weights):
        before = ends[low - 1] if low else 0
        high = max(int(np.searchsorted(ends, before + most, side="right")), low + 1)
        ranges.append(Range(low, high))
        low = high
    return ranges
