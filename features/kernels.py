"""The loops over rows that numpy cannot express, compiled by numba and run without the interpreter's lock.

All of them are in this one file: numba's cache of compiled code watches only the file a function stands in, and
would serve a stale kernel whose callee was edited elsewhere. Shapes: n rows, s snapshots, g segments.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

F = TypeVar("F", bound=Callable[..., Any])


def _kernel(function: F) -> F:
    """Compile on first use, keep the machine code beside this file, release the interpreter's lock while running."""
    return cast("F", numba.njit(cache=True, nogil=True)(function))


# Identities


@_kernel
def links_without_circles(alias: Integers, customer: Integers, customers: int) -> Flags:
    """Which links (in order of time) count, bool[links]: the first of each alias, unless it leads back to the alias."""
    kept = np.zeros(alias.size, np.bool_)
    belongs_to = np.full(customers, -1, np.int64)
    for i in range(alias.size):
        if belongs_to[alias[i]] >= 0:
            continue
        root = customer[i]
        while belongs_to[root] >= 0:
            root = belongs_to[root]
        if root != alias[i]:
            belongs_to[alias[i]] = customer[i]
            kept[i] = True
    return kept


# Orders


@_kernel
def group_orders(starts: Integers, order: Integers) -> tuple[Integers, Integers]:
    """The lines in an order that puts each customer's orders together: their places int64[n], and where groups begin.

    `starts` int64[customers + 1] bounds each customer's lines; `order` int64[n] is the order's code, negative where a
    line is an order of its own.
    """
    n = order.size
    places = np.empty(n, np.int64)
    begins = np.empty(n + 1, np.int64)
    groups = 0
    for customer in range(starts.size - 1):
        low, high = starts[customer], starts[customer + 1]
        if low == high:
            continue
        ordered = low + np.argsort(order[low:high], kind="mergesort")
        for i in range(high - low):
            places[low + i] = ordered[i]
            code = order[ordered[i]]
            if i == 0 or code < 0 or code != order[ordered[i - 1]]:
                begins[groups] = low + i
                groups += 1
    begins[groups] = n
    return places, begins[: groups + 1]


@_kernel
def order_versions(
    places: Integers, begins: Integers, known: Integers, until: Integers, forever: int
) -> tuple[Integers, Integers, Integers]:
    """Each order as it was known from time to time: its group, from when (known), and until when; int64[versions].

    An order whose lines became known at one moment and were never corrected has one version.
    """
    n = places.size
    groups = begins.size - 1
    group = np.empty(2 * n, np.int64)
    since = np.empty(2 * n, np.int64)
    ends = np.empty(2 * n, np.int64)
    count = 0
    for g in range(groups):
        low, high = begins[g], begins[g + 1]
        plain = True
        for i in range(low, high):
            row = places[i]
            if known[row] != known[places[low]] or until[row] != forever:
                plain = False
                break
        if plain:
            group[count], since[count], ends[count] = g, known[places[low]], forever
            count += 1
            continue
        moments = np.empty(2 * (high - low), np.int64)
        for i in range(low, high):
            moments[2 * (i - low)] = known[places[i]]
            moments[2 * (i - low) + 1] = until[places[i]]
        moments = np.unique(moments)
        for k in range(moments.size):
            if moments[k] == forever:
                continue
            group[count], since[count] = g, moments[k]
            ends[count] = moments[k + 1] if k + 1 < moments.size else forever
            count += 1
    return group[:count].copy(), since[:count].copy(), ends[:count].copy()


@_kernel
def sum_order_lines(
    places: Integers,
    begins: Integers,
    known: Integers,
    until: Integers,
    group: Integers,
    since: Integers,
    counted: Flags,
    values: Integers,
) -> Integers:
    """For each version of an order the sum of `values` over its counted lines known in it; int64[versions].

    A line is known in consecutive versions: it is added where they begin and taken off where they end.
    """
    sums = np.zeros(group.size, np.int64)
    low = 0
    while low < group.size:
        g = group[low]
        high = low
        while high < group.size and group[high] == g:
            high += 1
        moments = since[low:high]
        for i in range(begins[g], begins[g + 1]):
            row = places[i]
            if not counted[row] or until[row] <= known[row]:
                continue
            sums[low + np.searchsorted(moments, known[row])] += values[row]
            end = low + np.searchsorted(moments, until[row])
            if end < high:
                sums[end] -= values[row]
        for v in range(low + 1, high):
            sums[v] += sums[v - 1]
        low = high
    return sums


@_kernel
def first_order_line(
    places: Integers, begins: Integers, known: Integers, until: Integers, group: Integers, since: Integers
) -> Integers:
    """For each version of an order the line known in it that happened first; int64[versions], -1 where none is.

    The lines of a group are in the order in which they happened.
    """
    first = np.full(group.size, -1, np.int64)
    for v in range(group.size):
        for i in range(begins[group[v]], begins[group[v] + 1]):
            row = places[i]
            if known[row] <= since[v] < until[row]:
                first[v] = row
                break
    return first


