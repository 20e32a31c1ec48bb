"""Environments of their own for peers that do not go with our libraries any more, made on demand."""

import subprocess
import sys
from pathlib import Path

PACKAGES = {
    "temporian": ("temporian==0.9.0", "numpy<2", "pandas<3", "pyarrow<20"),  # it sees no events with numpy 2
    "featuretools": (
        "featuretools==1.31.0",
        "numpy<2.3",
        "pandas<3",
        "pyarrow<20",
        "setuptools<81",
        "lightgbm",
    ),
    "flaml": ("flaml[automl]==2.7.0", "pandas<3", "pyarrow<20", "lightgbm"),
}
PYTHON = "3.11"
"""The last version for which Temporian was built."""


class CannotBeInstalled(Exception):
    """A peer's environment cannot be made; the message is why."""


def python_of(peer: str, folder: Path) -> Path:
    """The interpreter of the peer's environment below the folder; CannotBeInstalled where there is none to be had."""
    home = folder / f"environment-{peer}"
    python = home / "bin" / "python"
    ready = home / "ready"
    if not ready.exists():
        uv = [sys.executable, "-m", "uv"]
        _do([*uv, "venv", "--quiet", "--clear", "--python", PYTHON, str(home)])
        _do([*uv, "pip", "install", "--quiet", "--python", str(python), *PACKAGES[peer]])
        ready.touch()
    return python


def _do(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise CannotBeInstalled((done.stderr.strip().splitlines() or ["no reason given"])[-1])
