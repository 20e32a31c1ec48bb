"""The engine: the same bytes in however many parts, in whatever order, at any instant, and again when scoring."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patron.features import partition
from patron.features.engine import (
    asked_pairs,
    build_anchored,
    build_snapshots,
    catalogue,
    feature_names,
    partitions,
    prepare,
    prepare_as_learned,
)
from patron.features.errors import ConfigurationError, DataError
from patron.features.facts import Range
from patron.features.families import FAMILIES
from patron.features.localtime import to_microseconds
from patron.features.population import PopulationHistory
from patron.features.question import Question
from patron.features.snapshots import parse_cutoffs

QUESTION = Question(population="all")
CUTOFFS = ("2020-03-01", "2020-07-01", "2020-12-31")


def moment(written: str) -> int:
    return to_microseconds(datetime.fromisoformat(written).replace(tzinfo=UTC))


def whole(made: Any, **options: Any) -> pa.Table:
    """All snapshots of a business with targets."""
    with made.store(QUESTION) as store:
        moments = parse_cutoffs(CUTOFFS, store.zone, store.observed_until)
        prepared = prepare(store, QUESTION, FAMILIES, moments)
        table, _ = build_snapshots(store, prepared, moments, targets=True, **{"memory": 1 << 30, **options})
    return table


@settings(max_examples=5)
@given(seed=st.integers(0, 10**9), most_rows=st.sampled_from([1, 15, 60]))
def test_one_part_or_many_give_the_same_bytes(
    random_evidence: Callable[..., Any], bytes_of: Callable[[pa.Table], Any], seed: int, most_rows: int
):
    made = random_evidence(seed, customers=12, rows=60).business()
    one, many = whole(made), whole(made, most_rows=most_rows)
    assert one.schema == many.schema
    assert bytes_of(one) == bytes_of(many)


@settings(max_examples=5)
@given(seed=st.integers(0, 10**9))
def test_rows_in_another_order_give_the_same_bytes(
    random_evidence: Callable[..., Any], bytes_of: Callable[[pa.Table], Any], seed: int
):
    evidence = random_evidence(seed, customers=8, rows=60)
    shuffled = {
        name: [rows[i] for i in evidence.rng.permutation(len(rows))] for name, rows in evidence.tables.items()
    }
    assert bytes_of(whole(evidence.business())) == bytes_of(whole(evidence.business(shuffled)))


def test_twice_the_same_gives_the_same_bytes(random_evidence: Any, bytes_of: Any):
    made = random_evidence(3, customers=30, rows=300).business()
    assert bytes_of(whole(made)) == bytes_of(whole(made))


def test_the_table_is_sorted_and_typed(random_evidence: Any):
    table = whole(random_evidence(5, customers=12, rows=80).business())
    assert table.column_names[:5] == ["customer", "customer_id", "cutoff", "stage", "population"]
    assert table.column_names[-1] == "target"
    order = list(
        zip(table["customer"].to_pylist(), table["cutoff"].cast(pa.int64()).to_pylist(), strict=True)
    )
    assert order == sorted(order)
    types = {str(table.schema.field(name).type) for name in feature_names(table)}
    assert types == {"float", "dictionary<values=string, indices=int32, ordered=0>"}
    channels = table["last_order_channel"].combine_chunks().dictionary.to_pylist()
    assert channels == sorted(channels)
    assert set(channels) == set(table["last_order_channel"].drop_null().cast(pa.string()).to_pylist())


def test_features_are_those_of_the_catalogue_in_its_order(random_evidence: Any):
    made = random_evidence(5).business()
    with made.store(QUESTION) as store:
        moments = parse_cutoffs(CUTOFFS, store.zone, store.observed_until)
        prepared = prepare(store, QUESTION, FAMILIES, moments)
        table, _ = build_snapshots(store, prepared, moments, memory=1 << 30)
        fields = catalogue(prepared.plan)
    assert feature_names(table) == [field.name for field in fields]
    words = [field.name for field in fields if field.kind == "category"]
    assert words == [
        "last_order_channel",
        "category_main",
        "category_last",
        "last_case_topic",
        "profile_region",
    ]


def test_progress_is_told(random_evidence: Any):
    heard = []
    whole(random_evidence(5).business(), most_rows=1, progress=lambda *told: heard.append(told))
    assert heard[0][:2] == ("building snapshots", 0)
    assert heard[-1] == ("building snapshots", heard[0][2], heard[0][2])


# Event-anchored snapshots


def test_an_anchored_snapshot_is_the_calendar_one_of_the_same_instant(random_evidence: Any, bytes_of: Any):
    with random_evidence(11, customers=8, rows=60).business().store(QUESTION) as store:
        moments = parse_cutoffs(CUTOFFS, store.zone, store.observed_until)
        prepared = prepare(store, QUESTION, FAMILIES, moments)
        calendar, _ = build_snapshots(store, prepared, moments, targets=True, memory=1 << 30)
        order = np.random.default_rng(1).permutation(calendar.num_rows)
        customer = np.asarray(calendar["customer"])[order]
        cutoff = np.asarray(calendar["cutoff"].cast(pa.int64()))[order]
        anchored = build_anchored(store, prepared, customer, cutoff, targets=True, memory=1 << 30)
        parts = build_anchored(store, prepared, customer, cutoff, targets=True, memory=1 << 30, most_rows=1)
    assert calendar.num_rows > 5
    assert bytes_of(anchored) == bytes_of(calendar) == bytes_of(parts)


def test_an_anchored_snapshot_knows_what_happened_earlier_on_its_day(business: Any):
    made = business(observed_from="2019-01-01").table("purchases", [(1, "2020-05-01 10:00", 5.0)])
    with made.store() as store:
        frame = pd.DataFrame(
            {"customer_id": [1, 1], "cutoff": pd.to_datetime(["2020-05-01 10:00", "2020-05-01 10:01"])}
        )
        codes, cutoffs = asked_pairs(store, frame)
        table = build_anchored(
            store, prepare(store, Question(), FAMILIES, cutoffs), codes, cutoffs, memory=1 << 30
        )
    assert table["orders_ever"].to_pylist() == [0, 1]
    assert table["stage"].to_pylist() == ["prospect", "new"]


def test_the_same_pair_may_be_asked_for_twice(business: Any):
    with business().table("purchases", [(1, "2020-05-01", 5.0)]).store() as store:
        cutoffs = np.full(2, moment("2020-06-01"))
        prepared = prepare(store, Question(), FAMILIES, cutoffs)
        table = build_anchored(store, prepared, np.zeros(2, np.int64), cutoffs, memory=1 << 30)
    assert table["orders_ever"].to_pylist() == [1, 1]


def test_no_pair_at_all_is_a_table_without_rows(business: Any):
    with business().table("purchases", [(1, "2020-05-01", 5.0)]).store() as store:
        none = np.zeros(0, np.int64)
        table = build_anchored(store, prepare(store, Question(), FAMILIES, none), none, none, memory=1 << 30)
    assert (table.num_rows, "orders_ever" in table.column_names) == (0, True)


def test_an_anchor_after_all_that_is_known_is_refused(business: Any):
    with business().table("purchases", [(1, "2020-05-01", 5.0)]).store() as store:
        late = np.array([store.observed_until + 1])
        prepared = prepare(store, Question(), FAMILIES, late)
        with pytest.raises(ConfigurationError, match="after observed_until"):
            build_anchored(store, prepared, np.zeros(1, np.int64), late)


PAIRS = pa.table({"customer_id": ["b", "a"], "cutoff": [datetime(2020, 7, 1), datetime(2020, 7, 2, 12, 30)]})


@pytest.fixture
def two(business: Any) -> Any:
    made = business(timezone="America/New_York").table(
        "purchases", [("a", "2020-05-01", 5.0), ("b", "2020-05-01", 5.0)]
    )
    with made.store() as store:
        yield store


@pytest.mark.parametrize(
    "frame",
    [
        PAIRS,
        PAIRS.to_pandas(),
        pl.from_arrow(PAIRS),
        PAIRS.set_column(1, "cutoff", PAIRS["cutoff"].cast(pa.timestamp("ns"))),
        PAIRS.set_column(1, "cutoff", pa.array(["2020-07-01", "2020-07-02T12:30:00"])),
        PAIRS.set_column(1, "cutoff", pa.array(["2020-07-01T04:00:00Z", "2020-07-02 12:30:00 -0400"])),
        PAIRS.set_column(
            1,
            "cutoff",
            pa.array(
                [datetime(2020, 7, 1, 4), datetime(2020, 7, 2, 16, 30)], pa.timestamp("us", "Asia/Tokyo")
            ),
        ),
    ],
    ids=["arrow", "pandas", "polars", "nanoseconds", "text", "text with zone", "zoned"],
)
def test_pairs_are_read_from_any_frame_and_naive_moments_are_local(two: Any, frame: Any):
    codes, cutoffs = asked_pairs(two, frame)
    assert codes.tolist() == [1, 0]
    assert cutoffs.tolist() == [moment("2020-07-01 04:00"), moment("2020-07-02 16:30")]


def test_pairs_may_name_uuids(business: Any):
    ids = [uuid.UUID(int=7), uuid.UUID(int=3)]
    bought = pd.DataFrame({"customer_id": ids, "purchased_at": "2020-01-01", "amount": 1.0})
    with business().frame("purchases", bought).store() as store:
        codes, _ = asked_pairs(store, pd.DataFrame({"customer_id": ids, "cutoff": "2020-02-01"}))
        assert codes.tolist() == [1, 0]
        assert store.codes(store.ids(Range(0, 2))).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("frame", "problem"),
    [
        (pa.table({"customer": ["a"], "cutoff": [datetime(2020, 7, 1)]}), "no column customer_id"),
        (pa.table({"customer_id": ["a"]}), "no column cutoff"),
        (pa.table({"customer_id": ["a"], "cutoff": [5]}), "does not hold times"),
        (
            pa.table({"customer_id": ["a", None], "cutoff": ["2020-07-01"] * 2}),
            "a customer and a moment each",
        ),
        (pa.table({"customer_id": ["a"], "cutoff": ["soon"]}), "a customer and a moment each"),
        (pa.table({"customer_id": ["a", "z"], "cutoff": ["2020-07-01"] * 2}), "not in the evidence"),
        (pa.table({"customer_id": [7], "cutoff": ["2020-07-01"]}), "another type"),
        ([("a", "2020-07-01")], "cannot be read"),
    ],
)
def test_pairs_that_make_no_sense_are_refused(two: Any, frame: Any, problem: str):
    with pytest.raises(DataError, match=problem):
        asked_pairs(two, frame)


# As learned


def contacted(made: Any, *channels: str) -> Any:
    sent = [(1, f"2020-01-{n + 1:02}", "call", channel) for n, channel in enumerate(channels)]
    made.table("purchases", [(1, "2020-01-01", 5.0), (2, "2020-01-01", 5.0)])
    return made.table("activities", sent, "customer_id occurred_at activity channel")


def test_scoring_computes_what_was_learned_with_the_values_learned_last(business: Any, bytes_of: Any):
    trained = contacted(business(observed_from="2019-01-01"), "web", "fax", "fax")
    with trained.store() as store:
        cutoffs = parse_cutoffs(["2020-02-01", "2020-03-01"], store.zone, store.observed_until)
        prepared = prepare(store, Question(), FAMILIES, cutoffs)
        names = [field.name for field in catalogue(prepared.plan)]
        last = PopulationHistory(prepared.population.values[-1:])
        expected, _ = build_snapshots(store, prepared, cutoffs[-1:], memory=1 << 30)
        again = prepare_as_learned(store, Question(), FAMILIES, last, names)
        found, _ = build_snapshots(store, again, cutoffs[-1:], memory=1 << 30)
    assert "contacts_channel_fax_30d" in names
    assert bytes_of(found) == bytes_of(expected)

    now = contacted(business(observed_from="2019-01-01"), "app", "app", "fax")
    with now.store() as store:
        again = prepare_as_learned(store, Question(), FAMILIES, last, names[::-1])
        found, _ = build_snapshots(store, again, cutoffs[-1:], memory=1 << 30)
    assert feature_names(found) == names[::-1]
    assert found["contacts_channel_fax_90d"].to_pylist() == [1, 0]


def test_a_model_that_needs_what_is_not_there_says_which_features(business: Any):
    with contacted(business(), "web").store() as store:
        moments = parse_cutoffs(["2020-03-01"], store.zone, store.observed_until)
        population = prepare(store, Question(), FAMILIES, moments).population
        with pytest.raises(DataError, match="cannot give all features") as error:
            prepare_as_learned(store, Question(), FAMILIES, population, ["orders_ever", "products_ever"])
    assert error.value.found == "1 of 2 missing: products_ever"


# Size


def test_a_customer_of_many_facts_is_built_apart_and_takes_seconds(business: Any, bytes_of: Any):
    rng = np.random.default_rng(7)
    n = 60_000
    table = pa.table(
        {
            "customer_id": np.where(np.arange(n) < 50_000, 5, np.arange(n) % 10),
            "purchased_at": pa.array(rng.integers(moment("2020-01-01"), moment("2020-12-01"), n)).cast(
                pa.timestamp("us")
            ),
            "amount": np.round(rng.normal(10, 8, n), 2),
            "order_id": pa.array(rng.integers(0, 20_000, n)).cast(pa.string()),
        }
    )
    made = business(observed_from="2019-01-01").frame("purchases", table)
    with made.store(QUESTION) as store:
        moments = parse_cutoffs(CUTOFFS, store.zone, store.observed_until)
        prepared = prepare(store, QUESTION, FAMILIES, moments)
        parts = partitions(store, prepared, moments, most_rows=5_000)
        sizes = [part.snapshots.num_rows + part.excluded.num_rows for _, part in parts]
    assert sizes == [12, 3, 3, 12]  # customers 0 to 3, 4, 5 alone, 6 to 9
    assert bytes_of(whole(made)) == bytes_of(whole(made, most_rows=5_000))


def test_blocks_come_in_the_order_of_customers_and_give_the_same_bytes(
    random_evidence: Callable[..., Any], bytes_of: Callable[[pa.Table], Any], monkeypatch: pytest.MonkeyPatch
):
    made = random_evidence(7, customers=12, rows=60).business()
    at_once = whole(made)
    monkeypatch.setattr(partition, "_BLOCK_SNAPSHOTS", 6)
    with made.store(QUESTION) as store:
        moments = parse_cutoffs(CUTOFFS, store.zone, store.observed_until)
        prepared = prepare(store, QUESTION, FAMILIES, moments)
        parts = [part for part, _ in partitions(store, prepared, moments)]
        customers = store.customers
    assert len(parts) > 3  # more than two threads take at once
    assert [part.low for part in parts] == [0, *(part.high for part in parts[:-1])]
    assert parts[-1].high == customers
    assert bytes_of(at_once) == bytes_of(whole(made))
