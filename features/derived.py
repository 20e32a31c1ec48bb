"""Columns of a timeline that follow from when its rows happened, as each snapshot sees them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import number_kernels
from .localtime import DAY, LocalTime
from .views import View

HOUR = DAY // 24
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HOURS = tuple(f"{hour:02}" for hour in range(24))
_THURSDAY = 3  # 1970-01-01


@dataclass(frozen=True)
class Derived:
    """How a column is made of a view; `words` where it holds codes of words instead of numbers."""

    make: Callable[[View, LocalTime], npt.NDArray[Any]]
    words: tuple[str, ...] = ()


def _weekday(view: View, zone: LocalTime) -> npt.NDArray[np.int64]:
    return np.asarray((zone.to_wall(view.happened) // DAY + _THURSDAY) % 7, np.int64)


def _hour(view: View, zone: LocalTime) -> npt.NDArray[np.int64]:
    return np.asarray(zone.to_wall(view.happened) // HOUR % 24, np.int64)


DERIVED: Mapping[str, Derived] = {
    "gap": Derived(lambda view, _: view.gap),
    "gap_imbalance": Derived(lambda view, _: number_kernels.gap_imbalance(view.gap)),
    "weekday": Derived(_weekday, WEEKDAYS),
    "hour": Derived(_hour, HOURS),
}
"""Columns that every timeline has.

gap: days since the row before. gap_imbalance: the squared distance from a half of a gap's share in it and the gap
before it: zero where they are equal. weekday, hour: of the business's local time.
"""
