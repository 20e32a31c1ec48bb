"""Reading on Spark: the rows of a table by the same code as everywhere, a piece at a time on whichever worker has them.

What a row says follows from the row alone. What follows from others of its table (corrections by key, whether anything
can be used at all) is decided by Spark afterwards.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from .attributes import with_attributes
from .coding import with_target_lines
from .columns import IdType
from .contracts import TABLES, TableContract
from .errors import DataError
from .localtime import FOREVER, LocalTime
from .question import Question
from .reading import TableAccount, TableReader
from .source_columns import asked_columns, resolve_columns
from .sources import Source, open_source
from .sql import hide_progress, quoted
from .tables import TableSpec

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

PIECE_ROWS = 250_000
"""Rows that are read together on a worker."""

ACCOUNT = "account"
"""The column of what became of a piece's rows; null in the rows themselves."""

_SPARK_TYPES = {"time": "bigint", "money": "bigint", "number": "double", "text": "string", "flag": "boolean"}
_ARROW_TYPES = {
    "bigint": pa.int64(),
    "double": pa.float64(),
    "string": pa.string(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
}
_ID_TYPES = {"BIGINT": "bigint", "VARCHAR": "string", "DATE": "date"}


@dataclass(frozen=True)
class PieceReader:
    """How some rows of a table are read, as plain values that travel to workers; call it with their batches."""

    spec: TableSpec
    timezone: str
    observed_until: int
    question: Question
    types: Mapping[str, str]
    """Spark's type of each column that is given back, `ACCOUNT` last."""

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Batches of the source to batches of facts, and for each piece an account."""
        waiting: list[pa.RecordBatch] = []
        for batch in batches:
            waiting.append(batch)
            if sum(each.num_rows for each in waiting) >= PIECE_ROWS:
                yield from self._read(waiting)
                waiting = []
        yield from self._read(waiting)

    def _read(self, batches: Sequence[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        if not sum(batch.num_rows for batch in batches):
            return
        with connected() as connection:
            reader = opened(
                connection, self.spec, pa.Table.from_batches(batches), self.timezone, self.observed_until
            )
            account = reader.read(whole=False)
            rows = connection.sql(fact_query(reader, self.question)).to_arrow_table()
            told = json.dumps({**vars(account), "currencies": reader.currencies()})
        yield from self._typed(rows.append_column(ACCOUNT, pa.nulls(rows.num_rows, pa.string())))
        nothing = {name: pa.nulls(1, _ARROW_TYPES[kind]) for name, kind in self.types.items()}
        yield from self._typed(pa.table({**nothing, ACCOUNT: pa.array([told])}))

    def _typed(self, table: pa.Table) -> Iterator[pa.RecordBatch]:
        schema = pa.schema([(name, _ARROW_TYPES[kind]) for name, kind in self.types.items()])
        yield from table.select(schema.names).cast(schema).to_batches()


def connected() -> duckdb.DuckDBPyConnection:
    """DuckDB on a worker, which has one core for each task."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("SET TimeZone = 'UTC'")
    hide_progress(connection)
    return connection


def opened(
    connection: duckdb.DuckDBPyConnection, spec: TableSpec, rows: pa.Table, timezone: str, until: int
) -> TableReader:
    """A reader of rows that came from Spark."""
    contract = TABLES[spec.name]
    source = open_source(connection, replace(spec, frame=rows), contract, ".")
    source = replace(source, place=place_of(spec.name))
    if spec.name == "profile":
        contract = with_attributes(spec, contract, source.types)
    return TableReader(connection, source, spec, contract, LocalTime(timezone), until)


def place_of(table: str) -> str:
    """What a table is called in messages."""
    return f"the Spark DataFrame given as {table}"


def fact_query(reader: TableReader, question: Question) -> str:
    """The good rows as facts of ids: customer, happened, recorded, the contract's columns, is_target."""
    recorded = "coalesce(recorded_at, happened)" if "recorded_at" in reader.columns else "happened"
    kept = [quoted(name) for name in reader.columns if name != "customer_id"]
    rows = reader.good
    if reader.contract.name == "purchases":
        kept.append("is_target")
        rows = with_target_lines(reader, question)
    return (
        f"SELECT customer_id AS customer, happened, greatest({recorded}, happened) AS recorded,"
        f" {', '.join(kept) or 'NULL AS nothing'} FROM {rows}"
    )


@dataclass(frozen=True)
class SparkTable:
    """A table of the evidence on Spark: its contract and columns, and its facts as they come from the workers."""

    spec: TableSpec
    contract: TableContract
    columns: tuple[str, ...]
    id_types: Mapping[str, IdType]
    is_dated: bool
    types: Mapping[str, str]
    rows: "DataFrame"
    """Facts, and the accounts of their pieces."""
    cached: list["DataFrame"] = field(default_factory=list, compare=False, repr=False)

    @classmethod
    def of(
        cls, frame: "DataFrame", spec: TableSpec, timezone: str, observed_until: int, question: Question
    ) -> "SparkTable":
        """The table that a DataFrame is; DataError where it lacks a column, or one cannot be read."""
        spec = replace(spec, frame=None, path=None, connection=None, table=None, query=None)
        frame = _asked(frame, spec)
        with connected() as connection:
            reader = opened(connection, spec, frame.limit(0).toArrow(), timezone, observed_until)
            reader.read(whole=False)
            connection.sql(fact_query(reader, question))
        types = _types(reader)
        read = PieceReader(replace(spec, key=()), timezone, observed_until, question, types)
        schema = ", ".join(f"{spark_quoted(name)} {kind}" for name, kind in types.items())
        return cls(
            spec,
            reader.contract,
            reader.columns,
            reader.id_types,
            reader.is_dated,
            types,
            frame.mapInArrow(read, schema),
        )

    def kept(self) -> "SparkTable":
        """The table with its rows held on Spark's workers, so that they are read once; see `release`."""
        rows = self.rows.persist()
        return replace(self, rows=rows, cached=[rows])

    def release(self) -> None:
        """Let the workers forget what they hold."""
        for frame in self.cached:
            frame.unpersist()

    @cached_property
    def facts(self) -> "DataFrame":
        """The good rows: customer, happened, recorded, the contract's columns, until."""
        from pyspark.sql import functions as sql

        found = self.rows.where(sql.col(ACCOUNT).isNull()).drop(ACCOUNT)
        return superseded(found, self) if self.spec.key else found.withColumn("until", sql.lit(FOREVER))

    @property
    def pieces(self) -> "DataFrame":
        """The accounts of the table's pieces, as JSON, beside its name."""
        from pyspark.sql import functions as sql

        told = self.rows.where(sql.col(ACCOUNT).isNotNull())
        return told.select(sql.lit(self.spec.name).alias("table"), ACCOUNT)

    def without_repeats(self, account: TableAccount) -> TableAccount:
        """The account of a table whose rows supersede each other, where those that repeat a key are not used."""
        if not self.spec.key:
            return account
        from pyspark.sql import functions as sql

        from .judging import REPEATS

        row = self.facts.agg(sql.count("*"), sql.min("happened"), sql.max("happened")).first()
        assert row is not None
        used, first, last = row
        repeats = {REPEATS: account.used - used} if account.used > used else {}
        return replace(
            account,
            used=used,
            quarantined=dict(sorted({**account.quarantined, **repeats}.items())),
            first=first if self.is_dated else None,
            last=last if self.is_dated else None,
        )


def superseded(facts: "DataFrame", table: SparkTable) -> "DataFrame":
    """Facts with `until`: when a later row of the same key took their place.

    Of rows of a key that became known at the same moment the last recorded counts, as in `Judge.without_repeats`.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as sql

    keys = [sql.col(spark_quoted(_fact_column(name))) for name in table.spec.key]
    is_complete = sql.lit(True)
    for key in keys:
        is_complete &= key.isNotNull()
    values = [sql.col(spark_quoted(_fact_column(name))).asc_nulls_last() for name in table.columns]
    of_key = Window.partitionBy(*keys)
    place = sql.row_number().over(
        Window.partitionBy(*keys, sql.col("recorded")).orderBy(
            sql.col("recorded_at").desc_nulls_last(), *values
        )
    )
    following = sql.lead("recorded").over(of_key.orderBy("recorded"))
    versions = facts.where(is_complete).withColumn("place", place).where("place = 1").drop("place")
    versions = versions.withColumn("until", sql.coalesce(following, sql.lit(FOREVER)))
    return versions.unionByName(facts.where(~is_complete).withColumn("until", sql.lit(FOREVER)))


def _fact_column(name: str) -> str:
    return "customer" if name == "customer_id" else name


def together(pieces: Sequence[Mapping[str, Any]], table: str) -> tuple[TableAccount, list[tuple[str, int]]]:
    """The accounts of pieces as one of the table, and its most frequent currencies."""
    counts: dict[str, Counter[str]] = {
        "quarantined": Counter(),
        "unreadable": Counter(),
        "currencies": Counter(),
    }
    for piece in pieces:
        counts["quarantined"].update(piece["quarantined"])
        counts["unreadable"].update(piece["unreadable"])
        counts["currencies"].update(dict(piece["currencies"]))
    firsts, lasts = (
        [piece[name] for piece in pieces if piece[name] is not None] for name in ("first", "last")
    )
    account = TableAccount(
        table,
        place_of(table),
        rows=sum(piece["rows"] for piece in pieces),
        used=sum(piece["used"] for piece in pieces),
        quarantined=dict(sorted(counts["quarantined"].items())),
        unreadable=dict(sorted(counts["unreadable"].items())),
        odd_times=sum(piece["odd_times"] for piece in pieces),
        first=min(firsts, default=None),
        last=max(lasts, default=None),
    )
    return account, sorted(counts["currencies"].items(), key=lambda each: (-each[1], each[0]))


def _asked(frame: "DataFrame", spec: TableSpec) -> "DataFrame":
    """The columns that the mapping asks for; DataError where one is missing, or two have the same name."""
    lowered = Counter(name.lower() for name in frame.columns)
    twice = [name for name in frame.columns if lowered[name.lower()] > 1]
    if twice:
        raise DataError(
            f"The table {spec.name} has several columns of one name.",
            where=place_of(spec.name),
            found=", ".join(twice),
            remedy="rename or drop one of them; upper and lower case make no difference",
        )
    types = {name: str(kind) for name, kind in frame.dtypes}
    contract = TABLES[spec.name]
    resolve_columns(spec, contract, Source(spec.name, "", types, place_of(spec.name)))
    if spec.name == "profile":
        contract = with_attributes(spec, contract, types)
    return frame.select(*map(spark_quoted, asked_columns(spec, contract, types)))


def _types(reader: TableReader) -> dict[str, str]:
    ids = {name: _id_type(kind, reader, name) for name, kind in reader.id_types.items()}
    found = {"customer": ids["customer_id"], "happened": "bigint", "recorded": "bigint"}
    for name in reader.columns:
        if name != "customer_id":
            found[name] = ids.get(name) or _SPARK_TYPES[reader.contract.column(name).kind]
    if reader.contract.name == "purchases":
        found["is_target"] = "boolean"
    return {**found, ACCOUNT: "string"}


def _id_type(kind: IdType, reader: TableReader, column: str) -> str:
    if kind.sql not in _ID_TYPES:
        raise DataError(
            "The ids are of a type that Spark does not have.",
            where=f"[{reader.contract.name}] {column}",
            found=kind.sql,
            remedy="map them as text in every table: { sql = 'CAST(… AS VARCHAR)' }",
        )
    return _ID_TYPES[kind.sql]


def spark_quoted(name: str) -> str:
    """A column's name as Spark's SQL takes it."""
    return "`" + name.replace("`", "``") + "`"
