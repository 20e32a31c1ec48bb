"""One evidence table read by its contract: typed, in UTC, bad rows set apart with their reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb

from .attributes import attribute_kind
from .columns import (
    EARLIEST,
    check_time_type,
    id_type,
    is_odd_wall_time,
    is_wall_time,
    plain_value,
    utc_from_wall,
    wall_time,
    zoned_time,
)
from .contracts import TableContract
from .csv_files import REJECTED
from .errors import DataError
from .full_disk import is_disk_full
from .judging import REFUSAL, REPEATS, Judge, Part
from .localtime import DAY, LocalTime
from .sources import Source, column_types, resolve_columns
from .sql import literal, quoted
from .tables import ColumnSource, TableSpec

_NOTHING = '"NULL"'
"""DuckDB's type of a column without a single value."""

_MALFORMED = "not a row of the CSV: too many or too few columns, or not in UTF-8"


@dataclass(frozen=True)
class TableAccount:
    """What became of a table's rows: `rows == used + sum(quarantined.values())`, always.

    `unreadable` counts optional values that could not be read and are treated as missing; `odd_times` counts times
    that do not exist or exist twice on the clock; `first` and `last` are instants of the rows used.
    """

    table: str
    place: str
    rows: int
    used: int
    quarantined: Mapping[str, int] = field(default_factory=dict)
    unreadable: Mapping[str, int] = field(default_factory=dict)
    odd_times: int = 0
    first: int | None = None
    last: int | None = None


