"""Any source of rows as something DuckDB can read: files, globs of files, frames."""

import difflib
import glob
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from .contracts import TableContract
from .errors import DataError
from .tables import ColumnSource, TableSpec

_CSV = {".csv", ".tsv", ".txt"}
_JSON = {".jsonl", ".ndjson", ".json"}
_PARQUET = {".parquet", ".pq"}
_COMPRESSED = {".gz", ".zst"}


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string, for the places where DuckDB takes no parameter."""
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True)
class Source:
    """Rows of one table as DuckDB reads them: the text after FROM, and its columns with their types."""

    table: str
    relation: str
    types: Mapping[str, str]
    place: str
    """The file or frame, for messages."""


def open_source(
    connection: duckdb.DuckDBPyConnection, spec: TableSpec, contract: TableContract, folder: str
) -> Source:
    """The rows of `spec`; DataError where there is nothing to read or it cannot be read."""
    if spec.frame is not None:
        relation, place = _frame(connection, spec), f"the {type(spec.frame).__name__} given as {spec.name}"
    elif spec.path is not None:
        relation, place = _files(connection, spec, contract, folder), spec.path
    else:
        raise DataError(
            f"The table {spec.name} has no source.",
            where=f"[{spec.name}]",
            remedy='set path = "…", or pass a frame of that name',
        )
    try:
        types = column_types(connection, relation)
    except duckdb.Error as error:
        raise DataError(
            f"The table {spec.name} cannot be read.",
            where=place,
            found=_first_line(error),
            remedy="mend the file",
        ) from None
    source = Source(spec.name, relation, types, place)
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
            remedy=f"use the source's columns: {', '.join(source.types)}",
        ) from None
    return Source(source.table, relation, types, source.place)


def _frame(connection: duckdb.DuckDBPyConnection, spec: TableSpec) -> str:
    name = f"frame_{spec.name}"
    frame = spec.frame
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
) -> str:
    assert spec.path is not None
    pattern = str(Path(folder) / Path(spec.path).expanduser())
    paths = sorted(glob.glob(pattern, recursive=True)) if not Path(pattern).is_file() else [pattern]
    if not paths:
        raise DataError(
            f"The table {spec.name} has no file.",
            where=f"[{spec.name}] path",
            found=pattern,
            remedy=f"mend the path (it is relative to {Path(folder).resolve()}){_neighbours(Path(pattern))}",
        )
    files = "[" + ", ".join(literal(path) for path in paths) + "]"
    kinds = {_suffix(path) for path in paths}
    if kinds <= _PARQUET:
        return f"read_parquet({files}, union_by_name = true)"
    if kinds <= _CSV:
        return _csv(connection, files, spec, contract)
    if kinds <= _JSON:
        return f"read_json({files}, format = 'auto', sample_size = -1, union_by_name = true)"
    raise DataError(
        f"The table {spec.name} is in a format that Patron does not read.",
        where=f"[{spec.name}] path",
        found=", ".join(sorted(kinds)),
        remedy="use Parquet, CSV or JSON lines, one kind per table",
    )


def _suffix(path: str) -> str:
    suffixes = Path(path).suffixes
    if suffixes and suffixes[-1].lower() in _COMPRESSED:
        suffixes = suffixes[:-1]
    return suffixes[-1].lower() if suffixes else "no suffix"


def _csv(connection: duckdb.DuckDBPyConnection, files: str, spec: TableSpec, contract: TableContract) -> str:
    """CSV with types found from all rows, but mapped columns as text: an id "007" stays "007", and a row with an
    unreadable date is quarantined instead of stopping the reader.
    """
    options = f"{files}, header = true, sample_size = -1, union_by_name = true"
    try:
        present = column_types(connection, f"read_csv({options})")
    except duckdb.Error:
        return f"read_csv({options})"  # read again by the caller, whose message names the place
    mapped = {name: source.name for name, source in column_sources(spec, contract, present).items()}
    texts = [name for name in mapped.values() if name is not None and name in present]
    if not texts:
        return f"read_csv({options})"
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in dict.fromkeys(texts))
    return f"read_csv({options}, types = {{{types}}})"


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
