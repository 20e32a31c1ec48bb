"""Any source of rows as something DuckDB can read: files, globs of files, frames, Delta tables, databases."""

import difflib
import glob
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa

from .addresses import is_remote, suffix
from .contracts import TableContract
from .csv_files import CsvFiles
from .delta_tables import is_delta, open_delta
from .duckdb_files import open_duckdb
from .errors import DataError
from .full_disk import is_disk_full
from .further_rows import further_source
from .postgres import open_postgres
from .source_columns import Source, column_sources, column_types, resolve_columns
from .sql import literal, quoted
from .tables import TableSpec
from .undisclosed import shown, undisclosed, without_secrets

__all__ = ["Source", "column_sources", "column_types", "literal", "open_source", "quoted", "resolve_columns"]

_CSV = {".csv", ".tsv", ".txt"}
_JSON = {".jsonl", ".ndjson", ".json"}
_PARQUET = {".parquet", ".pq"}
_REMOTE_CURE = (
    "check the address; DuckDB reads it with its extension httpfs (once: INSTALL httpfs) and its own secrets"
    " (CREATE PERSISTENT SECRET …), see docs/sources.md"
)
_READ_FROM_STRINGS = {"DATE", "TIME", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "UUID"}


def open_source(
    connection: duckdb.DuckDBPyConnection,
    spec: TableSpec,
    contract: TableContract,
    folder: str,
    observed_until: int | None = None,
) -> Source:
    """The rows of `spec`; DataError where there is nothing to read or it cannot be read.

    A database keeps the rows at or after `observed_until` (microseconds) where it can, and says how many they are.
    """
    source = _opened(connection, spec, contract, folder, observed_until)
    return source if spec.where is None else _filtered(connection, source, spec.where)


def _opened(
    connection: duckdb.DuckDBPyConnection,
    spec: TableSpec,
    contract: TableContract,
    folder: str,
    observed_until: int | None,
) -> Source:
    if spec.connection is not None:
        if spec.connection.startswith("duckdb:"):
            return open_duckdb(connection, spec, contract, folder)
        return open_postgres(connection, spec, contract, observed_until)
    if spec.frame is not None:
        place = f"the {type(spec.frame).__name__} given as {spec.name}"
        return _source(connection, spec, place, lambda: (_frame(connection, spec), 0))
    if spec.path is None and spec.further:
        return further_source(connection, spec)
    if spec.path is None:
        raise DataError(
            f"The table {spec.name} has no source.",
            where=f"[{spec.name}]",
            remedy='set path = "…", or pass a frame of that name',
        )
    if is_delta(spec, folder):
        return open_delta(connection, spec, contract, folder)
    return _source(
        connection, spec, shown(undisclosed(spec.path)), lambda: _files(connection, spec, contract, folder)
    )


def _source(
    connection: duckdb.DuckDBPyConnection, spec: TableSpec, place: str, read: Callable[[], tuple[str, int]]
) -> Source:
    """What `read` gives to stand after FROM, with its columns; DataError where it cannot be read."""
    try:
        relation, malformed = read()
        types = column_types(connection, relation)
    except duckdb.Error as error:
        if is_disk_full(error):
            raise
        raise DataError(
            f"The table {spec.name} cannot be read.",
            where=place,
            found=without_secrets(_first_line(error), undisclosed(spec.path or "")),
            remedy=_REMOTE_CURE
            if spec.path is not None and is_remote(spec.path)
            else "mend the file (in a CSV a quote within quotes is doubled, and every quote is closed)",
        ) from None
    return Source(spec.name, relation, types, place, malformed)


def _filtered(connection: duckdb.DuckDBPyConnection, source: Source, where: str) -> Source:
    relation = f"(SELECT * FROM {source.relation} WHERE {where})"
    try:
        types = column_types(connection, relation)
    except duckdb.Error as error:
        raise DataError(
            f"The condition on the table {source.table} cannot be evaluated.",
            where=f"[{source.table}] where",
            found=f"{where}: {_first_line(error)}",
            remedy=f"use the source's columns: {source.described}",
        ) from None
    return replace(source, relation=relation, types=types)


