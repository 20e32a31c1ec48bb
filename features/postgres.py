"""Tables and queries of PostgreSQL, read once, as Arrow batches that stream into DuckDB."""

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

import duckdb
import pyarrow as pa

from .contracts import TableContract
from .errors import AwayError, ConfigurationError, DataError, PatronError
from .full_disk import is_disk_full
from .localtime import to_datetime
from .postgres_types import READABLE_TABLES, PostgresColumn, base_type_query
from .source_columns import Source, asked_columns, column_sources, column_types, resolve_columns
from .sql import quoted, quoted_path, select_from
from .tables import TableSpec
from .undisclosed import shown, without_secrets

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Connection

_HOSTS = re.compile(r"[\w.,:%\[\]-]*")
_TIMES = {"date", "timestamp", "timestamptz"}
_SECONDS_TO_CONNECT = 30


def open_postgres(
    connection: duckdb.DuckDBPyConnection,
    spec: TableSpec,
    contract: TableContract,
    observed_until: int | None = None,
) -> Source:
    """The rows of `spec` as a table of DuckDB, with the columns that are asked for.

    Rows of a table at or after `observed_until` (microseconds), none of which can be used, stay in the database and are
    counted there, in the same snapshot; a query is run once, as it is. DataError where the server cannot be reached,
    or has no such table, or does not understand the query.
    """
    with _connected(spec) as server:
        reading = _Reading(spec, contract, server, _place(spec))
        types = reading.types()
        resolve_columns(spec, contract, Source(spec.name, "", types, reading.place))
        asked = asked_columns(spec, contract, types)
        beyond = reading.beyond(types, observed_until)
        relation = reading.fetch(connection, asked, beyond)
        return Source(
            spec.name,
            relation,
            column_types(connection, relation),
            reading.place,
            left_out=reading.counted(beyond),
            unread=tuple(name for name in types if name not in asked),
        )


def _place(spec: TableSpec) -> str:
    assert spec.connection is not None
    return f"{spec.table or 'the query'} in {shown(spec.connection)}"


@dataclass(frozen=True)
class _Beyond:
    """Rows that cannot be used because of their time: an SQL condition, and the reason."""

    condition: str
    reason: str


