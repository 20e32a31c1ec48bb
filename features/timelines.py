"""The timelines: one for each kind of event, with the table it is made of and how.

A survey that is asked, and one that is answered, are two events; so are a contact and its response. Each timeline
names the table it is made of and what its rows know, so that nothing known later can be read from it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from . import kernels
from .columns import MONEY_UNITS
from .contracts import STORED, TableContract
from .localtime import DAY, FOREVER
from .rows import Rows
from .timeline import UNKNOWN, Array, Integers, Timeline
from .words import name_part


def _returns(rows: Rows, names: Sequence[str]) -> Timeline:
    return rows.timeline(np.asarray(rows.columns["amount"]) < 0, rows.happened, names)


def _orders(rows: Rows, names: Sequence[str]) -> Timeline:
    """Orders with a positive line: as known from time to time, at the time of their first line."""
    bought = np.asarray(rows.columns["amount"]) > 0
    if "order_id" not in rows.columns:
        shown = (*names, "discount") if "discounted" in names else names
        single = {name: rows.columns[name][bought] for name in shown if name in rows.columns}
        single["lines"] = np.ones(int(bought.sum()), np.int64)
        return _with_discounted(rows.only(bought, single).as_sorted(tuple(single)), names)
    order = np.asarray(rows.columns["order_id"], np.int64)
    places, begins = kernels.group_orders(rows.starts, order)
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
        if name in rows.columns:
            columns[name] = total(rows.columns[name])
    if "channel" in names and "channel" in rows.columns:
        columns["channel"] = rows.columns["channel"][first]
    starts = np.searchsorted(begins[group], rows.starts)
    made = Rows(starts, rows.happened[first], since, ends, columns, rows.dictionaries)
    found = made.timeline(np.asarray(columns["amount"]) > 0, made.happened, tuple(columns))
    return _with_discounted(found, names)


def _with_discounted(orders: Timeline, names: Sequence[str]) -> Timeline:
    """Orders with `discounted`: 1 where something was taken off, else 0."""
    if "discounted" not in names:
        return orders
    taken_off = np.asarray(orders.columns["discount"] > 0, np.int64)
    return replace(orders, columns={**orders.columns, "discounted": taken_off})


def _bought(rows: Rows, names: Sequence[str]) -> Timeline:
    """Lines that were bought; `log_price` is the logarithm of the price of a piece (of the line, without quantity)."""
    amount = np.asarray(rows.columns["amount"])
    positive = amount > 0
    columns = dict(rows.columns)
    if "log_price" in names:
        pieces = np.ones(amount.size)
        if "quantity" in columns:
            quantity = np.asarray(columns["quantity"], np.float64)
            pieces = np.where(quantity > 0, quantity, 1.0)
        columns["log_price"] = np.log(np.where(positive, amount, MONEY_UNITS) / MONEY_UNITS / pieces)
    shown = {name: columns[name] for name in names if name in columns}
    return rows.only(positive, {name: values[positive] for name, values in shown.items()}).as_sorted(names)


def _with_word(column: str) -> "Builder":
    def build(rows: Rows, names: Sequence[str]) -> Timeline:
        return rows.timeline(np.asarray(rows.columns[column]) >= 0, rows.happened, names)

    return build


def _asked(rows: Rows, names: Sequence[str]) -> Timeline:
    return rows.timeline(_is_known(rows.columns["asked_at"]), rows.happened, names)


def _answers(rows: Rows, names: Sequence[str]) -> Timeline:
    """Answers with a score; `delay` in days since it was asked, `points` on the common scale from 0 to 100.

    `competitor_gap` is by how much the score is above that given to a competitor, `competitor_points` the same on the
    common scale; `expectation_level` is -1 below expectation, 0 where it was met, and 1 above.
    """
    answered = np.asarray(rows.columns["answered_at"])
    happened = np.asarray(np.where(_is_known(answered), answered, 0), np.int64)
    score = np.asarray(rows.columns["score"], np.float64)
    columns = dict(rows.columns)
    if "expectation" in columns:
        columns["expectation_level"] = _expectation_level(rows)
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
    made = replace(rows, columns=columns)
    return made.timeline(_is_known(answered) & ~np.isnan(score), happened, names)


def _answer_reasons(rows: Rows, names: Sequence[str]) -> Timeline:
    answered = np.asarray(rows.columns["answered_at"])
    happened = np.asarray(np.where(_is_known(answered), answered, 0), np.int64)
    given = _is_known(answered) & ~np.isnan(np.asarray(rows.columns["score"], np.float64))
    return rows.timeline(given & (np.asarray(rows.columns["reason"]) >= 0), happened, names)


SCALES: Mapping[str, tuple[float, float]] = {
    "nps": (0.0, 10.0),
    "csat": (1.0, 5.0),
    "ces": (1.0, 7.0),
    "stars": (1.0, 5.0),
}
"""Lowest and highest score of the instruments that Patron knows."""


_EXPECTATIONS = {"below": -1.0, "met": 0.0, "exceeded": 1.0}


def _expectation_level(rows: Rows) -> npt.NDArray[np.float64]:
    words = [_EXPECTATIONS.get(name_part(word), np.nan) for word in rows.dictionaries["expectation"]]
    return np.array([*words, np.nan])[np.asarray(rows.columns["expectation"], np.int64)]


def _common_scale(score: npt.NDArray[np.float64], rows: Rows) -> npt.NDArray[np.float64]:
    unknown = (np.nan, np.nan)
    known = {**SCALES, **rows.scales}
    bounds = [known.get(name_part(word), unknown) for word in rows.dictionaries["instrument"]]
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
        return replace(rows, columns=columns).timeline(_is_known(ended), happened, names)

    return build


_HOLDS = {"text": "word", "number": "number", "flag": "number", "time": "date"}


def _attributes(rows: Rows, names: Sequence[str]) -> Timeline:
    columns = {name: rows.columns[source_column("profile", name)] for name in names}
    words = {
        name: rows.dictionaries[name.removeprefix("word ")] for name in names if name.startswith("word ")
    }
    return replace(rows.as_sorted(()), columns=columns, dictionaries=words)


def _as_sorted(rows: Rows, names: Sequence[str]) -> Timeline:
    return rows.as_sorted(names)


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
    say over the stored table when a row of it became known and which rows are events. `ends` are the columns that
    date a later end of an event: nothing but `Window.open` and `Window.days_open` may take them, and they stand last,
    so that an end to come does not reorder events.
    One that `has_attributes` shows each of them under its name with what it holds before it: "word region", "number
    age", "date birthday".
    """

    table: str
    build: Builder
    columns: Mapping[str, tuple[str, ...]]
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    known_sql: str = "recorded"
    event_sql: str = "true"
    ends: tuple[str, ...] = ()
    has_attributes: bool = False


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
        {"lines": (), "discounted": ("discount",), **_same("amount", "discount", "channel", "is_target")},
        needs=("amount",),
        uses=("order_id",),
    ),
    "bought": TimelineKind(
        "purchases",
        _bought,
        {"log_price": ("amount",), **_same("amount", "quantity", "product_id", "category", "discount")},
        needs=("amount",),
        uses=("quantity",),
        event_sql="amount > 0",
    ),
    "reasons": TimelineKind(
        "purchases",
        _with_word("reason"),
        _same("reason"),
        needs=("reason",),
        event_sql="reason IS NOT NULL",
    ),
    "returns": TimelineKind(
        "purchases", _returns, _same("amount"), needs=("amount",), event_sql="amount < 0"
    ),
    "asked": TimelineKind(
        "satisfaction",
        _asked,
        _same("instrument", "category", "answered_at"),
        needs=("asked_at",),
        event_sql="asked_at IS NOT NULL",
        ends=("answered_at",),
    ),
    "answers": TimelineKind(
        "satisfaction",
        _answers,
        {
            "delay": ("asked_at",),
            "points": ("instrument",),
            "expectation_level": ("expectation",),
            "competitor_gap": ("competitor_score",),
            "competitor_points": ("competitor_score", "instrument"),
            **_same("score", "instrument", "expectation", "category"),
        },
        needs=("score", "answered_at"),
        known_sql="greatest(recorded, answered_at)",
        event_sql="answered_at IS NOT NULL AND score IS NOT NULL",
    ),
    "answer_reasons": TimelineKind(
        "satisfaction",
        _answer_reasons,
        _same("reason"),
        needs=("reason", "score", "answered_at"),
        known_sql="greatest(recorded, answered_at)",
        event_sql="answered_at IS NOT NULL AND score IS NOT NULL AND reason IS NOT NULL",
    ),
    "cases": TimelineKind(
        "cases", _started, _same("severity", "topic", "channel", "closed_at"), ends=("closed_at",)
    ),
    "closings": TimelineKind(
        "cases",
        _ended("closed_at"),
        {"duration": (), **_same("severity", "topic", "channel", "reopened")},
        needs=("closed_at",),
        known_sql="greatest(recorded, closed_at)",
        event_sql="closed_at IS NOT NULL",
    ),
    "contacts": TimelineKind(
        "activities", _started, _same("activity", "channel", "initiated_by", "objective", "cost")
    ),
    "responses": TimelineKind(
        "activities",
        _ended("responded_at"),
        {"duration": (), **_same("activity", "channel", "result")},
        needs=("responded_at",),
        known_sql="greatest(recorded, responded_at)",
        event_sql="responded_at IS NOT NULL",
    ),
    "mentions": TimelineKind(
        "mentions", _mentions, {"negative": ("sentiment",), **_same("network", "sentiment", "reach")}
    ),
    "profile": TimelineKind("profile", _attributes, {}, has_attributes=True),
    "referred_by": TimelineKind("referred_by", _as_sorted, {}),
    "referrals_made": TimelineKind("referrals_made", _as_sorted, _same("referral")),
    "referrer_days": TimelineKind("referrer_days", _as_sorted, _same("day")),
    "referred_days": TimelineKind("referred_days", _as_sorted, _same("referral", "moment")),
}
"""Every timeline that a family can read."""


