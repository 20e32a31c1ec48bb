"""Nothing known at or after a cutoff changes a feature of that cutoff by a single bit."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patron.features.engine import build_anchored, build_snapshots, prepare
from patron.features.expressions import Evidence
from patron.features.families import FAMILIES
from patron.features.family import Family, Feature
from patron.features.localtime import LocalTime, to_microseconds
from patron.features.question import Purchase, Question, SpendDrop
from patron.features.store import EvidenceStore


class Everything(Family):
    """Measures that the families which come with Patron do not use, and numbers of the whole population."""

    name = "everything"
    reads = ("lines", "orders", "contacts", "answers")

    def features(self, *evidence: Evidence) -> Iterator[Feature]:
        lines, orders, contacts, answers = evidence
        ever = lines.ever()
        for kind in ("mean", "spread", "minimum", "maximum", "median", "slope", "first", "last"):
            yield Feature(f"amount_{kind}", getattr(ever, kind)("amount"), "currency", "x")
            yield Feature(f"quantity_{kind}", getattr(lines.last(90), kind)("quantity"), "pieces", "x")
        yield Feature("quantity_decayed", ever.decayed(11, "quantity"), "pieces", "x")
        yield Feature("web", lines.where("channel", "web").last(200).sum("quantity"), "pieces", "x")
        for name, channel in contacts.among("channel"):
            yield Feature(f"cost_{name}", channel.ever().mean("cost"), "currency", "x")
        yield Feature("last_category", ever.category("category"), "category", "x")
        yield Feature("order_channels", orders.ever().distinct("channel"), "channels", "x")
        for statistic in ("maximum", "mean", "median"):
            usual = lines.population("amount", statistic)  # type: ignore[arg-type]
            yield Feature(f"above_{statistic}", ever.at_least("amount", usual), "lines", "x")
            yield Feature(f"score_{statistic}", answers.population("score", statistic), "points", "x")  # type: ignore[arg-type]
        yield Feature("streak", ever.streak("quantity", lines.population("quantity", "mean")), "lines", "x")


ASKED = (*FAMILIES, Everything)
QUESTIONS = (
    Question(population="all"),
    Question(population="all", target=Purchase(where="category = 'coffee'")),
    Question(population="all", target=SpendDrop()),
    Question(population="prospects"),
    Question(population="lapsed", lookback_days=30),
)


def known(name: str, row: dict[str, Any]) -> datetime | None:
    """When a row became known; None where it says nothing."""
    if name == "identities":
        return row["linked_at"]
    dates = {
        "purchases": ("purchased_at",),
        "satisfaction": ("asked_at", "answered_at"),
        "cases": ("opened_at",),
        "mentions": ("mentioned_at",),
        "referrals": ("referred_at",),
        "profile": ("valid_from",),
    }
    happened = [row[date] for date in dates.get(name, ("occurred_at",)) if row[date] is not None]
    if not happened:
        return None
    return happened[0] if row["recorded_at"] is None else max(happened[0], row["recorded_at"])


def with_another_future(evidence: Any, cutoff: datetime) -> dict[str, list[dict[str, Any]]]:
    """The tables with all that became known at or after the cutoff deleted, kept, changed, and more of it."""
    found = {}
    for name, rows in evidence.tables.items():
        kept = []
        for row in rows:
            when = known(name, row)
            if when is None or when < cutoff:
                kept.append(with_another_end(evidence, name, row, cutoff))
            elif evidence.rng.random() < 0.3:
                kept.append(row)
        added = [evidence.row(name, cutoff, ("fax", "phone", "beer")) for _ in range(8)]
        if name != "identities":
            at_the_instant = {**evidence.row(name, cutoff), "recorded_at": cutoff}
            stranger = {**evidence.row(name, cutoff), "customer_id": 99}
            added += [at_the_instant, stranger, {**stranger, "recorded_at": cutoff, "customer_id": -7}]
        found[name] = [*kept, *added]
        evidence.rng.shuffle(found[name])
    return found


def with_another_end(evidence: Any, name: str, row: dict[str, Any], cutoff: datetime) -> dict[str, Any]:
    """A row known before the cutoff whose answer, closing or response, known later or never, may be another."""
    end = {"satisfaction": "answered_at", "cases": "closed_at", "activities": "responded_at"}.get(name)
    if end is None or (row[end] is not None and row[end] < cutoff) or evidence.rng.random() < 0.5:
        return row
    known_then = {
        "satisfaction": {"score": float(evidence.rng.integers(0, 11))},
        "cases": {"reopened": bool(evidence.rng.integers(0, 2))},
        "activities": {"result": evidence.one_of("redeemed", "fax", None)},
    }
    return {**row, end: evidence.moment(cutoff), **known_then.get(name, {})}


def at_cutoff(store: EvidenceStore, question: Question, moments: list[int]) -> pa.Table:
    """The snapshots of the first of several cutoffs, without codes (they count customers of any time)."""
    cutoffs = np.array(moments, np.int64)
    prepared = prepare(store, question, ASKED, cutoffs)
    table, _ = build_snapshots(store, prepared, cutoffs, memory=1 << 30)
    first = pa.scalar(moments[0], pa.int64())
    return table.filter(pc.equal(table["cutoff"].cast(pa.int64()), first)).drop_columns(["customer"])


@settings(max_examples=15)
@given(
    seed=st.integers(0, 10**9),
    day=st.integers(60, 330),
    which=st.sampled_from(QUESTIONS),
    zone=st.sampled_from(["UTC", "America/New_York", "Pacific/Apia"]),
)
def test_another_future_leaves_every_bit(
    random_evidence: Callable[..., Any],
    bytes_of: Callable[[pa.Table], dict[str, bytes]],
    seed: int,
    day: int,
    which: Question,
    zone: str,
):
    evidence = random_evidence(seed)
    moment = datetime.strptime(f"2020 {day}", "%Y %j")  # noqa: DTZ007
    cutoff = LocalTime(zone).instant(moment)
    other = with_another_future(evidence, moment)

    with evidence.business(timezone=zone).store(which) as store:
        expected = at_cutoff(store, which, [cutoff])
        later = at_cutoff(store, which, [cutoff, cutoff + 20 * 86_400_000_000])
    with evidence.business(other, timezone=zone).store(which) as store:
        found = at_cutoff(store, which, [cutoff])

    assert found.num_rows == expected.num_rows
    assert bytes_of(found) == bytes_of(expected)
    shared = [name for name in expected.column_names if name in later.column_names]
    assert bytes_of(later.select(shared)) == bytes_of(expected.select(shared))


@settings(max_examples=8)
@given(seed=st.integers(0, 10**9), minutes=st.integers(60 * 1440, 330 * 1440))
def test_another_future_leaves_every_bit_of_an_anchored_snapshot(
    random_evidence: Callable[..., Any],
    bytes_of: Callable[[pa.Table], dict[str, bytes]],
    seed: int,
    minutes: int,
):
    evidence = random_evidence(seed)
    minutes -= minutes % 360
    cutoff = to_microseconds(datetime(2020, 1, 1, tzinfo=UTC)) + minutes * 60_000_000
    moment = datetime(2020, 1, 1) + timedelta(minutes=minutes)
    other = with_another_future(evidence, moment)
    question = Question()

    tables = []
    for business in (evidence.business(), evidence.business(other)):
        with business.store() as store:
            anchors = np.array([cutoff], np.int64)
            prepared = prepare(store, question, ASKED, anchors)
            code = store.codes(pa.array([1]))
            tables.append(
                build_anchored(store, prepared, code, anchors, memory=1 << 30).drop_columns(["customer"])
            )

    assert bytes_of(tables[1]) == bytes_of(tables[0])


@pytest.mark.parametrize("column", ["amount_last", "last_category", "quantity_decayed"])
def test_a_correction_after_the_cutoff_does_not_reorder_what_was_known_before_it(
    business: Callable[..., Any], column: str
):
    bought = ("2020-01-01", "2020-01-01")
    known_before = [(1, *bought, 5.0, 3.0, "tea", "l1"), (1, *bought, 5.0, 0.1, "coffee", "l2")]
    correction = [(1, "2020-01-01", "2020-06-01", 1.0, 1.0, "beer", "l1")]
    columns = "customer_id purchased_at recorded_at amount quantity category product_id"

    def value(rows: list[tuple[Any, ...]]) -> Any:
        made = business(observed_from="2019-01-01").table("purchases", rows, columns, key=("product_id",))
        made.table("activities", [(1, "2020-01-01", "call")])
        made.table("satisfaction", [(1, "2020-01-01", 5.0, "2020-01-01")])
        families = (*FAMILIES, _Ordered)
        return made.snapshots("2020-03-01", families=families)[column].item()

    assert value(known_before + correction) == value(known_before)


class _Ordered(Everything):
    def features(self, *evidence: Evidence) -> Iterator[Feature]:
        return (
            feature
            for feature in super().features(*evidence)
            if feature.name in ("amount_last", "last_category", "quantity_decayed")
        )
