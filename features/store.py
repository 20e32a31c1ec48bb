"""The evidence store: every table read, its customers coded, its rows sorted, handed out by ranges of customers."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .columns import MONEY_UNITS, IdType
from .contracts import TABLES
from .errors import DataError
from .localtime import FOREVER, LocalTime, to_microseconds
from .progress import Progress, silent
from .question import Purchase, Question
from .reading import REFUSAL, TableAccount, TableReader
from .sources import open_source
from .sql import literal, quoted
from .tables import DataSpec

GIGABYTE = 1 << 30
NOT_FACTS = ("identities",)
"""Tables that say something about ids, not about what customers did."""


@dataclass(frozen=True)
class Range:
    """Customers `low` to `high` (exclusive) by code, small enough to be held in memory at once."""

    low: int
    high: int


class EvidenceStore:
    """All evidence of a business, in DuckDB, sorted by customer.

    Customers carry dense codes in the order of their ids; `tables` hands out the rows of a range of them. Use it as
    a context: it holds temporary files.
    """

    def __init__(
        self, data: DataSpec, question: Question, *, memory: int = 8 * GIGABYTE, progress: Progress = silent
    ) -> None:
        self.data = data
        self.zone = LocalTime(data.timezone)
        self.observed_until = to_microseconds(data.observed_until)
        self._folder = tempfile.TemporaryDirectory(prefix="patron-", ignore_cleanup_errors=True)
        self.connection = duckdb.connect(config={"threads": os.cpu_count() or 1})
        try:
            self._configure(memory)
            self._readers = self._read(progress)
            self.accounts = {name: reader_account[1] for name, reader_account in self._readers.items()}
            self.id_type = self._one_id_type()
            self._code_customers()
            for name in self._readers:
                progress(f"sorting {name}", 0, 0)
                self._sort(name, question)
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
        """Give back the memory and the temporary files."""
        self.connection.close()
        self._folder.cleanup()

    def _configure(self, memory: int) -> None:
        limit = max((memory - GIGABYTE // 2) // 2, GIGABYTE // 4)
        self.connection.execute("SET TimeZone = 'UTC'")
        self.connection.execute(f"SET memory_limit = '{limit // (1 << 20)}MiB'")
        self.connection.execute(f"SET temp_directory = {literal(self._folder.name)}")
        self.connection.execute("SET enable_progress_bar = false")

    def _read(self, progress: Progress) -> dict[str, tuple[TableReader, TableAccount]]:
        if "purchases" not in self.data.tables:
            raise DataError(
                "There is no purchases table, and it is the one that is required.",
                where="[purchases]",
                found=f"tables {', '.join(self.data.tables) or 'none'}",
                remedy='add [purchases] with a path; "patron init" proposes one from your files',
            )
        readers = {}
        names = [name for name in TABLES if name in self.data.tables]
        for done, name in enumerate(names):
            progress(f"reading {name}", done, len(names))
            spec = self.data.tables[name]
            source = open_source(self.connection, spec, TABLES[name], self.data.folder)
            reader = TableReader(self.connection, source, spec, TABLES[name], self.zone, self.observed_until)
            readers[name] = (reader, reader.read())
        return readers

    def _one_id_type(self) -> IdType:
        """The one type of all ids; DataError where tables disagree."""
        found = {
            f"{name}.{column}": kind
            for name, (reader, _) in self._readers.items()
            for column, kind in reader.id_types.items()
        }
        first = found["purchases.customer_id"]
        for column, kind in found.items():
            if kind.family != first.family:
                raise DataError(
                    "Ids are of different types in different tables.",
                    where=f"purchases.customer_id and {column}",
                    found=f"{first.family} and {kind.family}",
                    remedy=f"say how to read one as the other: {column.split('.')[1]} = "
                    f'{{ sql = "CAST(… AS {first.sql})" }}; "007" and 7 are different ids until you do',
                )
        return first

    def _code_customers(self) -> None:
        """Codes 0, 1, … in the order of the ids, with when each customer was first known."""
        known = []
        for name, (reader, _) in self._readers.items():
            if name in NOT_FACTS:
                continue
            at = "greatest(happened, recorded_at)" if "recorded_at" in reader.columns else "happened"
            known += [
                f"SELECT {column} AS id, {at} AS known FROM {reader.good}" for column in reader.id_types
            ]
        if "identities" in self._readers:
            known.append(
                f"SELECT customer_id AS id, happened AS known FROM {self._readers['identities'][0].good}"
            )
        self.connection.execute(
            "CREATE TEMP TABLE customers AS SELECT row_number() OVER (ORDER BY id) - 1 AS customer, id, known FROM"
            f" (SELECT id, min(known) AS known FROM ({' UNION ALL '.join(known)}) GROUP BY id) ORDER BY id"
        )
        self._link_aliases()
        self._refuse_strangers()

    def _link_aliases(self) -> None:
        """For each alias, whom it was first linked to and when; others have no row."""
        self.connection.execute("CREATE TEMP TABLE links (alias BIGINT, customer BIGINT, linked BIGINT)")
        if "identities" in self._readers:
            self.connection.execute(
                "INSERT INTO links"
                " SELECT alias.customer, arg_min(main.customer, (happened, main.customer)), min(happened)"
                f" FROM {self._readers['identities'][0].name} AS link JOIN customers AS alias ON alias.id = alias_id"
                " JOIN customers AS main ON main.id = customer_id"
                f" WHERE {REFUSAL} IS NULL AND alias.customer <> main.customer GROUP BY alias.customer"
            )

    def _refuse_strangers(self) -> None:
        """DataError for a table that shares no customer with the purchases."""
        purchases = self._readers["purchases"][0].name
        for name, (reader, _) in self._readers.items():
            if name in ("purchases", "identities"):
                continue
            shared = self.connection.execute(
                f"SELECT 1 FROM {reader.name} WHERE {REFUSAL} IS NULL AND customer_id IN"
                f" (SELECT customer_id FROM {purchases} WHERE {REFUSAL} IS NULL) LIMIT 1"
            ).fetchone()
            if shared is None:
                examples = " and ".join(self._example_id(table) for table in (purchases, reader.name))
                raise DataError(
                    f"No customer of the table {name} has ever bought: the ids do not match.",
                    where=f"[{name}] customer_id",
                    found=f"for example {examples}",
                    remedy="map the column that holds the same ids as the purchases",
                )

    def _example_id(self, table: str) -> str:
        row = self.connection.execute(
            f"SELECT CAST(min(customer_id) AS VARCHAR) FROM {table} WHERE {REFUSAL} IS NULL"
        ).fetchone()
        name = table.strip('"').removeprefix("read ")
        return f"{row[0]!r} in {name}" if row else name

    def _sort(self, name: str, question: Question) -> None:
        """The good rows of a table by customer, in a total order, as table `name`; the rows as read are dropped."""
        reader = self._readers[name][0]
        columns = [c for c in reader.columns if c not in ("customer_id", "alias_id", "recorded_at")]
        recorded = "coalesce(recorded_at, happened)" if "recorded_at" in reader.columns else "happened"
        kept = [
            "happened",
            f"greatest({recorded}, happened) AS recorded",
            f"{self._superseded(reader)} AS until",
        ]
        kept += [self._person(reader, column) for column in columns]
        facts = reader.good
        if name == "purchases":
            kept.append("is_target")
            facts = self._with_target_lines(facts, question, reader)
        rows = (
            f"SELECT code.customer, {', '.join(kept)} FROM {facts} AS fact"
            " JOIN customers AS code ON code.id = fact.customer_id"
        )
        if self._has_links():
            rows = self._with_links(rows)
        self._create_sorted(name, rows, reader)
        self.connection.execute(f"DROP TABLE {reader.name}")

    def _create_sorted(self, name: str, rows: str, reader: TableReader) -> None:
        try:
            self.connection.execute(
                f"CREATE TEMP TABLE {quoted(name)} AS SELECT * FROM ({rows}) ORDER BY ALL"
            )
        except duckdb.Error as error:
            raise DataError(
                f"The table {name} cannot be sorted.",
                where=reader.source.place,
                found=str(error).splitlines()[0],
                remedy="mend the expression in [question.target] where, or give more memory in [run] memory",
            ) from None

    def _person(self, reader: TableReader, column: str) -> str:
        if column in reader.id_types:
            return f"(SELECT customer FROM customers WHERE id = fact.{quoted(column)}) AS {quoted(column)}"
        return f"fact.{quoted(column)}"

    def _superseded(self, reader: TableReader) -> str:
        """When a row stopped being the latest with its key."""
        if not reader.spec.key:
            return f"CAST({FOREVER} AS BIGINT)"
        keys = ", ".join(f"fact.{quoted(column)}" for column in reader.spec.key)
        return (
            f"coalesce(lead(greatest(coalesce(recorded_at, happened), happened)) OVER (PARTITION BY {keys}"
            f" ORDER BY greatest(coalesce(recorded_at, happened), happened)), {FOREVER})"
        )

    def _with_target_lines(self, facts: str, question: Question, reader: TableReader) -> str:
        """The purchase lines with `is_target`: whether the line counts for the target.

        The condition sees the contract's columns, money in whole currency.
        """
        if not isinstance(question.target, Purchase) or question.target.where is None:
            return f"(SELECT *, true AS is_target FROM {facts})"
        money = [column for column in ("amount", "discount") if column in reader.columns]
        in_currency = ", ".join(f"{column} / {MONEY_UNITS}.0 AS {column}" for column in money)
        kept = ", ".join(f"{column} AS {quoted('units ' + column)}" for column in money)
        back = ", ".join(f"{quoted('units ' + column)} AS {column}" for column in money)
        condition = f"coalesce(CAST(({question.target.where}) AS BOOLEAN), false) AS is_target"
        return (
            f"(SELECT * REPLACE ({back}) FROM (SELECT *, {condition} FROM"
            f" (SELECT * REPLACE ({in_currency}), {kept} FROM {facts})))"
        )

    def _has_links(self) -> bool:
        row = self.connection.execute("SELECT count(*) FROM links").fetchone()
        return row is not None and row[0] > 0

    def _with_links(self, rows: str) -> str:
        """Rows of a linked alias end for the alias when it is linked, and begin for the customer it belongs to."""
        return (
            f"SELECT fact.* REPLACE (least(until, coalesce(linked, {FOREVER})) AS until)"
            f" FROM ({rows}) AS fact LEFT JOIN links ON links.alias = fact.customer"
            " UNION ALL BY NAME"
            " SELECT fact.* REPLACE (links.customer AS customer, greatest(recorded, linked) AS recorded)"
            f" FROM ({rows}) AS fact JOIN links ON links.alias = fact.customer WHERE until > linked"
        )

    # What the engine asks for

    @property
    def customers(self) -> int:
        """How many distinct valid ids there are."""
        return self._number("SELECT count(*) FROM customers")

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """The contract's columns that each table has."""
        return {name: reader.columns for name, (reader, _) in self._readers.items()}

    def observed_from(self, table: str) -> int:
        """From when on a table is complete: as stated, else its first fact."""
        stated = self.data.tables[table].observed_from
        if stated is not None:
            return to_microseconds(stated)
        first = self.accounts[table].first
        assert first is not None
        return first

    def rows(self, table: str) -> int:
        """Rows of a sorted table, those of linked aliases counted for both."""
        return self._number(f"SELECT count(*) FROM {quoted(table)}")

    def _number(self, query: str) -> int:
        row = self.connection.execute(query).fetchone()
        assert row is not None
        return int(row[0])

    def ranges(self, tables: Sequence[str], most_rows: int, rows_per_customer: int) -> list[Range]:
        """All customers in ranges of at most `most_rows` rows, a larger customer alone.

        `rows_per_customer` is added for what each customer costs besides its facts (its snapshots).
        """
        counted = " UNION ALL ".join(f"SELECT customer FROM {quoted(name)}" for name in tables)
        weights = np.full(self.customers, rows_per_customer, np.int64)
        found = self.connection.execute(
            f"SELECT customer, count(*) AS facts FROM ({counted}) GROUP BY customer"
        ).fetchnumpy()
        weights[np.asarray(found["customer"])] += np.asarray(found["facts"])
        ends = np.cumsum(weights)
        ranges, low = [], 0
        while low < len(weights):
            before = ends[low - 1] if low else 0
            high = max(int(np.searchsorted(ends, before + most_rows, side="right")), low + 1)
            ranges.append(Range(low, high))
            low = high
        return ranges

    def tables(self, part: Range, columns: Mapping[str, Sequence[str]]) -> dict[str, pa.Table]:
        """The rows of a range of customers: customer, happened, recorded, until (int64) and the asked columns."""
        always = ("customer", "happened", "recorded", "until")
        found = {}
        for name, wanted in columns.items():
            selected = ", ".join(quoted(column) for column in (*always, *wanted))
            found[name] = self.connection.sql(
                f"SELECT {selected} FROM {quoted(name)} WHERE customer >= {part.low} AND customer < {part.high}"
            ).to_arrow_table()
        return found

    def ids(self, part: Range) -> pa.Array:
        """The customers' ids in their own type, by code."""
        column = self.connection.sql(
            f"SELECT id FROM customers WHERE customer >= {part.low} AND customer < {part.high} ORDER BY customer"
        ).to_arrow_table()["id"]
        return column.combine_chunks()

    def known_from(self, part: Range) -> npt.NDArray[np.int64]:
        """When each customer of a range was first known."""
        found = self.connection.execute(
            f"SELECT known FROM customers WHERE customer >= {part.low} AND customer < {part.high} ORDER BY customer"
        ).fetchnumpy()
        return np.asarray(found["known"], np.int64)

    def known_until(self, part: Range) -> npt.NDArray[np.int64]:
        """When each customer of a range turned out to be an alias of another; `FOREVER` for all others."""
        found = self.connection.execute(
            f"SELECT coalesce(linked, {FOREVER}) AS until FROM customers LEFT JOIN links ON alias = customers.customer"
            f" WHERE customers.customer >= {part.low} AND customers.customer < {part.high} ORDER BY customers.customer"
        ).fetchnumpy()
        return np.asarray(found["until"], np.int64)

    @property
    def arrow_id_type(self) -> pa.DataType:
        """The arrow type in which ids are given back."""
        return (
            self.connection.sql("SELECT id FROM customers LIMIT 0").to_arrow_table().schema.field("id").type
        )

    def known_before(self, moment: int) -> int:
        """How many distinct valid ids were known before an instant."""
        return self._number(f"SELECT count(*) FROM customers WHERE known < {moment}")

    def codes(self, ids: pa.Array) -> npt.NDArray[np.int64]:
        """The codes of given ids, -1 for those that no table knows; DataError where the type is another."""
        self.connection.register("asked ids", pa.table({"id": ids, "place": np.arange(len(ids))}))
        found = self.connection.execute(
            'SELECT coalesce(customer, -1) AS code FROM "asked ids" LEFT JOIN customers USING (id) ORDER BY place'
        ).fetchnumpy()
        return np.asarray(found["code"], np.int64)

    def duplicates(self, table: str) -> int:
        """How many rows of a table say in every column what another row says."""
        return self._number(
            f"SELECT (SELECT count(*) FROM {quoted(table)})"
            f" - (SELECT count(*) FROM (SELECT DISTINCT * FROM {quoted(table)}))"
        )

    def shared_orders(self) -> int:
        """How many order ids several customers use."""
        if "order_id" not in self.columns["purchases"]:
            return 0
        return self._number(
            "SELECT count(*) FROM (SELECT order_id FROM purchases WHERE order_id IS NOT NULL"
            " GROUP BY order_id HAVING min(customer) <> max(customer))"
        )

    def digest(self) -> dict[str, str]:
        """A digest of each table's good rows, whatever their order in the source."""
        found = {}
        for name in self._readers:
            row = self.connection.execute(
                f"SELECT count(*), CAST(coalesce(sum(hash(fact)), 0) AS VARCHAR) FROM {quoted(name)} AS fact"
            ).fetchone()
            assert row is not None
            found[name] = f"{row[0]}-{int(row[1]) % (1 << 64):016x}"
        return found

    def write_quarantine(self, folder: Path) -> list[Path]:
        """Refused rows as they came, one Parquet file per table that has some."""
        written = []
        for name, (reader, account) in self._readers.items():
            if account.quarantined:
                folder.mkdir(parents=True, exist_ok=True)
                reader.write_quarantine(str(folder / f"{name}.parquet"))
                written.append(folder / f"{name}.parquet")
        return written
