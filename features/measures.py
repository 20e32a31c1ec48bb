"""What each kind of measure makes of the rows of its window."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import number_kernels, word_kernels
from .derived import DERIVED
from .expressions import Constant, Measure
from .judging import ALWAYS
from .localtime import DAY
from .stretches import Stretch, Sums, between, followed, running_sums, taken
from .timeline import UNKNOWN, Timeline
from .views import View
from .vocabulary import in_vocabulary

if TYPE_CHECKING:
    from .evaluation import Sight

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

MOST_CYCLES = 3.0
"""A word that repeats is alive until so many of its cycles have passed since it last came."""


def cycles(
    window: Stretch, codes: Integers, size: int, happened: Integers, cutoff: Integers, within_days: float
) -> Floats:
    """The parts of `Window.cycle`, float64[4, s]: alive, due, soonest (days), pace (times in `within_days`)."""
    within = within_days * DAY
    found = word_kernels.cycles(window.low, window.high, codes, size, happened, cutoff, within, MOST_CYCLES)
    found[2] /= DAY
    found[3] *= within
    return found


_CYCLE_PARTS = ("alive", "due", "soonest", "pace")


def measured(measure: Measure, sight: "Sight", view: View, window: Stretch, *inputs: Any) -> Floats:
    """The measure over the rows of its window, from what `program` says that it needs."""
    return _MEASURES[measure.kind](measure, sight, view, window, *inputs)


def words_of(rows: View | Timeline, column: str) -> tuple[str, ...]:
    """The words of a column's codes."""
    return DERIVED[column].words if column in DERIVED else rows.dictionaries[column]


def _count(_: Measure, __: "Sight", ___: View, window: Stretch) -> Floats:
    return (window.high - window.low).astype(np.float64)


def _days_since(rows: Integers, sight: "Sight", view: View, window: Stretch) -> Floats:
    cutoff = sight.snapshots.cutoff
    return number_kernels.days_since(window.low, window.high, rows, view.happened, cutoff, DAY)


