"""Evidence that was written to a folder, ready to be used."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from patron.features.errors import ConfigurationError


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


def write_configuration(text: str, config: Path) -> None:
    """Write a configuration, the same bytes on every platform."""
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_bytes(text.encode())


def refuse_to_overwrite(config: Path, heading: str) -> None:
    """ConfigurationError where `config` exists and does not begin with `heading`: then somebody else wrote it."""
    if config.exists() and not config.read_text(encoding="utf-8").startswith(heading):
        raise ConfigurationError(
            "The folder already holds another configuration.",
            where=str(config),
            found=config.read_text(encoding="utf-8").split("\n", maxsplit=1)[0],
            remedy="choose another folder",
        )
