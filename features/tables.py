"""Where an evidence table comes from and how its columns are named there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class ColumnSource:
    """A source column by name, or an SQL expression over the source row."""

    name: str | None = None
    sql: str | None = None

    def __str__(self) -> str:
        return f'"{self.name}"' if self.name is not None else f"({self.sql})"


@dataclass(frozen=True)
class TableSpec:
    """One evidence table: its source, the mapping of its columns, and how it is to be read.

    The source is a `path` (Parquet, CSV, JSON lines, a glob of them, or the folder of a Delta table; relative to the
    configuration file), a `frame` (pandas, polars or Arrow), or a `connection` with a `table` or a `query`.
    `columns` maps the contract's column names to the source; a column of the contract that is not mapped is taken
    under its own name where the source has it.
    """

    name: str
    path: str | None = None
    frame: Any = field(default=None, compare=False, repr=False)
    connection: str | None = None
    """A database: postgresql://user@host/name or duckdb:///file; `Undisclosed` where it holds a password."""
    table: str | None = None
    """A table of the database, as it is written there."""
    query: str | None = None
    """A SELECT in the database's own SQL."""
    version: int | None = None
    """Which version of a Delta table; the latest unless given."""
    columns: Mapping[str, ColumnSource] = field(default_factory=dict)
    timezone: str | None = None
    """How naive times are read; the business time zone unless given."""
    observed_from: datetime | None = None
    """From when on the table is complete; its first fact unless given."""
    where: str | None = None
    """An SQL condition over the source row; other rows are not part of the table."""
    key: tuple[str, ...] = ()
    """Rows with the same key supersede each other by `recorded_at`."""
    currency: str | None = None
    """The currency that counts, where a column holds several; rows in another are quarantined."""
    attributes: tuple[str, ...] | None = None
    """The attributes of the profile that are used, beside those in `columns`; all unless given."""
    static: tuple[str, ...] = ()
    """Attributes of the profile that never change."""
    further: tuple[str, ...] = ()
    """Parquet files of further rows, under the names of the contract: those of Patron's own plans."""
    scales: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Lowest and highest score of the business's own instruments; those that Patron knows need none."""


@dataclass(frozen=True)
class DataSpec:
    """All evidence tables of a business, and up to when they are known.

    `observed_until` is exclusive and aware (UTC); `timezone` defines the business's days.
    """

    tables: Mapping[str, TableSpec]
    observed_until: datetime
    timezone: str = "UTC"
    folder: str = "."
    """Where relative paths start: the folder of the configuration file."""
