"""Measures of words, in the order of the rows; words are codes 0 … size - 1, negative is unknown.

As with numbers, `running_…` measures for every row what lies between the beginning of its segment and it. Shapes:
n rows, s snapshots, windows [low, high), segments bounded by `offsets`.
"""

import numpy as np

from .compiled import Flags, Floats, Integers, kernel


@kernel
def first_times(offsets: Integers, codes: Integers, size: int) -> Flags:
    """Whether each row has a word that its segment did not have before; bool[n]."""
    found = np.zeros(codes.size, np.bool_)
    seen_in = np.full(size, -1, np.int64)
    for g in range(offsets.size - 1):
        for row in range(offsets[g], offsets[g + 1]):
            code = codes[row]
            if code >= 0 and seen_in[code] != g:
                seen_in[code] = g
                found[row] = True
    return found


@kernel
def previous(offsets: Integers, codes: Integers, size: int) -> Integers:
    """The row of the same segment that had each row's word last, -1 where none had; n for unknown words; int64[n]."""
    found = np.full(codes.size, codes.size, np.int64)
    seen_at = np.full(size, -1, np.int64)
    for g in range(offsets.size - 1):
        for row in range(offsets[g], offsets[g + 1]):
            if codes[row] >= 0:
                before = seen_at[codes[row]]
                found[row] = before if before >= offsets[g] else -1
                seen_at[codes[row]] = row
    return found


@kernel
def distinct(low: Integers, high: Integers, previous: Integers) -> Floats:
    """How many different words the rows [low, high) have: those that no row of the window had before; float64[s]."""
    found = np.zeros(low.size)
    for i in range(low.size):
        for row in range(low[i], high[i]):
            found[i] += previous[row] < low[i]
    return found


@kernel
def running_concentration(offsets: Integers, codes: Integers, size: int) -> Floats:
    """Sum of the squared shares of the segment's words up to each row; NaN where there is none; float64[n]."""
    found = np.full(codes.size, np.nan)
    seen_in = np.full(size, -1, np.int64)
    count = np.zeros(size, np.int64)
    for g in range(offsets.size - 1):
        n = 0
        squares = 0
        for row in range(offsets[g], offsets[g + 1]):
            code = codes[row]
            if code >= 0:
                if seen_in[code] != g:
                    seen_in[code], count[code] = g, 0
                squares += 2 * count[code] + 1
                count[code] += 1
                n += 1
            if n > 0:
                found[row] = squares / n / n
    return found


@kernel
def running_entropy(offsets: Integers, codes: Integers, size: int) -> Floats:
    """Shannon entropy of the segment's words up to each row, in nats; NaN where there is none; float64[n].

    log n - (sum of count × log count) / n, where only one count changes from row to row.
    """
    found = np.full(codes.size, np.nan)
    seen_in = np.full(size, -1, np.int64)
    count = np.zeros(size, np.int64)
    for g in range(offsets.size - 1):
        n = 0
        different = 0
        total = 0.0
        for row in range(offsets[g], offsets[g + 1]):
            code = codes[row]
            if code >= 0:
                if seen_in[code] != g:
                    seen_in[code], count[code] = g, 0
                    different += 1
                before = count[code]
                total += (before + 1) * np.log(before + 1)
                total -= before * np.log(before) if before > 0 else 0.0
                count[code] += 1
                n += 1
            if n > 0:
                found[row] = max(np.log(n) - total / n, 0.0) if different > 1 else 0.0
    return found


@kernel
def running_mode(offsets: Integers, codes: Integers, size: int) -> Floats:
    """The segment's most frequent word up to each row, of several the one that came last; float64[n], NaN for none."""
    found = np.full(codes.size, np.nan)
    seen_in = np.full(size, -1, np.int64)
    count = np.zeros(size, np.int64)
    for g in range(offsets.size - 1):
        best = -1
        for row in range(offsets[g], offsets[g + 1]):
            code = codes[row]
            if code >= 0:
                if seen_in[code] != g:
                    seen_in[code], count[code] = g, 0
                count[code] += 1
                if best < 0 or count[code] >= count[best]:
                    best = code
            if best >= 0:
                found[row] = best
    return found


@kernel
def shift(low: Integers, middle: Integers, high: Integers, codes: Integers, size: int) -> Floats:
    """How far the words of [middle, high) are from those of [low, middle): total variation distance, from 0 to 1.

    NaN where either has none; float64[s].
    """
    found = np.full(low.size, np.nan)
    count = np.zeros((size, 2), np.int64)
    for i in range(low.size):
        before = 0
        after = 0
        for row in range(low[i], high[i]):
            if codes[row] < 0:
                continue
            recent = row >= middle[i]
            count[codes[row], 1 if recent else 0] += 1
            after += recent
            before += not recent
        apart = 0.0
        for row in range(low[i], high[i]):
            code = codes[row]
            if code >= 0 and (count[code, 0] > 0 or count[code, 1] > 0):
                if before > 0 and after > 0:
                    apart += abs(count[code, 0] / before - count[code, 1] / after)
                count[code, 0] = count[code, 1] = 0
        if before > 0 and after > 0:
            found[i] = apart / 2
    return found


@kernel
def usual(low: Integers, high: Integers, codes: Integers, values: Floats, moment: Integers) -> Floats:
    """The mean over the rows [low, high) of `values` float64[moments, size] for their words; NaN ones left out.

    `moment` int64[s] is the snapshot's place in `values`; float64[s].
    """
    found = np.full(low.size, np.nan)
    for i in range(low.size):
        n = 0
        total = 0.0
        for row in range(low[i], high[i]):
            if codes[row] >= 0:
                value = values[moment[i], codes[row]]
                if not np.isnan(value):
                    total += value
                    n += 1
        if n > 0:
            found[i] = total / n
    return found


@kernel
def cycles(
    low: Integers,
    high: Integers,
    codes: Integers,
    size: int,
    happened: Integers,
    cutoff: Integers,
    within: float,
    most_cycles: float,
) -> Floats:
    """The words that repeat in [low, high) and when they are due; times in microseconds, float64[4, s].

    A word repeats when it came at two moments at least; its cycle is the mean time between its moments; it is alive
    until `most_cycles` of them have passed since the last. How many are alive; how many of those are due, one cycle
    after their last time, earlier than `within` after the cutoff; the time until the first is due (NaN without any);
    and how often all of them come in a microsecond.
    """
    found = np.zeros((4, low.size))
    seen_in = np.full(size, -1, np.int64)
    times = np.zeros(size, np.int64)
    first = np.zeros(size, np.int64)
    last = np.zeros(size, np.int64)
    words = np.empty(size, np.int64)
    window = 0
    different = 0
    for i in range(low.size):
        begin = high[i - 1]
        if i == 0 or low[i] != low[i - 1] or high[i] < begin:
            begin, window, different = low[i], i, 0
        for row in range(begin, high[i]):
            code = codes[row]
            if code < 0:
                continue
            if seen_in[code] != window:
                seen_in[code], times[code] = window, 1
                first[code] = last[code] = happened[row]
                words[different] = code
                different += 1
            elif happened[row] > last[code]:
                last[code] = happened[row]
                times[code] += 1
        soonest = np.nan
        for k in range(different):
            code = words[k]
            if times[code] < 2:
                continue
            cycle = (last[code] - first[code]) / (times[code] - 1)
            since = cutoff[i] - last[code]
            if since > most_cycles * cycle:
                continue
            found[0, i] += 1
            found[1, i] += cycle - since < within
            found[3, i] += 1 / cycle
            if not cycle - since >= soonest:
                soonest = cycle - since
        found[2, i] = soonest
    return found
