"""Staging: taken up by what the run is, with whatever is whole of what was done."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from patron.serving.staging import DamagedPartitionError, Staging, identity_of, staging_of, stagings

IDENTITY = {"model": "abc", "cutoff": 7, "closures": []}


def rows(*ids: int) -> dict[str, pa.Table]:
    return {name: pa.table({"customer_id": [*ids]}) for name in ("scores", "excluded")}


@pytest.fixture
def final(tmp_path: Path) -> Path:
    """A run of which two partitions are done."""
    final = tmp_path / "run"
    staging = Staging.take_up(final, IDENTITY)
    for number, ids in ((0, (1, 2)), (1, (3,))):
        staging.start(number)
        staging.keep(number, rows(*ids), {"scored": len(ids)})
    return final


def test_an_earlier_attempt_is_taken_up_with_its_time(final: Path) -> None:
    first = json.loads((staging_of(final) / "run.json").read_text())["scored_at"]
    again = Staging.take_up(final, IDENTITY)
    assert again.resumed
    assert again.scored_at == first
    assert {number: entry["scored"] for number, entry in again.done.items()} == {0: 2, 1: 1}
    assert again.read(0, "scores")["customer_id"].to_pylist() == [1, 2]


def test_an_attempt_at_another_run_is_not_taken_up(final: Path) -> None:
    other = Staging.take_up(final, {**IDENTITY, "model": "abd"})
    assert not other.resumed
    assert other.done == {}
    assert identity_of(staging_of(final))["model"] == "abd"


@pytest.mark.parametrize("file", ["run.json", "journal"])
def test_without_its_papers_an_attempt_begins_again(final: Path, file: str) -> None:
    (staging_of(final) / file).unlink()
    assert Staging.take_up(final, IDENTITY).done == {}
    assert sorted(path.name for path in staging_of(final).iterdir()) == ["journal", "run.json"]


def flipped(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def truncated(file: Path) -> None:
    os.truncate(file, file.stat().st_size - 1)


@pytest.mark.parametrize("damage", [flipped, truncated, Path.unlink])
@pytest.mark.parametrize("name", ["scores", "excluded"])
def test_a_damaged_partition_is_dropped_and_the_others_stay(
    final: Path, damage: Callable[[Path], None], name: str
) -> None:
    damage(staging_of(final) / f"000000-{name}.parquet")
    assert list(Staging.take_up(final, IDENTITY).done) == [1]
    assert sorted(path.name for path in staging_of(final).glob("*.parquet")) == [
        "000001-excluded.parquet",
        "000001-scores.parquet",
    ]


@pytest.mark.parametrize("damage", [flipped, truncated, Path.unlink])
def test_damage_while_the_run_goes_on_is_seen_when_the_rows_are_read(
    final: Path, damage: Callable[[Path], None]
) -> None:
    staging = Staging.take_up(final, IDENTITY)
    damage(staging_of(final) / "000001-scores.parquet")
    with pytest.raises(DamagedPartitionError, match="damaged") as caught:
        staging.read(1, "scores")
    assert caught.value.number == 1


def test_files_without_an_entry_are_removed(final: Path) -> None:
    strange = staging_of(final) / "1-abc.ready"
    strange.mkdir()
    (strange / "part").touch()
    (staging_of(final) / ".000003-scores.parquet.1.unfinished").touch()
    Staging.take_up(final, IDENTITY)
    assert sorted(path.suffix for path in staging_of(final).iterdir()) == ["", ".json", *[".parquet"] * 4]


def test_attempts_that_did_not_end_are_counted(final: Path) -> None:
    staging = Staging.take_up(final, IDENTITY)
    staging.start(2)
    staging.start(2)
    assert Staging.take_up(final, IDENTITY).begun[2] == 2


def test_stagings_are_found_beside_the_runs(final: Path) -> None:
    assert list(stagings(final.parent)) == [staging_of(final)]