def _days_since_first(_: Measure, sight: "Sight", view: View, window: Stretch) -> Floats:
    found = _days_since(window.low, sight, view, window)
    # A row without a date, such as one of a static profile, stands before all others.
    return np.where(found < -ALWAYS // DAY, found, np.nan)


def _days_since_last(_: Measure, sight: "Sight", view: View, window: Stretch) -> Floats:
    return _days_since(window.high - 1, sight, view, window)


def _decayed(measure: Measure, _: "Sight", view: View, window: Stretch, *inputs: Floats) -> Floats:
    *values, since = inputs
    added = values[0] if values else np.ones(view.happened.size)
    kept = np.exp2(view.gap * (-1 / measure.number))
    sums = number_kernels.decayed(view.offsets, kept, added)
    return number_kernels.scaled_last(window.low, window.high, sums, np.exp2(since * (-1 / measure.number)))


def _sum(_: Measure, __: "Sight", ___: View, window: Stretch, sums: Sums) -> Floats:
    return sums.total(window)


def _mean(_: Measure, __: "Sight", ___: View, window: Stretch, sums: Sums) -> Floats:
    return number_kernels.ratio(sums.total(window), sums.count(window))


def _slope(_: Measure, __: "Sight", view: View, window: Stretch, values: Floats) -> Floats:
    return followed(number_kernels.running_slope, view, window, values, view.days)


def _median(_: Measure, __: "Sight", ___: View, window: Stretch, values: Floats) -> Floats:
    return number_kernels.median(window.low, window.high, values)


def _first(_: Measure, __: "Sight", ___: View, window: Stretch, values: Floats) -> Floats:
    return taken(values, window.low, window)


def _current(_: Measure, __: "Sight", ___: View, window: Stretch, values: Floats) -> Floats:
    return taken(values, window.high - 1, window)


def _days_since_value(measure: Measure, sight: "Sight", view: View, window: Stretch) -> Floats:
    times = view.codes(_column(measure))
    if times.size == 0:
        return np.full(window.high.size, np.nan)
    moment = times[np.where(window.any_row, window.high - 1, 0)]
    known = window.any_row & (moment != UNKNOWN) & (moment <= sight.snapshots.cutoff)
    elapsed = sight.snapshots.cutoff - np.where(known, moment, 0)
    return np.where(known, elapsed / DAY, np.nan)


def _of_numbers(running: Callable[[Integers, Floats], Floats]) -> Callable[..., Floats]:
    def measure(_: Measure, __: "Sight", view: View, window: Stretch, values: Floats) -> Floats:
        return followed(running, view, window, values)

    return measure


def _at_least(
    measure: Measure, __: "Sight", ___: View, window: Stretch, values: Floats, threshold: Floats
) -> Floats:
    if isinstance(measure.threshold, Constant):
        return between(running_sums(values >= measure.threshold.number), window)
    return number_kernels.at_least(window.low, window.high, values, threshold)


def _at_most(
    measure: Measure, __: "Sight", ___: View, window: Stretch, values: Floats, threshold: Floats
) -> Floats:
    if isinstance(measure.threshold, Constant):
        return between(running_sums(values <= measure.threshold.number), window)
    return number_kernels.at_least(window.low, window.high, -values, -threshold)


def _streak(_: Measure, __: "Sight", ___: View, window: Stretch, values: Floats, threshold: Floats) -> Floats:
    return number_kernels.streak(window.low, window.high, values, threshold)


def _of_words(running: Callable[[Integers, Integers, int], Floats]) -> Callable[..., Floats]:
    def measure(step: Measure, _: "Sight", view: View, window: Stretch, codes: Integers) -> Floats:
        size = len(words_of(view, _column(step)))
        return followed(lambda bounds, rows: running(bounds, rows, size), view, window, codes)

    return measure


def _distinct(measure: Measure, _: "Sight", view: View, window: Stretch, codes: Integers) -> Floats:
    size = len(words_of(view, _column(measure)))
    if window.opens:
        return between(running_sums(word_kernels.first_times(view.offsets, codes, size)), window)
    return word_kernels.distinct(window.low, window.high, word_kernels.previous(view.offsets, codes, size))


def _shift(
    measure: Measure, _: "Sight", view: View, window: Stretch, codes: Integers, recent: Stretch
) -> Floats:
    size = len(words_of(view, _column(measure)))
    found = word_kernels.shift(window.low, recent.low, window.high, codes, size)
    return found if recent.known is None else np.where(recent.known, found, np.nan)


def _cycle(measure: Measure, _: "Sight", __: View, ___: Stretch, parts: Floats) -> Floats:
    assert measure.part is not None
    return np.asarray(parts[_CYCLE_PARTS.index(measure.part)], np.float64)


def _open(measure: Measure, sight: "Sight", view: View, window: Stretch) -> Floats:
    return _unfinished(measure, sight, view, window)[0]


def _days_open(measure: Measure, sight: "Sight", view: View, window: Stretch) -> Floats:
    count, first = _unfinished(measure, sight, view, window)
    found = np.full(first.size, np.nan)
    some = count > 0
    found[some] = (sight.snapshots.cutoff[some] - view.happened[first[some]]) / DAY
    return found


def _unfinished(measure: Measure, sight: "Sight", view: View, window: Stretch) -> tuple[Floats, Integers]:
    ends = view.codes(_column(measure))
    return number_kernels.unfinished(
        window.low, window.high, view.happened, ends, UNKNOWN, sight.snapshots.cutoff
    )


def _usual(measure: Measure, sight: "Sight", view: View, window: Stretch, codes: Integers) -> Floats:
    assert measure.by is not None
    name = usual_name(measure.window.evidence.timeline, _column(measure), measure.by)
    values = sight.population.by_word(name, words_of(view, measure.by), sight.cutoffs)
    return word_kernels.usual(window.low, window.high, codes, values, sight.places)


def usual_name(timeline: str, column: str, by: str) -> str:
    """The name of a column's means by word among what is learned from the population."""
    return f"{timeline}.{column} by {by}"


def _last_word(measure: Measure, sight: "Sight", view: View, window: Stretch, codes: Integers) -> Floats:
    found = taken(codes, window.high - 1, window)
    return in_vocabulary(measure, sight, words_of(view, _column(measure)), found)


def _mode(measure: Measure, sight: "Sight", view: View, window: Stretch, codes: Integers) -> Floats:
    found = _of_words(word_kernels.running_mode)(measure, sight, view, window, codes)
    return in_vocabulary(measure, sight, words_of(view, _column(measure)), found)


def _column(measure: Measure) -> str:
    assert measure.column is not None
    return measure.column


_MEASURES: Mapping[str, Callable[..., Floats]] = {
    "count": _count,
    "days_since_first": _days_since_first,
    "days_since_last": _days_since_last,
    "decayed": _decayed,
    "sum": _sum,
    "mean": _mean,
    "minimum": _of_numbers(number_kernels.running_minimum),
    "maximum": _of_numbers(number_kernels.running_maximum),
    "median": _median,
    "spread": _of_numbers(number_kernels.running_spread),
    "last": _of_numbers(number_kernels.running_last),
    "slope": _slope,
    "first": _first,
    "current": _current,
    "days_since": _days_since_value,
    "at_least": _at_least,
    "at_most": _at_most,
    "streak": _streak,
    "distinct": _distinct,
    "concentration": _of_words(word_kernels.running_concentration),
    "entropy": _of_words(word_kernels.running_entropy),
    "new": _sum,
    "shift": _shift,
    "cycle": _cycle,
    "open": _open,
    "days_open": _days_open,
    "usual": _usual,
    "category": _last_word,
    "mode": _mode,
}
