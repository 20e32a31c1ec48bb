"""Rows that Patron adds to an evidence table beside the business's own, such as the assignments of its plans."""

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import duckdb

from .contracts import TableContract
from .errors import DataError
from .source_columns import Source, column_types, resolve_columns
from .sql import literal, quoted
from .tables import TableSpec

_INSTANT = "TIMESTAMP WITH TIME ZONE"


def has_own_rows(spec: TableSpec) -> bool:
    """Whether the table has rows beside the further ones."""
    return spec.path is not None or spec.frame is not None or spec.connection is not None


def further_source(connection: duckdb.DuckDBPyConnection, spec: TableSpec) -> Source:
    """The further rows of a table that has none of its own."""
    relation = _further(spec.further)
    return Source(spec.name, relation, column_types(connection, relation), ", ".join(spec.further))


def with_further_rows(
    connection: duckdb.DuckDBPyConnection, source: Source, spec: TableSpec, contract: TableContract, zone: str
) -> tuple[Source, TableSpec]:
    """The rows of a source and the further ones under the names of the contract, and the specification of both.

    The further files have those names, and instants; they are cast to the types of the source's own columns, times as
    these are read: in `zone` unless the table says otherwise. DataError where they do not fit.
    """
    own = resolve_columns(spec, contract, source)
    chosen = ", ".join(f"{each} AS {quoted(name)}" for name, each in own.items())
    relation = f"(SELECT {chosen} FROM {source.relation})"
    types = column_types(connection, relation)
    further = _further(spec.further)
    times = {column.name for column in contract.columns if column.kind == "time"}
    casts = [
        _cast(name, types.get(name), name in times, spec.timezone or zone)
        for name in column_types(connection, further)
    ]
    together = f"(SELECT * FROM {relation} UNION ALL BY NAME SELECT {', '.join(casts)} FROM {further})"
    try:
        found = column_types(connection, together)
    except duckdb.Error as error:
        raise DataError(
            f"The rows that plans add do not fit to the table {spec.name}.",
            where=f"[{spec.name}]",
            found=str(error).splitlines()[0],
            remedy="give ids as they are in the purchases, and times as times",
        ) from None
    plain = replace(spec, columns=MappingProxyType({}), where=None)
    return replace(source, relation=together, types=found), plain


def _further(files: Sequence[str]) -> str:
    return "read_parquet([" + ", ".join(literal(each) for each in files) + "], union_by_name = true)"


def _cast(name: str, kind: str | None, is_time: bool, zone: str) -> str:
    """A further column as the source's own is: a time without a zone is local there."""
    column = quoted(name)
    if kind is None:
        return column
    if is_time and kind.startswith("TIMESTAMP") and kind != _INSTANT:
        return f"CAST(timezone({literal(zone)}, {column}) AS {kind}) AS {column}"
    if is_time and kind == "VARCHAR":
        return f"strftime(timezone('UTC', {column}), '%Y-%m-%dT%H:%M:%S.%fZ') AS {column}"
    if is_time and kind == "DATE":
        return f"CAST(timezone({literal(zone)}, {column}) AS DATE) AS {column}"
    return f"CAST({column} AS {kind}) AS {column}"
