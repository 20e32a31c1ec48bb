"""Timelines: evidence tables as sorted arrays of dated rows, one timeline for each kind of event.

A survey that is asked, and one that is answered, are two events; so are a contact and its response. Each timeline
names the table it is made of and what its rows know, so that nothing known later can be read from it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from . import kernels
from .contracts import TABLES
from .localtime import DAY, FOREVER

UNKNOWN = -FOREVER
"""Stands for an integer that is not known: the time of an answer that nobody gave, the discount of a line."""

Array = npt.NDArray[Any]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Timeline:
    """Dated rows of a range of customers, in a total order: customer, happened, known, then every column.

    `starts` int64[customers + 1] bounds each customer's rows. A row is seen from a moment when
    `known < moment <= until`. Columns are int64 (money in 1/10,000, `UNKNOWN` where it is; codes of `dictionaries`,
    -1 for unknown) or float64 (NaN for unknown).
    """

    starts: Integers
    happened: Integers
    known: Integers
    until: Integers
    columns: Mapping[str, Array] = field(default_factory=dict)
    dictionaries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def is_plain(self) -> bool:
        """Whether rows become known in the order in which they happened, and none is ever superseded."""
        earlier = np.flatnonzero(np.diff(self.known) < 0) + 1
        is_first = np.isin(earlier, self.starts, assume_unique=False)
        return bool(is_first.all() and (self.until == FOREVER).all())


@dataclass(frozen=True)
class Rows:
    """The columns of one arrow table as arrays; customers counted from the first of the range."""

    customers: int
    customer: Integers
    happened: Integers
    recorded: Integers
    until: Integers
    columns: Mapping[str, Array]
    dictionaries: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, table: pa.Table, first: int, customers: int) -> "Rows":
        """Arrays of a table as `EvidenceStore.tables` hands it out."""
        columns: dict[str, Array] = {}
        dictionaries: dict[str, tuple[str, ...]] = {}
        for name in table.column_names[4:]:
            columns[name], words = _array(table[name])
            if words is not None:
                dictionaries[name] = words
        customer, happened, recorded, until = (
            np.asarray(table[name], np.int64) for name in table.column_names[:4]
        )
        return cls(customers, customer - first, happened, recorded, until, columns, dictionaries)

    def timeline(self, keep: npt.NDArray[np.bool_], happened: Integers, names: Sequence[str]) -> Timeline:
        """The kept rows as events that happened at `happened`, sorted by all that they know."""
        places = np.flatnonzero(keep)
        customer, moment = self.customer[places], happened[places]
        known = np.maximum(moment, self.recorded[places])
        columns = {name: self.columns[name][places] for name in names if name in self.columns}
        order = np.lexsort([*reversed(list(columns.values())), known, moment, customer])
        return Timeline(
            _starts(customer[order], self.customers),
            moment[order],
            known[order],
            self.until[places][order],
            {name: values[order] for name, values in columns.items()},
            {name: words for name, words in self.dictionaries.items() if name in columns},
        )

    @cached_property
    def starts(self) -> Integers:
        """The bounds of each customer's rows, int64[customers + 1]."""
        return _starts(self.customer, self.customers)

    def part(self, low: int, high: int) -> "Rows":
        """The rows of the customers from `low` until `high`, who are counted from zero again."""
        inside = slice(int(self.starts[low]), int(self.starts[high]))
        return Rows(
            high - low,
            self.customer[inside] - low,
            self.happened[inside],
            self.recorded[inside],
            self.until[inside],
            {name: values[inside] for name, values in self.columns.items()},
            self.dictionaries,
        )

    def only(self, keep: npt.NDArray[np.bool_], columns: Mapping[str, Array]) -> "Rows":
        """The kept rows with other columns."""
        return Rows(
            self.customers,
            self.customer[keep],
            self.happened[keep],
            self.recorded[keep],
            self.until[keep],
            columns,
            self.dictionaries,
        )

    def as_sorted(self, names: Sequence[str]) -> Timeline:
        """All rows, already in the total order in which the store keeps them."""
        return Timeline(
            _starts(self.customer, self.customers),
            self.happened,
            self.recorded,
            self.until,
            {name: self.columns[name] for name in names if name in self.columns},
            {name: words for name, words in self.dictionaries.items() if name in names},
        )


def _starts(customer: Integers, customers: int) -> Integers:
    return np.searchsorted(customer, np.arange(customers + 1)).astype(np.int64)


