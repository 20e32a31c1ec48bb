"""Names, texts and single answers in SQL."""

import re
from typing import Any

import duckdb


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string, for the places where DuckDB takes no parameter."""
    return "'" + text.replace("'", "''") + "'"


def first_row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...] | None:
    """The first row of a query with few, None where it has none.

    All rows are fetched: while some are waiting, DuckDB takes no further frames.
    """
    rows = connection.execute(query).fetchall()
    return rows[0] if rows else None


def quoted_path(name: str) -> str:
    """A table's name, with its schema before a dot where it has one, each quoted as it is written."""
    parts = re.findall(r'"((?:[^"]|"")+)"|([^".]+)', name)
    return ".".join(quoted(inner.replace('""', '"') or plain) for inner, plain in parts)


def select_from(query: str) -> str:
    """A query as it may stand after FROM."""
    return f"(\n{query.strip().rstrip(';')}\n) AS rows"


def hide_progress(connection: duckdb.DuckDBPyConnection) -> None:
    """No bar of DuckDB's own. In a notebook without ipywidgets there is none, and it refuses even to be told so."""
    shown = first_row(connection, "SELECT current_setting('enable_progress_bar')")
    if shown is not None and shown[0]:
        connection.execute("SET enable_progress_bar = false")
