"""From expressions to numbers: a program is run, step by step, for all snapshots of some customers at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, singledispatch
from typing import Any

import numpy as np
import numpy.typing as npt

from . import number_kernels
from .calendar_numbers import CalendarNumber, calendar_numbers
from .columns import MONEY_UNITS
from .contracts import TABLES
from .derived import DERIVED
from .expressions import Arithmetic, Constant, Expression, Formula, Learned, Measure, PopulationNumber, Window
from .formulas import FORMULAS
from .localtime import DAY, LocalTime
from .measures import cycles, measured, words_of
from .population import PopulationHistory
from .program import Codes, Cycles, Edge, FirstTimes, Numbers, Program, Seen, Totals
from .stretches import Stretch, Sums, sums_of, sums_of_first_times
from .timeline import Timeline
from .timelines import TIMELINES
from .views import View
from .vocabulary import names_of
from .words import name_part

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_MONEY = {
    column.name for contract in TABLES.values() for column in contract.columns if column.kind == "money"
}


@dataclass(frozen=True)
class Snapshots:
    """(customer, cutoff) pairs, sorted by both: customer int64[s] counted from the first of a range.

    `places` int64[s] says where each cutoff stands among the different ones, `cutoffs` int64[c], ascending. `known_at`
    int64[c] is up to when facts are known: the cutoff for features, the maturity for a target's label window.
    """

    customer: Integers
    places: Integers
    cutoffs: Integers
    known_at: Integers

    @classmethod
    def at(cls, customer: Integers, cutoff: Integers) -> "Snapshots":
        """Snapshots that know what was known before their cutoff, int64[s]."""
        cutoffs, places = np.unique(cutoff, return_inverse=True)
        return cls(customer, places.astype(np.int64), cutoffs, cutoffs)

    @cached_property
    def cutoff(self) -> Integers:
        """The cutoff of each; int64[s]."""
        return self.cutoffs[self.places]

    @property
    def as_of(self) -> Integers:
        """Up to when each knows facts; int64[s]."""
        return self.cutoff if self.known_at is self.cutoffs else self.known_at[self.places]

    def chosen(self, keep: Flags) -> "Snapshots":
        """Those that are kept."""
        return self if keep.all() else replace(self, customer=self.customer[keep], places=self.places[keep])

    def part(self, begin: int, end: int, first: int) -> "Snapshots":
        """Those from `begin` until `end`, customers counted from `first`."""
        return replace(self, customer=self.customer[begin:end] - first, places=self.places[begin:end])


@dataclass(frozen=True)
class Sight:
    """What a program is run on: the timelines of some customers, as snapshots of them see them.

    `observed_from` says for each table from when on it is complete; `views` are those of timelines that were looked at
    before.
    """

    timelines: Mapping[str, Timeline]
    observed_from: Mapping[str, int]
    zone: LocalTime
    snapshots: Snapshots
    population: PopulationHistory
    views: Mapping[str, View] = field(default_factory=dict)

    @property
    def cutoffs(self) -> Integers:
        """The different cutoffs, ascending."""
        return self.snapshots.cutoffs

    @property
    def places(self) -> Integers:
        """Where each snapshot's cutoff stands among them; int64[s]."""
        return self.snapshots.places

    def spread(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """What is known of each different cutoff, for each snapshot."""
        return values[self.places]

    @cached_property
    def _shifted(self) -> dict[int, Integers]:
        return {}

    def shifted(self, days: int) -> Integers:
        """The different cutoffs, so many local days later."""
        if days not in self._shifted:
            self._shifted[days] = self.zone.shift_days(self.cutoffs, days)
        return self._shifted[days]

    def is_known(self, window: Window) -> Flags | None:
        """Whether each snapshot's window was wholly observed and its words were known; None where all are.

        Of an open window there must be some that was observed.
        """
        start = self.observed_from[TIMELINES[window.evidence.timeline].table]
        if window.start_days is None:
            known = self.shifted(-window.end_days) > start
        else:
            known = self.shifted(-window.start_days) >= start
        for chosen in window.evidence.filters:
            if chosen.vocabulary is not None:
                known = known & self.population.knows(chosen.vocabulary, chosen.equals, self.cutoffs)
        return None if known.all() else np.asarray(self.spread(known), np.bool_)


def run(program: Program, sight: Sight) -> Iterator[tuple[int, Floats]]:
    """The place of each expression asked for in the program's steps, and its values: float64[s], NaN for unknown."""
    outputs = frozenset(program.outputs)
    results: list[Any] = [None] * len(program.steps)
    for at, step in enumerate(program.steps):
        results[at] = compute(step, sight, *[results[each] for each in program.inputs[at]])
        if at in outputs:
            yield at, results[at]
        for each in program.freed[at]:
            results[each] = None


def evaluate(expression: Expression, sight: Sight) -> Floats:
    """One expression for every snapshot; float64[s]."""
    (found,) = (values for _, values in run(Program.of([expression]), sight))
    return found


@singledispatch
def compute(step: Any, _: Sight, *__: Any) -> Any:
    """The result of a step, from those of the steps it needs."""
    raise TypeError(f"no way to compute {type(step).__name__}")


@compute.register
def _seen(step: Seen, sight: Sight, *before: View) -> View:
    if not step.filters:
        if step.timeline in sight.views:
            return sight.views[step.timeline]
        return View.of(sight.timelines[step.timeline], sight.snapshots.customer, sight.snapshots.as_of)
    (view,) = before
    chosen = step.filters[-1]
    alike = names_of(words_of(view, chosen.column)) == name_part(chosen.equals)
    return view.only(np.append(alike, False)[view.codes(chosen.column)])  # -1, unknown, is the last


@compute.register
def _edge(step: Edge, sight: Sight, view: View, *nearer: Integers) -> Integers:
    (end,) = nearer or (view.end,)
    moments = sight.shifted(-step.days)
    return number_kernels.first_at_or_after(view.happened, view.begin, end, moments, sight.places)


@compute.register
def _window(step: Window, sight: Sight, view: View, *rest: Any) -> Stretch:
    bounds = iter(rest)
    end = next(bounds) if step.end_days else view.end
    begin = next(bounds) if step.start_days is not None else view.begin
    known = sight.is_known(step)
    for bound, is_start in ((step.since, True), (step.before, False)):
        if bound is None:
            continue
        days = next(bounds)
        moment = sight.snapshots.cutoff - np.rint(np.nan_to_num(days) * DAY).astype(np.int64)
        own = np.arange(moment.size)
        found = number_kernels.first_at_or_after(view.happened, begin, end, moment, own)
        begin, end = (found, end) if is_start else (begin, found)
        is_given = ~np.isnan(days)
        if is_start:  # what lies before the table was kept is not zero
            is_given &= moment >= sight.observed_from[TIMELINES[step.evidence.timeline].table]
        known = is_given if known is None else known & is_given
    if step.latest is not None:
        begin = np.maximum(begin, end - step.latest)
    opens = step.start_days is None and step.since is None and step.latest is None
    return Stretch(begin, end, known, opens)


@compute.register
def _numbers(step: Numbers, sight: Sight, view: View) -> Floats:
    if step.column in DERIVED:
        return np.asarray(DERIVED[step.column].make(view, sight.zone), np.float64)
    values = view.numbers(step.column)
    return values / MONEY_UNITS if step.column in _MONEY else values


@compute.register
def _codes(step: Codes, sight: Sight, view: View) -> Integers:
    if step.column in DERIVED:
        return np.asarray(DERIVED[step.column].make(view, sight.zone), np.int64)
    return view.codes(step.column)


@compute.register
def _totals(step: Totals, sight: Sight, view: View) -> Sums:
    if step.column in DERIVED:
        return sums_of(view, DERIVED[step.column].make(view, sight.zone))
    return sums_of(view, view.columns[step.column], MONEY_UNITS if step.column in _MONEY else 1)


@compute.register
def _first_times(step: FirstTimes, _: Sight, view: View) -> Sums:
    return sums_of_first_times(view, step.column)


@compute.register
def _cycles(step: Cycles, sight: Sight, view: View, window: Stretch, codes: Integers) -> Floats:
    size = len(words_of(view, step.column))
    return cycles(window, codes, size, view.happened, sight.snapshots.cutoff, step.within_days)


@compute.register
def _measure(step: Measure, sight: Sight, view: View, window: Stretch, *rest: Any) -> Floats:
    values = measured(step, sight, view, window, *rest)
    return values if window.known is None else np.where(window.known, values, np.nan)


@compute.register
def _constant(step: Constant, sight: Sight) -> Floats:
    return np.full(sight.snapshots.cutoff.size, step.number)


@compute.register
def _calendar_number(step: CalendarNumber, sight: Sight) -> Floats:
    observed_from = sight.observed_from["purchases"]
    return np.asarray(sight.spread(calendar_numbers(step, sight.cutoffs, sight.zone, observed_from)))


@compute.register
def _population_number(step: PopulationNumber, sight: Sight) -> Floats:
    return np.asarray(sight.spread(sight.population.numbers(step.name, sight.cutoffs)))


@compute.register
def _learned(step: Learned, sight: Sight) -> Floats:
    return np.asarray(sight.spread(sight.population.numbers(step.key, sight.cutoffs)))


@compute.register
def _formula(step: Formula, _: Sight, *operands: Floats) -> Floats:
    return FORMULAS[step.kind](*operands)


@compute.register
def _arithmetic(step: Arithmetic, _: Sight, left: Floats, right: Floats) -> Floats:
    match step.operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return number_kernels.ratio(left, right)
        case "smaller":
            return np.minimum(left, right)
        case "larger":
            return np.maximum(left, right)
        case "else":
            return np.where(np.isnan(left), right, left)
        case "reaches":
            holds = left >= right
        case "differs":
            holds = left != right
    return np.where(np.isnan(left) | np.isnan(right), np.nan, holds)
