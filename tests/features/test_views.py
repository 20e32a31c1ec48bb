"""Views: a snapshot sees the rows that were known before it and not yet superseded, in the order they happened."""

from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from patron.features.localtime import DAY, FOREVER
from patron.features.timeline import UNKNOWN, Timeline
from patron.features.views import View


@dataclass(frozen=True)
class Row:
    customer: int
    happened: int
    known: int
    until: int


def timeline_of(rows: list[Row], customers: int = 3) -> Timeline:
    ordered = sorted(rows, key=lambda row: (row.customer, row.happened, row.known))
    whose = np.array([row.customer for row in ordered], np.int64)
    return Timeline(
        np.searchsorted(whose, np.arange(customers + 1)).astype(np.int64),
        np.array([row.happened for row in ordered], np.int64),
        np.array([row.known for row in ordered], np.int64),
        np.array([row.until for row in ordered], np.int64),
        {"place": np.arange(len(ordered), dtype=np.int64)},
    )


@st.composite
def rows_of_three(draw: st.DrawFn) -> list[Row]:
    """Rows of three customers, some late, some superseded (at times before they were known)."""
    made = []
    for _ in range(draw(st.integers(0, 12))):
        happened = draw(st.integers(0, 9))
        known = max(happened, draw(st.sampled_from([happened, draw(st.integers(0, 12))])))
        until = draw(st.sampled_from([FOREVER, FOREVER, draw(st.integers(0, 12))]))
        made.append(Row(draw(st.integers(0, 2)), happened, known, until))
    return made


MOMENTS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 13)), min_size=1, max_size=8).map(sorted)


@given(rows_of_three(), MOMENTS)
def test_a_snapshot_sees_what_was_known_and_not_superseded(rows: list[Row], asked: list[tuple[int, int]]):
    timeline = timeline_of(rows)
    customer, as_of = (np.array(part, np.int64) for part in zip(*asked, strict=True))
    view = View.of(timeline, customer, as_of)

    ordered = sorted(rows, key=lambda row: (row.customer, row.happened, row.known))
    for i, (who, moment) in enumerate(asked):
        seen = [p for p, row in enumerate(ordered) if row.customer == who and row.known < moment <= row.until]
        assert view.columns["place"][view.begin[i] : view.end[i]].tolist() == seen


@given(rows_of_three(), MOMENTS)
def test_the_rows_of_a_snapshot_lie_in_one_segment_that_begins_with_its_first_row(
    rows: list[Row], asked: list[tuple[int, int]]
):
    customer, as_of = (np.array(part, np.int64) for part in zip(*asked, strict=True))
    view = View.of(timeline_of(rows), customer, as_of)

    for begin, end in zip(view.begin, view.end, strict=True):
        if begin == end:
            continue
        assert begin in view.offsets
        assert not ((view.offsets > begin) & (view.offsets < end)).any()
        assert view.days[begin] == 0
        assert np.isnan(view.gap[begin])
        assert (np.diff(view.happened[begin:end]) >= 0).all()


@given(rows_of_three(), MOMENTS, st.integers(2, 3))
def test_a_filter_keeps_the_rows_it_asks_for(rows: list[Row], asked: list[tuple[int, int]], divisor: int):
    customer, as_of = (np.array(part, np.int64) for part in zip(*asked, strict=True))
    view = View.of(timeline_of(rows), customer, as_of)
    keep = view.columns["place"] % divisor == 0
    fewer = view.only(keep)

    for i in range(len(asked)):
        whole = view.columns["place"][view.begin[i] : view.end[i]]
        assert (
            fewer.columns["place"][fewer.begin[i] : fewer.end[i]].tolist()
            == whole[whole % divisor == 0].tolist()
        )


def test_a_late_row_changes_nothing_for_a_snapshot_before_it_became_known():
    early, late = Row(0, 4, 4, FOREVER), Row(0, 2, 9, FOREVER)
    for rows in ([early], [early, late]):
        view = View.of(timeline_of(rows), np.array([0]), np.array([5]))
        assert view.happened[view.begin[0] : view.end[0]].tolist() == [4]


def test_days_count_from_the_first_row_of_the_segment_and_gaps_from_the_row_before():
    rows = [Row(0, DAY * n, DAY * n, FOREVER) for n in (3, 4, 10)] + [Row(1, 50 * DAY, 50 * DAY, FOREVER)]
    view = View.of(timeline_of(rows), np.array([0, 1]), np.array([100 * DAY, 100 * DAY]))
    assert view.days.tolist() == [0, 1, 7, 0]
    np.testing.assert_array_equal(view.gap, [np.nan, 1, 6, np.nan])


def test_unknown_integers_are_unknown_numbers():
    timeline = timeline_of([Row(0, 1, 1, FOREVER), Row(0, 2, 2, FOREVER)])
    amounts = Timeline(*list(vars(timeline).values())[:4], {"discount": np.array([UNKNOWN, 7])})
    view = View.of(amounts, np.array([0]), np.array([5]))
    np.testing.assert_array_equal(view.numbers("discount"), [np.nan, 7])


def test_a_customer_without_rows_and_no_rows_at_all():
    view = View.of(timeline_of([Row(1, 1, 1, FOREVER)]), np.array([0, 1, 2]), np.array([5, 5, 5]))
    assert (view.end - view.begin).tolist() == [0, 1, 0]
    empty = View.of(timeline_of([]), np.array([0]), np.array([5]))
    assert (empty.end - empty.begin).tolist() == [0]
    assert empty.days.size == empty.gap.size == 0
