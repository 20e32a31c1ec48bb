"""Tables and queries of a DuckDB database file."""

import difflib
import hashlib
from pathlib import Path

import duckdb

from .contracts import TableContract
from .errors import DataError
from .full_disk import is_disk_full
from .source_columns import Source, asked_columns, column_types, resolve_columns
from .sql import first_row, literal, quoted, quoted_path, select_from
from .tables import TableSpec
from .undisclosed import shown, without_secrets

SCHEME = "duckdb:///"


def open_duckdb(
    connection: duckdb.DuckDBPyConnection, spec: TableSpec, contract: TableContract, folder: str
) -> Source:
    """The rows of `spec` in its database, which is only read.

    A table is read where it is, and only the columns that are asked for; a query is run once. DataError where the
    database cannot be opened, or has no such table, or does not understand the query.
    """
    assert spec.connection is not None
    place = f"{spec.table or 'the query'} in {shown(spec.connection)}"
    path = Path(folder) / Path(spec.connection.removeprefix(SCHEME)).expanduser()
    database = quoted(f"database {hashlib.sha256(str(path).encode()).hexdigest()[:8]}")
    _attach(connection, spec, path, database)
    try:
        if spec.table is not None:
            relation = f"{database}.{quoted_path(spec.table)}"
        else:
            relation = _queried(connection, spec, contract, database)
        return Source(spec.name, relation, column_types(connection, relation), place)
    except duckdb.Error as error:
        if is_disk_full(error):
            raise
        message = " ".join(str(error).split("\n\nLINE")[0].split())
        raise DataError(
            f"The table {spec.name} cannot be read.",
            where=place,
            found=without_secrets(
                message.replace(f"{database}.", ""), spec.connection, spec.query, spec.table
            ),
            remedy=f"mend the {'table' if spec.table else 'query'}; the database holds "
            + _tables(connection, database, spec.table or ""),
        ) from None


def _attach(connection: duckdb.DuckDBPyConnection, spec: TableSpec, path: Path, database: str) -> None:
    assert spec.connection is not None
    if not path.is_file():
        raise DataError(
            f"The table {spec.name} has no database.",
            where=f"[{spec.name}] connection",
            found=without_secrets(str(path), spec.connection),
            remedy="mend the path: duckdb:///file.duckdb is relative to the configuration, duckdb:////data/file.duckdb"
            " is not",
        )
    try:
        connection.execute(f"ATTACH IF NOT EXISTS {literal(str(path))} AS {database} (READ_ONLY)")
    except duckdb.Error as error:
        raise DataError(
            f"The database of the table {spec.name} cannot be opened.",
            where=f"[{spec.name}] connection",
            found=without_secrets(str(error).split("\n", maxsplit=1)[0], spec.connection),
            remedy="close it wherever it is open for writing, or name a DuckDB database",
        ) from None


def _queried(
    connection: duckdb.DuckDBPyConnection, spec: TableSpec, contract: TableContract, database: str
) -> str:
    """The rows of the query as a table of our own: its names mean what they mean within its database."""
    assert spec.query is not None
    name = quoted(f"rows of {spec.name}")
    here = first_row(connection, "SELECT current_database(), current_schema()")
    assert here is not None
    connection.execute(f"USE {database}")
    try:
        rows = select_from(spec.query)
        source = Source(spec.name, rows, column_types(connection, rows), f"the query of [{spec.name}]")
        resolve_columns(spec, contract, source)
        columns = ", ".join(map(quoted, asked_columns(spec, contract, source.types)))
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {columns} FROM {rows}")
    finally:
        connection.execute(f"USE {quoted(here[0])}.{quoted(here[1])}")
    return name


def _tables(connection: duckdb.DuckDBPyConnection, database: str, wanted: str) -> str:
    """The names of tables and views that are most like the one wanted."""
    rows = connection.execute(
        "SELECT CASE WHEN table_schema = 'main' THEN table_name ELSE table_schema || '.' || table_name END AS name"
        f" FROM information_schema.tables WHERE table_catalog = {literal(database[1:-1])} ORDER BY name"
    ).fetchall()
    names = [str(row[0]) for row in rows]
    return ", ".join(difflib.get_close_matches(wanted, names, 3) or names[:5]) or "no tables"
