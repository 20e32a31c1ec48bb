"""Entries run in processes of their own, one at a time, and what they took."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workload import Workload, monthly

HERE = Path(__file__).parent


class RunFailed(Exception):
    """An entry did not finish; the message is its last line."""


@dataclass(frozen=True)
class Measured:
    """The seconds of every run, the peak memory of the process (bytes), and the shape of what came out."""

    seconds: tuple[float, ...]
    peak: int
    rows: int = 0
    columns: int = 0

    @property
    def best(self) -> float:
        """Seconds of the fastest run."""
        return min(self.seconds)


@dataclass(frozen=True)
class Runner:
    """Runs entries (module:function), each so many times after a warm-up on tiny data."""

    folder: Path
    repeat: int

    def run(
        self,
        entry: str,
        workload: Workload,
        *,
        python: str | Path = sys.executable,
        warm_up: bool = True,
        keep: bool = False,
        once: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> Measured:
        """What the entry took in a new process; RunFailed where it gave up."""
        path = workload.save(self.folder / "workload.json")
        command = [str(python), "-W", "ignore", str(HERE / "measure.py"), entry, str(path)]
        command += ["--repeat", "1" if once else str(self.repeat)]
        if warm_up:
            command += ["--warm-up", str(self.tiny().save(self.folder / "tiny.json"))]
        if keep:
            command.append("--keep")
        paths = os.pathsep.join((str(HERE), str(HERE / "features_peers")))
        given = {**os.environ, "PYTHONPATH": paths, **(environment or {})}
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=given)
        if done.returncode:
            raise RunFailed((done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1])
        said = json.loads(done.stdout.splitlines()[-1])
        return Measured(**{**said, "seconds": tuple(said["seconds"])})

    def make(self, data: str, workload: Workload) -> None:
        """Have a function of data.py write what is not there yet."""
        self.run(f"data:{data}", workload, warm_up=False, once=True)

    def tiny(self) -> Workload:
        """What entries warm up on; the small files of every kind are there after `make_tiny`."""
        return Workload(str(self.folder), 500, 5_000, monthly(2))

    def make_tiny(self) -> None:
        """Write the data of the warm-up."""
        self.make("orders", self.tiny())
        self.make("retailer", self.tiny())
