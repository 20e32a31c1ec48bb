"""The evidence store: every table read, its customers coded, its rows handed out by ranges of customers."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .attributes import with_attributes
from .coding import fact_rows, implied_columns, is_row_by_row
from .columns import IdType, agreed_id_type, id_type
from .contracts import STORED, TABLES, TableContract
from .errors import DataError
from .facts import Facts, Range, neighbours_together
from .full_disk import is_disk_full, tell_full_disk
from .further_rows import has_own_rows, with_further_rows
from .identities import link_aliases, with_links
from .localtime import FOREVER, LocalTime, to_microseconds
from .outline import complete_since
from .progress import Progress, silent
from .question import Question
from .reading import TableAccount, TableReader
from .referral_facts import SOURCES, derive_referral_facts
from .scratch import ScratchFolder
from .sources import column_types, open_source
from .sql import first_row, hide_progress, literal, quoted
from .tables import DataSpec

GIGABYTE = 1 << 30
_GROUP_BYTES = 64
"""What a customer takes at most in the array of a thread that counts; twice what was seen."""

_IDS_READ = 1 << 18
"""So many ids are read at once: to ask for few takes as long."""

_READ_BYTES = 256
"""A row of a table that is read takes so much, times and words and all."""

NOT_FACTS = ("identities",)
"""Tables that say something about ids, not about what customers did."""


class EvidenceStore:
    """All evidence of a business, in DuckDB.

    Customers carry dense codes in the order of their ids; `tables` hands out the rows of a range of them. Use it as
    a context: it holds temporary files, and says as DiskFullError, whatever is at work inside, where they do not fit.
    """

    def __init__(
        self, data: DataSpec, question: Question, *, memory: int = 8 * GIGABYTE, progress: Progress = silent
    ) -> None:
        self.data = data
        self._question = question
        self.zone = LocalTime(data.timezone)
        self.observed_until = to_microseconds(data.observed_until)
        self._folder = ScratchFolder()
        self._near_ids = (Range(0, 0), pa.array([]))
        self.connection = duckdb.connect(config={"threads": os.cpu_count() or 1})
        try:
            self._configure(memory)
            self._readers = self._read(progress)
            self.accounts = {name: reader_account[1] for name, reader_account in self._readers.items()}
            self.id_type = self._one_id_type()
            self._code_customers()
            self._facts = self._lay_out(progress)
            self.self_referrals = self._derive(progress)
        except BaseException as error:
            self.close()
            tell_full_disk(error)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if isinstance(error, duckdb.Error):
            tell_full_disk(error)

    def close(self) -> None:
        """Give back the memory and the temporary files."""
        self.connection.close()
        self._folder.cleanup()

    def _configure(self, memory: int) -> None:
        limit = max((memory - GIGABYTE // 2) // 2, GIGABYTE // 4)
        self._kept_rows = limit // _READ_BYTES
        threads = os.cpu_count() or 1
        self.connection.execute("SET TimeZone = 'UTC'")
        self.connection.execute(f"SET memory_limit = '{limit // (1 << 20)}MiB'")
        self.connection.execute(f"SET temp_directory = {literal(self._folder.name)}")
        hide_progress(self.connection)
        # Integer ids that lie close together are counted in arrays instead of hash tables, as far as memory goes.
        bits = max(limit // (threads * _GROUP_BYTES), 1 << 12).bit_length() - 1
        self.connection.execute(f"SET perfect_ht_threshold = {min(bits, 30)}")

    def _read(self, progress: Progress) -> dict[str, tuple[TableReader, TableAccount]]:
        require_purchases(self.data)
        readers = {}
        names = [name for name in TABLES if name in self.data.tables]
        for done, name in enumerate(names):
            progress(f"reading {name}", done, len(names))
            spec = self.data.tables[name]
            source = open_source(self.connection, spec, TABLES[name], self.data.folder, self.observed_until)
            contract = TABLES[name]
            if spec.further and has_own_rows(spec):
                source, spec = with_further_rows(self.connection, source, spec, contract, self.zone.zone)
            if name == "profile":
                contract = with_attributes(spec, contract, source.types)
            reader = TableReader(self.connection, source, spec, contract, self.zone, self.observed_until)
            readers[name] = (reader, reader.read(most_kept=self._kept_rows))
        return readers

    def _one_id_type(self) -> IdType:
        """The one type of all ids; DataError where tables disagree."""
        return agreed_id_type({name: reader.id_types for name, (reader, _) in self._readers.items()})

    def _code_customers(self) -> None:
        """Codes 0, 1, … in the order of the ids, with when each customer was first known."""
        known = []
        counted = [name for name in self._readers if name not in NOT_FACTS]
        for name, (reader, _) in self._readers.items():
            ids = reader.id_types if name not in NOT_FACTS else ("customer_id",)
            for column in ids:
                counts = [
                    f"{'count(*)' if (each, column) == (name, 'customer_id') else 0} AS {_facts_of(each)}"
                    for each in counted
                ]
                known.append(
                    f"SELECT {column} AS id, min({self._known(reader)}) AS known, {', '.join(counts)}"
                    f" FROM {reader.good} GROUP BY {column}"
                )
        sums = ", ".join(f"CAST(sum({_facts_of(each)}) AS BIGINT) AS {_facts_of(each)}" for each in counted)
        self.connection.execute(
            "CREATE TEMP TABLE customers AS SELECT row_number() OVER (ORDER BY id) - 1 AS customer, * FROM"
            f" (SELECT id, min(known) AS known, {sums} FROM ({' UNION ALL '.join(known)}) GROUP BY id) ORDER BY id"
        )
        identities = self._readers["identities"][0].good if "identities" in self._readers else None
        link_aliases(self.connection, identities, self.customers)
        self._refuse_strangers()

    def _known(self, reader: TableReader) -> str:
        """When a row became known; an undated one is known now, and says nothing of earlier days."""
        if not reader.is_dated:
            return f"CAST({self.observed_until - 1} AS BIGINT)"
        return "greatest(happened, recorded_at)" if "recorded_at" in reader.columns else "happened"

    def _refuse_strangers(self) -> None:
        """DataError for a table that shares no customer with the purchases, nor with those whom they are linked to."""
        if all(name in ("purchases", *NOT_FACTS) for name in self._readers):
            return
        self.connection.execute(
            "CREATE TEMP TABLE buyers AS WITH codes AS (SELECT DISTINCT customer FROM customers JOIN"
            f" {self._readers['purchases'][0].good} ON customer_id = id)"
            " SELECT customer FROM codes UNION SELECT links.customer FROM links JOIN codes ON alias = codes.customer"
        )
        for name, (reader, _) in self._readers.items():
            if name in ("purchases", *NOT_FACTS):
                continue
            shared = f"{reader.good} JOIN customers ON id = customer_id JOIN buyers USING (customer)"
            if first_row(self.connection, f"SELECT 1 FROM {shared} LIMIT 1") is None:
                raise strangers(name, f"{self._example_id('purchases')} and {self._example_id(name)}")
        self.connection.execute("DROP TABLE buyers")

    def _example_id(self, name: str) -> str:
        good = self._readers[name][0].good
        row = first_row(self.connection, f"SELECT CAST(min(customer_id) AS VARCHAR) FROM {good}")
        assert row is not None
        return f"{row[0]!r} in {name}"

    def _lay_out(self, progress: Progress) -> Facts:
        """The good rows of each table as facts of coded customers, as table or view `name`."""
        linked = bool(self._number("SELECT count(*) FROM links"))
        implied, near = {}, {}
        for name, (reader, _) in self._readers.items():
            progress(f"coding {name}", 0, 0)
            rows = fact_rows(reader, self._question)
            if linked:
                rows = with_links(rows)
            if is_row_by_row(reader, self._question):
                implied[name] = implied_columns(reader, linked)
            if not reader.is_copy:
                folder = Path(self._folder.name) / name
                near[name] = neighbours_together(
                    self.connection, f"({rows})", self.accounts[name].used, self.customers, folder
                )
                self._create(f"CREATE TEMP VIEW {quoted(name)} AS FROM {near[name]}", reader)
            elif name in implied:
                self._create(f"CREATE TEMP VIEW {quoted(name)} AS {rows}", reader)
            else:
                self._create(f"CREATE TEMP TABLE {quoted(name)} AS {rows}", reader)
                self.connection.execute(f"DROP TABLE {reader.name}")
        counts = {} if linked else {name: _facts_of(name) for name in self._readers if name not in NOT_FACTS}
        return Facts(self.connection, self.customers, implied, near, counts, Path(self._folder.name))

    def _create(self, query: str, reader: TableReader) -> None:
        try:
            self.connection.execute(query)
        except duckdb.Error as error:
            if is_disk_full(error):
                raise
            short = isinstance(error, duckdb.OutOfMemoryException)
            raise DataError(
                f"The table {reader.contract.name} does not fit."
                if short
                else "The condition of the target cannot be evaluated.",
                where=reader.source.place if short else "[question.target] where",
                found=str(error).splitlines()[0],
                remedy="give more memory: [run] memory"
                if short
                else f"use the columns {', '.join(reader.columns)}",
            ) from None

    def _derive(self, progress: Progress) -> int:
        """Facts that are joined of several tables; how many referrals turned out to lead back to oneself."""
        if "referrals" not in self._readers:
            return 0
        progress("joining referrals", 0, 0)
        times = [
            moment
            for name in ("purchases", "referrals")
            for moment in (self.accounts[name].first, self.accounts[name].last)
            if moment is not None
        ]
        return derive_referral_facts(self.connection, self.zone, min(times), max(times))

    # What the engine asks for

    @property
    def customers(self) -> int:
        """How many distinct valid ids there are."""
        return self._number("SELECT count(*) FROM customers")

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """The contract's columns that each table has, and those of the tables that are derived."""
        found = {name: reader.columns for name, (reader, _) in self._readers.items()}
        if "referrals" in self._readers:
            found |= {name: STORED[name].column_names for name in SOURCES}
        return found

    def contract(self, table: str) -> TableContract:
        """What a table holds; that of the profile with the attributes that are used."""
        return self._readers[table][0].contract if table in self._readers else STORED[table]

    @property
    def unused_attributes(self) -> tuple[str, ...]:
        """The columns of the profile that nothing is made of."""
        if "profile" not in self._readers:
            return ()
        reader = self._readers["profile"][0]
        mapped = {source.name for source in reader.spec.columns.values()}
        return tuple(name for name in reader.source.types if name not in {*reader.columns, *mapped})

    def observed_from(self, table: str) -> int:
        """From when on a table is complete: as stated, else its first fact; one derived of several, when all are."""
        return complete_since(table, self.data, self.accounts)

    def rows(self, table: str) -> int:
        """Rows of a table of facts, those of linked aliases counted for both."""
        return self._facts.rows(table)

    def _number(self, query: str) -> int:
        row = first_row(self.connection, query)
        assert row is not None
        return int(row[0])

    def ranges(
        self, tables: Sequence[str], most_rows: int, rows_per_customer: int | npt.NDArray[np.int64]
    ) -> list[Range]:
        """All customers in ranges of at most `most_rows` rows, a larger customer alone.

        `rows_per_customer` is added for what each customer costs besides its facts (its snapshots); one number, or
        one for each customer.
        """
        return self._facts.ranges(tables, most_rows, rows_per_customer)

    def steady_ranges(
        self, tables: Sequence[str], cut: int, most_rows: int, rows_per_customer: int, at_once: int = 1
    ) -> list[tuple[Range, ...]]:
        """All customers in ranges of at most `cut` rows whatever the memory, each in pieces.

        `most_rows` fit into the memory, and `at_once` pieces are there together.
        """
        return self._facts.steady_ranges(tables, cut, most_rows, rows_per_customer, at_once)

    def tables(self, part: Range, columns: Mapping[str, Sequence[str]]) -> dict[str, pa.Table]:
        """The rows of a range in any order: customer, happened, recorded, until (int64) and the asked columns."""
        return self._facts.tables(part, columns)

    def tables_of(
        self, codes: npt.NDArray[np.int64], columns: Mapping[str, Sequence[str]]
    ) -> dict[str, pa.Table]:
        """Like `tables`, of any customers (int64, ascending), who are counted from zero."""
        self.connection.register("chosen", pa.table({"code": codes, "place": np.arange(codes.size)}))
        found = {}
        for name, wanted in columns.items():
            selected = ["place AS customer", "happened", "recorded", "until", *map(quoted, wanted)]
            found[name] = self.connection.sql(
                f"SELECT {', '.join(selected)} FROM {quoted(name)} JOIN chosen ON customer = code"
            ).to_arrow_table()
        self.connection.unregister("chosen")
        return found

    def ids(self, part: Range) -> pa.Array:
        """The customers' ids in their own type, by code; those of the next are read with them."""
        near, ids = self._near_ids
        if part.low < near.low or part.high > near.high:
            near = Range(part.low, max(part.high, part.low + _IDS_READ))
            ids = self._ids(
                f"SELECT id FROM customers WHERE customer >= {near.low} AND customer < {near.high} ORDER BY customer"
            ).combine_chunks()
            self._near_ids = near, ids
        return ids.slice(part.low - near.low, part.high - part.low)

    def _ids(self, query: str) -> pa.ChunkedArray:
        """The ids that a query gives; UUIDs as such, which DuckDB gives as text unless asked not to."""
        self.connection.execute("SET arrow_lossless_conversion = true")
        try:
            return self.connection.sql(query).to_arrow_table()["id"]
        finally:
            self.connection.execute("SET arrow_lossless_conversion = false")

    def known_from(self, part: Range) -> npt.NDArray[np.int64]:
        """When each customer of a range was first known."""
        found = self.connection.execute(
            f"SELECT known FROM customers WHERE customer >= {part.low} AND customer < {part.high} ORDER BY customer"
        ).fetchnumpy()
        return np.asarray(found["known"], np.int64)

    def known_until(self, part: Range) -> npt.NDArray[np.int64]:
        """When each customer of a range turned out to be an alias of another; `FOREVER` for all others."""
        found = self.connection.execute(
            f"SELECT coalesce(linked, {FOREVER}) AS until FROM customers AS code"
            " LEFT JOIN first_links ON alias = code.customer"
            f" WHERE code.customer >= {part.low} AND code.customer < {part.high} ORDER BY code.customer"
        ).fetchnumpy()
        return np.asarray(found["until"], np.int64)

    @property
    def arrow_id_type(self) -> pa.DataType:
        """The arrow type in which ids are given back."""
        return self._ids("SELECT id FROM customers LIMIT 0").type

    def known_before(self, moment: int, part: Range | None = None) -> int:
        """How many distinct valid ids were known before an instant; of a range of customers only, if given."""
        inside = "" if part is None else f" AND customer >= {part.low} AND customer < {part.high}"
        return self._number(f"SELECT count(*) FROM customers WHERE known < {moment}{inside}")

    def codes(self, ids: pa.Array) -> npt.NDArray[np.int64]:
        """The codes of given ids, -1 for those that no table knows; DataError where the type is another."""
        self.connection.register("asked ids", pa.table({"customer_id": ids}))
        try:
            return self.codes_in(quoted("asked ids"))
        finally:
            self.connection.unregister("asked ids")

    def codes_in(self, relation: str) -> npt.NDArray[np.int64]:
        """The codes of the column customer_id of a relation, row by row."""
        found = column_types(self.connection, relation)["customer_id"]
        if id_type(found, '"customer_id"', "column customer_id").family != self.id_type.family:
            raise DataError(
                "The ids are of another type than those of the evidence.",
                where="column customer_id",
                found=f"{found}, where the purchases have {self.id_type.sql}",
                remedy="give the ids as they are in the purchases",
            )
        rows = self.connection.execute(
            "SELECT coalesce(customer, -1) AS code FROM"
            f" (SELECT CAST(customer_id AS {self.id_type.sql}) AS id, row_number() OVER () AS place FROM {relation})"
            " LEFT JOIN customers USING (id) ORDER BY place"
        ).fetchnumpy()
        return np.asarray(rows["code"], np.int64)

    def duplicates(self, table: str) -> int:
        """How many rows of a table say in every column what another row says; a linked alias's rows count once."""
        return self._number(
            "SELECT coalesce(sum(times) - count(*), 0) FROM (SELECT count(*) AS times"
            f" FROM {quoted(table)} AS fact WHERE until = {FOREVER} GROUP BY customer, hash(fact))"
        )

    def shared_orders(self) -> int:
        """How many order ids several customers use, who then have an order each."""
        if "order_id" not in self.columns["purchases"]:
            return 0
        return self._number(
            f"SELECT count(*) FROM (SELECT order_id FROM purchases WHERE order_id IS NOT NULL AND until = {FOREVER}"
            " GROUP BY order_id HAVING min(customer) <> max(customer))"
        )

    def digest(self) -> dict[str, str]:
        """A digest of each table's good rows, whatever their order in the source."""
        found = {}
        for name in self._readers:
            row = first_row(
                self.connection,
                f"SELECT count(*), CAST(coalesce(sum(hash(fact)), 0) AS VARCHAR) FROM {quoted(name)} AS fact",
            )
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


def _facts_of(table: str) -> str:
    """The column that says of each customer how many good rows of a table are its own."""
    return quoted(f"rows of {table}")


def require_purchases(data: DataSpec) -> None:
    """DataError where the one table is missing that is required."""
    if "purchases" not in data.tables:
        raise DataError(
            "There is no purchases table, and it is the one that is required.",
            where="[purchases]",
            found=f"tables {', '.join(data.tables) or 'none'}",
            remedy='add [purchases] with a path; "patron init" proposes one from your files',
        )


def strangers(table: str, examples: str) -> DataError:
    """What is said of a table that has no customer in common with the purchases."""
    return DataError(
        f"No customer of the table {table} has ever bought: the ids do not match.",
        where=f"[{table}] customer_id",
        found=f"for example {examples}",
        remedy="map the column that holds the same ids as the purchases",
    )
