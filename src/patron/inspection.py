"""What lies in data files: their columns, with types, spread and emptiness, as far as a guess needs it."""

import glob
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from patron.features.contracts import Column, TableContract
from patron.features.errors import ConfigurationError, DataError
from patron.features.sources import Source, open_source
from patron.features.sql import quoted
from patron.features.tables import TableSpec

SUFFIXES = (".parquet", ".pq", ".csv", ".tsv", ".jsonl", ".ndjson", ".csv.gz")
SAMPLED_ROWS = 10_000
"""How many rows are tried to see whether a column can be read as times."""

_NUMBERS = ("INT", "DOUBLE", "FLOAT", "DECIMAL", "REAL")


@dataclass(frozen=True)
class ColumnProfile:
    """A column of a file: its type in DuckDB, about how many distinct values, the share that is empty, its ends."""

    name: str
    type: str
    distinct: int
    empty: float
    low: str | None
    high: str | None
    whole_floats: bool
    """Whether it is a column of floats that are all whole numbers: ids that once were next to a missing one."""

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers."""
        return any(word in self.type for word in _NUMBERS) and not self.type.endswith("]")

    @property
    def is_time(self) -> bool:
        """Whether it holds dates or times, as its type says."""
        return self.type == "DATE" or self.type.startswith("TIMESTAMP")


@dataclass(frozen=True)
class FileProfile:
    """One source (a file, or files of the same columns as a glob): its path as written, rows and columns."""

    path: str
    source: Source
    texts: Source
    """The same rows as Patron's readers see mapped columns: those of a CSV as text."""
    rows: int
    columns: tuple[ColumnProfile, ...]

    @property
    def stem(self) -> str:
        """The file's name without folder and suffix."""
        return Path(self.path).name.split(".")[0]

    @property
    def is_text(self) -> bool:
        """Whether the file holds text whose types DuckDB guessed."""
        return self.source.types != self.texts.types


def find_files(places: Sequence[Path], folder: Path) -> tuple[Path, ...]:
    """The data files among files, folders and globs; of `folder` and its `data/` where no place is named.

    ConfigurationError where a place holds none.
    """
    if not places:
        found = [*_data_files(folder), *_data_files(folder / "data")]
        if not found:
            raise _no_files(folder)
        return tuple(found)
    found = []
    for place in places:
        here = (
            _data_files(place) if place.is_dir() else [Path(name) for name in sorted(glob.glob(str(place)))]
        )
        if not here:
            raise _no_files(place)
        found += here
    return tuple(dict.fromkeys(found))


def _data_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(
        path for path in folder.iterdir() if path.is_file() and path.name.lower().endswith(SUFFIXES)
    )


def _no_files(place: Path) -> ConfigurationError:
    return ConfigurationError(
        "There are no data files.",
        where=str(place),
        remedy=f"name files or folders with Parquet, CSV or JSON lines ({', '.join(SUFFIXES)})",
    )


def inspect(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], folder: Path
) -> tuple[FileProfile, ...]:
    """A profile of every source among the files; paths are written relative to `folder` where they can be.

    Files of one folder with the same columns are one source, as a glob, where a glob names just them.
    DataError where a file cannot be read.
    """
    opened = {file: _open(connection, _written(file, folder), folder) for file in files}
    profiles: list[FileProfile] = []
    for path in _grouped(opened):
        written = _written(path, folder)
        source = opened[path] if path in opened else _open(connection, written, folder)
        texts = _open(connection, written, folder, tuple(source.types))
        profiles.append(_profile(connection, written, source, texts))
    return tuple(profiles)


def _grouped(opened: Mapping[Path, Source]) -> list[Path]:
    alike: dict[tuple[object, ...], list[Path]] = {}
    for file, source in opened.items():
        alike.setdefault((file.parent, "".join(file.suffixes), tuple(source.types)), []).append(file)
    paths = []
    for group in alike.values():
        pattern = _pattern(group)
        paths += [pattern] if pattern is not None else group
    return paths


def _unreadable(path: str, error: duckdb.Error) -> DataError:
    return DataError("A data file cannot be read.", where=path, found=str(error).splitlines()[0])


def _pattern(group: list[Path]) -> Path | None:
    """The glob that names just these files; None for a single file or where there is no such glob."""
    if len(group) < 2:
        return None
    names = [path.name for path in group]
    start = _common_start(names)
    end = _common_start([name[::-1] for name in names])[::-1]
    pattern = group[0].parent / f"{start}*{end}"
    matched = sorted(Path(name) for name in glob.glob(str(pattern)))
    return pattern if start and matched == sorted(group) else None


def _common_start(names: list[str]) -> str:
    letters = itertools.takewhile(lambda column: len(set(column)) == 1, zip(*names, strict=False))
    return "".join(column[0] for column in letters)


def _written(path: Path, folder: Path) -> str:
    absolute = path.absolute()
    return str(absolute.relative_to(folder) if absolute.is_relative_to(folder) else absolute)


def _open(
    connection: duckdb.DuckDBPyConnection, path: str, folder: Path, columns: Sequence[str] = ()
) -> Source:
    # Rows of text files are loaded under the name of the table, so every source needs a name of its own.
    name = f"{path} as text" if columns else path
    contract = TableContract(name, "Any file.", tuple(Column(name, "text", "") for name in columns), ())
    return open_source(connection, TableSpec(name, path=path), contract, str(folder))


def _profile(connection: duckdb.DuckDBPyConnection, path: str, source: Source, texts: Source) -> FileProfile:
    measures = ["count(*)"]
    for name, kind in source.types.items():
        column = quoted(name)
        whole = f"bool_and({column} = floor({column}))" if kind in ("DOUBLE", "FLOAT") else "NULL"
        measures += [
            f"approx_count_distinct(CAST({column} AS VARCHAR))",
            f"count({column})",
            f"CAST(min({column}) AS VARCHAR)",
            f"CAST(max({column}) AS VARCHAR)",
            whole,
        ]
    try:
        row = connection.execute(f"SELECT {', '.join(measures)} FROM {source.relation}").fetchone()
    except duckdb.Error as error:
        raise _unreadable(path, error) from None
    assert row is not None
    columns = []
    for index, (name, kind) in enumerate(source.types.items()):
        distinct, filled, low, high, is_whole = row[1 + 5 * index : 6 + 5 * index]
        empty = 1 - filled / row[0] if row[0] else 1.0
        columns.append(ColumnProfile(name, kind, distinct, empty, low, high, bool(is_whole)))
    return FileProfile(path, source, texts, row[0], tuple(columns))
