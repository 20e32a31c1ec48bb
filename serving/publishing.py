"""Publishing: a scoring run appears whole or not at all."""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import pyarrow as pa
from pyarrow import parquet

from patron.features.errors import ConfigurationError

ROWS_PER_PART = 500_000
"""Rows of a published part, whatever the batches in which they were computed: the same bytes with any memory."""

MANIFEST = "manifest.json"


class Staging:
    """A hidden folder beside the final one, in which a run is prepared; `publish` renames it.

    Use it as a context: without `publish` nothing stays behind. Two runs at once have a folder each, and the first to
    publish wins. ConfigurationError where nothing can be written.
    """

    def __init__(self, final: Path) -> None:
        self.final = final
        self.folder = final.parent / f".{final.name}-{uuid4().hex[:8]}.staging"
        self._waiting = self.folder / "waiting"

    def __enter__(self) -> Self:
        try:
            self._waiting.mkdir(parents=True)
        except OSError as error:
            raise _unwritable(self.folder, error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise _unwritable(self.final, error) from error

    def keep(self, name: str, number: int, table: pa.Table) -> None:
        """Let the rows of a batch wait until all have been computed."""
        parquet.write_table(table, self._waiting / f"{name}-{number:06d}.parquet")

    def kept(self, name: str) -> Iterator[pa.Table]:
        """The rows that wait, batch by batch."""
        return (parquet.read_table(file) for file in sorted(self._waiting.glob(f"{name}-*.parquet")))

    def write_parts(self, name: str, tables: Iterable[pa.Table], schema: pa.Schema) -> list[str]:
        """Write rows as `name/part-00000.parquet` and on, at least one part; the files' names."""
        (self.folder / name).mkdir()
        written: list[str] = []
        waiting: list[pa.Table] = [schema.empty_table()]
        for table in tables:
            waiting.append(table)
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

    def publish(self, files: Iterable[str], facts: Mapping[str, Any]) -> None:
        """Write the manifest with every file's sha256 and make the run visible in one step."""
        shutil.rmtree(self._waiting)
        manifest = {**facts, "sha256": {file: _sha256(self.folder / file) for file in files}}
        (self.folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        try:
            self.folder.rename(self.final)
        except OSError:
            if published(self.final) is None:
                raise


def published(folder: Path) -> dict[str, Any] | None:
    """The manifest of a run that was published to the folder; None where there is no such folder.

    ConfigurationError where the folder holds anything else, or files that are not as they were published.
    """
    if not folder.exists():
        return None
    try:
        plain: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        changed = [file for file, digest in plain["sha256"].items() if _sha256(folder / file) != digest]
    except (OSError, ValueError, KeyError) as error:
        changed = [str(error)]
    if changed:
        raise ConfigurationError(
            "The folder of this scoring run exists, and is not as it was published.",
            where=str(folder),
            found=", ".join(changed),
            remedy="remove the folder, and score again",
        )
    return plain


def make_folder(folder: Path) -> None:
    """Make the folder if need be; ConfigurationError where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        "The scores cannot be written.",
        where=str(folder),
        found=error.strerror or str(error),
        remedy="name an output folder that this user may write to, with room for the scores",
    )


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
