"""Scores in PostgreSQL: a run arrives in one transaction, once, whatever happens on the way."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import dataset

from patron.features.errors import ConfigurationError, PatronError
from patron.features.postgres import server_said, server_url
from patron.features.sql import quoted
from patron.features.undisclosed import shown

from .csv_output import with_plain_ids

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Connection, Cursor

RUNS = "patron_runs"
TABLES = {"scores": "patron_scores", "excluded": "patron_excluded"}
KEY = ("customer_id", "cutoff", "question")

_KINDS = {
    pa.string(): "text",
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.float64(): "double precision",
    pa.date32(): "date",
    pa.timestamp("us", tz="UTC"): "timestamptz",
    pa.uuid(): "uuid",
    pa.bool_(): "boolean",
}


class DatabaseAwayError(PatronError):
    """The database cannot be reached, or went away: it is worth another try."""


def write_postgres(run: Path, connection: str, schema: str | None, facts: Mapping[str, Any]) -> bool:
    """Bring a published run to the database in one transaction; False if the database has it already.

    Rows are keyed by customer, cutoff and question: those of an earlier run of the same cutoff and question are
    replaced, and those that the new run does not have go. DatabaseAwayError where the server does not answer,
    PatronError with what it says otherwise.
    """
    with _connected(connection) as server, server.cursor() as cursor:
        delivery = _Delivery(cursor, run, schema, facts)
        if not delivery.is_due():
            return False
        for name in TABLES:
            delivery.bring(name)
        delivery.sign()
        server.commit()
    return True


def forget_in_postgres(connection: str, schema: str | None, ids: Collection[str]) -> int:
    """Delete customers' rows in one transaction; how many went. Errors are those of `write_postgres`."""
    rows = 0
    with _connected(connection) as server, server.cursor() as cursor:
        for table in TABLES.values():
            name = quoted(table) if schema is None else f"{quoted(schema)}.{quoted(table)}"
            cursor.execute("SELECT to_regclass($1)::text", [name])
            there = cursor.fetchone()
            if there is None or there[0] is None:
                continue
            for each in sorted(ids):
                cursor.execute(f"DELETE FROM {name} WHERE customer_id::text = $1 RETURNING 1", [each])
                rows += len(cursor.fetchall())
        server.commit()
    return rows


