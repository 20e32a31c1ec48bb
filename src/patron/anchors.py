"""Anchors from a file: the (customer_id, cutoff) pairs at which features are wanted."""

from pathlib import Path

import duckdb
import pyarrow as pa

from patron.features.contracts import TABLES
from patron.features.errors import DataError
from patron.features.sources import open_source
from patron.features.sql import quoted
from patron.features.tables import ColumnSource, TableSpec


def read_anchors(path: Path) -> pa.Table:
    """The columns customer_id and cutoff of a Parquet, CSV or JSON lines file; ids of a CSV are text.

    DataError where the file is not there, cannot be read, or has no such columns.
    """
    with duckdb.connect() as connection:
        spec = TableSpec("anchors", path=str(path), columns={"customer_id": ColumnSource("customer_id")})
        source = open_source(connection, spec, TABLES["purchases"], str(Path.cwd()))
        missing = [name for name in ("customer_id", "cutoff") if name not in source.types]
        if missing:
            raise DataError(
                f"The anchors have no column {missing[0]}.",
                where=str(path),
                found="columns " + ", ".join(source.types),
                remedy="give the columns customer_id and cutoff",
            )
        names = ", ".join(map(quoted, ("customer_id", "cutoff")))
        return connection.sql(f"SELECT {names} FROM {source.relation}").to_arrow_table()
