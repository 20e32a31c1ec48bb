"""Delta tables: the files that one version consists of."""

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from .addresses import NO_SUFFIX, is_remote, suffix
from .contracts import TableContract
from .errors import ConfigurationError, DataError
from .full_disk import is_disk_full
from .source_columns import Source, asked_columns, column_types, resolve_columns
from .sql import quoted
from .tables import TableSpec
from .undisclosed import shown, undisclosed, without_secrets

if TYPE_CHECKING:
    from deltalake import DeltaTable


def is_delta(spec: TableSpec, folder: str) -> bool:
    """Whether a path is a Delta table: a folder with a log, or in object storage anything that is not named a file."""
    assert spec.path is not None
    if is_remote(spec.path):
        return spec.version is not None or (suffix(spec.path) == NO_SUFFIX and "*" not in spec.path)
    return spec.version is not None or (_folder(spec, folder) / "_delta_log").is_dir()


def _folder(spec: TableSpec, folder: str) -> Path:
    assert spec.path is not None
    return Path(folder) / Path(spec.path).expanduser()


def open_delta(
    connection: duckdb.DuckDBPyConnection, spec: TableSpec, contract: TableContract, folder: str
) -> Source:
    """The rows of a Delta table at `spec.version` or its latest; DataError where there is no such table or version.

    DuckDB asks the table's files for the columns and rows that it needs. Where rows are deleted by vectors or columns
    are renamed by mapping, which files alone do not show, the columns that are asked for are read once.
    """
    assert spec.path is not None
    location = str(spec.path) if is_remote(spec.path) else str(_folder(spec, folder))
    place = shown(undisclosed(spec.path))
    table = _table(spec, location, place)
    from deltalake.exceptions import DeltaError, DeltaProtocolError

    name = f"delta {spec.name}"
    try:
        try:
            connection.register(name, table.to_pyarrow_dataset())
            relation = quoted(name)
        except DeltaProtocolError:
            relation = _copied(connection, spec, contract, table, place)
        return Source(spec.name, relation, column_types(connection, relation), place)
    except (DeltaError, OSError, duckdb.Error) as error:
        if is_disk_full(error):
            raise
        raise _unreadable(spec, place, error) from None


def _table(spec: TableSpec, location: str, place: str) -> "DeltaTable":
    try:
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError
    except ImportError:
        raise ConfigurationError(
            "Delta tables need an extra that is not installed.",
            where=f"[{spec.name}] path",
            remedy='pip install "patron[delta]"',
        ) from None
    try:
        return DeltaTable(location, version=spec.version)
    except (DeltaError, OSError) as error:
        raise _unreadable(spec, place, error) from None


def _unreadable(spec: TableSpec, place: str, error: BaseException) -> DataError:
    return DataError(
        f"The Delta table {spec.name} cannot be read.",
        where=place if spec.version is None else f"{place}, version {spec.version}",
        found=without_secrets(" ".join(str(error).split()), undisclosed(spec.path or "")),
        remedy="mend the path, which is the folder of _delta_log"
        + ("" if spec.version is None else ", or take a version that it has"),
    )


def _copied(
    connection: duckdb.DuckDBPyConnection,
    spec: TableSpec,
    contract: TableContract,
    table: "DeltaTable",
    place: str,
) -> str:
    """The rows as deltalake itself reads them, batch by batch, as a table of our own."""
    from deltalake import QueryBuilder

    names = [field.name for field in pa.schema(table.schema().to_arrow())]
    resolve_columns(spec, contract, Source(spec.name, "", dict.fromkeys(names, ""), place))
    columns = ", ".join(map(quoted, asked_columns(spec, contract, names)))
    rows = QueryBuilder().register("rows", table).execute(f"SELECT {columns} FROM rows")
    copy = quoted(f"rows of {spec.name}")
    connection.register("batches", pa.RecordBatchReader.from_stream(rows))
    try:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {copy} AS SELECT * FROM batches")
    finally:
        connection.unregister("batches")
    return copy