def _frame(connection: duckdb.DuckDBPyConnection, spec: TableSpec) -> str:
    name = f"frame_{spec.name}"
    frame = spec.frame
    if isinstance(frame, pa.RecordBatchReader):
        frame = frame.read_all()  # it is scanned more than once
    if type(frame).__module__.split(".")[0] == "polars":
        frame = (frame.collect() if hasattr(frame, "collect") else frame).to_arrow()
    try:
        connection.register(name, frame)
    except (duckdb.Error, TypeError, ValueError) as error:
        raise DataError(
            f"The frame given as {spec.name} cannot be read.",
            found=f"{type(spec.frame).__name__}: {_first_line(error)}",
            remedy="pass a pandas, polars or Arrow table",
        ) from None
    return quoted(name)


def _files(
    connection: duckdb.DuckDBPyConnection, spec: TableSpec, contract: TableContract, folder: str
) -> tuple[str, int]:
    """What stands after FROM for the files of a path, and how many of their lines are no rows."""
    paths = _paths(spec, folder)
    kinds = {suffix(path) for path in paths}
    if kinds <= _CSV:
        files = CsvFiles.of(connection, paths)
        relation = _load(connection, spec.name, _csv(connection, files, spec, contract))
        return relation, files.keep_rejected(connection, spec.name)
    listed = "[" + ", ".join(literal(path) for path in paths) + "]"
    if kinds <= _PARQUET:
        return f"read_parquet({listed}, union_by_name = true)", 0
    if kinds <= _JSON:
        return _load(connection, spec.name, _json(connection, listed, spec, contract)), 0
    raise DataError(
        f"The table {spec.name} is in a format that Patron does not read.",
        where=f"[{spec.name}] path",
        found=", ".join(sorted(kinds)),
        remedy="use Parquet, CSV or JSON lines, one kind per table",
    )


def _load(connection: duckdb.DuckDBPyConnection, table: str, relation: str) -> str:
    """Rows of text files as a table of their own: every question to the files would search for their types again."""
    digest = hashlib.sha256(relation.encode()).hexdigest()  # the same file may be read in two ways at once
    name = quoted(f"rows of {table} {digest[:8]}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM {relation}")
    return name


def _paths(spec: TableSpec, folder: str) -> list[str]:
    assert spec.path is not None
    if is_remote(spec.path):
        return [str(spec.path)]  # DuckDB knows what a pattern stands for there
    pattern = str(Path(folder) / Path(spec.path).expanduser())
    paths = [pattern] if Path(pattern).is_file() else sorted(glob.glob(pattern, recursive=True))
    if not paths:
        raise DataError(
            f"The table {spec.name} has no file.",
            where=f"[{spec.name}] path",
            found=pattern,
            remedy=f"mend the path (it is relative to {Path(folder).resolve()}){_neighbours(Path(pattern))}",
        )
    return paths


def _csv(
    connection: duckdb.DuckDBPyConnection, files: CsvFiles, spec: TableSpec, contract: TableContract
) -> str:
    """CSV with types found from all rows, but ids, times and words as they stand: "007" stays "007", and nobody guesses
    whether 01/02 is in January.
    """
    return files.relation(_texts(spec, contract, column_types(connection, files.relation())))


def _json(connection: duckdb.DuckDBPyConnection, files: str, spec: TableSpec, contract: TableContract) -> str:
    """JSON with types found from all rows, but strings of mapped columns as they stand, as in a CSV: DuckDB would
    make dates and UUIDs of them.
    """
    options = "format = 'auto', union_by_name = true"
    types = column_types(connection, f"read_json({files}, {options}, sample_size = -1)")
    for name in _texts(spec, contract, types):
        if types[name] in _READ_FROM_STRINGS:
            types[name] = "VARCHAR"
    columns = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in types.items())
    return f"read_json({files}, {options}, columns = {{{columns}}})"


def _texts(spec: TableSpec, contract: TableContract, present: Mapping[str, str]) -> list[str]:
    """The source's columns that are mapped, as they are, to an id, a time or a word."""
    sources = column_sources(spec, contract, present)
    names = [sources[name].name for name in sources if contract.column(name).kind in ("id", "time", "text")]
    return [name for name in dict.fromkeys(names) if name is not None and name in present]


def _neighbours(path: Path) -> str:
    if not path.parent.is_dir():
        return f"; the folder {path.parent} does not exist"
    names = sorted(entry.name for entry in path.parent.iterdir())
    near = difflib.get_close_matches(path.name, names, 3)
    return f"; the folder holds {', '.join(near or names[:5]) or 'nothing'}"


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
