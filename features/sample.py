"""A sample of a business for the audit: all accepted facts of some customers, under the contract's names."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import duckdb
import numpy as np
import pyarrow as pa

from .attributes import with_attributes
from .columns import MONEY_UNITS
from .contracts import TABLES, TableContract
from .errors import DataError
from .judging import ALWAYS
from .localtime import LocalTime, to_datetime, to_microseconds
from .progress import Progress, silent
from .reading import TableReader
from .sources import open_source
from .sql import first_row, hide_progress, quoted
from .tables import ColumnSource, DataSpec, TableSpec

MOST_CUSTOMERS = 2_000
"""No more customers are sampled."""

MOST_FACTS = 150_000
"""Customers with the most facts stay out where the sample would hold more."""

_ROUNDS = 4
"""How often those whom a customer is linked to are added, and those whom they are linked to."""


@dataclass(frozen=True)
class SampledTable:
    """A table of the sample: its contract (with the attributes of a profile), the columns it has, and its spec."""

    contract: TableContract
    columns: tuple[str, ...]
    spec: TableSpec
    observed_from: int
    rows: int
    source_rows: int

    @property
    def name(self) -> str:
        """The table's name."""
        return self.contract.name

    def kind(self, column: str) -> str:
        """What a column holds."""
        return self.contract.column(column).kind

    @property
    def times(self) -> tuple[str, ...]:
        """The columns that hold instants."""
        return tuple(name for name in self.columns if self.kind(name) == "time")

    @property
    def happened(self) -> tuple[str, ...]:
        """The columns that date a row, the first that is not null counts."""
        return tuple(name for name in self.contract.happened if name in self.columns)


