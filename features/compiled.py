"""How loops over rows are compiled: by numba on first use, kept on disk, run without the interpreter's lock.

Kernels that call each other stand in one file: numba's cache of compiled code watches only the file a function stands
in, and would serve a stale kernel whose callee was edited elsewhere.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

F = TypeVar("F", bound=Callable[..., Any])

_KERNELS: list[Any] = []


def kernel(function: F) -> F:
    """Compile on first use, keep the machine code beside the function's file, release the lock while running.

    A division by zero gives infinity or NaN, as in numpy.
    """
    compiled = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    _KERNELS.append(compiled)
    return cast("F", compiled)


def is_compiled() -> bool:
    """Whether there is machine code on disk that is as new as its file; some kernels may never be needed."""
    return any(_is_kept(compiled) for compiled in _KERNELS)


def _is_kept(compiled: Any) -> bool:
    function = compiled.py_func
    source = Path(function.__code__.co_filename)
    kept = Path(compiled.stats.cache_path).glob(f"{source.stem}.{function.__qualname__}-*.nbi")
    return any(index.stat().st_mtime >= source.stat().st_mtime for index in kept)
