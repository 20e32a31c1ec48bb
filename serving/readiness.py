"""Readiness: what prediction needs is loaded while the evidence is read, which waits for disks more than for Python."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np

from patron.features.row_order import group_by_customer
from patron.models.artefact import Artefact


@contextmanager
def getting_ready(artefact: Artefact) -> Iterator[None]:
    """Meanwhile LightGBM is imported, the booster read, and numba made ready to load kernels, in a thread.

    What goes wrong with the model is raised at the end, unless something else did; what is away tries again by itself.
    """
    with ThreadPoolExecutor(1) as thread:
        ready = thread.submit(_make_ready, artefact)
        yield
        ready.result()


def _make_ready(artefact: Artefact) -> None:
    artefact.make_ready()
    group_by_customer(np.zeros(1, np.int64), 1)  # the first kernel takes a hundred times as long as any other