# What is visible from a snapshot


@_kernel
def visible_prefix(
    starts: Integers, known: Integers, until: Integers, forever: int, customer: Integers, as_of: Integers
) -> tuple[Integers, Integers, Integers]:
    """For each snapshot, how many rows it sees, and whether it needs rows of its own.

    A row is seen when known < as_of <= until. A customer's main segment is its rows that were never superseded. Where
    what a snapshot sees is the beginning of that segment, `ends` int64[s] is how long that is and `own` int64[s] is 0;
    else `own` is how many rows it sees. The third answer is the length of each customer's main segment.
    """
    s = customer.size
    ends = np.zeros(s, np.int64)
    own = np.zeros(s, np.int64)
    mains = np.zeros(starts.size - 1, np.int64)
    late = np.zeros(starts.size - 1, np.bool_)
    for c in range(starts.size - 1):
        for row in range(starts[c], starts[c + 1]):
            mains[c] += until[row] == forever
            late[c] |= until[row] != forever or (row > starts[c] and known[row] < known[row - 1])
    for i in range(s):
        c = customer[i]
        low, high = starts[c], starts[c + 1]
        if not late[c]:
            at = 0
            if i > 0 and customer[i - 1] == c and as_of[i - 1] <= as_of[i]:
                at = ends[i - 1]
            while low + at < high and known[low + at] < as_of[i]:
                at += 1
            ends[i] = at
            continue
        seen = 0
        prefix = 0
        unbroken = True
        for row in range(low, high):
            sees = known[row] < as_of[i] and as_of[i] <= until[row]
            seen += sees
            if until[row] == forever:
                unbroken = unbroken and sees
                prefix += unbroken
        if seen == prefix:
            ends[i] = prefix
        else:
            own[i] = seen
    return ends, own, mains


@_kernel
def lay_out_segments(
    starts: Integers,
    known: Integers,
    until: Integers,
    forever: int,
    customer: Integers,
    as_of: Integers,
    main_at: Integers,
    own: Integers,
    own_at: Integers,
    size: int,
) -> Integers:
    """The rows of all segments, int64[size]: each customer's main one from `main_at`, then the snapshots' own."""
    rows = np.empty(size, np.int64)
    for c in range(starts.size - 1):
        at = main_at[c]
        for row in range(starts[c], starts[c + 1]):
            if until[row] == forever:
                rows[at] = row
                at += 1
    for i in range(customer.size):
        if own[i] == 0:
            continue
        at = own_at[i]
        for row in range(starts[customer[i]], starts[customer[i] + 1]):
            if known[row] < as_of[i] and as_of[i] <= until[row]:
                rows[at] = row
                at += 1
    return rows


@_kernel
def first_at_or_after(happened: Integers, begin: Integers, end: Integers, moment: Integers) -> Integers:
    """For each snapshot the first of its rows [begin, end) that happened at or after `moment`; all int64[s]."""
    found = np.empty(begin.size, np.int64)
    for i in range(begin.size):
        at = begin[i]
        if i > 0 and begin[i - 1] == begin[i] and moment[i - 1] <= moment[i]:
            at = min(found[i - 1], end[i])
        while at < end[i] and happened[at] < moment[i]:
            at += 1
        found[i] = at
    return found


# Measures over the rows [low, high) of each snapshot


@_kernel
def running_sum(offsets: Integers, values: Integers) -> Integers:
    """Sums of int64 values before each row, from zero in every segment; int64[n + 1] where only differences within a
    segment mean anything.
    """
    sums = np.zeros(values.size + 1, np.int64)
    for g in range(offsets.size - 1):
        total = 0
        for row in range(offsets[g], offsets[g + 1]):
            sums[row] = total
            total += values[row]
        # The end of a segment is the beginning of the next, whose sum starts at zero: `window_sum` adds the last value.
    return sums


@_kernel
def window_sum(low: Integers, high: Integers, sums: Integers, values: Integers) -> Floats:
    """Sums of int64 values over [low, high), exact; float64[s]."""
    found = np.zeros(low.size)
    for i in range(low.size):
        if high[i] > low[i]:
            found[i] = sums[high[i] - 1] - sums[low[i]] + values[high[i] - 1]
    return found


@_kernel
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


@_kernel
def window_float_sum(low: Integers, high: Integers, sums: Floats, rests: Floats, values: Floats) -> Floats:
    """Sums of float64 values over [low, high), NaN values left out; float64[s]."""
    found = np.zeros(low.size)
    for i in range(low.size):
        if high[i] > low[i]:
            last = values[high[i] - 1]
            found[i] = (sums[high[i] - 1] - sums[low[i]]) + (rests[high[i] - 1] - rests[low[i]])
            found[i] += 0.0 if np.isnan(last) else last
    return found


