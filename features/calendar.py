"""When a cutoff falls, and which days come after it: the same for all customers."""

from collections.abc import Iterator
from math import gcd

from .calendar_numbers import TWO_CYCLES, CalendarKind, CalendarNumber
from .expressions import Evidence
from .family import Family, Feature

_POSITIONS: tuple[tuple[str, CalendarKind, str, str], ...] = (
    ("calendar_weekday", "weekday", "1 to 7", "of the cutoff, Monday being 1"),
    ("calendar_day_of_month", "day_of_month", "1 to 31", "of the cutoff"),
    ("calendar_year_sine", "year_sine", "-1 to 1", "place of the cutoff in the year: high in spring"),
    ("calendar_year_cosine", "year_cosine", "-1 to 1", "place of the cutoff in the year: high in winter"),
)

OFTEN = 4
"""How often each place in the week or month has to come among the question's cutoffs. At Online Retail II, where 12
cutoffs fell on seven weekdays, the weekday alone made the log loss 1.6 % (1.3 to 1.9 %) worse; from 4 times on, no
harm was measured."""


class Calendar(Family):
    """Position in week, month and year, and what is known ahead of the horizon.

    The same for all customers at a cutoff, so a position that came only once would say which cutoff it is, and a
    model would learn the past by heart. The place in the week or month is there only where the question's cutoffs
    come to each of its places at least four times and do not all fall on the same one, the place in the year where
    they span two years; for a cutoff with less than two cycles of purchases before it, a position is empty.
    Weekends, public holidays and closures take the section `[calendar]`.
    """

    name = "calendar"
    reads = ()

    def features(self, *_: Evidence) -> Iterator[Feature]:
        """Positions, then the days of the horizon."""
        for name, kind, unit, description in _POSITIONS:
            if self._comes_often(kind):
                yield Feature(name, CalendarNumber(kind), unit, description)
        if self.question.calendar:
            yield from self._known_ahead()

    def _comes_often(self, kind: CalendarKind) -> bool:
        """Whether the question's cutoffs come to the places of a cycle often enough to learn from them."""
        spacing, cutoffs = self.question.spacing_days, self.question.cutoffs
        if kind == "weekday":
            places = 7 // gcd(7, spacing)
            return places > 1 and cutoffs >= OFTEN * places
        if kind == "day_of_month":  # months differ in length: any spacing comes to every day in the end
            return cutoffs >= OFTEN * 31
        return spacing * (cutoffs - 1) >= TWO_CYCLES[kind]

    def _known_ahead(self) -> Iterator[Feature]:
        special, horizon = self.question.calendar, self.question.horizon_days
        if horizon % 7:  # else there are always as many
            yield Feature(
                "horizon_weekend_days",
                CalendarNumber("weekend_days", horizon, special),
                "days",
                "of weekends in the horizon",
            )
        if special.country is not None:
            yield Feature(
                "horizon_holidays",
                CalendarNumber("holidays", horizon, special),
                "days",
                "that are public holidays in the horizon",
            )
            yield Feature(
                "days_to_holiday",
                CalendarNumber("days_to_holiday", 0, special),
                "days",
                "from the cutoff to the next public holiday",
            )
        if special.closures:
            yield Feature(
                "horizon_closed_days",
                CalendarNumber("closed_days", horizon, special),
                "days",
                "in the horizon on which the business is closed",
            )
