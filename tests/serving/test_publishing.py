"""Publishing: a run appears whole or not at all, in the same bytes whatever the batches."""

import json
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from patron.features.errors import ConfigurationError
from patron.serving import publishing
from patron.serving.publishing import Staging, make_folder, published

SCHEMA = pa.schema([("customer_id", pa.int64())])


def table(*ids: int) -> pa.Table:
    return pa.table({"customer_id": pa.array(ids, pa.int64())})


def publish(final: Path, tables: Iterable[pa.Table], **facts: object) -> None:
    with Staging(final) as staging:
        staging.publish(staging.write_parts("scores", tables, SCHEMA), facts)


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_published_run_holds_its_parts_and_a_manifest_of_their_digests(tmp_path: Path) -> None:
    publish(tmp_path / "run", [table(1, 2), table(3)], scored=3)
    assert everything(tmp_path) == ["run", "run/manifest.json", "run/scores", "run/scores/part-00000.parquet"]
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


def test_a_run_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail_half_way() -> None:
        with Staging(tmp_path / "run") as staging:
            staging.keep("scores", 0, table(1))
            staging.write_parts("scores", staging.kept("scores"), SCHEMA)
            assert len(everything(tmp_path)) == 5
            raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        fail_half_way()
    assert everything(tmp_path) == []


def test_a_run_that_nobody_published_leaves_nothing(tmp_path: Path) -> None:
    with Staging(tmp_path / "run") as staging:
        staging.keep("scores", 0, table(1))
    assert everything(tmp_path) == []


def test_batches_wait_in_their_order(tmp_path: Path) -> None:
    with Staging(tmp_path / "run") as staging:
        for number in range(12):
            staging.keep("scores", number, table(number))
        staging.keep("excluded", 0, table(99))
        waiting = [batch["customer_id"].to_pylist() for batch in staging.kept("scores")]
    assert waiting == [[number] for number in range(12)]


def test_of_two_runs_at_once_the_first_to_publish_wins(tmp_path: Path) -> None:
    with Staging(tmp_path / "run") as slow:
        slow_files = slow.write_parts("scores", [table(1)], SCHEMA)
        publish(tmp_path / "run", [table(1)], who="fast")
        slow.publish(slow_files, {"who": "slow"})
    facts = published(tmp_path / "run")
    assert facts is not None
    assert facts["who"] == "fast"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_full_disk_is_said_in_words(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigurationError, match="scores cannot be written") as caught,
        Staging(tmp_path / "run"),
    ):
        raise OSError(28, "No space left on device")
    assert caught.value.found == "No space left on device"


def test_there_is_no_run_where_there_is_no_folder(tmp_path: Path) -> None:
    assert published(tmp_path / "run") is None


def damaged_part(folder: Path) -> str:
    part = folder / "scores" / "part-00000.parquet"
    content = bytearray(part.read_bytes())
    content[20] ^= 1
    part.write_bytes(content)
    return "scores/part-00000.parquet"


def missing_part(folder: Path) -> str:
    (folder / "scores" / "part-00000.parquet").unlink()
    return "part-00000.parquet"


def missing_manifest(folder: Path) -> str:
    (folder / "manifest.json").unlink()
    return "manifest.json"


def foreign_manifest(folder: Path) -> str:
    (folder / "manifest.json").write_text(json.dumps({"scored": 1}))
    return "sha256"


def no_json(folder: Path) -> str:
    (folder / "manifest.json").write_text("{")
    return "Expecting"


@pytest.mark.parametrize("damage", [damaged_part, missing_part, missing_manifest, foreign_manifest, no_json])
def test_a_folder_that_is_not_as_it_was_published_is_refused(damage: object, tmp_path: Path) -> None:
    publish(tmp_path / "run", [table(1)])
    found = damage(tmp_path / "run")  # type: ignore[operator]
    with pytest.raises(ConfigurationError, match="not as it was published") as caught:
        published(tmp_path / "run")
    assert found in str(caught.value.found)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("inside", [".", "scores"])
def test_an_output_folder_that_is_a_file_is_refused(inside: str, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("here is a file")
    with pytest.raises(ConfigurationError, match="cannot be written") as caught:
        make_folder(tmp_path / "out" / inside)
    assert str(tmp_path / "out") in str(caught.value.where)
