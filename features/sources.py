"""Any source of rows as something DuckDB can read: files, globs of files, frames."""

import difflib
import glob
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from .contracts import TableContract
from .csv_files import CsvFiles
from .errors import DataError
from .sql import literal, quoted
from .tables import ColumnSource, TableSpec

__all__ = ["Source", "column_sources", "column_types", "literal", "open_source", "quoted", "resolve_columns"]

_CSV = {".csv", ".tsv", ".txt"}
_JSON = {".jsonl", ".ndjson", ".json"}
_PARQUET = {".parquet", ".pq"}
_COMPRESSED = {".gz", ".zst"}
_READ_FROM_STRINGS = {"DATE", "TIME", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "UUID"}


@dataclass(frozen=True)
class Source:
    """Rows of one table as DuckDB reads them: the text after FROM, and its columns with their types."""

    table: str
    relation: str
    types: Mapping[str, str]
    place: str
    """The file or frame, for messages."""
    malformed: int = 0
    """Lines of a CSV that are no rows; they are in the table "rejected lines <table>"."""

    @property
    def described(self) -> str:
        """The columns with their types, for messages."""
        return ", ".join(f"{name} ({kind})" for name, kind in self.types.items())


def open_source(
    connection: duckdb.DuckDBPyConnection, spec: TableSpec, contract: TableContract, folder: str
) -> Source:
    """The rows of `spec`; DataError where there is nothing to read or it cannot be read."""
    if spec.frame is None and spec.path is None:
        raise DataError(
            f"The table {spec.name} has no source.",
            where=f"[{spec.name}]",
            remedy='set path = "…", or pass a frame of that name',
        )
    place = f"the {type(spec.frame).__name__} given as {spec.name}" if spec.path is None else spec.path
    try:
        if spec.frame is not None:
            relation, malformed = _frame(connection, spec), 0
        else:
            relation, malformed = _files(connection, spec, contract, folder)
        types = column_types(connection, relation)
    except duckdb.Error as error:
        raise DataError(
            f"The table {spec.name} cannot be read.",
            where=place,
            found=_first_line(error),
            remedy="mend the file (in a CSV a quote within quotes is doubled, and every quote is closed)",
        ) from None
    source = Source(spec.name, relation, types, place, malformed)
    return source if spec.where is None else _filtered(connection, source, spec.where)


def column_types(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """The columns of a relation and DuckDB's names of their types."""
    rows = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    return {str(row[0]): str(row[1]) for row in rows}


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
    kinds = {_suffix(path) for path in paths}
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


def _suffix(path: str) -> str:
    suffixes = Path(path).suffixes
    if suffixes and suffixes[-1].lower() in _COMPRESSED:
        suffixes = suffixes[:-1]
    return suffixes[-1].lower() if suffixes else "no suffix"


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


def column_sources(
    spec: TableSpec, contract: TableContract, present: Mapping[str, str]
) -> dict[str, ColumnSource]:
    """Where each column of the contract comes from: as mapped, else under its own name where the source has it."""
    found = {}
    for column in contract.columns:
        if column.name in spec.columns:
            found[column.name] = spec.columns[column.name]
        elif column.name in present:
            found[column.name] = ColumnSource(name=column.name)
    return found


def resolve_columns(spec: TableSpec, contract: TableContract, source: Source) -> dict[str, ColumnSource]:
    """The sources of the table's columns; DataError where one that is required or mapped is missing."""
    sources = column_sources(spec, contract, source.types)
    for column in contract.columns:
        mapped = sources.get(column.name)
        if mapped is None and column.required:
            raise DataError(
                f"The table {spec.name} has no column {column.name}, which is required.",
                where=source.place,
                found="columns " + ", ".join(source.types),
                remedy=f"map it in [{spec.name}]: {column.name} = {_candidate(column.name, source.types)}",
            )
        if mapped is not None and mapped.name is not None and mapped.name not in source.types:
            raise DataError(
                f"The table {spec.name} has no column {mapped.name}.",
                where=f"[{spec.name}] {column.name} ({source.place})",
                found="columns " + ", ".join(source.types),
                remedy=f"map it to {_candidate(mapped.name, source.types)}",
            )
    return sources


def _candidate(name: str, present: Mapping[str, str]) -> str:
    lowered = {column.lower(): column for column in present}
    near = difflib.get_close_matches(name.lower(), lowered, 3, cutoff=0.4)
    return " or ".join(f'"{lowered[column]}"' for column in near) or '"one of the columns found"'


def _neighbours(path: Path) -> str:
    if not path.parent.is_dir():
        return f"; the folder {path.parent} does not exist"
    names = sorted(entry.name for entry in path.parent.iterdir())
    near = difflib.get_close_matches(path.name, names, 3)
    return f"; the folder holds {', '.join(near or names[:5]) or 'nothing'}"


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