def _array(column: pa.ChunkedArray) -> tuple[Array, tuple[str, ...] | None]:
    """An arrow column as an array, and its dictionary in sorted order where it holds text."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        encoded = column.combine_chunks().dictionary_encode()
        words = encoded.dictionary
        order = np.asarray(pc.array_sort_indices(words), np.int64)
        rank = np.empty(order.size + 1, np.int64)
        rank[order] = np.arange(order.size)
        rank[-1] = -1
        codes = np.asarray(pc.fill_null(encoded.indices, -1), np.int64)
        return rank[codes], tuple(words.take(pa.array(order)).to_pylist())
    if pa.types.is_boolean(column.type):
        return np.asarray(column.cast(pa.float64()).fill_null(np.nan), np.float64), None
    if pa.types.is_integer(column.type):
        return np.asarray(column.fill_null(UNKNOWN), np.int64), None
    return np.asarray(column.fill_null(np.nan), np.float64), None


def _returns(rows: Rows, names: Sequence[str]) -> Timeline:
    return rows.timeline(np.asarray(rows.columns["amount"]) < 0, rows.happened, names)


def _orders(rows: Rows, names: Sequence[str]) -> Timeline:
    """Orders with a positive line: as known from time to time, at the time of their first line."""
    bought = np.asarray(rows.columns["amount"]) > 0
    if "order_id" not in rows.columns:
        single = {name: rows.columns[name][bought] for name in names if name in rows.columns}
        single["lines"] = np.ones(int(bought.sum()), np.int64)
        return rows.only(bought, single).as_sorted(tuple(single))
    order = np.asarray(rows.columns["order_id"], np.int64)
    places, begins = kernels.group_orders(_starts(rows.customer, rows.customers), order)
    group, since, ends = kernels.order_versions(places, begins, rows.recorded, rows.until, FOREVER)

    def total(values: Array) -> Integers:
        whole = np.where(values == UNKNOWN, 0, values).astype(np.int64)
        return kernels.sum_order_lines(places, begins, rows.recorded, rows.until, group, since, bought, whole)

    first = kernels.first_order_line(places, begins, rows.recorded, rows.until, group, since)
    columns: dict[str, Array] = {
        "amount": total(rows.columns["amount"]),
        "lines": total(np.ones_like(rows.recorded)),
    }
    for name in ("discount", "is_target"):
        if name in names and name in rows.columns:
            columns[name] = total(rows.columns[name])
    if "channel" in names and "channel" in rows.columns:
        columns["channel"] = rows.columns["channel"][first]
    made = Rows(
        rows.customers, rows.customer[first], rows.happened[first], since, ends, columns, rows.dictionaries
    )
    return made.timeline(np.asarray(columns["amount"]) > 0, made.happened, tuple(columns))


def _asked(rows: Rows, names: Sequence[str]) -> Timeline:
    return rows.timeline(_is_known(rows.columns["asked_at"]), rows.happened, names)


def _answers(rows: Rows, names: Sequence[str]) -> Timeline:
    """Answers with a score; `delay` in days since it was asked, `points` on the common scale from 0 to 100.

    `competitor_gap` is by how much the score is above that given to a competitor, `competitor_points` the same on the
    common scale.
    """
    answered = np.asarray(rows.columns["answered_at"])
    happened = np.asarray(np.where(_is_known(answered), answered, 0), np.int64)
    score = np.asarray(rows.columns["score"], np.float64)
    columns = dict(rows.columns)
    if "asked_at" in columns:
        asked = np.asarray(columns["asked_at"])
        columns["delay"] = np.where(_is_known(asked), (happened - asked) / DAY, np.nan)
    if "instrument" in columns:
        columns["points"] = _common_scale(score, rows)
    if "competitor_score" in columns:
        other = np.asarray(columns["competitor_score"], np.float64)
        columns["competitor_gap"] = score - other
        if "instrument" in columns:
            columns["competitor_points"] = columns["points"] - _common_scale(other, rows)
    made = Rows(
        rows.customers, rows.customer, rows.happened, rows.recorded, rows.until, columns, rows.dictionaries
    )
    return made.timeline(_is_known(answered) & ~np.isnan(score), happened, names)


SCALES: Mapping[str, tuple[float, float]] = {
    "nps": (0.0, 10.0),
    "csat": (1.0, 5.0),
    "ces": (1.0, 7.0),
    "stars": (1.0, 5.0),
}
"""Lowest and highest score of the instruments that Patron knows."""


def _common_scale(score: npt.NDArray[np.float64], rows: Rows) -> npt.NDArray[np.float64]:
    unknown = (np.nan, np.nan)
    bounds = [SCALES.get(word.strip().lower(), unknown) for word in rows.dictionaries["instrument"]]
    low, high = np.array([*bounds, unknown]).T
    code = np.asarray(rows.columns["instrument"], np.int64)
    points = 100 * (score - low[code]) / (high[code] - low[code])
    return np.where((points >= 0) & (points <= 100), points, np.nan)


def _ended(end: str) -> "Builder":
    def build(rows: Rows, names: Sequence[str]) -> Timeline:
        ended = np.asarray(rows.columns[end])
        happened = np.asarray(np.where(_is_known(ended), ended, 0), np.int64)
        columns = {
            **rows.columns,
            "duration": np.where(_is_known(ended), (happened - rows.happened) / DAY, np.nan),
        }
        made = Rows(
            rows.customers,
            rows.customer,
            rows.happened,
            rows.recorded,
            rows.until,
            columns,
            rows.dictionaries,
        )
        return made.timeline(_is_known(ended), happened, names)

    return build


def _started(rows: Rows, names: Sequence[str]) -> Timeline:
    return rows.timeline(np.ones(rows.customer.size, np.bool_), rows.happened, names)


def _mentions(rows: Rows, names: Sequence[str]) -> Timeline:
    """Mentions; `negative` is 1 where the sentiment is below zero, 0 where it is not, and unknown where that is."""
    columns = dict(rows.columns)
    if "sentiment" in columns:
        sentiment = np.asarray(columns["sentiment"], np.float64)
        columns["negative"] = np.where(np.isnan(sentiment), np.nan, sentiment < 0)
    made = replace(rows, columns=columns)
    return made.timeline(np.ones(rows.customer.size, np.bool_), rows.happened, names)


def _is_known(moments: Array) -> npt.NDArray[np.bool_]:
    return np.asarray(moments != UNKNOWN)


Builder = Callable[[Rows, Sequence[str]], Timeline]


@dataclass(frozen=True)
class TimelineKind:
    """How a timeline is made: its table, what it can show, and what that takes.

    `columns` maps each column that a family may ask for to the table's columns it is made of; `needs` are the table's
    columns without which there is no such timeline, `uses` those it takes where they are. `known_sql` and `event_sql`
    say over the stored table when a row of it became known and which rows are events.
    """

    table: str
    build: Builder
    columns: Mapping[str, tuple[str, ...]]
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    known_sql: str = "recorded"
    event_sql: str = "true"


def _same(*names: str) -> dict[str, tuple[str, ...]]:
    return {name: (name,) for name in names}


TIMELINES: Mapping[str, TimelineKind] = {
    "lines": TimelineKind(
        "purchases",
        lambda rows, names: rows.as_sorted(names),
        _same("amount", "quantity", "product_id", "category", "discount", "channel"),
        needs=("amount",),
    ),
    "orders": TimelineKind(
        "purchases",
        _orders,
        {"lines": (), **_same("amount", "discount", "channel", "is_target")},
        needs=("amount",),
        uses=("order_id",),
    ),
    "returns": TimelineKind(
        "purchases", _returns, _same("amount"), needs=("amount",), event_sql="amount < 0"
    ),
    "asked": TimelineKind(
        "satisfaction",
        _asked,
        _same("instrument", "category"),
        needs=("asked_at",),
        event_sql="asked_at IS NOT NULL",
    ),
    "answers": TimelineKind(
        "satisfaction",
        _answers,
        {
            "delay": ("asked_at",),
            "points": ("instrument",),
            "competitor_gap": ("competitor_score",),
            "competitor_points": ("competitor_score", "instrument"),
            **_same("score", "instrument", "expectation", "category"),
        },
        needs=("score", "answered_at"),
        known_sql="greatest(recorded, answered_at)",
        event_sql="answered_at IS NOT NULL AND score IS NOT NULL",
    ),
    "contacts": TimelineKind(
        "activities", _started, _same("activity", "channel", "initiated_by", "objective", "cost")
    ),
    "responses": TimelineKind(
        "activities",
        _ended("responded_at"),
        {"duration": (), **_same("activity", "channel")},
        needs=("responded_at",),
        known_sql="greatest(recorded, responded_at)",
        event_sql="responded_at IS NOT NULL",
    ),
    "mentions": TimelineKind(
        "mentions", _mentions, {"negative": ("sentiment",), **_same("network", "sentiment", "reach")}
    ),
}
"""Every timeline that a family can read."""


def holds_text(timeline: str, column: str) -> bool:
    """Whether a column of a timeline holds words rather than numbers."""
    contract = TABLES[TIMELINES[timeline].table]
    return any(each.name == column and each.kind == "text" for each in contract.columns)


def is_stored(timeline: str, column: str) -> bool:
    """Whether a column of a timeline stands in its table as it is, event by event."""
    return timeline != "orders" and column in TABLES[TIMELINES[timeline].table].column_names


def available_columns(kind: TimelineKind, present: Sequence[str]) -> tuple[str, ...] | None:
    """What a timeline can show when its table has the `present` columns; None where it cannot be made."""
    if not set(kind.needs) <= set(present):
        return None
    return tuple(
        name for name, sources in kind.columns.items() if set(sources) - {"is_target"} <= set(present)
    )


def table_columns(kind: TimelineKind, names: Sequence[str], present: Sequence[str]) -> tuple[str, ...]:
    """The table's columns that a timeline needs to show the columns `names`, in contract order."""
    wanted = {*kind.needs, *kind.uses, *(source for name in names for source in kind.columns[name])}
    found = [name for name in TABLES[kind.table].column_names if name in wanted and name in present]
    return (*found, "is_target") if "is_target" in wanted else tuple(found)
