"""Kernels: compiled once, and known to be."""

import os
import subprocess
import sys
from pathlib import Path

CODE = """
import numpy as np
from patron.features.compiled import is_compiled
from patron.features.number_kernels import gaps
print(is_compiled())
gaps(np.array([0, 2]), np.array([0, 2]), 1)
print(is_compiled())
"""


def test_what_was_compiled_is_kept_for_the_next_process(tmp_path: Path):
    def run() -> list[str]:
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", CODE], capture_output=True, text=True, check=True, env=environment
        )
        return done.stdout.split()

    assert run() == ["False", "True"]
    assert run() == ["True", "True"]
