"""What belongs together, and what a snapshot sees of it: identities, orders, views. Shapes: n rows, s snapshots."""

import numpy as np

from .compiled import Flags, Integers, kernel

_FEW = 32
"""Up to so many values, insertion is the fastest sort."""

# Identities


@kernel
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


@kernel
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
        if high - low > _FEW:
            places[low:high] = low + np.argsort(order[low:high], kind="mergesort")
        else:
            for i in range(low, high):
                j = i
                while j > low and order[places[j - 1]] > order[i]:
                    places[j] = places[j - 1]
                    j -= 1
                places[j] = i
        for i in range(low, high):
            code = order[places[i]]
            if i == low or code < 0 or code != order[places[i - 1]]:
                begins[groups] = i
                groups += 1
    begins[groups] = n
    return places, begins[: groups + 1]


@kernel
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


@kernel
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
            if high - low == 1:
                sums[low] += values[row]
                continue
            sums[low + np.searchsorted(moments, known[row])] += values[row]
            end = low + np.searchsorted(moments, until[row])
            if end < high:
                sums[end] -= values[row]
        for v in range(low + 1, high):
            sums[v] += sums[v - 1]
        low = high
    return sums


@kernel
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


@kernel
def visible_prefix(
    starts: Integers, known: Integers, until: Integers, forever: int, customer: Integers, as_of: Integers
) -> tuple[Integers, Integers, Integers, bool]:
    """For each snapshot, how many rows it sees, and whether it needs rows of its own.

    A row is seen when known < as_of <= until. A customer's main segment is its rows that were never superseded. Where
    what a snapshot sees is the beginning of that segment, `ends` int64[s] is how long that is and `own` int64[s] is 0;
    else `own` is how many rows it sees. The third answer is the length of each customer's main segment, the fourth
    whether all rows of everybody become known in their order and are never superseded.
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
    return ends, own, mains, not late.any()


@kernel
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