def holds_text(timeline: str, column: str) -> bool:
    """Whether a column of a timeline holds words rather than numbers."""
    if TIMELINES[timeline].has_attributes:
        return column.startswith("word ")
    contract = STORED[TIMELINES[timeline].table]
    return any(each.name == column and each.kind == "text" for each in contract.columns)


def holds_time(timeline: str, column: str) -> bool:
    """Whether a column of a timeline holds instants."""
    kind = TIMELINES[timeline]
    if kind.has_attributes:
        return column.startswith("date ")
    return any(each.name == column and each.kind == "time" for each in STORED[kind.table].columns)


def is_stored(timeline: str, column: str) -> bool:
    """Whether a column of a timeline stands in its table as it is, event by event, and is known with the event."""
    kind = TIMELINES[timeline]
    shown = column in kind.columns and column not in kind.ends
    return shown and timeline != "orders" and column in STORED[kind.table].column_names


def source_column(timeline: str, column: str) -> str:
    """The table's column that a timeline's column of words or numbers is."""
    return column.partition(" ")[2] if TIMELINES[timeline].has_attributes else column


def available_columns(
    kind: TimelineKind, present: Sequence[str], contract: TableContract
) -> tuple[str, ...] | None:
    """What a timeline can show when its table has the `present` columns; None where it cannot be made."""
    if kind.has_attributes:
        shown = [contract.column(name) for name in present]
        return tuple(f"{_HOLDS[each.kind]} {each.name}" for each in shown if each.is_attribute) or None
    if not set(kind.needs) <= set(present):
        return None
    return tuple(
        name for name, sources in kind.columns.items() if set(sources) - {"is_target"} <= set(present)
    )


def table_columns(kind: TimelineKind, names: Sequence[str], present: Sequence[str]) -> tuple[str, ...]:
    """The table's columns that a timeline needs to show the columns `names`, in contract order."""
    if kind.has_attributes:
        attributes = {name.partition(" ")[2] for name in names}
        return tuple(name for name in present if name in attributes)
    wanted = {*kind.needs, *kind.uses, *(source for name in names for source in kind.columns[name])}
    found = [name for name in STORED[kind.table].column_names if name in wanted and name in present]
    return (*found, "is_target") if "is_target" in wanted else tuple(found)
