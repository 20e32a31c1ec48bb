"""A full disk is told as one, wherever DuckDB or the system meets it, and want of memory is not."""

import errno
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from patron.features.full_disk import DiskFullError, is_disk_full, tell_full_disk
from patron.features.question import Question
from patron.features.store import EvidenceStore
from patron.features.tables import DataSpec, TableSpec

LARGE = "SELECT range AS a, hash(range) AS b FROM range(4000000) ORDER BY b"


def refused(query: str, **settings: str) -> duckdb.Error:
    """What DuckDB really says."""
    with duckdb.connect(config={"threads": 1}) as connection:
        for name, value in settings.items():
            connection.execute(f"SET {name} = '{value}'")
        with pytest.raises(duckdb.Error) as caught:
            connection.execute(query)
        return caught.value


def test_what_cannot_be_spilled_is_a_full_disk_and_what_cannot_be_held_is_none(tmp_path: Path) -> None:
    little = {"memory_limit": "24MiB", "temp_directory": str(tmp_path)}
    spilling = refused(f"CREATE TEMP TABLE t AS {LARGE}", **little, max_temp_directory_size="1MiB")
    holding = refused("SELECT list(range) FROM range(4000000)", **little)
    assert [type(error) for error in (spilling, holding)] == [duckdb.OutOfMemoryException] * 2
    assert is_disk_full(spilling)
    assert not is_disk_full(holding)
    tell_full_disk(holding)


def test_a_file_that_cannot_be_written_is_told_with_its_folder() -> None:
    error = duckdb.IOException(
        'IO Error: Async write failed: {"exception_message":"Could not write file'
        ' \\"/far/away/part.parquet\\": No space left on device","errno":"28"}'
    )
    with pytest.raises(DiskFullError) as caught:
        tell_full_disk(error)
    assert caught.value.where == "/far/away"
    assert caught.value.exit_code == 2
    assert "TMPDIR" not in str(caught.value.remedy)


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), True),
        (OSError(errno.EACCES, "Permission denied"), False),
        (duckdb.IOException("IO Error: No files found"), False),
        (ValueError("No space left on device"), False),
    ],
)
def test_only_what_means_it_is_taken_for_a_full_disk(error: Exception, full: bool) -> None:
    assert is_disk_full(error) == full


def test_evidence_that_cannot_be_spilled_ends_as_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    configure = EvidenceStore._configure

    def narrow(store: EvidenceStore, memory: int) -> None:
        configure(store, memory)
        store.connection.execute("SET threads = 1")
        store.connection.execute("SET memory_limit = '24MiB'")
        store.connection.execute("SET max_temp_directory_size = '1MiB'")

    monkeypatch.setattr(EvidenceStore, "_configure", narrow)
    rows = 1_000_000
    purchases = pa.table(
        {
            "customer_id": np.arange(rows) // 2,
            "purchased_at": np.datetime64("2020-01-01", "us") + np.arange(rows),
            "amount": np.random.default_rng(0).random(rows),
        }
    )
    data = DataSpec(
        {"purchases": TableSpec("purchases", frame=purchases)},
        observed_until=datetime(2021, 1, 1, tzinfo=UTC),
    )
    with pytest.raises(DiskFullError, match="The disk is full") as caught:
        EvidenceStore(data, Question(horizon_days=30))
    assert caught.value.where == str(tmp_path)
    assert "TMPDIR" in str(caught.value.remedy)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_while_the_evidence_is_in_use_is_told_too(tmp_path: Path) -> None:
    purchases = pa.table({"customer_id": [1], "purchased_at": ["2020-01-01"], "amount": [1.0]})
    data = DataSpec(
        {"purchases": TableSpec("purchases", frame=purchases)},
        observed_until=datetime(2021, 1, 1, tzinfo=UTC),
    )
    store = EvidenceStore(data, Question(horizon_days=30))
    store.connection.execute("SET memory_limit = '24MiB'")
    store.connection.execute("SET max_temp_directory_size = '1MiB'")
    with pytest.raises(DiskFullError), store:
        store.connection.execute(f"CREATE TEMP TABLE t AS {LARGE}")


def test_a_file_that_cannot_be_laid_out_is_not_blamed_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*anything: object) -> None:
        raise duckdb.OutOfMemoryException(
            "Out of Memory Error: failed to offload data block of size 256.0 KiB"
        )

    (tmp_path / "orders.csv").write_text("customer_id,purchased_at,amount\n1,2020-01-01,2.5\n")
    data = DataSpec(
        {"purchases": TableSpec("purchases", path=str(tmp_path / "orders.csv"))},
        observed_until=datetime(2021, 1, 1, tzinfo=UTC),
    )
    EvidenceStore(data, Question(horizon_days=30)).close()
    monkeypatch.setattr("patron.features.sources._load", full)
    with pytest.raises(DiskFullError):
        EvidenceStore(data, Question(horizon_days=30))
