"""Local time of a business: instants to wall clock and back, local midnights, local days.

Instants are int64 microseconds since 1970-01-01 UTC; wall times are the same count without a zone.
A wall time that does not exist or exists twice takes the offset in force before the change.
"""

import difflib
import zoneinfo
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from .errors import ConfigurationError

Instants = npt.NDArray[np.int64]

SECOND = 1_000_000
DAY = 86_400 * SECOND
INSTANT = 1 / DAY
"""The shortest time there is, in days: rows of one moment are not after each other."""
FOREVER = int(np.iinfo(np.int64).max)
"""Later than every instant."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_microseconds(moment: datetime) -> int:
    """An aware datetime as microseconds since 1970 UTC."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def to_datetime(microseconds: int) -> datetime:
    """Microseconds since 1970 UTC as an aware datetime."""
    return _EPOCH + timedelta(microseconds=int(microseconds))


@dataclass(frozen=True)
class Change:
    """A change of a zone's offset: at `instant`, from `before` to `after` (all microseconds)."""

    instant: int
    before: int
    after: int

    @property
    def wall_from(self) -> int:
        """First wall time that does not exist or exists twice."""
        return self.instant + min(self.before, self.after)

    @property
    def wall_until(self) -> int:
        """First wall time that takes the new offset."""
        return self.instant + max(self.before, self.after)


@lru_cache(maxsize=4096)
def _changes_of_year(zone: str, year: int) -> tuple[Change, ...]:
    """The offset changes within a calendar year (UTC), found by halving the days on which the offset differs."""
    info = zoneinfo.ZoneInfo(zone)

    def offset(second: int) -> int:
        moment = (_EPOCH + timedelta(seconds=second)).astimezone(info)
        shift = moment.utcoffset()
        assert shift is not None
        return shift // timedelta(microseconds=1)

    start = to_microseconds(datetime(year, 1, 1, tzinfo=UTC)) // SECOND
    days = (date(year + 1, 1, 1) - date(year, 1, 1)).days
    found = []
    for day in range(days):
        low, high = start + day * 86_400, start + (day + 1) * 86_400
        before, after = offset(low), offset(high)
        if before == after:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == before else (low, middle)
        found.append(Change(high * SECOND, before, after))
    return tuple(found)


@dataclass(frozen=True)
class Offsets:
    """The offsets of a zone: `values` has one more than `instants` and `walls`, from which on the next is in force."""

    instants: Instants
    walls: Instants
    values: Instants


@lru_cache(maxsize=1024)
def _offsets_of_years(zone: str, first: int, last: int) -> Offsets:
    """The offsets from the beginning of a calendar year until the end of another (UTC)."""
    changes = [change for year in range(first, last + 1) for change in _changes_of_year(zone, year)]
    start = to_microseconds(datetime(first, 1, 1, tzinfo=UTC))
    before = changes[0].before if changes else LocalTime(zone).offset_before(start)
    return Offsets(
        np.array([change.instant for change in changes], np.int64),
        np.array([change.wall_until for change in changes], np.int64),
        np.array([before, *(change.after for change in changes)], np.int64),
    )


class LocalTime:
    """A time zone, for arrays of instants."""

    def __init__(self, zone: str) -> None:
        try:
            self._info = zoneinfo.ZoneInfo(zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            near = difflib.get_close_matches(zone, sorted(zoneinfo.available_timezones()), 3)
            raise ConfigurationError(
                "The time zone is unknown.",
                where="timezone",
                found=zone,
                remedy=f"use an IANA name such as {', '.join(near) or 'Europe/Berlin'}",
            ) from None
        self.zone = zone

    def changes(self, first: int, last: int) -> tuple[Change, ...]:
        """The zone's offset changes that matter to times from `first` to `last`, in order."""
        years = range(_year(first - DAY), _year(last + DAY) + 1)
        return tuple(change for year in years for change in _changes_of_year(self.zone, year))

    def offset_before(self, instant: int) -> int:
        """The offset in force a day before `instant`, in microseconds."""
        shift = to_datetime(instant - DAY).astimezone(self._info).utcoffset()
        assert shift is not None
        return shift // timedelta(microseconds=1)

    def to_utc(self, wall: Instants) -> Instants:
        """Wall times to instants."""
        if wall.size == 0:
            return wall
        offsets = self._offsets(wall)
        return wall - offsets.values[np.searchsorted(offsets.walls, wall, side="right")]

    def to_wall(self, instants: Instants) -> Instants:
        """Instants to wall times."""
        if instants.size == 0:
            return instants
        offsets = self._offsets(instants)
        return instants + offsets.values[np.searchsorted(offsets.instants, instants, side="right")]

    def _offsets(self, times: Instants) -> "Offsets":
        return _offsets_of_years(self.zone, _year(int(times.min()) - 2 * DAY), _year(int(times.max()) + DAY))

    def shift_days(self, instants: Instants, days: int) -> Instants:
        """The same wall time, so many local days later (earlier where negative)."""
        return instants if days == 0 else self.to_utc(self.to_wall(instants) + days * DAY)

    def floor_to_day(self, instants: Instants) -> Instants:
        """The local midnight at or before each instant."""
        return self.to_utc(np.floor_divide(self.to_wall(instants), DAY) * DAY)

    def midnight(self, day: date) -> int:
        """The instant at which a local day begins."""
        wall = to_microseconds(datetime(day.year, day.month, day.day, tzinfo=UTC))
        return int(self.to_utc(np.array([wall], np.int64))[0])

    def instant(self, moment: datetime) -> int:
        """A datetime as an instant; a naive one is read as wall time."""
        if moment.tzinfo is not None:
            return to_microseconds(moment)
        wall = to_microseconds(moment.replace(tzinfo=UTC))
        return int(self.to_utc(np.array([wall], np.int64))[0])

    def day_of(self, instant: int) -> date:
        """The local day of an instant."""
        return to_datetime(instant).astimezone(self._info).date()


def _year(instant: int) -> int:
    return min(max(to_datetime_clipped(instant).year, 1), 9998)


def to_datetime_clipped(instant: int) -> datetime:
    """Like `to_datetime`, but within the years a datetime can hold."""
    low, high = (
        to_microseconds(datetime(2, 1, 1, tzinfo=UTC)),
        to_microseconds(datetime(9998, 1, 1, tzinfo=UTC)),
    )
    return to_datetime(min(max(instant, low), high))
