"""Feature tables as files: complete or not there."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from patron.feature_files import FeatureFile, write_tables

FIRST = pa.table({"customer_id": ["a", "b"], "orders_30d": pa.array([1, None], pa.float32())})
SECOND = pa.table({"customer_id": ["c"], "orders_30d": pa.array([2], pa.float32())})


def test_tables_are_written_in_their_order(tmp_path: Path):
    path = tmp_path / "made" / "features.parquet"
    assert write_tables(iter([FIRST, SECOND]), path) == FeatureFile(path, 3, ("customer_id", "orders_30d"))
    assert parquet.read_table(path).equals(pa.concat_tables([FIRST, SECOND]))
    assert [each.name for each in path.parent.iterdir()] == ["features.parquet"]


def test_what_cannot_be_built_to_the_end_leaves_the_old_file_as_it_was(tmp_path: Path):
    path = tmp_path / "features.parquet"
    write_tables([FIRST], path)

    def broken() -> Iterator[pa.Table]:
        yield SECOND
        raise OSError("the source is gone")

    with pytest.raises(OSError, match="the source is gone"):
        write_tables(broken(), path)
    assert parquet.read_table(path).equals(FIRST)
    assert [each.name for each in tmp_path.iterdir()] == ["features.parquet"]


def test_a_table_that_cannot_be_written_ends_the_work(tmp_path: Path):
    path = tmp_path / "features.parquet"
    with pytest.raises(ValueError, match="schema"):
        write_tables([FIRST, FIRST.rename_columns(["id", "orders_30d"]), FIRST], path)
    assert not list(tmp_path.iterdir())


def test_rows_can_be_looked_for_by_their_keys(tmp_path: Path):
    path = tmp_path / "features.parquet"
    write_tables([FIRST], path)
    group = parquet.read_metadata(path).row_group(0)
    assert [group.column(place).is_stats_set for place in (0, 1)] == [True, False]
    assert group.column(0).statistics.max == "b"
