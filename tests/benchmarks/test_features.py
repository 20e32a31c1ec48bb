"""The benchmark's sides give the values that Patron gives; how fast is nobody's business here."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .scripts import scripts

MODULES = (
    "workload", "data", "measure", "comparison", "table",
    "features_patron", "features_sql", "features_polars", "features_pandas",
)  # fmt: skip


@pytest.fixture(scope="module")
def sides():
    with scripts(*MODULES) as found:
        yield found


@pytest.fixture(scope="module")
def workload(sides, tmp_path_factory):
    """Few customers with many orders, so that every window has some and every feature is known for somebody."""
    kind = sides["workload"]
    made = kind.Workload(str(tmp_path_factory.mktemp("orders")), 300, 9_000, kind.monthly(12))
    sides["data"].orders(made)()
    return made


@pytest.fixture(scope="module")
def ours(sides, workload):
    """What Patron gives."""
    return sides["features_patron"].build(workload)()


@pytest.fixture
def given(sides, workload):
    """What a side gives, kept in a file."""

    def result(name, table):
        path = workload.result(name)
        sides["measure"].keep(table, path)
        return sides["comparison"].Result(path)

    return result


@pytest.mark.parametrize("side", ["features_sql", "features_polars", "features_pandas"])
def test_every_side_gives_the_values_that_patron_gives(sides, workload, ours, given, side):
    theirs = given(side, sides[side].build(workload)())

    asked = sides["workload"].FEATURES if side == "features_sql" else sides["workload"].COMMON
    assert theirs.features == list(asked)
    assert sides["comparison"].differences(theirs, given("features_patron", ours)) == []


def test_every_feature_is_known_for_somebody(sides, ours):
    unknown = [
        name for name in sides["workload"].FEATURES if np.isnan(np.asarray(ours[name], np.float32)).all()
    ]

    assert unknown == []


def result(sides, path, **columns):
    cutoffs = pa.array(np.array(["2025-01-01", "2025-01-31"], "datetime64[us]"))
    pq.write_table(pa.table({"customer_id": [1, 1], "cutoff": cutoffs} | columns), path)
    return sides["comparison"].Result(path)


@pytest.mark.parametrize(
    ("feature", "one", "other"),
    [
        ("spend_30d", 10.0, 10.000001),
        ("orders_30d", 1.0, None),
        ("gap_mean", 10.0, 10.0001),
        ("gap_mean", None, 0.0),
    ],
)
def test_a_value_that_differs_is_told_with_its_snapshot(sides, tmp_path, feature, one, other):
    left = result(sides, tmp_path / "left.parquet", **{feature: [1.0, one]})
    right = result(sides, tmp_path / "right.parquet", **{feature: [1.0, other]})

    (line,) = sides["comparison"].differences(left, right)

    assert line.startswith(f"{feature}: 1 values")
    assert line.endswith("customer 1 at 2025-01-31T00:00:00.000000")


def test_null_is_nan_and_a_millionth_is_no_difference(sides, tmp_path):
    left = result(sides, tmp_path / "left.parquet", gap_mean=[None, 10.0])
    right = result(sides, tmp_path / "right.parquet", gap_mean=[float("nan"), 10.000001])

    assert sides["comparison"].differences(left, right) == []


def test_other_snapshots_are_a_difference(sides, tmp_path):
    left = result(sides, tmp_path / "left.parquet", gap_mean=[1.0, 2.0])
    moved = pa.array(np.array(["2025-01-01", "2025-02-01"], "datetime64[us]"))
    pq.write_table(
        pa.table({"customer_id": [1, 1], "cutoff": moved, "gap_mean": [1.0, 2.0]}), tmp_path / "right.parquet"
    )

    found = sides["comparison"].differences(left, sides["comparison"].Result(tmp_path / "right.parquet"))

    assert found == ["other snapshots: 2, expected 2"]


def test_a_table_has_its_first_column_to_the_left_and_the_others_to_the_right(sides):
    plain = sides["table"].render("Speed", ("", "time"), [("patron", "1 s"), ("sql", "10 s")], markdown=False)
    marked = sides["table"].render("Speed", ("", "time"), [("sql", "10 s")], markdown=True)

    assert plain.splitlines() == ["Speed", "", "        time", "patron   1 s", "sql     10 s"]
    assert marked.splitlines() == ["### Speed", "", "|     | time |", "|---|---:|", "| sql | 10 s |"]
