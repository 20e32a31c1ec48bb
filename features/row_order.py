"""The total order of rows: by customer, then by one column after the other, only ties looked at again.

Rows mostly come in the order of time, so customers are put together by counting, and what is in order already is only
looked at once. Rows that no column tells apart are the same, so the outcome does not depend on how the rows came.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from .compiled import Integers, kernel

Array = npt.NDArray[Any]

T = TypeVar("T")

_WORTH_A_THREAD = 1_000_000
"""Fewer rows are done before a second thread has begun."""

_FEW = 24
"""Up to so many values, insertion is the fastest sort."""


def sort_rows(customer: Integers, customers: int, columns: Sequence[Array]) -> tuple[Integers, list[Array]]:
    """Rows in the order of customer (0 … customers - 1) and then of each column in turn, NaN last.

    Gives where the rows of each customer begin, int64[customers + 1], and the columns.
    """
    starts, places = group_by_customer(customer, customers)
    return starts, sort_grouped(starts, places, columns)


def sort_grouped(starts: Integers, places: Integers | None, columns: Sequence[Array]) -> list[Array]:
    """Columns of rows in the order of the customer, of whom `group_by_customer` told, and then of each of them in turn.

    Arrays that are in order are given back as they are; none is changed.
    """
    low, high = starts[:-1], starts[1:]
    done: dict[int, Array] = {}
    found = []
    for column in columns:
        if id(column) not in done:
            values, places, low, high = _refined(column, places, low, high)
            done[id(column)] = values
        found.append(done[id(column)])
    return found


def group_by_customer(customer: Integers, customers: int) -> tuple[Integers, Integers | None]:
    """Where each customer's rows begin, and the places of the rows by customer, None where they are in that order."""
    blocks = _blocks(customer.size)
    counts = np.zeros((len(blocks), customers), np.int64)
    grouped = all(_each(blocks, lambda low, high, place: _count(customer[low:high], counts[place])))
    starts = np.zeros(customers + 1, np.int64)
    np.cumsum(counts.sum(axis=0), out=starts[1:])
    if grouped and all(customer[low - 1] <= customer[low] for low, high, _ in blocks if 0 < low < high):
        return starts, None
    places = np.empty(customer.size, np.int64)
    following = starts[:-1] + np.cumsum(counts, axis=0) - counts
    _each(blocks, lambda low, high, place: _place(customer, low, high, following[place], places))
    return starts, places


def _refined(
    column: Array, places: Integers | None, low: Integers, high: Integers
) -> tuple[Array, Integers | None, Integers, Integers]:
    """A column in the order of `places`, the places with runs of ties [low, high) sorted by it, and the ties left."""
    if column.size == 0 or _is_constant(column):
        return column, places, low, high
    values = column if places is None else _taken(column, places)
    blocks = _blocks(low.size, column.size)
    ties = _each(blocks, lambda first, last, _: _ties(values, low[first:last], high[first:last]))
    if not all(in_order for in_order, _, _ in ties):
        values = values.copy() if places is None else values
        where = np.arange(column.size) if places is None else places
        _each(blocks, lambda first, last, _: _sort_runs(values, where, low[first:last], high[first:last]))
        places = where
        ties = _each(blocks, lambda first, last, _: _ties(values, low[first:last], high[first:last]))
    return (
        values,
        places,
        np.concatenate([begins for _, begins, _ in ties]),
        np.concatenate([ends for _, _, ends in ties]),
    )


def _taken(column: Array, places: Integers) -> Array:
    values = np.empty_like(column)
    _each(_blocks(places.size), lambda low, high, _: _take(column, places, values, low, high))
    return values


def _blocks(size: int, work: int | None = None) -> list[tuple[int, int, int]]:
    """0 … size in one block for each thread: from, to, and its number."""
    threads = 1 if (size if work is None else work) < _WORTH_A_THREAD else os.cpu_count() or 1
    bounds = np.linspace(0, size, threads + 1).astype(np.int64).tolist()
    return [(low, high, place) for place, (low, high) in enumerate(pairwise(bounds))]


def _each(blocks: Iterable[tuple[int, int, int]], work: Callable[[int, int, int], T]) -> list[T]:
    """What `work` gives for each block, in their order, each in a thread of its own."""
    todo = list(blocks)
    if len(todo) == 1:
        return [work(*todo[0])]
    with ThreadPoolExecutor(len(todo)) as threads:
        return list(threads.map(lambda block: work(*block), todo))


@kernel
def _count(customer: Integers, counts: Integers) -> bool:
    """Count the rows of each customer; whether the customers never decrease."""
    grouped = True
    before = 0
    for i in range(customer.size):
        counts[customer[i]] += 1
        grouped &= customer[i] >= before
        before = customer[i]
    return grouped


@kernel
def _place(customer: Integers, low: int, high: int, following: Integers, places: Integers) -> None:
    """Put rows low … high where the next row of their customer belongs."""
    for i in range(low, high):
        places[following[customer[i]]] = i
        following[customer[i]] += 1


@kernel
def _take(column: Array, places: Integers, values: Array, low: int, high: int) -> None:
    for i in range(low, high):
        values[i] = column[places[i]]


@kernel
def _is_constant(column: Array) -> bool:
    i = 1
    while i < column.size and column[i] == column[0]:
        i += 1
    return i == column.size


@kernel
def _is_less(one: Any, other: Any) -> bool:
    """Whether one value belongs before another: NaN is last."""
    return bool(one < other or (other != other and one == one))


@kernel
def _ties(values: Array, low: Integers, high: Integers) -> tuple[bool, Integers, Integers]:
    """Whether all runs [low, high) are in order, and the runs of equal values within them as far as they are."""
    begins = np.empty(values.size // 2 + 1, np.int64)
    ends = np.empty(values.size // 2 + 1, np.int64)
    count = 0
    for run in range(low.size):
        first = low[run]
        for i in range(low[run] + 1, high[run] + 1):
            if i < high[run]:
                if _is_less(values[i], values[i - 1]):
                    return False, begins[:0].copy(), ends[:0].copy()
                if not _is_less(values[i - 1], values[i]):
                    continue
            if i - first > 1:
                begins[count], ends[count] = first, i
                count += 1
            first = i
    return True, begins[:count].copy(), ends[:count].copy()


@kernel
def _sort_runs(values: Array, places: Integers, low: Integers, high: Integers) -> None:
    """Sort each run [low, high) of the values, and their places with them."""
    for run in range(low.size):
        first, last = low[run], high[run]
        if last - first > _FEW:
            order = np.argsort(values[first:last], kind="mergesort")
            values[first:last] = values[first:last][order]
            places[first:last] = places[first:last][order]
            continue
        for i in range(first + 1, last):
            value, place = values[i], places[i]
            j = i
            while j > first and _is_less(value, values[j - 1]):
                values[j], places[j] = values[j - 1], places[j - 1]
                j -= 1
            values[j], places[j] = value, place
