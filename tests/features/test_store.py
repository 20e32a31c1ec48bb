"""The store: whose facts are whose, what supersedes what, and in which parts they are handed out."""

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patron.features import facts
from patron.features import store as store_module
from patron.features.errors import DataError
from patron.features.facts import Range
from patron.features.localtime import FOREVER, to_microseconds
from patron.features.question import Purchase, Question
from patron.features.rows import Rows
from patron.features.store import EvidenceStore
from patron.features.tables import ColumnSource

LINES = "customer_id purchased_at amount order_id"


def purchases_of(ids: list[Any]) -> pa.Table:
    return pa.table(
        {"customer_id": ids, "purchased_at": ["2020-01-01"] * len(ids), "amount": [1.0] * len(ids)}
    )


def ids_of(store: EvidenceStore) -> pa.Array:
    return store.ids(Range(0, store.customers))


def day(written: str) -> int:
    return to_microseconds(datetime.fromisoformat(written).replace(tzinfo=UTC))


# Ids


@pytest.mark.parametrize(
    "ids",
    [
        [3, -1, 2**62],
        ["b", "a", "007", "7"],
        [date(2020, 1, 2), date(1969, 1, 1)],
        [
            "e\u0301",
            "\u00e9",
            "\U0001f469\u200d\U0001f4bb",
            "שלום",
            "it's",
            '"quoted"',
            " x",
            "x",
            "x" * 5_000,
            "\U00020000",
        ],
    ],
)
def test_ids_come_back_in_their_own_type_and_distinct_ones_stay_distinct(business: Any, ids: list[Any]):
    with business().frame("purchases", purchases_of(ids)).store() as store:
        assert sorted(ids_of(store).to_pylist()) == sorted(ids)
        assert store.codes(pa.array(ids)).tolist() == [sorted(ids, key=_bytes).index(one) for one in ids]


def _bytes(one: Any) -> Any:
    return one.encode() if isinstance(one, str) else one


@settings(max_examples=30)
@given(
    st.lists(
        st.text(min_size=1).filter(lambda text: text.strip(" ") != ""), min_size=1, max_size=8, unique=True
    )
)
def test_any_text_can_name_a_customer(business: Callable[..., Any], ids: list[str]):
    ids = [text for text in ids if _is_encodable(text)] or ["x"]
    with business().frame("purchases", purchases_of(ids)).store() as store:
        assert set(ids_of(store).to_pylist()) == set(ids)


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def test_uuids_come_back_as_uuids(business: Any):
    ids = [str(uuid.UUID(int=n)) for n in (7, 3)]
    made = business().frame(
        "purchases", purchases_of(ids), columns={"customer_id": ColumnSource(sql="CAST(customer_id AS UUID)")}
    )
    with made.store() as store:
        assert store.id_type.family == "UUID"
        assert [str(one) for one in ids_of(store).to_pylist()] == sorted(ids)


@pytest.mark.parametrize(
    ("ids", "found"), [([1.0, 2.0], "DOUBLE"), ([True, False], "BOOLEAN"), ([b"x", b"y"], "BLOB")]
)
def test_ids_that_are_floats_or_worse_are_refused_with_the_cure(business: Any, ids: list[Any], found: str):
    frame = purchases_of(ids).rename_columns(["household", "purchased_at", "amount"])
    with pytest.raises(DataError, match="cannot name a customer") as error:
        business().frame("purchases", frame, columns={"customer_id": "household"}).store()
    assert error.value.found == found
    assert 'TRY_CAST("household" AS BIGINT)' in str(error.value.remedy)


def test_the_cure_for_floats_works_where_some_ids_are_missing(business: Any):
    source = ColumnSource(sql='TRY_CAST("customer_id" AS BIGINT)')
    made = business().frame("purchases", purchases_of([1.0, float("nan")]), columns={"customer_id": source})
    with made.store() as store:
        assert store.accounts["purchases"].quarantined == {"no customer_id": 1}


def test_integers_in_one_table_and_text_in_another_are_refused(business: Any):
    made = (
        business().frame("purchases", purchases_of([7])).table("activities", [("007", "2020-01-01", "call")])
    )
    with pytest.raises(DataError, match="Ids are of different types") as error:
        made.store()
    assert (error.value.where, error.value.found) == (
        "purchases.customer_id and activities.customer_id",
        "integer and text",
    )


def test_codes_are_only_given_for_ids_of_the_same_type(business: Any):
    with business().frame("purchases", purchases_of(["007", "7"])).store() as store:
        with pytest.raises(DataError, match="another type"):
            store.codes(pa.array([7]))
        assert store.codes(pa.array(["7", "8", "007"])).tolist() == [1, -1, 0]
        assert store.codes(pa.array(["7", "8"]).dictionary_encode()).tolist() == [1, -1]


