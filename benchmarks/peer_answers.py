"""What peers say of a case. Each is asked in an environment of its own; its answer is kept for the same question."""

import os
import subprocess
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt
from features_peers.environment import PACKAGES, python_of
from pyarrow import parquet

CODE = Path(__file__).parent / "accuracy_peers"
GIVEN = ("snapshots.parquet", "orders.parquet", "folds.json")
"""The files of a case that a peer reads."""


def answer_of(peer: str, home: Path, environments: Path) -> npt.NDArray[np.float64]:
    """The peer's probability of each snapshot of the case in `home`, NaN but at test cutoffs; float64[rows].

    CannotBeInstalled where the peer cannot be had, CalledProcessError where it fails.
    """
    kept = home / f"said-{peer}-{_digest(peer, home)}.parquet"
    if not kept.exists():
        python = python_of(peer, environments)
        command = [str(python), "-W", "ignore", str(CODE / "peer.py"), peer, str(home)]
        given = {**os.environ, "PYTHONPATH": str(CODE)}
        subprocess.run(command, check=True, capture_output=True, text=True, env=given)
        (home / f"said-{peer}.parquet").replace(kept)
    return np.asarray(parquet.read_table(kept)["said"], np.float64)


def _digest(peer: str, home: Path) -> str:
    """What the answer depends on: the files it reads, its code, and the versions of its packages."""
    found = sha256(repr(PACKAGES.get(peer)).encode())
    for path in (*(home / name for name in GIVEN), CODE / "peer.py", CODE / f"{peer}_peer.py"):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]
