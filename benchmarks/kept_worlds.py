"""The worlds of a benchmark, one for each seed: done ones are kept in a file, and the same command goes on."""

import json
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any


def kept_worlds(
    file: Path, worlds: int, world: Callable[[int], dict[str, Any]], processes: int | None = 1
) -> list[dict[str, Any]]:
    """What `world` tells of the seeds from 1 on, as plain data with the `seed`; worlds that the file lacks are made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = file.read_text().splitlines() if file.exists() else []
    done = {each["seed"]: each for each in map(json.loads, lines)}
    waiting = [seed for seed in range(1, worlds + 1) if seed not in done]
    with ProcessPoolExecutor(processes) as pool, file.open("a") as kept:
        for seed, told in zip(waiting, pool.map(world, waiting), strict=True):
            done[seed] = {"seed": seed, **told}
            kept.write(json.dumps(done[seed]) + "\n")
            kept.flush()
            print(f"world {seed} is done", file=sys.stderr)
    return [done[seed] for seed in range(1, worlds + 1)]
