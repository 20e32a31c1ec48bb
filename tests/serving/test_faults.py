"""Faults that a scoring run survives: it ends with the bytes of an undisturbed run, or says clearly why it does not."""

import errno
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyarrow import parquet

import patron
from patron.features.facts import Range
from patron.features.families import FAMILIES
from patron.features.full_disk import DiskFullError
from patron.models.registry import ResolvedModel
from patron.serving import partitions, publishing, staging
from patron.serving.locking import BusyError
from patron.serving.scorer import ScoringResult, score_customers

Score = Callable[..., SimpleNamespace]


@pytest.fixture(autouse=True)
def many_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of the shop in about ten partitions and several parts."""
    monkeypatch.setattr(partitions, "PARTITION_ROWS", 2_500)
    monkeypatch.setattr(publishing, "ROWS_PER_PART", 300)


@pytest.fixture
def run(shop: Any, champion: ResolvedModel, tmp_path: Path) -> Callable[..., ScoringResult]:
    """Scores the shop into a folder, `scores` unless named."""

    def run(name: str = "scores", cutoff: str = "2025-06-01", **options: Any) -> ScoringResult:
        data = options.pop("config", shop.config(tmp_path)).data
        options = {"families": FAMILIES, "memory": 8 << 30, **options}
        return score_customers(data, champion, cutoff, tmp_path / name, **options)

    return run


Run = Callable[..., ScoringResult]


def parts(result: ScoringResult) -> dict[str, bytes]:
    return {
        str(file.relative_to(result.folder)): file.read_bytes() for file in result.folder.rglob("*.parquet")
    }


def names(folder: Path) -> set[str]:
    return {path.name for path in (folder / "repurchase").iterdir()}


@pytest.mark.parametrize("after", [0, 1, 9, 30, 50, 60])
def test_a_full_disk_loses_nothing(
    run: Run, after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = parts(run("undisturbed"))
    system, asked = os.fsync, []

    def full(descriptor: int) -> None:
        asked.append(descriptor)
        if len(asked) > after:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        system(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(patron.ConfigurationError, match="cannot be written") as caught:
            run()
    assert caught.value.found == "No space left on device"
    assert not any(name.startswith("2025") for name in names(tmp_path / "scores"))
    result = run()
    assert parts(result) == undisturbed
    assert names(tmp_path / "scores") == {result.folder.name, "latest"}


def test_a_disk_that_is_full_of_temporary_files_is_told_and_the_next_run_goes_on(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = parts(run("undisturbed"))
    build, tried = partitions.build_range, []

    def full(*given: Any) -> Any:
        tried.append(given)
        if len(tried) > 3:
            raise duckdb.OutOfMemoryException(
                "Out of Memory Error: failed to offload data block of size 256.0 KiB (9.7 MiB/10.0 MiB used).\n"
            )
        return build(*given)

    with monkeypatch.context() as patch:
        patch.setattr(partitions, "build_range", full)
        with pytest.raises(DiskFullError, match="The disk is full") as caught:
            run()
    assert caught.value.exit_code == 2
    assert len(tried) == 4  # it is not tried again in smaller pieces
    assert not any(name.startswith("2025") for name in names(tmp_path / "scores"))
    heard: list[tuple[str, int]] = []
    result = run(progress=lambda what, done, total: heard.append((what, done)))
    assert min(done for what, done in heard if what.startswith("scoring")) == 3
    assert parts(result) == undisturbed


def test_a_limit_of_the_system_on_files_is_said_and_nothing_is_published(run: Run, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    undisturbed = parts(run("undisturbed"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, before[1]))
        with pytest.raises(patron.ConfigurationError, match="cannot be written") as caught:
            run()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.found == "File too large"
    assert parts(run()) == undisturbed


@pytest.mark.parametrize("when", ["scoring", "writing scores"])
def test_an_output_folder_that_is_removed_on_the_way_ends_the_run_and_the_next_one_is_whole(
    run: Run, when: str, tmp_path: Path
) -> None:
    def remove(what: str, done: int, total: int) -> None:
        if what.startswith(when) and (done == 3 or when != "scoring"):
            shutil.rmtree(tmp_path / "scores", ignore_errors=True)

    with pytest.raises(patron.ConfigurationError, match="cannot be written"):
        run(progress=remove)
    assert not (tmp_path / "scores").exists()
    assert parts(run()) == parts(run("undisturbed"))


def flipped(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("damage", [flipped, lambda file: os.truncate(file, 40), Path.unlink])
def test_a_partition_that_is_damaged_before_it_is_published_is_computed_again(
    run: Run, damage: Callable[[Path], None], tmp_path: Path
) -> None:
    damaged = []

    def harm(what: str, done: int, total: int) -> None:
        if what == "writing scores" and not done and not damaged:
            damaged.extend((tmp_path / "scores").rglob("000002-*.parquet"))
            for file in damaged:
                damage(file)

    assert parts(run(progress=harm)) == parts(run("undisturbed"))
    assert len(damaged) == 2


def test_a_disk_that_damages_everything_is_blamed(run: Run, tmp_path: Path) -> None:
    def harm(what: str, done: int, total: int) -> None:
        if what == "writing scores" and not done:
            flipped(next((tmp_path / "scores").rglob("000002-scores.parquet")))

    with pytest.raises(patron.PatronError, match="damaged on the disk again and again"):
        run(progress=harm)
    assert not any(name.startswith("2025") for name in names(tmp_path / "scores"))


def limited(monkeypatch: pytest.MonkeyPatch, customers: int) -> list[Range]:
    """As if so many customers were the most that fit into the memory; the ranges that were tried."""
    build, tried = partitions.build_range, []

    def small(store: Any, prepared: Any, cutoffs: Any, part: Range) -> Any:
        tried.append(part)
        if part.high - part.low > customers:
            raise MemoryError("Unable to allocate")
        return build(store, prepared, cutoffs, part)

    monkeypatch.setattr(partitions, "build_range", small)
    return tried


def test_where_the_memory_does_not_suffice_a_partition_is_computed_in_smaller_pieces(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = parts(run("undisturbed"))
    tried = limited(monkeypatch, 20)
    assert parts(run()) == undisturbed
    assert len(tried) > 100


@pytest.mark.parametrize(
    "short",
    [
        MemoryError("Unable to allocate"),
        duckdb.OutOfMemoryException("failed to allocate data of size 16.0 MiB"),
    ],
    ids=["the process", "DuckDB"],
)
def test_one_partition_that_does_not_fit_once_costs_no_other_anything(
    run: Run, short: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = parts(run("undisturbed"))
    build, tried = partitions.build_range, []

    def once(store: Any, prepared: Any, cutoffs: Any, part: Range) -> Any:
        tried.append(part)
        if len(tried) == 3:
            raise short
        return build(store, prepared, cutoffs, part)

    monkeypatch.setattr(partitions, "build_range", once)
    assert parts(run()) == undisturbed
    failed, first, second = tried[2:5]
    assert (first.low, second.high) == (failed.low, failed.high)
    assert first.high == second.low == (failed.low + failed.high) // 2
    assert tried[5].low == failed.high


def test_a_customer_who_alone_does_not_fit_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, 0)
    with pytest.raises(patron.PatronError, match="single customer") as caught:
        run()
    assert caught.value.where == "customer 'kd-00000'"


def test_a_partition_that_ended_the_process_before_is_computed_in_smaller_pieces(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        """What no handler catches."""

    def kill(*anything: Any) -> None:
        raise KilledError

    undisturbed = parts(run("undisturbed"))
    with monkeypatch.context() as patch:
        patch.setattr(partitions, "score_batch", kill)
        for _ in range(3):
            with pytest.raises(KilledError):
                run()
    tried = limited(monkeypatch, 10**9)
    assert parts(run()) == undisturbed
    usual = max(part.high - part.low for part in tried[4:])
    assert [part.high - part.low < 0.4 * usual for part in tried[:5]] == [True] * 4 + [False]


def test_memory_changes_how_a_partition_is_computed_and_no_byte_of_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = parts(run("undisturbed"))
    monkeypatch.setattr("patron.features.engine.GIGABYTE", 1 << 20)
    tried = limited(monkeypatch, 10**9)
    assert parts(run(memory=1 << 20)) == undisturbed
    assert len(tried) > 20


def test_the_second_of_two_at_once_is_told_and_changes_nothing(run: Run) -> None:
    refused: list[BusyError] = []

    def start_another(what: str, done: int, total: int) -> None:
        if what.startswith("scoring") and done == 4:
            with pytest.raises(
                BusyError, match="Another process is at work on the scores of 2025-06-01"
            ) as caught:
                run()
            refused.append(caught.value)

    result = run(progress=start_another)
    assert [error.exit_code for error in refused] == [1]
    assert f"process {os.getpid()} on " in str(refused[0].found)
    assert not result.repeated
    assert parts(result) == parts(run("undisturbed"))
    assert run().repeated


def at(moment: datetime) -> Any:
    """A clock that has stopped."""
    return SimpleNamespace(now=lambda zone: moment.astimezone(zone))


def test_a_clock_that_is_set_back_changes_neither_scores_nor_the_latest_run(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "datetime", at(datetime(2031, 1, 1, tzinfo=UTC)))
    earlier = run(cutoff="2025-05-31")
    monkeypatch.setattr(staging, "datetime", at(datetime(1999, 1, 1, tzinfo=UTC)))
    later = run()
    assert (tmp_path / "scores" / "repurchase" / "latest").resolve() == later.folder.resolve()
    assert (earlier.scored_at, later.scored_at) == ("2031-01-01T00:00:00+00:00", "1999-01-01T00:00:00+00:00")
    monkeypatch.undo()


def test_a_run_that_is_taken_up_keeps_the_time_at_which_it_was_created(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(what: str, done: int, total: int) -> None:
        if what.startswith("scoring") and done == 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(staging, "datetime", at(datetime(2025, 6, 2, tzinfo=UTC)))
        with pytest.raises(KeyboardInterrupt):
            run(progress=stop)
    heard: list[tuple[str, int]] = []
    result = run(progress=lambda what, done, total: heard.append((what, done)))
    assert result.scored_at == "2025-06-02T00:00:00+00:00"
    assert ("scoring", 4) in heard
    assert not any(what.startswith("scoring") and done < 4 for what, done in heard)


def test_a_customer_with_very_many_purchases_has_a_partition_alone_and_no_other_score_changes(
    run: Run, shop: Any, tmp_path: Path
) -> None:
    purchases = shop.tables["purchases"]
    many, moment = 1_000_000, np.datetime64("2025-05-01", "us")
    more = pa.table(
        {
            "customer_id": ["kd-00500 the many"] * many,
            "purchased_at": moment - np.arange(many) * np.timedelta64(20, "s"),
            "amount": np.full(many, 9.5),
            "order_id": [f"many-{number}" for number in range(many)],
            "channel": ["web"] * many,
        }
    )
    heard: list[int] = []
    config = shop.config(tmp_path, {"purchases": pa.concat_tables([purchases, more])})
    result = run(config=config, progress=lambda what, done, total: heard.append(total))
    table = parquet.read_table(result.folder / "scores")
    assert table.filter(pc.equal(table["customer_id"], "kd-00500 the many")).num_rows == 1
    before = parquet.read_table(run("undisturbed").folder / "scores")
    there = pc.is_in(table["customer_id"], before["customer_id"])
    assert table.filter(there)["probability"].equals(before["probability"])


def test_what_is_left_of_other_attempts_at_a_cutoff_goes_when_one_is_published(
    run: Run, tmp_path: Path
) -> None:
    def stop(what: str, done: int, total: int) -> None:
        if what.startswith("scoring") and done == 4:
            raise KeyboardInterrupt

    for cutoff in ("2025-05-01", "2025-06-01"):
        with pytest.raises(KeyboardInterrupt):
            run(cutoff=cutoff, progress=stop, closures=["2030-01-01"])
    (tmp_path / "scores" / "repurchase").rename(tmp_path / "kept")
    result = run(cutoff="2025-05-01")
    # Attempts at the same cutoff on other evidence, and at another cutoff.
    for left in (tmp_path / "kept").glob(".*.staging"):
        left.rename(result.folder.parent / left.name.replace("2025", "2024"))
    result = run(cutoff="2025-06-01")
    left = [path.name for path in result.folder.parent.glob(".*.staging")]
    assert [name[:11] for name in left] == [".2024-05-01"]


def cut_short(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def overwritten(file: Path) -> None:
    """The first pages are noise, and the end, where Parquet keeps what is in the file, is as it was."""
    content = bytearray(file.read_bytes())
    content[4:2_000] = b"\xff" * 1_996
    file.write_bytes(content)


@pytest.mark.parametrize("damage", [cut_short, overwritten])
@pytest.mark.parametrize("held", [True, False], ids=["read once", "read in parts"])
def test_a_damaged_part_of_the_evidence_is_told_and_nothing_is_published(
    run: Run,
    shop: Any,
    held: bool,
    damage: Callable[[Path], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not held:
        monkeypatch.setattr("patron.features.store._READ_BYTES", 1 << 40)
    purchases = shop.tables["purchases"]
    folder = tmp_path / "purchases"
    folder.mkdir()
    middle = purchases.num_rows // 2
    parquet.write_table(purchases.slice(0, middle), folder / "first.parquet")
    parquet.write_table(purchases.slice(middle), folder / "second.parquet")
    config = shop.config(tmp_path, {"purchases": folder / "*.parquet"})
    undisturbed = parts(run(config=config))
    shutil.rmtree(tmp_path / "scores")
    damage(folder / "second.parquet")
    with pytest.raises(patron.DataError, match="purchases") as caught:
        run(config=config)
    assert caught.value.exit_code == 2
    assert str(folder) in str(caught.value.where)
    assert damage is overwritten or "second.parquet" in str(caught.value.found)
    assert not any(name.startswith("2025") for name in names(tmp_path / "scores"))
    parquet.write_table(purchases.slice(middle), folder / "second.parquet")
    assert parts(run(config=config)) == undisturbed
