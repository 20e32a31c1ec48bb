"""Scoring runs that are killed, for `test_kills`: a warm process forks them, as fresh ones take seconds to start.

    killed_runs.py ORDER.json

The order names the tables, the model's folder, the output folder, and `kills` (random moments, with `seed`) or
`points` (at which change of the disk to die). One JSON object goes to stdout.
"""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import patron
from patron.features.families import FAMILIES
from patron.features.tracking import Tracking
from patron.models.registry import resolve
from patron.serving import partitions, publishing
from patron.serving.scorer import score_customers

DEAD = 9


def main() -> None:
    order = json.loads(Path(sys.argv[1]).read_text())
    partitions.PARTITION_ROWS, publishing.ROWS_PER_PART = order["partition_rows"], 300
    config = patron.load_config(order["config"])
    model = resolve(order["model"], Tracking())
    out = Path(order["out"])

    def score(name: str) -> Any:
        return score_customers(
            config.data, model, order["cutoff"], out / name, families=FAMILIES, memory=8 << 30
        )

    score("undisturbed")
    begun = time.monotonic()
    score("timed")
    usual = time.monotonic() - begun
    if "kills" in order:
        rng = random.Random(order["seed"])
        told = [kill_at(lambda at=at: score(f"{at}"), rng.random() * usual) for at in range(order["kills"])]
    else:
        told = die_at_each(score)
    for name in range(len(told)):
        told[name] |= finish(lambda name=name: score(f"{name}"), out / f"{name}.json")
    loaded = [name for name in ("matplotlib", "optuna") if name in sys.modules]
    sys.stdout.write(json.dumps({"runs": told, "seconds": usual, "loaded": loaded}))


def kill_at(work: Callable[[], Any], moment: float) -> dict[str, Any]:
    """Start the work, and kill it after so many seconds."""
    child = os.fork()
    if not child:
        work()
        os._exit(0)
    time.sleep(moment)
    os.kill(child, signal.SIGKILL)
    return {"killed": os.WIFSIGNALED(os.waitpid(child, 0)[1]), "after": moment}


def die_at_each(score: Callable[[str], Any]) -> list[dict[str, Any]]:
    """Runs that die before their first change of the disk, before their second, and so on until one lives."""
    told: list[dict[str, Any]] = []
    while not told or told[-1]["killed"]:
        point = len(told)
        child = os.fork()
        if not child:
            die_before(point)
            score(f"{point}")
            os._exit(0)
        told.append({"killed": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == DEAD})
    return told


def die_before(point: int) -> None:
    """Let the process die as it asks the system for a change of the disk for the so-many-th time."""
    asked = 0

    def dying(system: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **keywords: Any) -> Any:
            nonlocal asked
            if asked == point:
                os._exit(DEAD)
            asked += 1
            return system(*arguments, **keywords)

        return call

    for name in ("fsync", "replace", "rename", "symlink", "unlink", "mkdir"):
        setattr(os, name, dying(getattr(os, name)))


def finish(work: Callable[[], Any], told: Path) -> dict[str, Any]:
    """Do the work to its end in a fork; what it said of itself."""
    child = os.fork()
    if not child:
        result = work()
        manifest = json.loads((result.folder / "manifest.json").read_text())
        told.write_text(json.dumps({"repeated": result.repeated, "resumed": manifest["resumed"]}))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    return dict(json.loads(told.read_text()))


if __name__ == "__main__":
    main()