@dataclass(frozen=True)
class _Reading:
    """One table on its way from a server."""

    spec: TableSpec
    contract: TableContract
    server: "Connection"
    place: str

    @property
    def rows(self) -> str:
        """What stands after FROM on the server."""
        if self.spec.table is not None:
            return f"{quoted_path(self.spec.table)} AS rows"
        assert self.spec.query is not None
        return select_from(self.spec.query)

    def types(self) -> dict[str, str]:
        """All columns with the server's names of their types."""
        return {column.name: column.type for column in self._columns("*")}

    def beyond(self, types: Mapping[str, str], observed_until: int | None) -> _Beyond | None:
        """The rows of a table that are dated at or after the end; None where that cannot be asked of the server."""
        sources = column_sources(self.spec, self.contract, types)
        dated = [name for name in self.contract.happened if name in sources]
        names = [sources[name].name for name in dated]
        kinds = {types.get(name or "", "") for name in names}
        asks_here = self.spec.table is None or self.spec.where is not None
        if observed_until is None or asks_here or not names or len(kinds) > 1 or not kinds <= _TIMES:
            return None
        (kind,) = kinds
        # A time without an offset may be read in any zone: within two days of the end the reader decides.
        margin = timedelta(0) if kind == "timestamptz" else timedelta(days=2)
        moment = (to_datetime(observed_until) + margin).isoformat()
        time = f"coalesce({', '.join(quoted(name) for name in names if name is not None)})"
        return _Beyond(
            f"({time} >= '{moment}'::{kind} AND isfinite({time}))", f"{dated[0]} at or after observed_until"
        )

    def counted(self, beyond: _Beyond | None) -> dict[str, int]:
        """How many rows stay on the server, by their reason."""
        if beyond is None:
            return {}
        (count,) = self._first(f"SELECT count(*) FROM {self.rows} WHERE {beyond.condition}")
        return {beyond.reason: int(count)} if count else {}

    def fetch(
        self,
        connection: duckdb.DuckDBPyConnection,
        asked: Mapping[str, tuple[str, ...]],
        beyond: _Beyond | None,
    ) -> str:
        """The columns that are asked for, of the rows that may count, as a table of DuckDB."""
        columns = self._readable(list(asked))
        selected = ", ".join(f"{column.sent} AS {quoted(column.name)}" for column in columns)
        condition = "" if beyond is None else f" WHERE {beyond.condition} IS NOT TRUE"
        kept = ", ".join(f"{column.kept(asked[column.name])} AS {quoted(column.name)}" for column in columns)
        name = quoted(f"rows of {self.spec.name}")
        with self.server.cursor() as cursor, self._explained():
            cursor.execute(f"SELECT {selected} FROM {self.rows}{condition}")
            connection.register("batches", cursor.fetch_record_batch())
            try:
                connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {kept} FROM batches")
            finally:
                connection.unregister("batches")
        return name

    def _columns(self, selected: str) -> list[PostgresColumn]:
        with self.server.cursor() as cursor, self._explained():
            cursor.execute(f"SELECT {selected} FROM {self.rows} LIMIT 0")
            return [PostgresColumn.of(field) for field in cursor.fetch_record_batch().schema]

    def _readable(self, names: list[str]) -> list[PostgresColumn]:
        """The columns as types that Arrow has: a domain as what it is made of, anything else as text."""
        columns = self._columns(", ".join(map(quoted, names)))
        while any(column.is_opaque for column in columns):
            casts = [self._base_type(column.type) if column.is_opaque else column.cast for column in columns]
            columns = [replace(column, cast=cast) for column, cast in zip(columns, casts, strict=True)]
            seen = self._columns(", ".join(f"{column.value} AS {quoted(column.name)}" for column in columns))
            columns = [replace(column, cast=cast) for column, cast in zip(seen, casts, strict=True)]
        return columns

    def _base_type(self, kind: str) -> str:
        row = self._first(base_type_query(kind))
        return str(row[0]) if row else "text"

    def _first(self, query: str) -> tuple[Any, ...]:
        with self.server.cursor() as cursor, self._explained():
            cursor.execute(query)
            rows = cursor.fetchall()
        return tuple(rows[0]) if rows else ()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What the server says against the table or query, without the password."""
        from adbc_driver_postgresql.dbapi import Error

        try:
            yield
        except (Error, duckdb.Error, pa.ArrowException) as error:
            if is_disk_full(error):
                raise
            raise DataError(
                f"The table {self.spec.name} cannot be read.",
                where=self.place,
                found=_said(error, self.spec),
                remedy=f"mend the {'table' if self.spec.table else 'query'} in [{self.spec.name}]; the user may read "
                + self._readable_tables(),
            ) from None

    def _readable_tables(self) -> str:
        """The names of tables and views that are most like the one wanted."""
        self.server.rollback()  # after an error the server answers nothing else
        with self.server.cursor() as cursor:
            cursor.execute(READABLE_TABLES)
            names = [str(name) for (name,) in cursor.fetchall()]
        return (
            ", ".join(difflib.get_close_matches(self.spec.table or "", names, 3) or names[:5]) or "no table"
        )


@contextmanager
def _connected(spec: TableSpec) -> Iterator["Connection"]:
    """A connection that reads one snapshot of the database and changes nothing."""
    try:
        from adbc_driver_postgresql import dbapi
    except ImportError:
        raise ConfigurationError(
            "PostgreSQL needs an extra that is not installed.",
            where=f"[{spec.name}] connection",
            remedy='pip install "patron[postgres]"',
        ) from None
    assert spec.connection is not None
    url = server_url(spec.connection, f"[{spec.name}] connection")
    try:
        server = dbapi.connect(url)
    except dbapi.Error as error:
        raise _unreachable(spec, _said(error, spec)) from None
    try:
        with server.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield server
    finally:
        server.close()


def _unreachable(spec: TableSpec, found: str) -> PatronError:
    return AwayError(
        f"The database of the table {spec.name} cannot be reached.",
        where=f"[{spec.name}] connection = {shown(spec.connection or '')}",
        found=found,
        remedy="check host, port, database, user and password; the password may come from the environment:"
        ' "postgresql://user:${PGPASSWORD}@host:5432/database"',
    )


def server_url(connection: str, where: str) -> str:
    """The URL for libpq, each part where it belongs: what libpq cannot read it repeats in its error, secrets too.

    ConfigurationError, which names `where` it stands, for what is no URL of PostgreSQL.
    """
    parts = urlsplit(str(connection))
    user, at, hosts = parts.netloc.rpartition("@")
    name, colon, password = user.partition(":")
    odd = parts.fragment or "@" in parts.path + parts.query or not _HOSTS.fullmatch(hosts)
    ports = [host.rpartition("]")[2].partition(":")[2] for host in hosts.split(",")]
    if odd or not all(port.isdigit() or not port for port in ports):
        raise ConfigurationError(
            "The connection is not a URL of PostgreSQL.",
            where=where,
            remedy='write it as "postgresql://user:${PGPASSWORD}@host:5432/database"; in a password that is written'
            " out, @ : / ? # % are %40 %3A %2F %3F %23 %25",
        )
    known = f"{quote(unquote(name), safe='')}{colon}{quote(unquote(password), safe='')}{at}{hosts}"
    query = parts.query
    if "connect_timeout" not in query and "PGCONNECT_TIMEOUT" not in os.environ:
        query += f"{'&' if query else ''}connect_timeout={_SECONDS_TO_CONNECT}"
    return f"postgresql://{known}{parts.path}?{query}".rstrip("?")


def server_said(error: BaseException, *secrets: str | None) -> str:
    """The first sentences of an error: what the driver and the statement were stays behind, and so do secrets."""
    text = re.split(r"\nLINE \d+:|\. Query:|\nQuery:", str(error))[0]
    text = re.sub(r"^.*?(\[libpq\] |(?<=ERROR: ) *)", "", " ".join(text.split()))
    return without_secrets(text, *secrets)


def _said(error: BaseException, spec: TableSpec) -> str:
    return server_said(error, spec.connection, spec.query, spec.table)
