"""Kernels of identities and orders against loops that anyone can check."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.features import kernels
from patron.features.localtime import FOREVER


@st.composite
def order_lines(draw: st.DrawFn) -> tuple[np.ndarray, ...]:
    """Lines of two customers: bounds, happened, order code, known, until, amount; in the order of the store."""
    starts, rows = [0], []
    for _ in range(2):
        lines = []
        for _ in range(draw(st.integers(0, 7))):
            happened = draw(st.integers(0, 4))
            known = happened + draw(st.sampled_from([0, 0, 1, 3]))
            until = draw(st.sampled_from([FOREVER, FOREVER, draw(st.integers(0, 8))]))
            lines.append((happened, known, draw(st.integers(-1, 2)), until, draw(st.integers(-3, 9))))
        rows += sorted(lines)
        starts.append(len(rows))
    columns = np.array(rows, np.int64).reshape(-1, 5).T
    happened, known, order, until, amount = (np.ascontiguousarray(column) for column in columns)
    return np.array(starts, np.int64), happened, order, known, until, amount


@given(order_lines(), st.integers(0, 10))
def test_an_order_is_at_every_moment_what_its_lines_known_then_make_of_it(
    lines: tuple[np.ndarray, ...], moment: int
):
    starts, happened, order, known, until, amount = lines
    places, begins = kernels.group_orders(starts, order)
    group, since, ends = kernels.order_versions(places, begins, known, until, FOREVER)
    positive = amount > 0
    sums = kernels.sum_order_lines(places, begins, known, until, group, since, positive, amount)
    first = kernels.first_order_line(places, begins, known, until, group, since)

    expected: dict[tuple[int, object], list[int]] = {}
    for customer in range(2):
        for row in range(starts[customer], starts[customer + 1]):
            if known[row] < moment <= until[row]:
                key = (customer, ("line", row) if order[row] < 0 else int(order[row]))
                expected.setdefault(key, []).append(row)
    seen = [v for v in range(group.size) if since[v] < moment <= ends[v] and first[v] >= 0]
    found = sorted((int(sums[v]), int(happened[first[v]])) for v in seen)
    assert found == sorted(
        (int(sum(amount[row] for row in rows if amount[row] > 0)), int(min(happened[row] for row in rows)))
        for rows in expected.values()
    )


def test_an_order_of_many_lines_at_many_moments_takes_no_quadratic_time():
    n = 200_000
    known = np.arange(n)
    forever = np.full(n, FOREVER)
    places, begins = kernels.group_orders(np.array([0, n]), np.zeros(n, np.int64))
    group, since, _ = kernels.order_versions(places, begins, known, forever, FOREVER)
    ones = np.ones(n, np.int64)
    sums = kernels.sum_order_lines(places, begins, known, forever, group, since, ones > 0, ones)
    assert sums.tolist() == list(range(1, n + 1))


@pytest.mark.parametrize(
    ("alias", "customer", "kept"),
    [
        ([0, 1], [1, 2], [True, True]),
        ([0, 1], [1, 0], [True, False]),
        ([0, 1, 2], [1, 2, 0], [True, True, False]),
        ([0, 0], [1, 2], [True, False]),
        ([0], [0], [False]),
        ([], [], []),
    ],
)
def test_the_first_link_of_an_alias_counts_and_no_circle_closes(
    alias: list[int], customer: list[int], kept: list[bool]
):
    found = kernels.links_without_circles(np.array(alias, np.int64), np.array(customer, np.int64), 3)
    assert found.tolist() == kept
