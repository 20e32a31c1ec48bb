"""Signs of the future in the mapping: expressions that look beyond their row, which no rebuilding can see behind."""

import json
from collections.abc import Iterator
from typing import Any

import duckdb

from .findings import Finding
from .sample import Sample

_BACKWARD_ENDS = {"CURRENT_ROW_RANGE", "CURRENT_ROW_ROWS", "EXPR_PRECEDING_ROWS", "EXPR_PRECEDING_RANGE"}
_WHY = (
    "Snapshots are rebuilt from what the expression gives, so that what it took from later rows stays hidden."
)
_REMEDY = "map what stands in the row itself; what it means over time is for features to say"


def mapping_signs(sample: Sample) -> Iterator[Finding]:
    """Expressions with a window that reaches later rows (leak), or any window or subquery (look)."""
    for table, spec in sample.data.tables.items():
        written = {name: source.sql for name, source in spec.columns.items() if source.sql is not None}
        if spec.where is not None:
            written["where"] = spec.where
        for name, sql in written.items():
            level = _level(sample.connection, sql)
            if level is not None:
                yield Finding(
                    "leak" if level == "leak" else "look",
                    "an expression looks at other rows",
                    f"[{table}] {name}",
                    sql,
                    _WHY,
                    _REMEDY,
                )


def _level(connection: duckdb.DuckDBPyConnection, sql: str) -> str | None:
    row = connection.execute("SELECT json_serialize_sql(?)", [f"SELECT {sql} FROM rows"]).fetchone()
    nodes = list(_nodes(json.loads(row[0]))) if row else []
    windows = [node for node in nodes if node.get("class") == "WINDOW"]
    if any(not _looks_back(node) for node in windows):
        return "leak"
    return "look" if windows or any(node.get("class") == "SUBQUERY" for node in nodes) else None


def _nodes(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
        for inner in part.values():
            yield from _nodes(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _nodes(inner)


def _looks_back(window: dict[str, Any]) -> bool:
    """Whether a window is in ascending order and ends with its row."""
    orders = window.get("orders") or []
    ascending = bool(orders) and all("DESC" not in str(order.get("type")) for order in orders)
    return ascending and window.get("end") in _BACKWARD_ENDS and window.get("type") != "WINDOW_LEAD"
