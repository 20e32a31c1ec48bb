"""The check: every row accounted for, and whether there is enough, without ever failing for want of data."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import patron

SECOND = np.timedelta64(1_000_000, "us")


def test_a_shop_with_enough_is_ready_and_says_what_it_has(shop: Any, tmp_path: Path) -> None:
    report = patron.check(shop.config(tmp_path))
    assert report.ready
    assert report.problems == ()
    assert report.customers == 1_246
    assert [account.table for account in report.accounts] == ["purchases", "activities"]
    assert len(report.cutoffs) == 8
    assert report.cutoffs[-1].cutoff == "2025-05-02"
    lines = str(report).splitlines()
    assert (
        lines[0] == "enough to train and judge a model: 1,246 customers, 8 cutoffs, 3 of them to be judged at"
    )
    assert any(line.startswith("  purchases: ") and "from 2024-02-" in line for line in lines)
    assert any("  2025-05-02:" in line for line in lines)
    assert [path.name for path in tmp_path.rglob("*.*")] == ["check.html"]


def test_the_report_is_plain_data(shop: Any, tmp_path: Path) -> None:
    plain = json.loads(json.dumps(patron.check(shop.config(tmp_path)).to_dict()))
    assert plain["ready"] is True
    assert plain["tables"]["purchases"]["rows"] == shop.tables["purchases"].num_rows
    assert plain["cutoffs"][0]["cutoff"] == "2024-10-04"


def test_the_check_builds_what_training_builds(shop: Any, tmp_path: Path) -> None:
    config = shop.config(tmp_path)
    report = patron.check(config)
    training = patron.build_training_set(config)
    assert sum(count.snapshots for count in report.cutoffs) == training.num_rows
    assert sum(count.events for count in report.cutoffs) == sum(training["target"].to_pylist())


def few_days(days: int) -> pa.Table:
    at = np.datetime64("2025-06-01", "us") - np.arange(1, days + 1) * 86_400 * SECOND
    return pa.table({"customer_id": np.arange(days) % 5, "purchased_at": at, "amount": np.ones(days)})


@pytest.mark.parametrize(
    ("days", "said"),
    [(20, "history is too short"), (70, "too short to judge"), (140, "5 customers, of at least")],
)
def test_a_short_history_is_a_finding_and_no_failure(shop: Any, days: int, said: str, tmp_path: Path) -> None:
    config = shop.config(tmp_path, {"purchases": few_days(days), "activities": None})
    report = patron.check(config)
    assert not report.ready
    assert said in str(report)
    assert f"purchases: {days} rows" in str(report)
    json.dumps(report.to_dict())
    with pytest.raises(patron.GateError) as caught:
        patron.train(config)
    assert said in str(caught.value)
    assert caught.value.exit_code == 3


def with_bad_rows(shop: Any) -> pa.Table:
    purchases = shop.tables["purchases"]
    bad = purchases.slice(0, 3).set_column(2, "amount", pa.array([None, float("nan"), 1.0], pa.float64()))
    return pa.concat_tables([purchases, bad])


def test_bad_rows_are_counted_by_reason_and_written_where_one_can_look(shop: Any, tmp_path: Path) -> None:
    report = patron.check(shop.config(tmp_path, {"purchases": with_bad_rows(shop)}))
    (account, _) = report.accounts
    assert sum(account.quarantined.values()) == 2
    assert account.rows == account.used + 2
    assert report.quarantine == (tmp_path / "reports" / "quarantine" / "purchases.parquet",)
    assert parquet.read_table(report.quarantine[0]).num_rows == 2
    assert f"quarantined rows are in {report.quarantine[0]}" in str(report)


def test_where_bad_rows_cannot_be_written_the_check_goes_on(shop: Any, tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file where the folder should be")
    report = patron.check(shop.config(tmp_path, {"purchases": with_bad_rows(shop)}))
    assert report.ready
    assert report.quarantine == ()
    assert any("quarantined rows cannot be written" in note for note in report.notes)


def test_repeated_rows_are_noted(shop: Any, tmp_path: Path) -> None:
    purchases = shop.tables["purchases"]
    twice = pa.concat_tables([purchases, purchases.slice(0, 4)])
    report = patron.check(shop.config(tmp_path, {"purchases": twice}))
    assert any(note.startswith("4 rows of purchases repeat another row") for note in report.notes)
