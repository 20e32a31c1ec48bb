"""How loops over rows are compiled: by numba on first use, kept on disk, run without the interpreter's lock.

Kernels that call each other stand in one file: numba's cache of compiled code watches only the file a function stands
in, and would serve a stale kernel whose callee was edited elsewhere.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compile on first use, keep the machine code beside the function's file, release the lock while running."""
    return cast("F", numba.njit(cache=True, nogil=True)(function))
