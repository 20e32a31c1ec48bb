"""Feature tables as Parquet files."""

from pathlib import Path

import pyarrow as pa
from pyarrow import parquet


def write_features(table: pa.Table, path: Path) -> None:
    """Write a feature table; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table, path, use_dictionary=text_columns(table.schema))


def text_columns(schema: pa.Schema) -> list[str]:
    """The columns that dictionaries make smaller; looking for repeated floats takes longer than writing them."""
    return [
        field.name for field in schema if pa.types.is_dictionary(field.type) or pa.types.is_string(field.type)
    ]