def test_a_table_whose_customers_never_bought_is_refused(business: Any):
    made = business().frame("purchases", purchases_of([1])).table("activities", [(2, "2020-01-01", "call")])
    with pytest.raises(DataError, match="No customer of the table activities has ever bought") as error:
        made.store()
    assert error.value.found == "for example '1' in purchases and '2' in activities"


def test_a_table_about_those_whom_buyers_turned_out_to_be_is_no_stranger(business: Any):
    made = business().frame("purchases", purchases_of([1])).table("activities", [(2, "2020-01-01", "call")])
    with made.table("identities", [(1, 2, "2020-02-01")]).store() as store:
        assert store.customers == 2


# Aliases


def held_by(store: EvidenceStore, moment: str) -> dict[int, list[float]]:
    """The amounts that each id's facts have at a moment."""
    rows = store.connection.execute(
        "SELECT id, list(amount / 10000 ORDER BY amount) FROM purchases JOIN customers USING (customer)"
        f" WHERE recorded < {day(moment)} AND {day(moment)} <= until GROUP BY id"
    ).fetchall()
    return dict(rows)


BOUGHT = [(1, "2020-01-01", 1.0), (2, "2020-01-02", 2.0), (3, "2020-01-03", 3.0)]


@pytest.mark.parametrize(
    ("links", "moment", "expected"),
    [
        ([(1, 2, "2020-02-01")], "2020-02-01", {1: [1.0], 2: [2.0], 3: [3.0]}),  # not before the instant
        ([(1, 2, "2020-02-01")], "2020-02-02", {2: [1.0, 2.0], 3: [3.0]}),
        ([(1, 2, "2020-02-01"), (2, 3, "2020-03-01")], "2020-02-15", {2: [1.0, 2.0], 3: [3.0]}),
        ([(1, 2, "2020-02-01"), (2, 3, "2020-03-01")], "2020-03-15", {3: [1.0, 2.0, 3.0]}),
        ([(1, 2, "2020-03-01"), (2, 3, "2020-02-01")], "2020-02-15", {1: [1.0], 3: [2.0, 3.0]}),
        ([(1, 2, "2020-03-01"), (2, 3, "2020-02-01")], "2020-03-15", {3: [1.0, 2.0, 3.0]}),
        ([(1, 2, "2020-02-01"), (2, 1, "2020-03-01")], "2020-03-15", {2: [1.0, 2.0], 3: [3.0]}),  # a circle
        (
            [(1, 2, "2020-02-01"), (1, 3, "2020-03-01")],
            "2020-03-15",
            {2: [1.0, 2.0], 3: [3.0]},
        ),  # the first counts
        ([(1, 1, "2020-02-01")], "2020-03-15", {1: [1.0], 2: [2.0], 3: [3.0]}),
        (
            [(1, 8, "2020-02-01"), (8, 3, "2020-02-05")],
            "2020-03-15",
            {2: [2.0], 3: [1.0, 3.0]},
        ),  # 8 never bought
        ([(9, 1, "2020-02-01")], "2020-03-15", {1: [1.0], 2: [2.0], 3: [3.0]}),  # nothing is known of 9
    ],
)
def test_an_alias_hands_on_its_history_when_it_is_linked(
    business: Any, links: list[tuple[Any, ...]], moment: str, expected: dict[int, list[float]]
):
    with business().table("purchases", BOUGHT).table("identities", links).store() as store:
        assert held_by(store, moment) == expected


def test_orders_of_an_alias_and_its_customer_are_one_after_the_link(business: Any):
    rows = [(1, "2020-01-01", 1.0, "a"), (2, "2020-01-01", 2.0, "a")]
    made = business().table("purchases", rows, LINES).table("identities", [(1, 2, "2020-02-01")])
    found = made.snapshots("2020-01-15", "2020-03-01")["orders_ever"]
    assert found.to_dict() == {
        (1, np.datetime64("2020-01-15")): 1.0,
        (2, np.datetime64("2020-01-15")): 1.0,
        (2, np.datetime64("2020-03-01")): 1.0,
    }


# Corrections


def test_a_correction_supersedes_from_when_it_was_recorded(business: Any):
    columns = "customer_id purchased_at amount order_id recorded_at"
    rows = [
        (1, "2020-01-01", 10.0, "a", None),
        (1, "2020-01-01", 15.0, "a", "2020-03-01"),
        (1, "2020-01-01", 12.0, "a", "2020-02-01"),
        (1, "2020-01-01", 99.0, None, "2020-02-01"),
    ]
    with business().table("purchases", rows, columns, key=("order_id",)).store() as store:
        assert [held_by(store, moment)[1] for moment in ("2020-01-02", "2020-02-02", "2020-03-02")] == [
            [10.0],
            [12.0, 99.0],
            [15.0, 99.0],
        ]


