"""Killed at any moment and started again, a run publishes the bytes of an undisturbed one."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from patron.models.registry import ResolvedModel

HELPER = Path(__file__).with_name("killed_runs.py")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="killing is tried where processes fork")


@pytest.fixture
def told(shop: Any, champion: ResolvedModel, tmp_path: Path) -> Callable[..., Any]:
    """What became of runs that were killed."""

    def run(**order: Any) -> Any:
        tables = {}
        for name, table in shop.tables.items():
            parquet.write_table(table, tmp_path / f"{name}.parquet")
            tables[name] = {"path": str(tmp_path / f"{name}.parquet")}
        order |= {
            "config": {"data": {"observed_until": "2025-06-01"}, **tables},
            "model": str(champion.folder),
            "cutoff": "2025-06-01",
            "out": str(tmp_path / "out"),
        }
        (tmp_path / "order.json").write_text(json.dumps(order))
        ran = subprocess.run(
            [sys.executable, str(HELPER), str(tmp_path / "order.json")],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    return run


def published(out: Path) -> tuple[list[str], dict[str, bytes]]:
    """All names below an output folder, and the bytes of the Parquet files."""
    (run,) = (path for path in (out / "repurchase").iterdir() if path.is_dir() and not path.is_symlink())
    assert (out / "repurchase" / "latest").resolve() == run.resolve()
    names = sorted(str(path.relative_to(out)) for path in out.rglob("*"))
    return names, {path.name + path.parent.name: path.read_bytes() for path in run.rglob("*.parquet")}


def check_all(out: Path, runs: int) -> None:
    expected = published(out / "undisturbed")
    assert len(expected[1]) > 3
    for number in range(runs):
        assert published(out / f"{number}") == expected


def test_runs_that_are_killed_at_random_moments_end_as_an_undisturbed_one(
    told: Callable[..., Any], tmp_path: Path
) -> None:
    found = told(kills=50, seed=20250601, partition_rows=2_000)
    assert len(found["runs"]) == 50
    assert found["loaded"] == []  # neither plots nor a tuner, in a process that scored
    assert sum(each["killed"] for each in found["runs"]) > 35
    assert sum(each["resumed"] for each in found["runs"]) > 3
    check_all(tmp_path / "out", 50)


def test_runs_that_die_at_any_change_of_the_disk_end_as_an_undisturbed_one(
    told: Callable[..., Any], tmp_path: Path
) -> None:
    runs = told(partition_rows=8_000)["runs"]
    assert len(runs) > 30
    assert [each["killed"] for each in runs] == [True] * (len(runs) - 1) + [False]
    assert any(each["resumed"] and not each["repeated"] for each in runs)
    assert runs[-1]["repeated"]
    check_all(tmp_path / "out", len(runs))