class _Delivery:
    """One run on its way, inside of a transaction."""

    def __init__(self, cursor: "Cursor", run: Path, schema: str | None, facts: Mapping[str, Any]) -> None:
        self._cursor = cursor
        self._run = run
        self._schema = schema
        self._facts = facts

    def _name(self, table: str) -> str:
        return quoted(table) if self._schema is None else f"{quoted(self._schema)}.{quoted(table)}"

    def _first(self, statement: str, values: Sequence[Any] = ()) -> Any:
        self._cursor.execute(statement, values or None)
        row = self._cursor.fetchone()
        return None if row is None else row[0]

    def is_due(self) -> bool:
        """Whether the database does not have the run; one delivery at a time finds out."""
        self._first("SELECT pg_advisory_xact_lock(hashtext('patron scores'))::text")
        self._cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {self._name(RUNS)} (run text PRIMARY KEY, question text NOT NULL,"
            " cutoff timestamptz NOT NULL, model text NOT NULL, customers bigint NOT NULL, scored bigint NOT NULL,"
            " excluded jsonb NOT NULL, scored_at timestamptz NOT NULL,"
            " delivered_at timestamptz NOT NULL DEFAULT now())"
        )
        return self._first(f"SELECT run FROM {self._name(RUNS)} WHERE run = $1", [self._run.name]) is None

    def bring(self, name: str) -> None:
        """Put the rows of `scores` or `excluded` in the place of those of the same cutoff and question."""
        rows = dataset.dataset(sorted(map(str, (self._run / name).glob("*.parquet"))))
        table, columns = self._name(TABLES[name]), rows.schema
        self._make(table, columns)
        arrived = f"patron_arrived_{name}"
        self._cursor.execute(f"DROP TABLE IF EXISTS {quoted(arrived)}")
        self._cursor.adbc_ingest(arrived, _reader(rows), mode="create", temporary=True)
        names = [*columns.names, "run"]
        values = [_value(field) for field in columns] + ["$1"]
        updates = ", ".join(f"{quoted(each)} = EXCLUDED.{quoted(each)}" for each in names if each not in KEY)
        self._cursor.execute(
            f"INSERT INTO {table} ({', '.join(map(quoted, names))}) SELECT {', '.join(values)}"
            f" FROM {quoted(arrived)} ON CONFLICT ({', '.join(KEY)}) DO UPDATE SET {updates}",
            [self._run.name],
        )
        self._cursor.execute(f"DROP TABLE {quoted(arrived)}")
        # Whoever was in another run of this cutoff and question and is not in this one.
        both = [self._facts["question"]["name"], self._facts["cutoff"], self._run.name]
        self._cursor.execute(
            f"DELETE FROM {table} WHERE question = $1 AND cutoff = $2::text::timestamptz AND run <> $3", both
        )
        self._verify(name, table)

    def _make(self, table: str, columns: pa.Schema) -> None:
        key = ", ".join(KEY)
        kinds = ", ".join(f"{quoted(field.name)} {_KINDS[field.type]}" for field in columns)
        self._cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {table} ({kinds}, run text NOT NULL, PRIMARY KEY ({key}))"
        )
        for field in columns:  # a newer model may say more than an older one
            self._cursor.execute(
                f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {quoted(field.name)} {_KINDS[field.type]}"
            )

    def _verify(self, name: str, table: str) -> None:
        expected = self._facts["scored"] if name == "scores" else sum(self._facts["excluded"].values())
        found = self._first(f"SELECT count(*) FROM {table} WHERE run = $1", [self._run.name])
        if found != expected:
            raise PatronError(
                "The database does not hold what was brought, so nothing was changed there.",
                where=table,
                found=f"{found} rows, {expected} brought",
                remedy="look whether triggers or rules of that table change rows",
            )

    def sign(self) -> None:
        """Write down that the database has the run."""
        facts = self._facts
        self._cursor.execute(
            f"INSERT INTO {self._name(RUNS)} (run, question, cutoff, model, customers, scored, excluded, scored_at)"
            " VALUES ($1, $2, $3::text::timestamptz, $4, $5, $6, $7::text::jsonb, $8::text::timestamptz)",
            [
                self._run.name,
                facts["question"]["name"],
                facts["cutoff"],
                facts["model_digest"],
                facts["customers"],
                facts["scored"],
                json.dumps(facts["excluded"]),
                facts["scored_at"],
            ],
        )


def _reader(rows: dataset.Dataset) -> pa.RecordBatchReader:
    """The rows as PostgreSQL's driver takes them, batch by batch."""
    schema = pa.schema(
        [pa.field(each.name, pa.string() if each.type == pa.uuid() else each.type) for each in rows.schema]
    )

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in rows.to_batches():
            yield from with_plain_ids(pa.Table.from_batches([batch])).cast(schema).to_batches()

    return pa.RecordBatchReader.from_batches(schema, batches())


def _value(field: pa.Field) -> str:
    return f"{quoted(field.name)}::uuid" if field.type == pa.uuid() else quoted(field.name)


@contextmanager
def _connected(connection: str) -> Iterator["Connection"]:
    try:
        from adbc_driver_postgresql import dbapi
    except ImportError:
        raise ConfigurationError(
            "PostgreSQL needs an extra that is not installed.",
            where="--out",
            remedy='pip install "patron[postgres]"',
        ) from None
    try:
        with dbapi.connect(server_url(connection, "--out")) as server:
            yield server
    except dbapi.OperationalError as error:
        raise DatabaseAwayError(
            "The database for the scores cannot be reached.",
            where=shown(connection),
            found=server_said(error, connection),
            remedy="check host, port, database, user and password; the scores are published in their folder, and the"
            " same command brings them to the database",
        ) from None
    except dbapi.Error as error:
        raise PatronError(
            "The scores cannot be brought to the database.",
            where=shown(connection),
            found=server_said(error, connection),
            remedy="let the user create tables, or mend what is said; the scores are published in their folder, and the"
            " same command brings them",
        ) from None
