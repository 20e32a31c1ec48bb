"""Codes of order ids: which lines of a customer belong together, without sorting the ids of everybody."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .compiled import Flags, Integers, kernel
from .word_order import in_word_order

Bounds = npt.NDArray[np.int32]
Letters = npt.NDArray[np.uint8]

ORDER_ID = "order_id"

_FEW = 256
"""Up to so many lines of a customer, comparing them with each other is faster than looking all words up in a table."""


def with_order_codes(table: pa.Table, starts: Integers, places: Integers | None) -> pa.Table:
    """A table with its order ids as codes, where it has some and they are not yet; its rows as in `order_codes`."""
    if ORDER_ID not in table.column_names or pa.types.is_integer(table[ORDER_ID].type):
        return table
    codes = order_codes(table[ORDER_ID].combine_chunks(), starts, places)
    return table.set_column(table.column_names.index(ORDER_ID), ORDER_ID, pa.array(codes))


def order_codes(ids: pa.Array, starts: Integers, places: Integers | None) -> Integers:
    """The codes of order ids (text [n]), -1 for none: within a customer, they are in the order of the words; int64[n].

    Between customers they say nothing: an order belongs to one. The rows of customer c are those at
    `places[starts[c]:starts[c + 1]]`; without places the rows are in that order.
    """
    if not pa.types.is_string(ids.type):
        return _coded_among_all(ids)
    where = np.arange(len(ids)) if places is None else places
    _, offsets, letters = ids.buffers()
    bounds = np.frombuffer(offsets, np.int32)[ids.offset : ids.offset + len(ids) + 1]
    text = np.zeros(0, np.uint8) if letters is None else np.frombuffer(letters, np.uint8)
    codes = np.full(len(ids), -1, np.int64)
    _code_few(starts, where, bounds, text, np.asarray(ids.is_null()), codes)
    many = np.repeat(np.diff(starts) > _FEW, np.diff(starts))
    if many.any():
        rows = where[many]
        codes[rows] = _coded_among_all(ids.take(pa.array(rows)))
    return codes


def _coded_among_all(ids: pa.Array) -> Integers:
    return np.asarray(in_word_order(ids).indices.fill_null(-1), np.int64)


@kernel
def _code_few(
    starts: Integers, places: Integers, bounds: Bounds, text: Letters, unknown: Flags, codes: Integers
) -> None:
    """Code the rows of customers with few of them: their words are sorted by insertion."""
    ordered = np.empty(_FEW, np.int64)
    for customer in range(starts.size - 1):
        low, high = starts[customer], starts[customer + 1]
        if high - low > _FEW:
            continue
        n = 0
        for place in range(low, high):
            row = places[place]
            if unknown[row]:
                continue
            at = n
            while at > 0 and _compared(bounds, text, ordered[at - 1], row) > 0:
                ordered[at] = ordered[at - 1]
                at -= 1
            ordered[at] = row
            n += 1
        code = 0
        for at in range(n):
            if at > 0 and _compared(bounds, text, ordered[at - 1], ordered[at]) != 0:
                code += 1
            codes[ordered[at]] = code


@kernel
def _compared(bounds: Bounds, text: Letters, one: int, other: int) -> int:
    """Below zero where one row's word comes before another's, zero where it is the same."""
    size, other_size = bounds[one + 1] - bounds[one], bounds[other + 1] - bounds[other]
    for letter in range(min(size, other_size)):
        difference = np.int64(text[bounds[one] + letter]) - np.int64(text[bounds[other] + letter])
        if difference != 0:
            return int(difference)
    return int(size - other_size)
