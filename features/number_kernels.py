"""Measures of numbers, in the order of the rows.

Most windows begin with a segment's first row, so `running_…` measures for every row what lies between the beginning of
its segment and it. Shapes: n rows, s snapshots, windows [low, high), segments bounded by `offsets`.
"""

import numpy as np

from .compiled import Floats, Integers, kernel

_MOST_INSERTED = 256
"""Into more values it takes longer to insert than to sort them again."""

_LANES = 16
"""Values are moved so many at a time, as the processor does it best."""

_NEAR = 16
"""Within so many rows, one step after the other finds a row sooner than halving does."""


@kernel
def running_float_sum(offsets: Integers, values: Floats) -> tuple[Floats, Floats]:
    """Compensated sums (Kahan and Babuska) of float64 values before each row, from zero in every segment: high and low
    part.
    """
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
            added = new - total
            rest += (total - (new - added)) + (value - added)
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
def window_sum(low: Integers, high: Integers, sums: Integers, unit: int) -> Floats:
    """Differences of sums that are kept before each row, in whole units; float64[s]."""
    found = np.empty(low.size)
    for i in range(low.size):
        found[i] = (sums[high[i]] - sums[low[i]]) / unit
    return found


@kernel
def ratio(left: Floats, right: Floats) -> Floats:
    """Left / right, NaN where right is zero; float64[s]."""
    found = np.empty(left.size)
    for i in range(left.size):
        found[i] = left[i] / right[i] if right[i] != 0 else np.nan
    return found


@kernel
def running_minimum(offsets: Integers, values: Floats) -> Floats:
    """The smallest value of the segment up to each row; NaN where there is none; float64[n]."""
    found = np.empty(values.size)
    for g in range(offsets.size - 1):
        least = np.inf
        for row in range(offsets[g], offsets[g + 1]):
            least = min(least, values[row])
            found[row] = least
    return _known(found)


@kernel
def running_maximum(offsets: Integers, values: Floats) -> Floats:
    """The largest value of the segment up to each row; NaN where there is none; float64[n]."""
    found = np.empty(values.size)
    for g in range(offsets.size - 1):
        most = -np.inf
        for row in range(offsets[g], offsets[g + 1]):
            most = max(most, values[row])
            found[row] = most
    return _known(found)


@kernel
def _known(found: Floats) -> Floats:
    """Infinity stands for nothing found; no value is infinite."""
    for i in range(found.size):
        found[i] = found[i] if abs(found[i]) < np.inf else np.nan
    return found


