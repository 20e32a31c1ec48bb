"""Evidence that was written to a folder, ready to be used."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


@dataclass(frozen=True)
class WrittenEvidence:
    """Where evidence tables and their configuration were written, and how many rows each table has."""

    folder: Path
    config: Path
    rows: Mapping[str, int]


def write_table(table: pa.Table, path: Path) -> int:
    """Write one Parquet file, the same bytes for the same table; the number of its rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", version="2.6")
    return int(table.num_rows)


def clear_parts(folder: Path) -> None:
    """Remove the parts of an earlier, perhaps larger, run, so that a glob does not read both."""
    for path in sorted(folder.glob("part-*.parquet")):
        path.unlink()
