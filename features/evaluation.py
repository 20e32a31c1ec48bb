"""The evaluator: from expressions to numbers, for all snapshots of a range of customers at once."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from . import kernels
from .columns import MONEY_UNITS
from .contracts import TABLES
from .expressions import (
    Arithmetic,
    Constant,
    Evidence,
    Expression,
    Filter,
    Measure,
    PopulationNumber,
    Window,
)
from .localtime import DAY, LocalTime
from .population import PopulationHistory
from .timelines import TIMELINES, UNKNOWN, Timeline
from .views import View
from .words import name_part

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_MONEY = {
    column.name for contract in TABLES.values() for column in contract.columns if column.kind == "money"
}

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True)
class Snapshots:
    """(customer, cutoff) pairs, sorted by both: customer int64[s] counted from the first of a range, cutoff int64[s].

    `as_of` is up to when facts are known: the cutoff for features, the maturity for a target's label window.
    """

    customer: Integers
    cutoff: Integers
    as_of: Integers

    @classmethod
    def at(cls, customer: Integers, cutoff: Integers) -> "Snapshots":
        """Snapshots that know what was known before their cutoff."""
        return cls(customer, cutoff, cutoff)


class Evaluator:
    """Evaluates expressions over the timelines of a range of customers, each measure once."""

    def __init__(
        self,
        timelines: Mapping[str, Timeline],
        observed_from: Mapping[str, int],
        zone: LocalTime,
        snapshots: Snapshots,
        population: PopulationHistory,
    ) -> None:
        self.timelines = timelines
        self.observed_from = observed_from
        self.zone = zone
        self.snapshots = snapshots
        self.population = population
        self._cutoffs, self._cutoff_of = np.unique(snapshots.cutoff, return_inverse=True)
        self._views: dict[Evidence, View] = {}
        self._bounds: dict[Window, tuple[Integers, Integers]] = {}
        self._sums: dict[tuple[Evidence, str], Callable[[Integers, Integers], Floats]] = {}
        self._measures: dict[Measure, Floats] = {}
        self._names_of: dict[tuple[str, str], npt.NDArray[np.object_]] = {}

    def prepare(self, expressions: Iterable[Expression]) -> None:
        """Compute every measure of the expressions, on all cores."""
        measures = list(dict.fromkeys(m for expression in expressions for m in expression.measures()))
        windows = list(dict.fromkeys(measure.window for measure in measures))
        evidence = list(dict.fromkeys(_plain(window.evidence) for window in windows))
        filtered = list(dict.fromkeys(_bare(window.evidence) for window in windows))
        sums = dict.fromkeys(
            (_bare(m.window.evidence), m.column) for m in measures if m.kind in ("sum", "mean") and m.column
        )
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            self._views.update(_mapped(pool, self._view, evidence))
            self._views.update(_mapped(pool, self._view, filtered))
            self._bounds.update(_mapped(pool, self._window_bounds, windows))
            self._sums.update(_mapped(pool, self._summer, list(sums)))
            self._measures.update(_mapped(pool, self._measure, measures))

    def values(self, expression: Expression) -> Floats:
        """The expression for every snapshot; float64[s], NaN where it is not known."""
        if isinstance(expression, Measure):
            found = self._measures.get(expression)
            return self._measure(expression) if found is None else found
        if isinstance(expression, Constant):
            return np.full(self.snapshots.cutoff.size, expression.number)
        if isinstance(expression, PopulationNumber):
            return self.population.numbers(expression.name, self.snapshots.cutoff)
        assert isinstance(expression, Arithmetic)
        left, right = self.values(expression.left), self.values(expression.right)
        if expression.operator == "+":
            return left + right
        if expression.operator == "-":
            return left - right
        if expression.operator == "*":
            return left * right
        return _ratio(left, right)

    def words(self, measure: Measure) -> tuple[str, ...]:
        """The dictionary of a `category` measure, whose values are codes in it."""
        assert measure.column is not None
        return self._view(_bare(measure.window.evidence)).dictionaries[measure.column]

    def _view(self, evidence: Evidence) -> View:
        found = self._views.get(evidence)
        if found is not None:
            return found
        if not evidence.filters:
            return View.of(self.timelines[evidence.timeline], self.snapshots.customer, self.snapshots.as_of)
        view = self._view(replace(evidence, filters=evidence.filters[:-1]))
        chosen = evidence.filters[-1]
        alike = self._names(evidence.timeline, chosen.column) == name_part(chosen.equals)
        codes = view.codes(chosen.column)
        return view.only((codes >= 0) & np.append(alike, False)[codes])

    def _names(self, timeline: str, column: str) -> npt.NDArray[np.object_]:
        """What the words of a text column are compared by; object[words]."""
        if (timeline, column) not in self._names_of:
            words = self.timelines[timeline].dictionaries[column]
            self._names_of[timeline, column] = np.array([name_part(word) for word in words], object)
        return self._names_of[timeline, column]

    def _window_bounds(self, window: Window) -> tuple[Integers, Integers]:
        """The first row and the row after the last of each snapshot's window."""
        found = self._bounds.get(window)
        if found is not None:
            return found
        view = self._view(_bare(window.evidence))
        begin, end = view.begin, view.end
        if window.end_days:
            end = kernels.first_at_or_after(view.happened, begin, end, self._shifted(-window.end_days))
        if window.start_days is not None:
            begin = kernels.first_at_or_after(view.happened, begin, end, self._shifted(-window.start_days))
        return begin, end

    def _shifted(self, days: int) -> Integers:
        """Each snapshot's cutoff, so many local days later."""
        return self.zone.shift_days(self._cutoffs, days)[self._cutoff_of]

    def _summer(self, key: tuple[Evidence, str]) -> Callable[[Integers, Integers], Floats]:
        """A function that sums a column between rows."""
        found = self._sums.get(key)
        if found is not None:
            return found
        evidence, column = key
        view = self._view(evidence)
        values = view.numbers(column)
        whole = view.columns.get(column)
        if whole is not None and whole.dtype == np.int64:
            exact = np.where(whole == UNKNOWN, 0, whole).astype(np.int64)
            sums = kernels.running_sum(view.offsets, exact)
            unit = MONEY_UNITS if column in _MONEY else 1
            return lambda low, high: kernels.window_sum(low, high, sums, exact) / unit
        highs, lows = kernels.running_float_sum(view.offsets, values)
        return lambda low, high: kernels.window_float_sum(low, high, highs, lows, values)

    def _measure(self, measure: Measure) -> Floats:
        low, high = self._window_bounds(measure.window)
        values = self._over_rows(measure, low, high)
        known = self._is_observed(measure.window)
        for chosen in measure.window.evidence.filters:
            known &= self._is_word(chosen)
        return np.where(known, values, np.nan)

    def _is_observed(self, window: Window) -> npt.NDArray[np.bool_]:
        """Whether each snapshot's window was wholly observed; of an open one there must be some that was."""
        start = self.observed_from[TIMELINES[window.evidence.timeline].table]
        if window.start_days is None:
            return self._shifted(-window.end_days) > start
        return self._shifted(-window.start_days) >= start

    def _is_word(self, chosen: Filter) -> npt.NDArray[np.bool_]:
        if chosen.vocabulary is None:
            return np.ones(self.snapshots.cutoff.size, np.bool_)
        return self.population.knows(chosen.vocabulary, chosen.equals, self.snapshots.cutoff)

    def _over_rows(self, measure: Measure, low: Integers, high: Integers) -> Floats:
        """The measure over the rows [low, high) of each snapshot."""
        evidence = _bare(measure.window.evidence)
        view, kind = self._view(evidence), measure.kind
        if kind == "count":
            return (high - low).astype(np.float64)
        if kind == "days_since_first":
            return self._days_since(view, low, high > low)
        if kind == "days_since_last":
            return self._days_since(view, high - 1, high > low)
        if kind == "decayed":
            return self._decayed(measure, view, high - 1, high > low)
        assert measure.column is not None
        if kind == "sum":
            return self._summer((evidence, measure.column))(low, high)
        if kind == "distinct":
            words = view.dictionaries[measure.column]
            return kernels.distinct(low, high, view.codes(measure.column), len(words))
        if kind == "category":
            codes = view.codes(measure.column).astype(np.float64)
            return _taken(np.where(codes < 0, np.nan, codes), high - 1, high > low)
        return self._over_values(measure, view, low, high)

    def _over_values(self, measure: Measure, view: View, low: Integers, high: Integers) -> Floats:
        kind, column = measure.kind, measure.column
        assert column is not None
        values = _in_currency(view.numbers(column), column)
        if kind == "mean":
            total = self._summer((_bare(measure.window.evidence), column))(low, high)
            count = kernels.known_values(low, high, values)
            return _ratio(total, count)
        if kind == "maximum":
            return -kernels.minimum(low, high, -values)
        if kind == "slope":
            return kernels.slope(low, high, values, view.days)
        if kind == "first":
            return _taken(values, low, high > low)
        if kind in ("at_least", "streak"):
            assert measure.threshold is not None
            threshold = self.values(measure.threshold)
            reached = kernels.at_least if kind == "at_least" else kernels.streak
            return reached(low, high, values, threshold)
        simple: dict[str, Callable[[Integers, Integers, Floats], Floats]] = {
            "minimum": kernels.minimum,
            "median": kernels.median,
            "spread": kernels.spread,
            "last": kernels.last_known,
        }
        return simple[kind](low, high, values)

    def _days_since(self, view: View, rows: Integers, any_row: npt.NDArray[np.bool_]) -> Floats:
        elapsed = self.snapshots.cutoff - _taken(view.happened, rows, any_row, missing=0)
        return np.where(any_row, elapsed / DAY, np.nan)

    def _decayed(
        self, measure: Measure, view: View, rows: Integers, any_row: npt.NDArray[np.bool_]
    ) -> Floats:
        column = measure.column
        values = np.ones(view.happened.size) if column is None else _in_currency(view.numbers(column), column)
        sums = kernels.decayed(view.offsets, view.days, values, measure.half_life)
        since = np.nan_to_num(self._days_since(view, rows, any_row))
        return _taken(sums, rows, any_row, missing=0.0) * 2.0 ** (-since / measure.half_life)