@kernel
def median(low: Integers, high: Integers, values: Floats) -> Floats:
    """The median of the values in [low, high); NaN where there is none; float64[s].

    A window that begins where the snapshot's before it did, and ends no earlier, takes up its sorted values.
    """
    found = np.full(low.size, np.nan)
    longest = 0
    for i in range(low.size):
        longest = max(longest, high[i] - low[i])
    # Sorted from place 1 on, between minus infinity and infinities.
    ordered, other = np.full((2, longest + 2 * _LANES), np.inf)
    ordered[0] = other[0] = -np.inf
    n = 0
    for i in range(low.size):
        begin = high[i - 1]
        if i == 0 or low[i] != low[i - 1] or high[i] < begin:
            begin = low[i]
            ordered[1 : n + _LANES] = np.inf
            other[1 : n + _LANES] = np.inf
            n = 0
        many = n + high[i] - begin > _MOST_INSERTED
        for row in range(begin, high[i]):
            if np.isnan(values[row]):
                continue
            if many:
                ordered[n + 1] = values[row]
            else:
                _insert(ordered, other, n, values[row])
                ordered, other = other, ordered
            n += 1
        if many:
            ordered[1 : n + 1].sort()
        if n > 0:
            found[i] = (ordered[1 + (n - 1) // 2] + ordered[1 + n // 2]) / 2
    return found


@kernel
def _insert(ordered: Floats, other: Floats, n: int, value: float) -> None:
    """The n sorted values and another one, into the other array; without branches, so that lanes work at once."""
    for place in range(1, (n // _LANES + 1) * _LANES + 1):
        here = min(value, ordered[place])
        before = ordered[place - 1]
        other[place] = max(here, before)


@kernel
def running_spread(offsets: Integers, values: Floats) -> Floats:
    """The standard deviation (n - 1) of the segment's values up to each row; NaN below two; float64[n].

    From sums of differences to the first value. Since that is one of the values, the squares lose no more than n
    roundings to cancellation, and equal values spread by zero.
    """
    found = np.full(values.size, np.nan)
    for g in range(offsets.size - 1):
        n = 0
        first = 0.0
        total = 0.0
        squares = 0.0
        for row in range(offsets[g], offsets[g + 1]):
            value = values[row]
            if not np.isnan(value):
                first = value if n == 0 else first
                n += 1
                total += value - first
                squares += (value - first) ** 2
            if n > 1:
                found[row] = np.sqrt(max(squares - total * total / n, 0.0) / (n - 1))
    return found


@kernel
def running_last(offsets: Integers, values: Floats) -> Floats:
    """The latest value of the segment up to each row; NaN where there is none; float64[n]."""
    found = np.empty(values.size)
    for g in range(offsets.size - 1):
        last = np.nan
        for row in range(offsets[g], offsets[g + 1]):
            last = last if np.isnan(values[row]) else values[row]
            found[row] = last
    return found


@kernel
def running_slope(offsets: Integers, values: Floats, days: Floats) -> Floats:
    """Least-squares slope of the segment's values over `days` up to each row; NaN below two moments; float64[n].

    From differences to the first value and day, as with the spread.
    """
    found = np.full(values.size, np.nan)
    for g in range(offsets.size - 1):
        n = 0
        first = 0.0
        first_day = 0.0
        day = 0.0
        total = 0.0
        total_day = 0.0
        both = 0.0
        squares = 0.0
        for row in range(offsets[g], offsets[g + 1]):
            value = values[row]
            if not np.isnan(value):
                if n == 0:
                    first, first_day = value, days[row]
                away, day = value - first, days[row] - first_day
                n += 1
                total += away
                total_day += day
                both += away * day
                squares += day * day
            if n > 1 and day > 0:
                found[row] = (both - total * total_day / n) / (squares - total_day * total_day / n)
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
def rows_of_windows(low: Integers, high: Integers) -> tuple[Integers, Integers]:
    """The rows of all windows, one after the other, and where those of each begin, int64[s + 1]."""
    bounds = np.zeros(low.size + 1, np.int64)
    for i in range(low.size):
        bounds[i + 1] = bounds[i] + max(high[i] - low[i], 0)
    rows = np.empty(bounds[-1], np.int64)
    for i in range(low.size):
        for place in range(bounds[i], bounds[i + 1]):
            rows[place] = low[i] + place - bounds[i]
    return rows, bounds


@kernel
def scaled_last(low: Integers, high: Integers, values: Floats, scale: Floats) -> Floats:
    """The value of the last row in [low, high) times the snapshot's scale; 0 where there is no row; float64[s]."""
    found = np.zeros(low.size)
    for i in range(low.size):
        if high[i] > low[i]:
            found[i] = values[high[i] - 1] * scale[i]
    return found


@kernel
def taken(low: Integers, high: Integers, rows: Integers, values: Floats) -> Floats:
    """The value at the row of each snapshot; NaN where [low, high) has no row; float64[s]."""
    found = np.full(low.size, np.nan)
    for i in range(low.size):
        if high[i] > low[i]:
            found[i] = values[rows[i]]
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
def gaps(happened: Integers, offsets: Integers, day: int) -> Floats:
    """Days since the row before in the same segment, NaN for the first; float64[n]."""
    found = np.empty(happened.size)
    for g in range(offsets.size - 1):
        for row in range(offsets[g], offsets[g + 1]):
            found[row] = (happened[row] - happened[row - 1]) / day if row > offsets[g] else np.nan
    return found


@kernel
def gap_imbalance(gaps: Floats) -> Floats:
    """The squared distance from a half of each gap's share in it and the gap before it; NaN where one is unknown.

    Both are zero for rows of one instant, and then it is unknown too; float64[n].
    """
    found = np.full(gaps.size, np.nan)
    for row in range(1, gaps.size):
        both = gaps[row] + gaps[row - 1]
        found[row] = (gaps[row] / both - 0.5) ** 2 if both > 0 else np.nan
    return found


@kernel
def elapsed(happened: Integers, offsets: Integers, day: int) -> Floats:
    """Days since the first row of the same segment; float64[n]."""
    found = np.empty(happened.size)
    for g in range(offsets.size - 1):
        for row in range(offsets[g], offsets[g + 1]):
            found[row] = (happened[row] - happened[offsets[g]]) / day
    return found


@kernel
def first_at_or_after(
    happened: Integers, begin: Integers, end: Integers, moments: Integers, place: Integers
) -> Integers:
    """For each snapshot the first of its rows [begin, end) that happened at or after `moments[place]`; int64[s].

    Looked for from the end, where it is most often near.
    """
    found = np.empty(begin.size, np.int64)
    for i in range(begin.size):
        moment = moments[place[i]]
        at = end[i]
        near = max(begin[i], at - _NEAR)
        while at > near and happened[at - 1] >= moment:
            at -= 1
        if near > begin[i] and at == near:
            low = begin[i]
            while low < at:
                middle = (low + at) // 2
                if happened[middle] < moment:
                    low = middle + 1
                else:
                    at = middle
        found[i] = at
    return found