class TableReader:
    """Reads one table into DuckDB as `read <name>`: the contract's columns, and why a row is refused."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        source: Source,
        spec: TableSpec,
        contract: TableContract,
        zone: LocalTime,
        observed_until: int,
    ) -> None:
        self.connection = connection
        self.source = source
        self.spec = spec
        self.contract = contract
        self.zone = LocalTime(spec.timezone) if spec.timezone else zone
        self.observed_until = observed_until
        self.name = quoted(f"read {contract.name}")

    def read(self, most_kept: int | None = None, *, whole: bool = True) -> TableAccount:
        """Fill the table and account for every row; DataError where the table as a whole cannot be used.

        A table of more than `most_kept` rows is no copy, but read from its source whenever it is asked. Of one that is
        not `whole` nothing is asked but of its rows.
        """
        sources = resolve_columns(self.spec, self.contract, self.source)
        if whole:
            self._refuse_empty()
        staged = self._staged(sources)
        parts = self._parts(staged, sources)
        self.columns = tuple(part.column.name for part in parts)
        own = tuple(column for column in self.contract.columns if not column.is_attribute)
        attributes = tuple(part.column for part in parts if part.column.is_attribute)
        self.contract = replace(self.contract, columns=own + attributes)
        self.id_types = {
            part.column.name: id_type(part.source_type, str(part.source), self._place(part.column.name))
            for part in parts
            if part.column.kind == "id"
        }
        self.is_copy = most_kept is None or bool(self.spec.key) or self._rows() <= most_kept
        self._fill(parts, self._instants(parts, self._walls(parts, staged)))
        account = self._account(parts)
        if whole:
            self._refuse_unusable(account)
        return account

    def _rows(self) -> int:
        (row,) = self._execute(f"SELECT count(*) FROM {self.source.relation}").fetchall()
        return int(row[0])

    def _place(self, column: str) -> str:
        return f"[{self.contract.name}] {column} ({self.source.place})"

    def _staged(self, sources: Mapping[str, ColumnSource]) -> str:
        """The source's rows with every mapped column beside them."""
        extra = []
        for name, column in sources.items():
            expression = quoted(column.name) if column.name is not None else f"({column.sql})"
            extra.append(f"{expression} AS {quoted('raw ' + name)}")
            if column.sql is not None:
                self._check_expression(name, column.sql)
        return f"(SELECT *, {', '.join(extra)} FROM {self.source.relation})"

    def _check_expression(self, name: str, sql: str) -> None:
        """DataError where an expression cannot be evaluated for each row."""
        try:
            column_types(self.connection, f"(SELECT *, ({sql}) FROM {self.source.relation})")
        except duckdb.Error as error:
            raise DataError(
                f"The expression for {name} cannot be evaluated.",
                where=self._place(name),
                found=f"{sql}: {str(error).splitlines()[0]}",
                remedy=f"use the source's columns: {self.source.described}",
            ) from None

    def _parts(self, staged: str, sources: Mapping[str, ColumnSource]) -> list[Part]:
        types = column_types(self.connection, staged)
        parts = []
        for column in self.contract.columns:
            if column.name not in sources:
                continue
            raw = "raw " + column.name
            name, kind = quoted(raw), types[raw]
            if kind == _NOTHING or kind.startswith("ENUM"):
                name, kind = f"CAST({name} AS VARCHAR)", "VARCHAR"
            if column.is_attribute:
                found = attribute_kind(kind)
                if found is None:
                    continue
                column = replace(column, kind=found)  # noqa: PLW2901
            part = Part(column, sources[column.name], name, kind)
            if column.kind == "time":
                check_time_type(part.source_type, str(part.source), self._place(column.name))
            parts.append(part)
        return parts

    def _walls(self, parts: list[Part], staged: str) -> str:
        """The staged rows with naive wall times and zoned instants beside each time column."""
        extra = []
        for part in parts:
            if part.column.kind == "time":
                extra.append(
                    f"{wall_time(part.raw, part.source_type)} AS {quoted('wall ' + part.column.name)}"
                )
                extra.append(
                    f"{zoned_time(part.raw, part.source_type)} AS {quoted('zoned ' + part.column.name)}"
                )
        return f"(SELECT *{''.join(', ' + text for text in extra)} FROM {staged})"

    def _instants(self, parts: list[Part], walls: str) -> str:
        """The rows with every mapped column's value, times as UTC microseconds."""
        first, last = self._wall_range(parts, walls)
        values, odd = [], []
        for part in parts:
            name, kind = part.column.name, part.column.kind
            if kind == "time":
                wall, zoned = quoted("wall " + name), quoted("zoned " + name)
                values.append(
                    f"coalesce({zoned}, {utc_from_wall(wall, self.zone, first, last)}) AS {part.value}"
                )
                odd.append(f"coalesce({is_odd_wall_time(wall, self.zone, first, last)}, false)")
            elif kind == "id":
                values.append(f"CAST({part.raw} AS {self.id_types[name].sql}) AS {part.value}")
            else:
                values.append(f"{plain_value(part.column, part.raw)} AS {part.value}")
        is_odd = " OR ".join(odd) or "false"
        return f'(SELECT *, {", ".join(values)}, {is_odd} AS "odd time" FROM {walls})'

    def _wall_range(self, parts: list[Part], walls: str) -> tuple[int, int]:
        names = [
            quoted("wall " + part.column.name)
            for part in parts
            if part.column.kind == "time" and is_wall_time(part.source_type)
        ]
        if self.zone.zone == "UTC" or not names:
            return 0, 0
        lows = ", ".join(f"min({name})" for name in names)
        highs = ", ".join(f"max({name})" for name in names)
        (row,) = self._execute(f"SELECT {lows}, {highs} FROM {walls}").fetchall()
        # Times beyond these are refused or unknown, and need no exact offset.
        low, high = EARLIEST - 2 * DAY, self.observed_until + 2 * DAY
        known = [min(max(value, low), high) for value in row if value is not None]
        return (min(known), max(known)) if known else (0, 0)

    def _fill(self, parts: list[Part], rows: str) -> None:
        until = self.observed_until
        judge = Judge(self.contract, self.spec, until, parts)
        columns = [f"{judge.happened} AS happened"]
        unreadable = []
        for part in parts:
            name, kind = part.column.name, part.column.kind
            if name == self._dating:
                continue  # it is what `happened` says
            if name in self.contract.ends:
                columns.append(f"CASE WHEN {part.value} < {until} THEN {part.value} END AS {quoted(name)}")
            else:
                columns.append(f"{part.value} AS {quoted(name)}")
            if kind in ("money", "number", "flag") and not part.column.required:
                unreadable.append(
                    f"NOT {part.missing} AND {part.value} IS NULL AS {quoted('unreadable ' + name)}"
                )
        problems = judge.problems()
        self._reasons = (*dict.fromkeys(reason for _, reason in problems), REPEATS)
        cases = " ".join(f"WHEN {condition} THEN {self._number(reason)}" for condition, reason in problems)
        selected = ", ".join([*columns, *unreadable, '"odd time"', REFUSAL])
        judged = f"(SELECT *, CAST(CASE {cases} END AS UTINYINT) AS {REFUSAL} FROM {rows})"
        self._judged = judge.without_repeats(judged, self._number(REPEATS))
        made_as = "TABLE" if self.is_copy else "VIEW"
        self._execute(
            f"CREATE OR REPLACE TEMP {made_as} {self.name} AS SELECT {selected} FROM {self._judged}"
        )

    def _number(self, reason: str) -> int:
        """What stands for a reason in the column of refusals."""
        return self._reasons.index(reason) + 1

    def _account(self, parts: list[Part]) -> TableAccount:
        optional = [
            part.column.name
            for part in parts
            if part.column.kind in ("money", "number", "flag") and not part.column.required
        ]
        flags = ['"odd time"', *(quoted("unreadable " + name) for name in optional)]
        counted = ", ".join(f"count(*) FILTER (WHERE {flag})" for flag in flags)
        rows = self._execute(
            f"SELECT {REFUSAL}, count(*), min(happened), max(happened), {counted} FROM {self.name} GROUP BY 1"
        ).fetchall()
        nothing = (None, 0, None, None, *[0] * len(flags))
        used: tuple[Any, ...] = next((row for row in rows if row[0] is None), nothing)
        refused = {self._reasons[row[0] - 1]: int(row[1]) for row in rows if row[0] is not None}
        counts = dict(sorted(refused.items()))
        if self.source.malformed:
            counts[_MALFORMED] = self.source.malformed
        for reason, count in self.source.left_out.items():
            counts[reason] = counts.get(reason, 0) + count
        self._all_good = not refused
        return TableAccount(
            self.contract.name,
            self.source.place,
            rows=int(used[1]) + sum(counts.values()),
            used=int(used[1]),
            quarantined=counts,
            unreadable={name: int(count) for name, count in zip(optional, used[5:], strict=True) if count},
            odd_times=int(used[4]),
            first=used[2] if self.is_dated else None,
            last=used[3] if self.is_dated else None,
        )

    def _refuse_empty(self) -> None:
        rows = self._execute(f"SELECT 1 FROM {self.source.relation} LIMIT 1").fetchall()
        if not rows and not self.source.malformed and not self.source.left_out:
            raise empty_table(self.contract.name, self.source.place)

    def _refuse_unusable(self, account: TableAccount) -> None:
        refuse_unused(account)
        refuse_mixed_currencies(account, self.currencies())

    def currencies(self) -> list[tuple[str, int]]:
        """The most frequent currencies of the rows used, with how many they are; none where one is stated."""
        if "currency" not in self.columns or self.spec.currency is not None:
            return []
        return self._execute(
            f"SELECT currency, count(*) FROM {self.name} WHERE {REFUSAL} IS NULL AND currency IS NOT NULL"
            " GROUP BY currency ORDER BY count(*) DESC, currency LIMIT 6"
        ).fetchall()

    @property
    def is_dated(self) -> bool:
        """Whether its rows say when they happened."""
        return any(name in self.columns for name in self.contract.happened)

    @property
    def _dating(self) -> str | None:
        """The column that alone says when a row happened, so that it need not be kept twice."""
        present = [name for name in self.contract.happened if name in self.columns]
        return present[0] if len(present) == 1 and present[0] not in self.contract.ends else None

    @property
    def good(self) -> str:
        """The rows that can be used: `happened` and the contract's columns."""
        columns = ", ".join(
            f"happened AS {quoted(name)}" if name == self._dating else quoted(name) for name in self.columns
        )
        condition = "" if self._all_good else f" WHERE {REFUSAL} IS NULL"
        return f"(SELECT happened, {columns} FROM {self.name}{condition})"

    def write_quarantine(self, file: str) -> None:
        """The refused rows as they came, with the reason, as a Parquet file; malformed lines of a CSV as text."""
        own = ", ".join(quoted(name) for name in self.source.types)
        reasons = "[" + ", ".join(literal(reason) for reason in self._reasons) + "]"
        told = f'{own}, {reasons}[{REFUSAL}] AS "quarantined because"'
        rows = f"SELECT {told} FROM {self._judged} WHERE {REFUSAL} IS NOT NULL"
        if self.source.malformed:
            lines = quoted(f"{REJECTED} {self.source.table}")
            rows += (
                f' UNION ALL BY NAME SELECT file AS "in file", line AS "on line", text AS "the line",'
                f' {literal(_MALFORMED)} AS "quarantined because" FROM {lines}'
            )
        self._execute(f"COPY ({rows}) TO {literal(file)} (FORMAT parquet)")

    def _execute(self, query: str) -> duckdb.DuckDBPyConnection:
        try:
            return self.connection.execute(query)
        except duckdb.Error as error:
            if is_disk_full(error):
                raise
            raise DataError(
                f"The table {self.contract.name} cannot be read.",
                where=self.source.place,
                found=" ".join(str(error).split())[:500],
                remedy="mend the file, or the expression in the mapping",
            ) from None


def empty_table(table: str, place: str) -> DataError:
    """What is said of a table without rows."""
    return DataError(
        f"The table {table} is empty.",
        where=place,
        found="0 rows",
        remedy=f"check the path and the condition, or leave out [{table}]",
    )


def refuse_unused(account: TableAccount) -> None:
    """DataError where no row of a table can be used."""
    if account.used == 0:
        reasons = ", ".join(f"{count:,} × {reason}" for reason, count in account.quarantined.items())
        raise DataError(
            f"No row of the table {account.table} can be used.",
            where=account.place,
            found=reasons,
            remedy="mend the mapping of the column, or the data",
        )


def refuse_mixed_currencies(account: TableAccount, currencies: Sequence[tuple[str, int]]) -> None:
    """DataError where the amounts of a table are in several currencies, the most frequent first."""
    if len(currencies) > 1:
        raise DataError(
            f"The amounts in {account.table} are in several currencies.",
            where=f"{account.place}, column currency",
            found=", ".join(f"{currency} ({count:,} rows)" for currency, count in currencies),
            remedy=f'convert them, or keep one: [{account.table}] currency = "{currencies[0][0]}"',
        )
