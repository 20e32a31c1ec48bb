"""Publishing: a run appears whole or not at all, in the same bytes whatever the partitions."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from patron.features.errors import ConfigurationError
from patron.serving import publishing
from patron.serving.publishing import (
    Publication,
    make_folder,
    manifest_text,
    manifests,
    point_to_latest,
    published,
    sealed,
    writable,
)

SCHEMA = pa.schema([("customer_id", pa.int64())])


def table(*ids: int) -> pa.Table:
    return pa.table({"customer_id": pa.array(ids, pa.int64())})


def publish(final: Path, tables: Iterable[pa.Table], **facts: object) -> dict[str, object]:
    staging = final.parent / ".staging"
    staging.mkdir(exist_ok=True)
    ready = Publication(final, staging)
    ready.write_parts("scores", tables, SCHEMA)
    return ready.publish(facts)


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_published_run_holds_its_parts_and_a_manifest_of_their_digests(tmp_path: Path) -> None:
    publish(tmp_path / "run", [table(1, 2), table(3)], scored=3)
    assert everything(tmp_path / "run") == ["manifest.json", "scores", "scores/part-00000.parquet"]
    facts = published(tmp_path / "run")
    assert facts is not None
    assert facts["scored"] == 3
    assert list(facts["sha256"]) == ["scores/part-00000.parquet"]
    assert parquet.read_table(tmp_path / "run" / "scores")["customer_id"].to_pylist() == [1, 2, 3]


@pytest.mark.parametrize(
    "batches",
    [[(1, 2, 3, 4, 5)], [(1,), (2,), (), (3, 4), (5,)], [(1, 2), (3, 4), (5,)], [(), (1, 2, 3), (4, 5), ()]],
)
def test_parts_are_of_one_size_whatever_the_batches(
    batches: list[tuple[int, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "ROWS_PER_PART", 2)
    publish(tmp_path / "run", [table(*ids) for ids in batches])
    publish(tmp_path / "whole", [table(1, 2, 3, 4, 5)])
    found = [parquet.read_table(file)["customer_id"].to_pylist() for file in parts(tmp_path / "run")]
    assert found == [[1, 2], [3, 4], [5]]
    assert [file.read_bytes() for file in parts(tmp_path / "run")] == [
        file.read_bytes() for file in parts(tmp_path / "whole")
    ]


def parts(folder: Path) -> list[Path]:
    return sorted((folder / "scores").iterdir())


def test_rows_that_fill_their_parts_leave_no_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "ROWS_PER_PART", 2)
    publish(tmp_path / "run", [table(1, 2, 3, 4)])
    assert len(parts(tmp_path / "run")) == 2


def test_a_run_without_rows_has_one_part_with_the_columns(tmp_path: Path) -> None:
    publish(tmp_path / "run", [])
    (part,) = parts(tmp_path / "run")
    assert parquet.read_table(part).schema.equals(SCHEMA)


def test_what_was_written_is_counted_in_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "ROWS_PER_PART", 2)
    ready = Publication(tmp_path / "run", tmp_path)
    assert ready.write_parts("scores", [table(1, 2), table(3)], SCHEMA) == 3


def test_a_run_that_nobody_published_is_not_there(tmp_path: Path) -> None:
    ready = Publication(tmp_path / "run", tmp_path)
    ready.write_parts("scores", [table(1)], SCHEMA)
    assert published(tmp_path / "run") is None
    assert manifests(tmp_path) == {}


def test_of_two_that_publish_the_same_run_the_first_one_stays(tmp_path: Path) -> None:
    slow = Publication(tmp_path / "run", tmp_path)
    slow.write_parts("scores", [table(1)], SCHEMA)
    publish(tmp_path / "run", [table(1)], who="fast")
    assert slow.publish({"who": "slow"})["who"] == "fast"
    facts = published(tmp_path / "run")
    assert facts is not None
    assert facts["who"] == "fast"


def latest(folder: Path) -> str:
    return (folder / "latest").readlink().name


def test_latest_is_the_run_of_the_latest_cutoff_and_of_those_the_one_published_last(tmp_path: Path) -> None:
    for name, cutoff, expected in (
        ("b", "2025-05-01", "b"),
        ("d", "2025-06-01", "d"),
        ("c", "2025-06-01", "c"),
        ("a", "2025-01-01", "c"),
    ):
        publish(tmp_path / name, [table(1)], cutoff=cutoff)
        point_to_latest(tmp_path)
        assert latest(tmp_path) == expected
    assert parquet.read_table(tmp_path / "latest" / "scores").num_rows == 1
    assert sorted(manifests(tmp_path)) == ["a", "b", "c", "d"]  # and not the link again


def test_a_pointer_that_was_not_switched_is_switched_the_next_time(tmp_path: Path) -> None:
    publish(tmp_path / "old", [table(1)], cutoff="2025-05-01")
    point_to_latest(tmp_path)
    publish(tmp_path / "new", [table(1)], cutoff="2025-06-01")  # and killed before the pointer
    assert latest(tmp_path) == "old"
    point_to_latest(tmp_path)
    assert latest(tmp_path) == "new"


def test_a_damaged_manifest_is_never_the_latest(tmp_path: Path) -> None:
    publish(tmp_path / "good", [table(1)], cutoff="2025-05-01")
    publish(tmp_path / "bad", [table(1)], cutoff="2025-06-01")
    (tmp_path / "bad" / "manifest.json").write_text("{")
    point_to_latest(tmp_path)
    assert latest(tmp_path) == "good"


def test_a_full_disk_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="scores cannot be written") as caught, writable(tmp_path):
        raise OSError(28, "No space left on device")
    assert caught.value.found == "No space left on device"


def test_there_is_no_run_where_there_is_no_folder(tmp_path: Path) -> None:
    assert published(tmp_path / "run") is None


def flipped_part(folder: Path) -> str:
    part = folder / "scores" / "part-00000.parquet"
    content = bytearray(part.read_bytes())
    content[20] ^= 1
    part.write_bytes(content)
    return "scores/part-00000.parquet"


def truncated_part(folder: Path) -> str:
    os.truncate(folder / "scores" / "part-00000.parquet", 100)
    return "scores/part-00000.parquet"


def missing_part(folder: Path) -> str:
    (folder / "scores" / "part-00000.parquet").unlink()
    return "part-00000.parquet"


def missing_manifest(folder: Path) -> str:
    (folder / "manifest.json").unlink()
    return "manifest.json"


def changed_manifest(folder: Path) -> str:
    file = folder / "manifest.json"
    file.write_text(file.read_text().replace('"scored": 1', '"scored": 2'))
    return "manifest.json"


def foreign_manifest(folder: Path) -> str:
    (folder / "manifest.json").write_text(json.dumps({"scored": 1}))
    return "sha256"


def no_json(folder: Path) -> str:
    (folder / "manifest.json").write_text("{")
    return "Expecting"


@pytest.mark.parametrize(
    "damage",
    [
        flipped_part,
        truncated_part,
        missing_part,
        missing_manifest,
        changed_manifest,
        foreign_manifest,
        no_json,
    ],
)
def test_a_folder_that_is_not_as_it_was_published_is_refused(damage: object, tmp_path: Path) -> None:
    publish(tmp_path / "run", [table(1)], scored=1)
    found = damage(tmp_path / "run")  # type: ignore[operator]
    with pytest.raises(ConfigurationError, match="not as it was published") as caught:
        published(tmp_path / "run")
    assert found in str(caught.value.found)
    assert caught.value.exit_code == 2


def test_the_digest_of_a_manifest_is_of_all_else_in_it() -> None:
    assert sealed({"a": 1}) == sealed(sealed({"a": 1}))
    assert sealed({"a": 1})["digest"] != sealed({"a": 2})["digest"]
    assert json.loads(manifest_text({"a": "ä"})) == {"a": "ä"}


@pytest.mark.parametrize("inside", [".", "scores"])
def test_an_output_folder_that_is_a_file_is_refused(inside: str, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("here is a file")
    with pytest.raises(ConfigurationError, match="cannot be written") as caught:
        make_folder(tmp_path / "out" / inside)
    assert str(tmp_path / "out") in str(caught.value.where)
