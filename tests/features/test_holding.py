"""Tables as one: the same values in memory and in a mapped file, whose name is gone at once."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from patron.features.full_disk import DiskFullError
from patron.features.holding import held_together


def tables(made: list[int] | None = None) -> Iterator[pa.Table]:
    for part in range(4):
        if made is not None:
            made.append(part)
        rows = np.arange(part * 100, part * 100 + 100)
        yield pa.table(
            {
                "customer": rows,
                "gap": pa.array(np.where(rows % 7, rows, np.nan).astype(np.float32)),
                "channel": pa.array([None if row % 5 == 0 else f"word {row % 3}" for row in rows]),
            }
        )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("most", [0, 3_000, 10**9])
def test_what_lies_in_a_file_is_the_same_as_in_memory(folder: Path, most: int) -> None:
    plain, held = held_together(tables()), held_together(tables(), most)
    assert held.schema == plain.schema
    assert held.equals(plain) or held.to_pandas().equals(plain.to_pandas())  # NaN equals itself there
    assert list(folder.iterdir()) == []


def test_beyond_the_limit_nothing_is_allocated(folder: Path) -> None:
    before = pa.total_allocated_bytes()
    held = held_together(tables(), 0)
    assert held.nbytes > 6_000
    assert pa.total_allocated_bytes() - before < 1_000
    assert held["customer"].to_pylist() == list(range(400))


def test_tables_are_made_once_and_in_their_order(folder: Path) -> None:
    made: list[int] = []
    held_together(tables(made), 3_000)
    assert made == [0, 1, 2, 3]


def test_a_full_disk_is_told_with_the_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("patron.features.holding._write", full)
    with pytest.raises(DiskFullError, match="temporary files do not fit") as caught:
        held_together(tables(), 0)
    assert caught.value.where == str(folder)
    assert "TMPDIR" in caught.value.remedy
    assert list(folder.iterdir()) == []
