"""Numbers that follow from a cutoff alone: its place in week, month and year, and what is known to come after it."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from .expressions import Expression
from .localtime import DAY, LocalTime
from .special_days import SpecialDays

Days = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

CalendarKind = Literal[
    "weekday", "day_of_month", "year_sine", "year_cosine", "weekend_days", "holidays", "closed_days",
    "days_to_holiday",
]  # fmt: skip

TWO_CYCLES: dict[str, int] = {"weekday": 14, "day_of_month": 62, "year_sine": 731, "year_cosine": 731}
"""How many days hold two cycles of a position. With fewer, each position was seen once: it names the cutoff."""

_FIRST_OF_1970 = 3  # 1970-01-01 was a Thursday; Monday is 0
_FURTHEST_HOLIDAY = 400


@dataclass(frozen=True)
class CalendarNumber(Expression):
    """The same number for all snapshots of a cutoff; `days` is how far ahead it looks.

    A position is NaN where less than two of its cycles were observed before the cutoff.
    """

    kind: CalendarKind
    days: int = 0
    special: SpecialDays = field(default_factory=SpecialDays)


def calendar_numbers(number: CalendarNumber, cutoffs: Days, zone: LocalTime, observed_from: int) -> Floats:
    """The number for ascending cutoffs (instants), float64[cutoffs]; `observed_from` is when purchases begin."""
    if cutoffs.size == 0:
        return np.empty(0)
    today = np.floor_divide(zone.to_wall(cutoffs), DAY)
    if number.kind not in TWO_CYCLES:
        return _known_ahead(number, today)
    observed = zone.shift_days(cutoffs, -TWO_CYCLES[number.kind]) >= observed_from
    return np.where(observed, _position(number.kind, today), np.nan)


def _position(kind: CalendarKind, today: Days) -> Floats:
    if kind == "weekday":
        return (_weekday(today) + 1).astype(np.float64)
    dates = today.astype("datetime64[D]")
    if kind == "day_of_month":
        return np.asarray((dates - dates.astype("datetime64[M]")).astype(np.float64) + 1)
    years = dates.astype("datetime64[Y]")
    begin = years.astype("datetime64[D]")
    length = ((years + 1).astype("datetime64[D]") - begin).astype(np.float64)
    angle = 2 * np.pi * (dates - begin).astype(np.float64) / length
    return np.asarray(np.sin(angle) if kind == "year_sine" else np.cos(angle), np.float64)


def _known_ahead(number: CalendarNumber, today: Days) -> Floats:
    first, last = int(today[0]), int(today[-1]) + max(number.days, _FURTHEST_HOLIDAY)
    if number.kind == "days_to_holiday":
        days = np.array(number.special.holidays(first, last), np.int64)
        following = np.append(days, 0)[np.searchsorted(days, today)]
        return np.where(np.searchsorted(days, today) < days.size, following - today, np.nan)
    if number.kind == "weekend_days":
        all_days = np.arange(first, last)
        days = all_days[np.isin(_weekday(all_days), number.special.weekend())]
    else:
        listed = number.special.holidays if number.kind == "holidays" else number.special.closed
        days = np.array(listed(first, last), np.int64)
    return (np.searchsorted(days, today + number.days) - np.searchsorted(days, today)).astype(np.float64)


def _weekday(days: Days) -> Days:
    return np.asarray((days + _FIRST_OF_1970) % 7, np.int64)
