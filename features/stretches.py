"""Stretches: the windows of snapshots as rows of a view, and what is summed or followed along them."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from . import number_kernels, word_kernels
from .timeline import UNKNOWN
from .views import View

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_MOST_ROWS = 1 << 22
"""So many rows of windows are laid out at once, those of a single window apart."""


@dataclass(frozen=True)
class Stretch:
    """Each snapshot's window: the rows [low, high) of a view, and whether it is known (None: all are).

    `opens` says that every window begins with the first row of its segment.
    """

    low: Integers
    high: Integers
    known: Flags | None
    opens: bool = False

    @property
    def any_row(self) -> Flags:
        """Whether there is a row."""
        return self.high > self.low


@dataclass(frozen=True)
class Sums:
    """Sums and counts of a column over any window, as differences of running ones."""

    total: Callable[[Stretch], Floats]
    count: Callable[[Stretch], Floats]


def sums_of(view: View, values: npt.NDArray[Any], unit: int = 1) -> Sums:
    """Sums in whole units of a column as it is in the view, unknown values left out; those of integers are exact."""
    if values.dtype == np.int64:
        unknown = values == UNKNOWN
        running = running_sums(np.where(unknown, 0, values) if unknown.any() else values)
        return Sums(lambda window: between(running, window, unit), _counter(unknown))
    highs, lows = number_kernels.running_float_sum(view.offsets, values)
    return Sums(
        lambda window: number_kernels.window_float_sum(window.low, window.high, highs, lows, values),
        _counter(np.isnan(values)),
    )


def sums_of_first_times(view: View, column: str) -> Sums:
    """How many rows have a word that the customer never had before."""
    new = word_kernels.first_times(view.offsets, view.codes(column), len(view.dictionaries[column]))
    running = running_sums(new)
    return Sums(lambda window: between(running, window), lambda window: between(running, window))


def running_sums(values: npt.NDArray[Any]) -> Integers:
    """Sums before each row over all rows: in integers, differences are exact even where the sum wraps around."""
    sums = np.zeros(values.size + 1, np.int64)
    np.cumsum(values, out=sums[1:])
    return sums


def between(running: Integers, window: Stretch, unit: int = 1) -> Floats:
    """What lies within each window, of sums that are kept before each row; float64[s], in whole units."""
    return number_kernels.window_sum(window.low, window.high, running, unit)


def _counter(unknown: Flags) -> Callable[[Stretch], Floats]:
    if not unknown.any():
        return lambda window: (window.high - window.low).astype(np.float64)
    known = running_sums(~unknown)
    return lambda window: between(known, window)


def taken(values: npt.NDArray[Any], rows: Integers, window: Stretch) -> Floats:
    """The values at the rows, NaN for snapshots whose window has none; float64[s]."""
    return number_kernels.taken(window.low, window.high, rows, values)


def followed(
    running: Callable[..., Floats],
    view: View,
    window: Stretch,
    *columns: npt.NDArray[Any],
) -> Floats:
    """What `running` (bounds of segments, columns) finds along the rows of each window; float64[s].

    Windows that begin with their segment read it off the segment's rows; others get a segment of their own.
    """
    if window.opens:
        return taken(running(view.offsets, *columns), window.high - 1, window)
    found = np.full(window.low.size, np.nan)
    for begin, end in _portions(window):
        low, high = window.low[begin:end], window.high[begin:end]
        rows, bounds = number_kernels.rows_of_windows(low, high)
        part = Stretch(bounds[:-1], bounds[1:], None)
        found[begin:end] = taken(running(bounds, *[each[rows] for each in columns]), bounds[1:] - 1, part)
    return found


def _portions(window: Stretch) -> list[tuple[int, int]]:
    """The snapshots in portions whose windows have no more than so many rows."""
    ends = np.cumsum(window.high - window.low)
    bounds = [0]
    while bounds[-1] < ends.size:
        before = ends[bounds[-1] - 1] if bounds[-1] else 0
        following = int(np.searchsorted(ends, before + _MOST_ROWS, side="right"))
        bounds.append(max(following, bounds[-1] + 1))
    return list(pairwise(bounds))
