"""Runs as they were sent: verified, one for each cutoff, and everything else set apart with its reason."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import patron
from patron.serving.publishing import sealed
from patron.serving.sent import (
    ANOTHER_MODEL,
    DAMAGED,
    LEARNED_FROM,
    SUPERSEDED,
    TOO_LATE,
    sent_runs,
)

MODEL: Any = SimpleNamespace(digest="mine", trained_until=1_730_000_000_000_000)
UNTIL = 1_740_000_000_000_000


def publish(out: Path, name: str, cutoff: str = "2025-01-01", **facts: Any) -> Path:
    folder = out / "repurchase" / name
    folder.mkdir(parents=True)
    moment = f"{cutoff}T00:00:00+00:00"
    plain = {"cutoff": moment, "model_digest": "mine", "scored_at": moment, "customers": 3, "sha256": {}}
    (folder / "manifest.json").write_text(json.dumps(sealed({**plain, **facts})))
    return folder


def test_runs_come_by_their_cutoffs_and_all_others_are_named_with_the_reason(tmp_path: Path) -> None:
    publish(tmp_path, "b", "2025-02-01")
    publish(tmp_path, "a", "2025-01-01", sequence=1)
    publish(tmp_path, "again", "2025-01-01", sequence=2, scored_at="2024-12-31T00:00:00+00:00")
    publish(tmp_path, "other", model_digest="theirs")
    publish(tmp_path, "future", "9999-01-01")
    publish(tmp_path, "backfilled", "2024-06-01")
    changed = publish(tmp_path, "changed", "2025-03-01") / "manifest.json"
    changed.write_text(changed.read_text().replace('"customers": 3', '"customers": 4'))
    publish(tmp_path, "lacking", sha256={"scores/part-00000.parquet": "0"})
    (tmp_path / "repurchase" / ".hidden.staging").mkdir()
    (tmp_path / "repurchase" / "latest").symlink_to("b")
    found = sent_runs(tmp_path, "repurchase", MODEL, UNTIL)
    assert [run.folder.name for run in found.runs] == ["again", "b"]
    assert found.set_apart == {
        DAMAGED: ("changed", "lacking"),
        ANOTHER_MODEL: ("other",),
        LEARNED_FROM: ("backfilled",),
        TOO_LATE: ("future",),
        SUPERSEDED: ("a",),
    }


def test_no_run_at_all_is_said_with_the_folder(tmp_path: Path) -> None:
    with pytest.raises(patron.ConfigurationError, match="no scores to watch") as caught:
        sent_runs(tmp_path, "repurchase", MODEL, UNTIL)
    assert str(tmp_path / "repurchase") in str(caught.value)