@_kernel
def known_values(low: Integers, high: Integers, values: Floats) -> Floats:
    """How many values in [low, high) are not NaN; float64[s]."""
    found = np.zeros(low.size)
    for i in range(low.size):
        for row in range(low[i], high[i]):
            found[i] += not np.isnan(values[row])
    return found


@_kernel
def minimum(low: Integers, high: Integers, values: Floats) -> Floats:
    """The smallest value in [low, high); NaN where there is none; float64[s]."""
    found = np.full(low.size, np.nan)
    for i in range(low.size):
        for row in range(low[i], high[i]):
            if not values[row] >= found[i] and not np.isnan(values[row]):
                found[i] = values[row]
    return found


@_kernel
def median(low: Integers, high: Integers, values: Floats) -> Floats:
    """The median of the values in [low, high); NaN where there is none; float64[s]."""
    found = np.full(low.size, np.nan)
    longest = 0
    for i in range(low.size):
        longest = max(longest, high[i] - low[i])
    buffer = np.empty(longest)
    for i in range(low.size):
        n = 0
        for row in range(low[i], high[i]):
            if not np.isnan(values[row]):
                buffer[n] = values[row]
                n += 1
        if n > 0:
            part = buffer[:n]
            part.sort()
            found[i] = (part[(n - 1) // 2] + part[n // 2]) / 2
    return found


@_kernel
def spread(low: Integers, high: Integers, values: Floats) -> Floats:
    """The standard deviation (n - 1) of the values in [low, high); NaN below two; float64[s].

    From squares around the mean, and both from differences to the first value, so that equal values spread by zero.
    """
    found = np.full(low.size, np.nan)
    for i in range(low.size):
        n = 0
        origin = 0.0
        total = 0.0
        for row in range(low[i], high[i]):
            if not np.isnan(values[row]):
                origin = values[row] if n == 0 else origin
                n += 1
                total += values[row] - origin
        if n < 2:
            continue
        mean = total / n
        squares = 0.0
        for row in range(low[i], high[i]):
            if not np.isnan(values[row]):
                squares += (values[row] - origin - mean) ** 2
        found[i] = np.sqrt(squares / (n - 1))
    return found


@_kernel
def slope(low: Integers, high: Integers, values: Floats, days: Floats) -> Floats:
    """Least-squares slope of the values in [low, high) over `days` float64[n]; NaN below two moments; float64[s].

    From differences to the first value and day, so that equal values have none.
    """
    found = np.full(low.size, np.nan)
    for i in range(low.size):
        n = 0
        first = last = low[i]
        total_day = 0.0
        total_value = 0.0
        for row in range(low[i], high[i]):
            if not np.isnan(values[row]):
                first = row if n == 0 else first
                last = row
                n += 1
                total_day += days[row] - days[first]
                total_value += values[row] - values[first]
        if n < 2 or days[last] == days[first]:
            continue
        mean_day = total_day / n
        mean_value = total_value / n
        both = 0.0
        squares = 0.0
        for row in range(first, high[i]):
            if not np.isnan(values[row]):
                day = days[row] - days[first] - mean_day
                both += day * (values[row] - values[first] - mean_value)
                squares += day**2
        found[i] = both / squares
    return found


@_kernel
def distinct(low: Integers, high: Integers, codes: Integers, size: int) -> Floats:
    """How many different codes (0 … size - 1, negative is unknown) are in [low, high); float64[s]."""
    found = np.zeros(low.size)
    seen_by = np.full(size, -1, np.int64)
    for i in range(low.size):
        for row in range(low[i], high[i]):
            code = codes[row]
            if code >= 0 and seen_by[code] != i:
                seen_by[code] = i
                found[i] += 1
    return found


@_kernel
def at_least(low: Integers, high: Integers, values: Floats, threshold: Floats) -> Floats:
    """How many values in [low, high) reach the snapshot's threshold; NaN where that is unknown; float64[s]."""
    found = np.zeros(low.size)
    for i in range(low.size):
        for row in range(low[i], high[i]):
            found[i] += values[row] >= threshold[i]
        if np.isnan(threshold[i]):
            found[i] = np.nan
    return found


@_kernel
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


@_kernel
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


@_kernel
def decayed(offsets: Integers, days: Floats, values: Floats, half_life: float) -> Floats:
    """At each row the sum of the values up to it, halved for every `half_life` days that have passed; float64[n]."""
    found = np.empty(values.size)
    for g in range(offsets.size - 1):
        total = 0.0
        for row in range(offsets[g], offsets[g + 1]):
            if row > offsets[g]:
                total *= 2.0 ** (-(days[row] - days[row - 1]) / half_life)
            if not np.isnan(values[row]):
                total += values[row]
            found[row] = total
    return found