def _plain(evidence: Evidence) -> Evidence:
    """The evidence without filters, as the key of its view."""
    return Evidence(evidence.timeline, ())


def _bare(evidence: Evidence) -> Evidence:
    """The evidence as the key of its view: what decides its rows."""
    return Evidence(
        evidence.timeline, (), tuple(replace(chosen, vocabulary=None) for chosen in evidence.filters)
    )


def _ratio(left: Floats, right: Floats) -> Floats:
    """Left / right, NaN where right is zero."""
    ratio = np.full(left.size, np.nan)
    np.divide(left, right, out=ratio, where=right != 0)
    return ratio


def _in_currency(values: Floats, column: str) -> Floats:
    return values / MONEY_UNITS if column in _MONEY else values


N = TypeVar("N", np.float64, np.int64)


def _taken(
    values: npt.NDArray[N], rows: Integers, any_row: npt.NDArray[np.bool_], missing: float = np.nan
) -> npt.NDArray[N]:
    """The values at the rows, `missing` for snapshots without one."""
    if values.size == 0:
        return np.full(rows.size, missing).astype(values.dtype)
    return np.where(any_row, values[np.where(any_row, rows, 0)], missing).astype(values.dtype)


def _mapped(pool: ThreadPoolExecutor, function: Callable[[K], V], keys: Sequence[K]) -> dict[K, V]:
    return dict(zip(keys, pool.map(function, keys), strict=True))