def test_a_correction_may_move_a_line_to_another_customer(business: Any):
    columns = "customer_id purchased_at amount order_id recorded_at"
    rows = [(1, "2020-01-01", 10.0, "a", None), (2, "2020-01-01", 10.0, "a", "2020-03-01")]
    with business().table("purchases", rows, columns, key=("order_id",)).store() as store:
        assert [held_by(store, moment) for moment in ("2020-02-01", "2020-03-02")] == [
            {1: [10.0]},
            {2: [10.0]},
        ]


# What the user is told


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(1, "2020-01-01", 1.0, "a")], 0),
        ([(1, "2020-01-01", 1.0, "a")] * 3, 2),
        ([(1, "2020-01-01", 1.0, "a"), (1, "2020-01-01", 1.0, "b"), (2, "2020-01-01", 1.0, "a")], 0),
        ([(1, "2020-01-01", 1.0, None)] * 2 + [(2, "2020-01-01", 1.0, None)] * 2, 2),
    ],
)
def test_duplicates_are_rows_that_say_the_same_again(
    business: Any, rows: list[tuple[Any, ...]], expected: int
):
    with business().table("purchases", rows, LINES).store() as store:
        assert store.duplicates("purchases") == expected


def test_duplicates_of_an_alias_count_once(business: Any):
    made = business().table("purchases", [*BOUGHT, BOUGHT[0]]).table("identities", [(1, 2, "2020-02-01")])
    with made.store() as store:
        assert store.duplicates("purchases") == 1


def test_repeats_of_a_key_are_quarantined_and_no_duplicates(business: Any):
    columns = "customer_id purchased_at amount order_id recorded_at"
    rows = [(1, "2020-01-01", 1.0, "a", "2020-01-01")] * 3
    with business().table("purchases", rows, columns, key=("order_id",)).store() as store:
        assert store.duplicates("purchases") == 0
        assert store.accounts["purchases"].quarantined == {"repeats a key and its recorded_at": 2}


def test_an_order_id_of_two_customers_is_counted_and_is_two_orders(business: Any):
    rows = [
        (1, "2020-01-01", 1.0, "a"),
        (2, "2020-01-01", 2.0, "a"),
        (2, "2020-01-01", 2.0, "b"),
        (3, "2020-01-01", 2.0, None),
    ]
    made = business().table("purchases", rows, LINES)
    with made.store() as store:
        assert store.shared_orders() == 1
    assert made.snapshots("2020-02-01")["orders_ever"].tolist() == [1.0, 2.0, 1.0]


def test_without_order_ids_none_is_shared(business: Any):
    with business().table("purchases", BOUGHT).store() as store:
        assert store.shared_orders() == 0


def test_rows_in_another_order_have_the_same_digest_and_others_another(business: Any):
    def digest(rows: list[tuple[Any, ...]]) -> str:
        with business().table("purchases", rows).store() as store:
            return store.digest()["purchases"]

    assert digest(BOUGHT) == digest(BOUGHT[::-1])
    assert digest(BOUGHT) != digest([*BOUGHT[:2], (3, "2020-01-03", 3.01)])


# Parts


def test_ranges_hold_all_customers_and_isolate_a_huge_one(business: Any):
    rows = [
        (customer, "2020-01-01", 1.0) for customer in range(10) for _ in range(100 if customer == 4 else 1)
    ]
    with business().table("purchases", rows).store() as store:
        assert store.ranges(["purchases"], 5, 0) == [Range(0, 4), Range(4, 5), Range(5, 10)]
        assert store.ranges(["purchases"], 5, np.where(np.arange(10) == 7, 9, 0)) == [
            Range(0, 4), Range(4, 5), Range(5, 7), Range(7, 8), Range(8, 10),
        ]  # fmt: skip


def test_steady_ranges_are_the_same_with_any_memory_which_only_decides_their_pieces(business: Any):
    rows = [
        (customer, "2020-01-01", 1.0) for customer in range(10) for _ in range(100 if customer == 4 else 1)
    ]
    with business().table("purchases", rows).store() as store:
        plenty = store.steady_ranges(["purchases"], 5, 10**6, 0)
        assert plenty == [(Range(0, 4),), (Range(4, 5),), (Range(5, 10),)]
        scarce = store.steady_ranges(["purchases"], 5, 2, 0)
        assert scarce == [
            (Range(0, 2), Range(2, 4)),
            (Range(4, 5),),
            (Range(5, 7), Range(7, 9), Range(9, 10)),
        ]
        both = store.steady_ranges(["purchases"], 5, 4, 0, at_once=2)
        assert both == scarce
        assert store.steady_ranges(["purchases"], 10**6, 10**6, 1) == [(Range(0, 10),)]
        many = store.steady_ranges(["purchases"], 10**6, 50, 1)
        assert [(part[0].low, part[-1].high) for part in many] == [(0, 10)]


