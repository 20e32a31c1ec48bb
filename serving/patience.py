"""Patience with what is away for a while: a few more tries, longer apart each time, then what it said."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from patron.features.errors import ConfigurationError
from patron.features.progress import Progress, silent
from patron.features.tracking import Tracking
from patron.models.artefact import MANIFEST
from patron.models.registry import ResolvedModel, resolve
from patron.models.tracking_store import require_store

T = TypeVar("T")

WAITS = (2.0, 5.0, 10.0, 20.0)
"""Seconds between the tries."""


def patiently(
    action: Callable[[], T],
    away: tuple[type[BaseException], ...],
    what: str,
    progress: Progress = silent,
    waits: Sequence[float] | None = None,
) -> T:
    """What the action gives; where it raises one of `away` it is tried again, and at last the error is its own."""
    pauses = WAITS if waits is None else waits
    for done, pause in enumerate(pauses):
        try:
            return action()
        except away:
            progress(f"waiting for {what}", done, len(pauses))
            time.sleep(pause)
    return action()


def resolve_patiently(reference: str, tracking: Tracking, progress: Progress = silent) -> ResolvedModel:
    """The verified model that is named, from a tracking server that may be away for a while.

    ConfigurationError where it does not answer after half a minute; ModelError where it has no such model.
    """
    if not (Path(reference) / MANIFEST).is_file():
        patiently(lambda: require_store(tracking.uri), (ConfigurationError,), "the tracking server", progress)
    return resolve(reference, tracking)