class Sample:
    """Tables of a sample of customers in DuckDB, under the contract's names, each with `known` and `line`.

    Customers are even whole numbers in the order of their ids, so that strangers fit in between; times are instants in
    microseconds, money is in units. `known` is when a row became known, `line` numbers the rows. Whoever is linked to
    a customer of the sample, or referred by one, belongs to it. Use it as a context: it holds memory.
    """

    def __init__(
        self,
        data: DataSpec,
        *,
        customers: int = MOST_CUSTOMERS,
        facts: int = MOST_FACTS,
        memory: int = 1 << 30,
        progress: Progress = silent,
    ) -> None:
        self.data = data
        self.zone = LocalTime(data.timezone)
        self.until = to_microseconds(data.observed_until)
        self.connection = duckdb.connect()
        try:
            self.connection.execute("SET TimeZone = 'UTC'")
            hide_progress(self.connection)
            self.connection.execute(f"SET memory_limit = '{max(memory // 4, 1 << 28) >> 20}MiB'")
            self._readers = self._read(progress)
            self._code()
            self._choose(customers, facts)
            self.tables = {name: self._keep(name, reader) for name, reader in self._readers.items()}
            self.tables = {name: table for name, table in self.tables.items() if table.rows}
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back the memory."""
        self.connection.close()

    # Reading

    def _read(self, progress: Progress) -> dict[str, TableReader]:
        readers = {}
        names = [name for name in TABLES if name in self.data.tables]
        for done, name in enumerate(names):
            progress("reading for the audit", done, len(names))
            spec, contract = self.data.tables[name], TABLES[name]
            source = open_source(self.connection, spec, contract, self.data.folder)
            if name == "profile":
                contract = with_attributes(spec, contract, source.types)
            reader = TableReader(self.connection, source, spec, contract, self.zone, self.until)
            reader.read()
            readers[name] = reader
        progress("reading for the audit", len(names), len(names))
        return readers

    def _code(self) -> None:
        """Even codes in the order of the ids, with how many facts each customer has."""
        found = [
            f"SELECT {column} AS id, {int(column == 'customer_id' and name != 'identities')} AS fact,"
            f" {int(name == 'purchases')} AS bought FROM {reader.good}"
            for name, reader in self._readers.items()
            for column in reader.id_types
        ]
        self.connection.execute(
            "CREATE TEMP TABLE codes AS SELECT 2 * (row_number() OVER (ORDER BY id) - 1) AS code, id, sum(fact) AS"
            f" facts, max(bought) AS bought FROM ({' UNION ALL '.join(found)}) GROUP BY id"
        )
        row = first_row(self.connection, "SELECT count(*) FROM codes")
        assert row is not None
        self.customers = int(row[0])

    def _choose(self, customers: int, facts: int) -> None:
        """The sample: some of those in every table, then anybody, and whoever is linked to them.

        In the order of a hash, so that it is the same every time; buyers first, because they have features.
        """
        self.connection.execute("CREATE TEMP TABLE chosen (code BIGINT PRIMARY KEY)")
        shares = [*self._readers, None]
        for name in shares:
            among = "codes"
            if name is not None:
                good = self._readers[name].good
                among = f"(SELECT * FROM codes WHERE id IN (SELECT customer_id FROM {good}))"
            self.connection.execute(
                "INSERT OR IGNORE INTO chosen SELECT code FROM (SELECT code, bought, sum(facts) OVER (ORDER BY"
                f" bought DESC, hash(code), code) AS held, row_number() OVER (ORDER BY bought DESC, hash(code), code)"
                f" AS place FROM {among} WHERE facts <= {max(facts // 10, 1)})"
                f" WHERE held <= {facts // len(shares)} AND place <= {max(customers // len(shares), 1)}"
            )
        self._fill(customers, facts)
        self._add_linked()
        if first_row(self.connection, "SELECT 1 FROM chosen LIMIT 1") is None:
            self.connection.execute("INSERT INTO chosen SELECT code FROM codes ORDER BY facts, code LIMIT 1")

    def _fill(self, customers: int, facts: int) -> None:
        """More customers, up to the limits."""
        self.connection.execute(
            "INSERT OR IGNORE INTO chosen SELECT code FROM (SELECT code, sum(facts) OVER (ORDER BY hash(code), code)"
            " AS held, row_number() OVER (ORDER BY hash(code), code) AS place FROM codes ANTI JOIN chosen USING (code)"
            f" WHERE facts <= {max(facts // 10, 1)}) WHERE place <= {customers} - (SELECT count(*) FROM chosen)"
            f" AND held <= {facts} - (SELECT coalesce(sum(facts), 0) FROM codes JOIN chosen USING (code))"
        )

    def _add_linked(self) -> None:
        pairs = {"identities": ("alias_id", _ROUNDS), "referrals": ("referrer_id", 1)}
        for name, (column, rounds) in pairs.items():
            if name not in self._readers:
                continue
            linked = (
                f"(SELECT a.code AS one, b.code AS other FROM {self._readers[name].good} AS link"
                f" JOIN codes AS a ON a.id = link.{column} JOIN codes AS b ON b.id = link.customer_id)"
            )
            for _ in range(rounds):
                self.connection.execute(
                    f"INSERT OR IGNORE INTO chosen SELECT other FROM {linked} JOIN chosen ON code = one"
                    f" UNION SELECT one FROM {linked} JOIN chosen ON code = other"
                )

    def _keep(self, name: str, reader: TableReader) -> SampledTable:
        """The sample's rows of a table as a table of that name, in a total order."""
        kept = [
            f"{quoted(f'code of {column}')}.code AS {quoted(column)}"
            if column in reader.id_types
            else quoted(column)
            for column in reader.columns
        ]
        joins = [
            f"JOIN codes AS {quoted(f'code of {column}')} ON {quoted(f'code of {column}')}.id = fact.{quoted(column)}"
            for column in reader.id_types
        ]
        recorded = "coalesce(recorded_at, happened)" if "recorded_at" in reader.columns else "happened"
        rows = (
            f"SELECT {', '.join(kept)}, greatest(happened, {recorded}) AS known FROM {reader.good} AS fact"
            f" {' '.join(joins)} WHERE {quoted('code of customer_id')}.code IN (SELECT code FROM chosen)"
        )
        self.connection.execute(
            f"CREATE TEMP TABLE {quoted(name)} AS SELECT *, row_number() OVER () AS line FROM"
            f" (SELECT * FROM ({rows}) ORDER BY ALL)"
        )
        used = self._number(f"SELECT count(*) FROM {reader.good}")
        first = self._number(f"SELECT coalesce(min(happened), {ALWAYS}) FROM {reader.good}")
        stated = reader.spec.observed_from
        self.connection.execute(f"DROP TABLE {reader.name}")
        return SampledTable(
            reader.contract,
            reader.columns,
            reader.spec,
            first if stated is None else to_microseconds(stated),
            self._number(f"SELECT count(*) FROM {quoted(name)}"),
            used,
        )

    # What the audit asks for

    def _number(self, query: str) -> int:
        row = first_row(self.connection, query)
        assert row is not None
        return int(row[0])

    def number(self, query: str) -> float | None:
        """The single number that a query gives; None where it gives none."""
        row = first_row(self.connection, query)
        return None if row is None or row[0] is None else float(row[0])

    @property
    def size(self) -> int:
        """How many customers it holds."""
        return self._number("SELECT count(*) FROM chosen")

    def shown_id(self, code: int) -> str:
        """A customer's id as the user knows it; a dash for strangers."""
        row = first_row(self.connection, f"SELECT CAST(id AS VARCHAR) FROM codes WHERE code = {int(code)}")
        return "–" if row is None else str(row[0])

    def arrays(self, query: str) -> dict[str, np.ndarray]:
        """The columns that a query gives."""
        return dict(self.connection.execute(query).fetchnumpy())

    def spec(self, queries: Mapping[str, str] | None = None, until: int | None = None) -> DataSpec:
        """The sample as a business of frames; `queries` replace tables, whose rows must have the same columns.

        Tables that are in no query stay as they are; an empty query leaves one out.
        """
        specs = {}
        for name, table in self.tables.items():
            query = (queries or {}).get(name, f"SELECT * FROM {quoted(name)}")
            if not query:
                continue
            specs[name] = TableSpec(
                name,
                frame=self._frame(table, query),
                columns={column: ColumnSource(name=column) for column in table.columns},
                observed_from=None if table.observed_from == ALWAYS else to_datetime(table.observed_from),
                key=table.spec.key,
                currency=table.spec.currency,
                static=table.spec.static,
            )
        moment = self.data.observed_until if until is None else to_datetime(until)
        return DataSpec(specs, moment, self.data.timezone, self.data.folder)

    def _frame(self, table: SampledTable, query: str) -> pa.Table:
        shown = {
            "time": "make_timestamptz(CAST({0} AS BIGINT)) AS {0}",
            "money": f"{{0}} / {MONEY_UNITS}.0 AS {{0}}",
            "number": "CAST({0} AS DOUBLE) AS {0}",
            "id": "CAST({0} AS BIGINT) AS {0}",
        }
        columns = [shown.get(table.kind(name), "{0}").format(quoted(name)) for name in table.columns]
        try:
            return self.connection.sql(f"SELECT {', '.join(columns)} FROM ({query})").to_arrow_table()
        except duckdb.Error as error:
            raise DataError(
                f"The table {table.name} cannot be rebuilt for the audit.",
                where=f"[{table.name}]",
                found=str(error).splitlines()[0],
            ) from None