def test_who_is_known_from_when(business: Any):
    columns = "customer_id purchased_at amount recorded_at"
    made = business().table(
        "purchases", [(1, "2020-01-05", 1.0, "2020-02-01"), (2, "2020-01-05", 1.0, None)], columns
    )
    made.table("activities", [(3, "2020-01-02", "call"), (2, "2020-01-03", "call")])
    made.table("profile", [(1,), (4,)]).table("referrals", [(1, 5, "2020-03-01")])
    with made.store() as store:
        assert dict(zip(ids_of(store).to_pylist(), store.known_from(Range(0, 5)).tolist(), strict=True)) == {
            1: day("2020-02-01"),
            2: day("2020-01-03"),
            3: day("2020-01-02"),
            4: day("2021-01-01") - 1,  # an undated profile says nothing of earlier days
            5: day("2020-03-01"),
        }
        assert store.known_until(Range(0, 5)).tolist() == [FOREVER] * 5


# The target's condition


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("amount > 4.99", [False, True]),
        ("category = 'COFFEE'", [True, False]),
        ("purchased_at >= '2020-01-02' AND discount = 0.5", [False, True]),
        ("category IS NULL OR NULL", [False, True]),
    ],
)
def test_the_targets_condition_sees_money_in_currency_and_times(
    business: Any, where: str, expected: list[bool]
):
    columns = "customer_id purchased_at amount discount category"
    rows = [(1, "2020-01-01", 4.99, 0.0, "COFFEE"), (1, "2020-01-02", 5.0, 0.5, None)]
    with business().table("purchases", rows, columns).store(Question(target=Purchase(where=where))) as store:
        kept = store.connection.execute(
            "SELECT is_target, amount, purchased_at = happened FROM purchases"
        ).fetchall()
    assert kept == [(expected[0], 49_900, True), (expected[1], 50_000, True)]


@pytest.mark.parametrize("where", ["amount >", "brand = 'x'", "amount = 'x'"])
def test_a_condition_of_the_target_that_cannot_be_evaluated_is_an_error(business: Any, where: str):
    with pytest.raises(DataError, match="The condition of the target cannot be evaluated") as error:
        business().table("purchases", BOUGHT).store(Question(target=Purchase(where=where)))
    assert error.value.where == "[question.target] where"
    assert error.value.remedy == "use the columns customer_id, purchased_at, amount"


# What is read at once, and what is laid out for it


def rows_of(store: EvidenceStore, parts: list[Range]) -> dict[str, bytes]:
    """The sorted rows of all parts together, as bytes."""
    names = ("amount", "order_id", "is_target")
    found: dict[str, bytes] = {}
    for part in parts:
        table = store.tables(part, {"purchases": names})["purchases"]
        rows = Rows.of(table, part.low, part.high - part.low)
        arrays = {"customer": rows.customer + part.low, "happened": rows.happened, "until": rows.until}
        arrays |= {name: rows.columns[name] for name in ("amount", "is_target", "order_id")}
        for name, values in arrays.items():
            found[name] = found.get(name, b"") + values.tobytes()
    return found


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("row_bytes", [256, 1 << 40], ids=["copied when read", "read whenever asked"])
def test_parts_held_parts_on_disk_and_one_part_hold_the_same_rows(
    business: Any, monkeypatch: pytest.MonkeyPatch, linked: bool, row_bytes: int
):
    monkeypatch.setattr(store_module, "_READ_BYTES", row_bytes)
    monkeypatch.setattr(facts, "_FILE_ROWS", 50)
    random = np.random.default_rng(5)
    rows = [
        (int(customer), f"2020-01-{day:02}", float(amount), order)
        for customer, day, amount, order in zip(
            random.integers(0, 30, 300),
            random.integers(1, 29, 300),
            random.integers(1, 9, 300),
            random.choice(np.array(["a", "b", "c", None], object), 300),
            strict=True,
        )
    ]
    made = business().table("purchases", rows, LINES)
    if linked:
        made.table("identities", [(3, 4, "2020-01-10")])
    with made.store() as store:
        one = store.ranges(["purchases"], 10_000, 1)
        whole = rows_of(store, one)
        held = store.ranges(["purchases"], 400, 100)
        assert len(one) == 1 < len(held)
        assert rows_of(store, held) == whole
        for most in (100, 7):
            on_disk = store.ranges(["purchases"], most, 0)
            assert len(on_disk) >= min(300 / most, 30)
            assert rows_of(store, on_disk) == whole
        assert store.rows("purchases") == len(whole["until"]) // 8
        assert store.digest()["purchases"].startswith(f"{store.rows('purchases')}-")
