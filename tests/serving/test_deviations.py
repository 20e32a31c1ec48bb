"""What is not as in training is told by its size, and stops a run where it is much, unless it is let pass."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import patron
from patron.features.catalogue import FeatureField
from patron.features.localtime import to_microseconds
from patron.features.question import Question
from patron.models.contract import Contract, InputReference, Reference, TrainingWindow
from patron.serving.deviations import (
    KINDS,
    BrokenContractError,
    Deviation,
    changed_inputs,
    checked_names,
    fewer_customers,
    judged,
    stale_tables,
)

Score = Callable[..., SimpleNamespace]
TWENTY = np.linspace(0, 1, 21)
CUTOFFS = [
    {"cutoff": "2025-01-01T00:00:00+00:00", "customers": 1_000, "asked": 400},
    {"cutoff": "2025-02-01T00:00:00+00:00", "customers": 1_200, "asked": 500},
]


def instant(day: str) -> int:
    return to_microseconds(datetime.fromisoformat(day).replace(tzinfo=UTC))


def number(name: str, unit: str = "currency", family: str = "spend") -> FeatureField:
    return FeatureField(name, unit, "", family)


FIELDS = (
    number("spend_30d"),
    number("spend_90d"),
    number("spend_ever"),
    number("days_to_feast", "days", "calendar"),
    FeatureField("channel", "", "", "spend", "category", ("app", "shop")),
)
USUAL = tuple((10 + 90 * TWENTY).tolist())


def contract() -> Contract:
    """Spend from 10 to 100, a feast within 90 days, and a channel that a tenth does not have."""
    inputs = {name: InputReference(0.0, USUAL) for name in ("spend_30d", "spend_90d", "spend_ever")}
    inputs["days_to_feast"] = InputReference(0.0, tuple((90 * TWENTY).tolist()))
    inputs["channel"] = InputReference(0.1, shares={"app": 0.5, "shop": 0.5})
    return Contract(
        question=Question().to_dict(),
        timezone="UTC",
        tables={},
        features=FIELDS,
        reference=Reference((0.1, 0.9), inputs),
        window=TrainingWindow("2025-01-01T00:00:00+00:00", "2025-02-01T00:00:00+00:00", "2025-03-01"),
        usual={"ages": {"purchases": 1.0, "cases": 14.0}, "cutoffs": CUTOFFS},
    )


def snapshots(rows: int = 200, **columns: Any) -> pa.Table:
    """Customers as in training, but for the columns that are given."""
    usual = np.interp(np.linspace(0, 1, rows), TWENTY, USUAL).astype(np.float32)
    plain = dict.fromkeys(("spend_30d", "spend_90d", "spend_ever"), usual)
    channel = ["app" if place % 2 else "shop" for place in range(rows)]
    plain |= {"days_to_feast": np.full(rows, 30, np.float32), "channel": channel}
    return pa.table({**plain, **columns})


def found(table: pa.Table, cutoff: str = "2025-04-01") -> list[tuple[str, float, bool]]:
    return [
        (each.name, each.size, each.refused) for each in changed_inputs(contract(), instant(cutoff), table)
    ]


def test_customers_as_in_training_do_not_deviate() -> None:
    assert found(snapshots()) == []
    assert found(snapshots(0)) == []


@pytest.mark.parametrize(("times", "size"), [(100, 100), (0.01, 0.01), (1000, 1000)])
def test_amounts_on_another_scale_stop_a_run(times: float, size: float) -> None:
    table = snapshots()
    money = {
        name: pc.multiply(table[name], pa.scalar(times, pa.float32())) for name in table.column_names[:3]
    }
    first, *others = found(snapshots(**money))
    assert first == ("shifted:spend", pytest.approx(size, rel=1e-3), True)
    assert [(name, refused) for name, _, refused in others] == [
        ("shifted:spend_30d", False), ("shifted:spend_90d", False), ("shifted:spend_ever", False),
    ]  # fmt: skip


def test_one_number_of_many_that_grows_is_told_and_stops_nothing() -> None:
    table = snapshots()
    grown = pc.multiply(table["spend_30d"], pa.scalar(20, pa.float32()))
    assert found(snapshots(spend_30d=grown)) == [("shifted:spend_30d", pytest.approx(20, rel=1e-3), False)]


@pytest.mark.parametrize("times", [0.5, 1.0, 2.0, 2.9])
def test_what_seasons_do_is_no_other_scale(times: float) -> None:
    table = snapshots()
    money = {
        name: pc.multiply(table[name], pa.scalar(times, pa.float32())) for name in table.column_names[:3]
    }
    assert found(snapshots(**money)) == []


def test_what_a_calendar_says_of_all_customers_has_no_scale() -> None:
    assert found(snapshots(days_to_feast=np.full(200, 3_000, np.float32))) == []


@pytest.mark.parametrize(
    ("missing", "cutoff", "expected"),
    [
        (0.15, "2025-04-01", []),
        (0.3, "2025-04-01", [("emptied:spend_30d", 0.3, False)]),
        (0.6, "2025-04-01", [("emptied:spend_30d", 0.6, True)]),
        (1.0, "2025-01-15", [("emptied:spend_30d", 1.0, False)]),  # as in training, where windows were short
        (1.0, "2024-12-31", [("emptied:spend_30d", 1.0, True)]),
    ],
)
def test_a_feature_that_is_missing_for_many_more_is_told(
    missing: float, cutoff: str, expected: list[Any]
) -> None:
    values = np.asarray(snapshots()["spend_30d"]).copy()
    values[np.arange(200) % 20 < round(20 * missing)] = np.nan
    assert found(snapshots(spend_30d=values), cutoff) == expected


@pytest.mark.parametrize(("share", "refused"), [(0.005, False), (0.2, False), (0.25, True)])
def test_a_new_category_is_told_by_its_share(share: float, refused: bool) -> None:
    channel = ["fax" if place < 200 * share else "app" for place in range(200)]
    (each,) = changed_inputs(contract(), instant("2025-04-01"), snapshots(channel=channel))
    assert (each.name, each.size, each.refused) == ("unseen:channel", share, refused)
    assert each.said == f"{share:.1%} have a channel that training never saw, such as 'fax'"


def test_a_handful_of_customers_stops_nothing() -> None:
    table = snapshots(49, channel=["fax"] * 49, spend_30d=np.full(49, np.nan, np.float32))
    assert found(table) == [("unseen:channel", 1.0, False)]


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        ({"purchases": 1.0, "cases": 14.0, "visits": 99.0}, []),
        ({"purchases": 1.9}, [("stale:purchases", 1.9, False)]),
        ({"purchases": 2.1}, [("stale:purchases", 2.1, True)]),
        ({"cases": 20.9}, [("stale:cases", 20.9, False)]),
        ({"cases": 21.1}, [("stale:cases", 21.1, True)]),
    ],
)
def test_a_table_is_stale_by_what_was_usual_of_it(ages: dict[str, float], expected: list[Any]) -> None:
    assert [(each.name, each.size, each.refused) for each in stale_tables(contract(), ages)] == expected


@pytest.mark.parametrize(
    ("of", "cutoff", "count", "expected"),
    [
        ("customers", "2025-03-01", 960, []),
        ("customers", "2025-03-01", 959, [(0.7992, False)]),
        ("customers", "2025-03-01", 599, [(0.4992, True)]),
        ("customers", "2025-01-15", 900, []),  # of 1,000 that were known then
        ("customers", "2024-12-01", 3, []),  # before training nobody knows
        ("asked", "2025-03-01", 319, [(0.7975, False)]),  # of 400, the fewest
        ("asked", "2025-03-01", 199, [(0.4975, True)]),
    ],
)
def test_fewer_customers_than_training_knew_are_told(
    of: str, cutoff: str, count: int, expected: list[Any]
) -> None:
    deviations = list(fewer_customers(contract(), instant(cutoff), of, count))
    assert [(each.size, each.refused) for each in deviations] == expected
    assert {each.name for each in deviations} <= {f"fewer:{of}"}


STALE = Deviation("stale", "cases", 30.0, "cases are 30 days old", True)
NEW = Deviation("unseen", "channel", 0.01, "1% fax", False)


@pytest.mark.parametrize("allow", [("stale",), ("stale:cases",), ("fewer", "stale:cases")])
def test_what_is_allowed_passes_and_is_marked(allow: tuple[str, ...]) -> None:
    assert [(each.refused, each.allowed) for each in judged([STALE, NEW], allow)] == [
        (False, True),
        (False, False),
    ]


@pytest.mark.parametrize("allow", [(), ("unseen",), ("stale:purchases",)])
def test_what_is_not_allowed_stops_the_run_and_is_named_with_the_cure(allow: tuple[str, ...]) -> None:
    with pytest.raises(BrokenContractError, match="not what the model was trained on") as caught:
        judged([STALE, NEW], allow)
    assert caught.value.exit_code == 2
    assert (caught.value.where, caught.value.found) == ("stale:cases", "cases are 30 days old")
    assert str(caught.value.remedy).endswith("--allow stale")
    assert [each.name for each in caught.value.deviations] == ["stale:cases", "unseen:channel"]


def test_a_name_to_allow_must_be_known() -> None:
    assert checked_names(["stale", "shifted:spend", "stale"]) == ("stale", "shifted:spend")
    with pytest.raises(patron.ConfigurationError, match="no such deviation") as caught:
        checked_names(["stail"])
    assert all(kind in str(caught.value.remedy) for kind in KINDS)


# On the shop


def purchases(shop: Any, **columns: Any) -> dict[str, pa.Table]:
    table = shop.tables["purchases"]
    for name, values in columns.items():
        table = table.set_column(table.column_names.index(name), name, values)
    return {"purchases": table}


def test_the_shop_as_it_was_trained_on_is_scored_without_being_let_pass(score: Score) -> None:
    assert [(each["kind"], each["allowed"]) for each in score().result.deviations] == [("shifted", False)]


def test_cents_instead_of_dollars_are_refused_before_anything_is_computed(
    score: Score, shop: Any, tmp_path: Any
) -> None:
    cents = purchases(shop, amount=pc.multiply(shop.tables["purchases"]["amount"], 100.0))
    with pytest.raises(BrokenContractError) as caught:
        score(cents)
    assert caught.value.where == "shifted:spend"
    assert "features of spend in currency are typically 98 times as large" in str(caught.value.found)
    assert list(tmp_path.rglob("*.staging")) == list(tmp_path.rglob("*.parquet")) == []


def test_what_is_let_pass_stands_in_the_manifest(score: Score, shop: Any) -> None:
    cents = purchases(shop, amount=pc.multiply(shop.tables["purchases"]["amount"], 100.0))
    result = score(cents, allow=("shifted:spend",)).result
    first = result.deviations[0]
    assert (first["name"], first["allowed"], round(first["size"])) == ("shifted:spend", True, 98)
    manifest = json.loads((result.folder / "manifest.json").read_text())
    assert manifest["deviations"] == list(result.deviations)
    assert score(cents).result.repeated  # the very same run, so nothing is computed or checked


def until(shop: Any, days: int) -> dict[str, pa.Table]:
    """The shop whose purchases stopped coming in so many days ago."""
    table = shop.tables["purchases"]
    end = pa.scalar(np.datetime64("2025-06-01", "us") - np.timedelta64(days, "D"))
    return {"purchases": table.filter(pc.less(table["purchased_at"], end))}


def test_purchases_that_stopped_coming_in_are_refused_by_their_age(score: Score, shop: Any) -> None:
    with pytest.raises(BrokenContractError) as caught:
        score(until(shop, 4))
    assert caught.value.where == "stale:purchases"
    assert "is 4." in str(caught.value.found)
    assert score(until(shop, 4), allow=("stale",)).result.newest_fact_days > 4


def test_half_of_the_customers_are_too_few(score: Score, shop: Any) -> None:
    tables = {
        name: table.filter(pc.less(table["customer_id"], "kd-00600")) for name, table in shop.tables.items()
    }
    with pytest.raises(BrokenContractError) as caught:
        score(tables)
    assert caught.value.where == "fewer:customers"


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"amount": pa.array(["much"])}, patron.DataError, "amount"),
        ({"purchased_at": pa.array([7])}, patron.DataError, "purchased_at"),
    ],
)
def test_a_column_of_another_type_is_refused(
    score: Score, shop: Any, changed: dict[str, pa.Array], error: type[Exception], said: str
) -> None:
    rows = shop.tables["purchases"].num_rows
    columns = {name: pa.concat_arrays([values] * rows) for name, values in changed.items()}
    with pytest.raises(error) as caught:
        score(purchases(shop, **columns))
    assert said in str(caught.value)
    assert caught.value.exit_code == 2  # type: ignore[attr-defined]
