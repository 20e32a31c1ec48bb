"""The columns of a source: where each column of the contract comes from, and which are needed at all."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import duckdb

from .contracts import TableContract
from .errors import DataError
from .tables import ColumnSource, TableSpec


@dataclass(frozen=True)
class Source:
    """Rows of one table as DuckDB reads them: the text after FROM, and its columns with their types."""

    table: str
    relation: str
    types: Mapping[str, str]
    place: str
    """The file, frame or database, for messages."""
    malformed: int = 0
    """Lines of a CSV that are no rows; they are in the table "rejected lines <table>"."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Rows that stayed where they are because none of them can be used, counted by the reason."""
    unread: tuple[str, ...] = ()
    """Columns that nothing asks for, and that were not fetched."""

    @property
    def described(self) -> str:
        """The columns with their types, for messages."""
        fetched = ", ".join(f"{name} ({kind})" for name, kind in self.types.items())
        return f"{fetched}; not fetched: {', '.join(self.unread)}" if self.unread else fetched


def column_types(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """The columns of a relation and DuckDB's names of their types."""
    rows = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    return {str(row[0]): str(row[1]) for row in rows}


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


def asked_columns(
    spec: TableSpec, contract: TableContract, present: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    """The source's columns that a mapping, an expression or the condition asks for, with the kinds of what is made of
    them; one too many rather than one too few.
    """
    names = list(present)
    sources = {**spec.columns, **column_sources(spec, contract, dict.fromkeys(names, ""))}
    kinds = {column.name: column.kind for column in contract.columns}
    asked: dict[str, tuple[str, ...]] = {}
    for name in names:
        uses = [kinds.get(target, "text") for target, source in sources.items() if _asks(source, name)]
        if uses or (spec.where is not None and _mentions(spec.where, name)):
            asked[name] = tuple(uses)
    return asked


def _asks(source: ColumnSource, name: str) -> bool:
    return source.name == name if source.sql is None else _mentions(source.sql, name)


def _mentions(sql: str, name: str) -> bool:
    """Whether an expression may speak of a column: SQL's names have no case, and COLUMNS('a.*') speaks of many."""
    lowered = sql.lower()
    return name.lower() in lowered or '"' in name or re.search(r"\bcolumns\b", lowered) is not None


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
