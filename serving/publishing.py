"""Publishing: a scoring run appears whole or not at all."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from patron.features.errors import ConfigurationError

ROWS_PER_PART = 500_000
"""Rows of a published part, whatever the partitions in which they were computed: the same bytes with any memory."""

MANIFEST = "manifest.json"


class Staging:
    """A hidden folder beside the final one, in which a run is prepared; `publish` renames it."""

    def __init__(self, final: Path) -> None:
        self.final = final
        self.folder = final.parent / f".{final.name}.staging"
        try:
            if self.folder.exists():
                shutil.rmtree(self.folder)
            self.folder.mkdir(parents=True)
        except OSError as error:
            raise ConfigurationError(
                "The scores cannot be written.",
                where="the output folder",
                found=f"{final.parent}: {error.strerror}",
                remedy="name a folder that this user may write to",
            ) from None

    def discard(self) -> None:
        """Remove what was prepared."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def write_parts(self, name: str, tables: Iterator[pa.Table], schema: pa.Schema) -> list[str]:
        """Write rows as `name/part-00000.parquet` and on, at least one part; the files' names."""
        (self.folder / name).mkdir()
        written: list[str] = []
        waiting: list[pa.Table] = [schema.empty_table()]
        for table in tables:
            waiting.append(table.cast(schema))
            while sum(each.num_rows for each in waiting) >= ROWS_PER_PART:
                together = pa.concat_tables(waiting)
                written.append(self._write_part(name, len(written), together.slice(0, ROWS_PER_PART)))
                waiting = [together.slice(ROWS_PER_PART)]
        rest = pa.concat_tables(waiting)
        if rest.num_rows or not written:
            written.append(self._write_part(name, len(written), rest))
        return written

    def _write_part(self, name: str, number: int, table: pa.Table) -> str:
        file = f"{name}/part-{number:05d}.parquet"
        parquet.write_table(table.combine_chunks(), self.folder / file)
        return file

    def publish(self, files: list[str], facts: Mapping[str, Any]) -> None:
        """Write the manifest with every file's sha256 and make the run visible in one step."""
        digests = {file: hashlib.sha256((self.folder / file).read_bytes()).hexdigest() for file in files}
        manifest = {**facts, "sha256": digests}
        (self.folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        self.folder.rename(self.final)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a published run; None where there is none."""
    file = folder / MANIFEST
    if not file.is_file():
        return None
    plain: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return plain
