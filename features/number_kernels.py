"""Measures of numbers over the rows [low, high) of each snapshot, in the order of the rows.

Shapes: n rows, s snapshots. A window that begins where the snapshot's before it did and ends no earlier is taken up
where that one stopped: the same operations in the same order as from its beginning, so the same bits.
"""

import numpy as np

from .compiled import Floats, Integers, kernel


@kernel
def _starts_anew(low: Integers, high: Integers, i: int) -> bool:
    return i == 0 or low[i] != low[i - 1] or high[i] < high[i - 1]


@kernel
def running_float_sum(offsets: Integers, values: Floats) -> tuple[Floats, Floats]:
    """Compensated sums (Neumaier) of float64 values before each row, from zero in every segment: high and low part."""
    high = np.zeros(values.size)
    low = np.zeros(values.size)
    for g in range(offsets.size - 1):
        total = 0.0
        rest = 0.0
        for row in range(offsets[g], offsets[g + 1]):
            high[row], low[row] = total, rest
            value = values[row]
            if np.isnan(value):
                continue
            new = total + value
            rest += (total - new) + value if abs(total) >= abs(value) else (value - new) + total
            total = new
    return high, low


@kernel
def window_float_sum(low: Integers, high: Integers, sums: Floats, rests: Floats, values: Floats) -> Floats:
    """Sums of float64 values over [low, high), NaN values left out; float64[s]."""
    found = np.zeros(low.size)
    for i in range(low.size):
        if high[i] > low[i]:
            last = values[high[i] - 1]
            found[i] = (sums[high[i] - 1] - sums[low[i]]) + (rests[high[i] - 1] - rests[low[i]])
            found[i] += 0.0 if np.isnan(last) else last
    return found


@kernel
def minimum(low: Integers, high: Integers, values: Floats) -> Floats:
    """The smallest value in [low, high); NaN where there is none; float64[s]."""
    found = np.empty(low.size)
    least = np.inf
    for i in range(low.size):
        begin = high[i - 1]
        if _starts_anew(low, high, i):
            begin, least = low[i], np.inf
        for row in range(begin, high[i]):
            least = min(least, values[row])
        found[i] = least if least < np.inf else np.nan
    return found


@kernel
def maximum(low: Integers, high: Integers, values: Floats) -> Floats:
    """The largest value in [low, high); NaN where there is none; float64[s]."""
    found = np.empty(low.size)
    most = -np.inf
    for i in range(low.size):
        begin = high[i - 1]
        if _starts_anew(low, high, i):
            begin, most = low[i], -np.inf
        for row in range(begin, high[i]):
            most = max(most, values[row])
        found[i] = most if most > -np.inf else np.nan
    return found


@kernel
def median(low: Integers, high: Integers, values: Floats) -> Floats:
    """The median of the values in [low, high); NaN where there is none; float64[s]."""
    found = np.full(low.size, np.nan)
    longest = 0
    for i in range(low.size):
        longest = max(longest, high[i] - low[i])
    ordered = np.empty(longest)
    n = 0
    for i in range(low.size):
        begin = high[i - 1]
        if _starts_anew(low, high, i):
            begin, n = low[i], 0
        few = high[i] - begin <= 16
        for row in range(begin, high[i]):
            value = values[row]
            if np.isnan(value):
                continue
            place = n
            while few and place > 0 and ordered[place - 1] > value:
                ordered[place] = ordered[place - 1]
                place -= 1
            ordered[place] = value
            n += 1
        if not few:
            ordered[:n].sort()
        if n > 0:
            found[i] = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    return found


@kernel
def spread(low: Integers, high: Integers, values: Floats) -> Floats:
    """The standard deviation (n - 1) of the values in [low, high); NaN below two; float64[s].

    From sums of differences to the first value. Since that is one of the values, the squares lose no more than n
    roundings to cancellation, and equal values spread by zero.
    """
    found = np.full(low.size, np.nan)
    n = 0
    first = 0.0
    total = 0.0
    squares = 0.0
    for i in range(low.size):
        begin = high[i - 1]
        if _starts_anew(low, high, i):
            begin, n, total, squares = low[i], 0, 0.0, 0.0
        for row in range(begin, high[i]):
            value = values[row]
            if np.isnan(value):
                continue
            first = value if n == 0 else first
            away = value - first
            n += 1
            total += away
            squares += away * away
        if n > 1:
            found[i] = np.sqrt(max(squares - total * total / n, 0.0) / (n - 1))
    return found


