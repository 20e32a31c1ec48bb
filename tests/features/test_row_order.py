"""The order of rows: total, as a plain lexical sort has it, and the same however the rows came."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patron.features import row_order
from patron.features.localtime import FOREVER
from patron.features.row_order import sort_rows
from patron.features.rows import Rows
from patron.features.timeline import UNKNOWN


def oracle(customer: Any, columns: list[Any]) -> npt.NDArray[np.int64]:
    """The places of the rows by customer and then each column, NaN last."""
    return np.lexsort([*reversed(columns), customer])


def check(customer: list[int], customers: int, columns: list[npt.NDArray[Any]]) -> None:
    who = np.array(customer, np.int64)
    kept = [column.copy() for column in columns]
    starts, found = sort_rows(who, customers, columns)
    places = oracle(who, columns)
    assert starts.tolist() == np.searchsorted(who[places], np.arange(customers + 1)).tolist()
    for column, before, after in zip(columns, kept, found, strict=True):
        np.testing.assert_array_equal(column, before)  # nobody's arrays are changed
        np.testing.assert_array_equal(after, before[places])


few = st.integers(0, 2)


@settings(max_examples=60)
@given(st.lists(st.tuples(few, few, few, few, st.sampled_from([0.5, 1.5, np.nan])), max_size=40))
def test_rows_are_in_lexical_order(rows: list[tuple[int, int, int, int, float]]):
    columns = [np.array([row[place] for row in rows], np.int64) for place in range(4)]
    check(columns[0].tolist(), 3, [*columns[1:], np.array([row[4] for row in rows], np.float64)])


@pytest.mark.parametrize("threads", [1, 3])
def test_large_runs_in_several_threads_are_in_lexical_order(monkeypatch: pytest.MonkeyPatch, threads: int):
    monkeypatch.setattr(row_order, "_WORTH_A_THREAD", 10)
    monkeypatch.setattr(row_order.os, "cpu_count", lambda: threads)
    random = np.random.default_rng(3)
    customer = np.where(random.random(3_000) < 0.5, 4, random.integers(0, 40, 3_000))
    columns = [random.integers(0, size, 3_000) for size in (7, 3, 1, 5)]
    check(customer.tolist(), 41, [*columns, np.where(random.random(3_000) < 0.1, np.nan, columns[0] / 3)])


def test_what_is_in_order_is_handed_on_as_it_is():
    customer, happened = np.array([0, 0, 2]), np.array([3, 5, 1])
    _, found = sort_rows(customer, 3, [happened, happened])
    assert found[0] is happened
    assert found[1] is happened


def test_nobody_has_no_rows():
    nothing = np.empty(0, np.int64)
    starts, columns = sort_rows(nothing, 0, [nothing])
    assert (starts.tolist(), columns[0].size) == ([0], 0)


# Rows of a table

TIED: dict[str, list[Any]] = {
    "customer": [7, 7],
    "happened": [1, 1],
    "recorded": [2, 2],
    "until": [FOREVER, FOREVER],
    "amount": [5, 5],
    "order_id": ["a", "a"],
    "quantity": [1.0, 1.0],
    "is_target": [True, True],
}
"""Two rows that are the same."""


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("customer", [8, 7], [0, 1]),
        ("happened", [2, 1], [1, 2]),
        ("recorded", [3, 2], [2, 3]),
        ("amount", [5, -1], [-1, 5]),
        ("amount", [5, None], [UNKNOWN, 5]),
        ("order_id", ["b", "a"], [0, 1]),
        ("order_id", ["é", "z"], [0, 1]),
        ("order_id", ["a", None], [-1, 0]),
        ("quantity", [2.0, 1.0], [1.0, 2.0]),
        ("quantity", [None, 1.0], [1.0, np.nan]),
        ("quantity", [0.0, -0.0], [0.0, 0.0]),
        ("is_target", [True, False], [0.0, 1.0]),
        ("until", [FOREVER, 9], [9, FOREVER]),
    ],
)
def test_ties_in_all_other_columns_are_told_apart_by_each(
    column: str, values: list[Any], expected: list[float]
):
    table = pa.table({**TIED, column: values})
    for rows in (table, table.take([1, 0])):
        made = Rows.of(rows, 7, 2)
        found = getattr(made, column) if hasattr(made, column) else made.columns[column]
        np.testing.assert_array_equal(found, expected)
        assert not np.signbit(np.asarray(found)[np.asarray(expected) == 0]).any()


def test_an_earlier_column_counts_before_a_later_one():
    table = pa.table({**TIED, "amount": [6, 5], "order_id": ["a", "b"]})
    made = Rows.of(table, 7, 1)
    assert (made.columns["amount"].tolist(), made.columns["order_id"].tolist()) == ([5, 6], [1, 0])


WORDS = st.sampled_from(["a", "b", "B", "", None])


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            few, few, few, st.none() | st.integers(-1, 1), WORDS, st.sampled_from([None, -0.0, 0.0, 1.0])
        ),
        min_size=1,
        max_size=30,
    ),
    st.randoms(use_true_random=False),
)
def test_the_same_rows_in_any_order_give_the_same_arrays_bit_by_bit(rows: list[Any], random: Any):
    def arrays(given: list[Any]) -> dict[str, bytes]:
        customer, happened, recorded, amount, word, quantity = zip(*given, strict=True)
        made = Rows.of(
            pa.table(
                {
                    "customer": customer,
                    "happened": happened,
                    "recorded": recorded,
                    "until": pa.array([FOREVER - r for r in recorded]),
                    "amount": pa.array(amount, pa.int64()),
                    "channel": pa.array(word, pa.string()),
                    "quantity": pa.array(quantity, pa.float64()),
                }
            ),
            0,
            3,
        )
        fixed = (made.customer, made.starts, made.happened, made.recorded, made.until)
        found = {str(place): array.tobytes() for place, array in enumerate(fixed)}
        words = repr(made.dictionaries["channel"]).encode()
        return {**found, **{name: made.columns[name].tobytes() for name in made.columns}, "words": words}

    shuffled = list(rows)
    random.shuffle(shuffled)
    assert arrays(rows) == arrays(shuffled)
