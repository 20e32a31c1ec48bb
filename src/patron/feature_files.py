"""Feature tables as Parquet files."""

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet


@dataclass(frozen=True)
class FeatureFile:
    """A written feature table: where it is, its rows, and its columns in their order."""

    path: Path
    rows: int
    columns: tuple[str, ...]


def write_tables(tables: Iterable[pa.Table], path: Path) -> FeatureFile:
    """Write tables of one schema (at least one) one after the other into one file; the folder is made.

    One is written while the next is made, and never are more than two in memory. The file has its name only when it is
    complete.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    rows = 0
    writer: parquet.ParquetWriter | None = None
    writing: Future[None] | None = None
    with ThreadPoolExecutor(1) as background:
        try:
            for table in tables:
                if writer is None:
                    writer = parquet.ParquetWriter(
                        unfinished,
                        table.schema,
                        use_dictionary=_text_columns(table.schema),
                        write_statistics=_selected_by(table.schema),
                    )
                if writing is not None:
                    writing.result()
                writing = background.submit(writer.write_table, table)
                rows += table.num_rows
            assert writer is not None
            assert writing is not None
            writing.result()
            writer.close()
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    unfinished.replace(path)
    return FeatureFile(path, rows, tuple(writer.schema.names))


def _text_columns(schema: pa.Schema) -> list[str]:
    """The columns that dictionaries make smaller; looking for repeated floats takes longer than writing them."""
    return [
        field.name for field in schema if pa.types.is_dictionary(field.type) or pa.types.is_string(field.type)
    ]


def _selected_by(schema: pa.Schema) -> list[str]:
    """The columns that rows are looked for by: nobody skips parts of a file by the extremes of a feature."""
    return [field.name for field in schema if not pa.types.is_floating(field.type)]