@kernel
def slope(low: Integers, high: Integers, values: Floats, days: Floats) -> Floats:
    """Least-squares slope of the values in [low, high) over `days` float64[n]; NaN below two moments; float64[s].

    From differences to the first value and day, as with the spread.
    """
    found = np.full(low.size, np.nan)
    n = 0
    first = 0.0
    first_day = 0.0
    day = 0.0
    total = 0.0
    total_day = 0.0
    both = 0.0
    squares = 0.0
    for i in range(low.size):
        begin = high[i - 1]
        if _starts_anew(low, high, i):
            begin, n, day = low[i], 0, 0.0
            total, total_day, both, squares = 0.0, 0.0, 0.0, 0.0
        for row in range(begin, high[i]):
            value = values[row]
            if np.isnan(value):
                continue
            if n == 0:
                first, first_day = value, days[row]
            away, day = value - first, days[row] - first_day
            n += 1
            total += away
            total_day += day
            both += away * day
            squares += day * day
        if n > 1 and day > 0:
            found[i] = (both - total * total_day / n) / (squares - total_day * total_day / n)
    return found


@kernel
def at_least(low: Integers, high: Integers, values: Floats, threshold: Floats) -> Floats:
    """How many values in [low, high) reach the snapshot's threshold; NaN where that is unknown; float64[s]."""
    found = np.zeros(low.size)
    for i in range(low.size):
        for row in range(low[i], high[i]):
            found[i] += values[row] >= threshold[i]
        if np.isnan(threshold[i]):
            found[i] = np.nan
    return found


@kernel
def streak(low: Integers, high: Integers, values: Floats, threshold: Floats) -> Floats:
    """How many of the latest values in [low, high) in a row reach the snapshot's threshold; float64[s]."""
    found = np.zeros(low.size)
    for i in range(low.size):
        row = high[i] - 1
        while row >= low[i] and values[row] >= threshold[i]:
            found[i] += 1
            row -= 1
        if np.isnan(threshold[i]):
            found[i] = np.nan
    return found


@kernel
def last_known(low: Integers, high: Integers, values: Floats) -> Floats:
    """The latest value in [low, high) that is not NaN; float64[s]."""
    found = np.full(low.size, np.nan)
    for i in range(low.size):
        row = high[i] - 1
        while row >= low[i]:
            if not np.isnan(values[row]):
                found[i] = values[row]
                break
            row -= 1
    return found


@kernel
def decayed(offsets: Integers, kept: Floats, values: Floats) -> Floats:
    """At each row the sum of the values up to it, of which `kept` is left since the row before it; float64[n]."""
    found = np.empty(values.size)
    for g in range(offsets.size - 1):
        total = 0.0
        for row in range(offsets[g], offsets[g + 1]):
            if row > offsets[g]:
                total *= kept[row]
            if not np.isnan(values[row]):
                total += values[row]
            found[row] = total
    return found


@kernel
def unfinished(
    low: Integers, high: Integers, happened: Integers, ends: Integers, unknown: int, cutoff: Integers
) -> tuple[Floats, Integers]:
    """How many rows in [low, high) have no end before the cutoff, float64[s], and the first of them, int64[s] or -1."""
    found = np.zeros(low.size)
    first = np.full(low.size, -1, np.int64)
    for i in range(low.size):
        for row in range(low[i], high[i]):
            if ends[row] == unknown or ends[row] >= cutoff[i]:
                found[i] += 1
                if first[i] < 0 or happened[row] < happened[first[i]]:
                    first[i] = row
    return found, first


@kernel
def scaled_last(low: Integers, high: Integers, values: Floats, scale: Floats) -> Floats:
    """The value of the last row in [low, high) times the snapshot's scale; 0 where there is no row; float64[s]."""
    found = np.zeros(low.size)
    for i in range(low.size):
        if high[i] > low[i]:
            found[i] = values[high[i] - 1] * scale[i]
    return found


@kernel
def days_since(
    low: Integers, high: Integers, rows: Integers, happened: Integers, cutoff: Integers, day: int
) -> Floats:
    """Days from the row of each snapshot to its cutoff; NaN where [low, high) has no row; float64[s]."""
    found = np.full(low.size, np.nan)
    for i in range(low.size):
        if high[i] > low[i]:
            found[i] = (cutoff[i] - happened[rows[i]]) / day
    return found


@kernel
def first_at_or_after(
    happened: Integers, begin: Integers, end: Integers, moments: Integers, place: Integers
) -> Integers:
    """For each snapshot the first of its rows [begin, end) that happened at or after `moments[place]`; int64[s]."""
    found = np.empty(begin.size, np.int64)
    for i in range(begin.size):
        moment = moments[place[i]]
        at = begin[i]
        if i > 0 and begin[i - 1] == at and moments[place[i - 1]] <= moment:
            at = min(found[i - 1], end[i])
        while at < end[i] and happened[at] < moment:
            at += 1
        found[i] = at
    return found
