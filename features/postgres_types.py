"""What PostgreSQL says of its tables and types: how a column is sent and kept, so that no value changes."""

from dataclasses import dataclass
from typing import Self

import pyarrow as pa

from .sql import literal, quoted

_TIMES = {"date", "timestamp", "timestamptz"}
_EXACT_DIGITS = 38

READABLE_TABLES = """
SELECT CASE WHEN pg_table_is_visible(c.oid) THEN relname ELSE nspname || '.' || relname END AS name
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = relnamespace
WHERE relkind IN ('r', 'v', 'm', 'f', 'p') AND nspname NOT IN ('pg_catalog', 'information_schema')
  AND nspname NOT LIKE 'pg_toast%' AND has_table_privilege(c.oid, 'SELECT')
ORDER BY name
"""
"""The tables and views of users' own that this user may read, as a configuration names them."""


@dataclass(frozen=True)
class PostgresColumn:
    """One column of a table or query: the server's type, and Arrow's."""

    name: str
    type: str
    arrow: pa.DataType
    modifier: int = -1
    """What stands behind the type in brackets, as PostgreSQL counts it; -1 for nothing."""
    cast: str | None = None
    """Another of the server's types that the column is read as."""

    @classmethod
    def of(cls, field: pa.Field) -> Self:
        """A column as the driver describes it."""
        said = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
        return cls(
            field.name,
            said.get("POSTGRESQL:type", "text"),
            field.type,
            int(said.get("POSTGRESQL:typmod", "-1")),
        )

    @property
    def is_opaque(self) -> bool:
        """Whether Arrow has no type for it."""
        return self.type != "numeric" and getattr(self.arrow, "extension_name", "") == "arrow.opaque"

    @property
    def value(self) -> str:
        """The column on the server, read as the type that it is cast to."""
        return quoted(self.name) if self.cast is None else f"{quoted(self.name)}::{self.cast}"

    @property
    def sent(self) -> str:
        """The column as the server is asked to send it.

        Infinite times, which Arrow cannot hold, become times that nobody believes; money becomes a number, of which the
        driver would send cents; the blanks that fill up a char(n), which PostgreSQL does not count, are left away.
        """
        value = f"({self.value})"
        if self.type in _TIMES:
            return (
                f"CASE WHEN isfinite({value}) THEN {value} WHEN {value} > 'epoch' THEN '9999-12-31'::{self.type}"
                f" WHEN {value} < 'epoch' THEN '0001-01-01'::{self.type} END"
            )
        if self.type == "money":
            return f"{value}::numeric::text"
        return f"{value}::text" if self.type in ("numeric", "bpchar") else value

    def kept(self, uses: tuple[str, ...]) -> str:
        """The column as DuckDB keeps it, for the kinds of columns that are made of it.

        Exact numbers come as text. Those that are whole by their declaration stay exact, others are what amounts are
        counted in, DOUBLE; where only ids or words are made of them they stay as they stand.
        """
        value = quoted(self.name)
        if self.type not in ("numeric", "money"):
            return value
        digits, places = divmod(max(self.modifier - 4, 0), 1 << 16)
        if self.modifier >= 0 and places == 0 and 0 < digits <= _EXACT_DIGITS:
            return f"TRY_CAST({value} AS DECIMAL({digits}, 0))"
        return value if uses and set(uses) <= {"id", "text"} else f"TRY_CAST({value} AS DOUBLE)"


def base_type_query(kind: str) -> str:
    """What a domain of that name is made of, as a query; without rows for types that are no domain."""
    return (
        "SELECT format_type(typbasetype, typtypmod) FROM pg_catalog.pg_type"
        f" WHERE typname = {literal(kind)} AND typtype = 'd' ORDER BY pg_type_is_visible(oid) DESC LIMIT 1"
    )
