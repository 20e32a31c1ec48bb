"""Days unlike others: public holidays of a country, and the days on which the business is closed.

They are known ahead: a calendar tells of the days after a cutoff, too. What nobody could know ahead, such as a storm,
does not belong into it.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Self

from .errors import ConfigurationError

Days = tuple[int, ...]

_EPOCH = date(1970, 1, 1)
_LONGEST_CLOSURE = 3660
SATURDAY, SUNDAY = 5, 6


@dataclass(frozen=True)
class SpecialDays:
    """The holidays of a country (ISO code) and its subdivision, and closures: "2017-12-25", "2017-07-01/2017-07-14".

    Closures include both ends. ConfigurationError where the country is unknown or a closure cannot be read.
    """

    country: str | None = None
    subdivision: str | None = None
    closures: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for closure in self.closures:
            _closed(closure)
        if self.country is not None:
            holidays_of(self.country, self.subdivision, 2020)
        elif self.subdivision is not None:
            raise ConfigurationError(
                "A subdivision needs its country.",
                where="[calendar] subdivision",
                found=self.subdivision,
                remedy='add the country, for example country = "US"',
            )

    def __bool__(self) -> bool:
        return self != SpecialDays()

    @classmethod
    def from_dict(cls, plain: Any) -> Self:
        """What `dataclasses.asdict` described."""
        return cls(plain["country"], plain["subdivision"], tuple(plain["closures"]))

    def with_closures(self, closures: Sequence[str]) -> Self:
        """The same with these closures too, such as those of a year after training."""
        return replace(self, closures=tuple(sorted({*self.closures, *closures})))

    def holidays(self, first: int, last: int) -> Days:
        """Public holidays from the day `first` until `last` (days since 1970), ascending."""
        if self.country is None:
            return ()
        years = range(_date(first).year, _date(last).year + 1)
        found = [day for year in years for day in holidays_of(self.country, self.subdivision, year)]
        return _between(found, first, last)

    def closed(self, first: int, last: int) -> Days:
        """Closed days from the day `first` until `last`, ascending and each once."""
        found = {day for closure in self.closures for day in _closed(closure)}
        return _between(sorted(found), first, last)

    def weekend(self) -> tuple[int, ...]:
        """The days of the weekend, Monday being 0."""
        return (SATURDAY, SUNDAY) if self.country is None else weekend_of(self.country)


@lru_cache(maxsize=4096)
def holidays_of(country: str, subdivision: str | None, year: int) -> tuple[int, ...]:
    """The public holidays of a year, in days since 1970; ConfigurationError where the country is not known."""
    import holidays

    known = holidays.list_supported_countries()
    if country not in known:
        raise _unknown("country", country, list(known))
    if subdivision is not None and subdivision not in known[country]:
        raise _unknown("subdivision", subdivision, known[country])
    days = holidays.country_holidays(country, subdiv=subdivision, years=year)
    return tuple(sorted((day - _EPOCH).days for day in days))


@lru_cache(maxsize=256)
def weekend_of(country: str) -> tuple[int, ...]:
    """The days of a country's weekend, Monday being 0."""
    import holidays

    return tuple(sorted(holidays.country_holidays(country).weekend))


def _unknown(what: str, found: str, known: Sequence[str]) -> ConfigurationError:
    near = difflib.get_close_matches(found.upper(), known, 3, cutoff=0.5) or list(known[:6])
    return ConfigurationError(
        f"The {what} is not known to the calendar.",
        where=f"[calendar] {what}",
        found=found,
        remedy=f"use an ISO 3166 code such as {', '.join(near)}" if near else f"leave the {what} out",
    )


@lru_cache(maxsize=4096)
def _closed(closure: str) -> tuple[int, ...]:
    """The days of a closure as the user writes it."""
    first, slash, last = closure.partition("/")
    try:
        begin = date.fromisoformat(first.strip())
        end = date.fromisoformat(last.strip()) if slash else begin
    except ValueError:
        begin, end = date.max, date.min
    if not timedelta(0) <= end - begin <= timedelta(_LONGEST_CLOSURE):
        raise ConfigurationError(
            "A closure cannot be read.",
            where="[calendar] closures",
            found=repr(closure),
            remedy='write a day as "2017-12-25", several as "2017-07-01/2017-07-14" (both are closed)',
        )
    return tuple(range((begin - _EPOCH).days, (end - _EPOCH).days + 1))


def _date(day: int) -> date:
    return _EPOCH + timedelta(int(day))


def _between(days: Sequence[int], first: int, last: int) -> Days:
    return tuple(day for day in days if first <= day < last)
