"""When a cutoff falls, and which days come after it: the same for all customers."""

from collections.abc import Iterator

from .calendar_numbers import TWO_CYCLES, CalendarKind, CalendarNumber
from .expressions import Evidence
from .family import Family, Feature

_POSITIONS: tuple[tuple[str, CalendarKind, str, str], ...] = (
    ("calendar_weekday", "weekday", "1 to 7", "of the cutoff, Monday being 1"),
    ("calendar_day_of_month", "day_of_month", "1 to 31", "of the cutoff"),
    ("calendar_year_sine", "year_sine", "-1 to 1", "place of the cutoff in the year: high in spring"),
    ("calendar_year_cosine", "year_cosine", "-1 to 1", "place of the cutoff in the year: high in winter"),
)


class Calendar(Family):
    """Position in week, month and year, and what is known ahead of the horizon.

    The same for all customers at a cutoff, so a position that came only once would say which cutoff it is, and a
    model would learn the past by heart. A position is there only where the question's cutoffs span two of its cycles
    (two weeks, two months, two years) and do not all fall on the same one; for a cutoff with less than two cycles
    of purchases before it, it is empty. Weekends, public holidays and closures take the section `[calendar]`.
    """

    name = "calendar"
    reads = ()

    def features(self, *_: Evidence) -> Iterator[Feature]:
        """Positions, then the days of the horizon."""
        spacing = self.question.spacing_days
        span = spacing * (self.question.cutoffs - 1)
        for name, kind, unit, description in _POSITIONS:
            is_constant = kind == "weekday" and spacing % 7 == 0
            if span >= TWO_CYCLES[kind] and not is_constant:
                yield Feature(name, CalendarNumber(kind), unit, description)
        if self.question.calendar:
            yield from self._known_ahead()

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
