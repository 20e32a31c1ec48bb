"""Snapshots: when they are taken, who is asked about, and who is not and why."""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from patron.features.engine import partitions, prepare
from patron.features.errors import ConfigurationError, DataError
from patron.features.families import FAMILIES
from patron.features.localtime import LocalTime, to_datetime, to_microseconds
from patron.features.question import Population, Question
from patron.features.snapshots import calendar_cutoffs, parse_cutoffs

UTC_ZONE = LocalTime("UTC")


def moment(written: str) -> int:
    return to_microseconds(datetime.fromisoformat(written).replace(tzinfo=UTC))


def days(cutoffs: Any) -> list[str]:
    return [to_datetime(cutoff).isoformat()[:10] for cutoff in cutoffs.tolist()]


# Cutoffs


def test_the_last_cutoff_is_as_late_as_its_target_is_mature():
    question = Question(horizon_days=30, settle_days=1, cutoffs=3)
    found = calendar_cutoffs(question, UTC_ZONE, moment("2019-01-01"), moment("2020-03-01 13:00"))
    assert days(found) == ["2019-12-01", "2019-12-31", "2020-01-30"]


def test_cutoffs_lie_as_far_apart_as_asked_for():
    question = Question(horizon_days=30, cutoff_every_days=7, cutoffs=3)
    found = calendar_cutoffs(question, UTC_ZONE, moment("2019-01-01"), moment("2020-01-31"))
    assert days(found) == ["2019-12-18", "2019-12-25", "2020-01-01"]


def test_every_cutoff_has_a_horizon_of_history():
    question = Question(horizon_days=10, cutoffs=9)
    found = calendar_cutoffs(question, UTC_ZONE, moment("2020-01-01 08:00"), moment("2020-02-01"))
    assert days(found) == ["2020-01-12", "2020-01-22"]


def test_cutoffs_are_local_midnights_on_both_sides_of_a_change_of_clocks():
    zone = LocalTime("America/New_York")
    question = Question(horizon_days=7, cutoffs=3)
    found = calendar_cutoffs(question, zone, moment("2019-01-01"), moment("2020-03-16 04:00"))
    assert [to_datetime(cutoff).hour for cutoff in found.tolist()] == [5, 5, 4]
    assert (zone.floor_to_day(found) == found).all()


def test_a_history_that_is_too_short_says_what_could_be_asked():
    with pytest.raises(DataError, match="The history is too short") as error:
        calendar_cutoffs(Question(horizon_days=90), UTC_ZONE, moment("2020-01-01"), moment("2020-05-01"))
    assert error.value.remedy == "ask about at most 40 days, or bring more history"


@pytest.mark.parametrize(
    "cutoff",
    [
        "2020-02-01",
        date(2020, 2, 1),
        datetime(2020, 2, 1),
        datetime(2020, 2, 1, 5, tzinfo=UTC),
        "2020-02-01T05:00Z",
    ],
)
def test_a_cutoff_is_read_however_it_is_written(cutoff: Any):
    zone = LocalTime("America/New_York")
    assert parse_cutoffs([cutoff], zone, moment("2021-01-01")).tolist() == [moment("2020-02-01 05:00")]


def test_cutoffs_are_sorted_and_unique():
    found = parse_cutoffs(["2020-03-01", "2020-02-01", date(2020, 3, 1)], UTC_ZONE, moment("2021-01-01"))
    assert days(found) == ["2020-02-01", "2020-03-01"]


@pytest.mark.parametrize("cutoff", ["yesterday", "2020-02-30", "", "01.02.2020"])
def test_what_is_no_date_is_refused(cutoff: str):
    with pytest.raises(ConfigurationError, match="not a date") as error:
        parse_cutoffs([cutoff], UTC_ZONE, moment("2021-01-01"))
    assert error.value.found == repr(cutoff)


def test_a_cutoff_within_a_day_is_refused():
    with pytest.raises(ConfigurationError, match="beginning of a business day") as error:
        parse_cutoffs([datetime(2020, 2, 1, tzinfo=UTC)], LocalTime("America/New_York"), moment("2021-01-01"))
    assert error.value.where == "cutoff, in the time zone America/New_York"


def test_a_cutoff_after_all_that_is_known_is_refused():
    assert days(parse_cutoffs(["2021-01-01"], UTC_ZONE, moment("2021-01-01"))) == ["2021-01-01"]
    with pytest.raises(ConfigurationError, match="lies after observed_until"):
        parse_cutoffs(["2021-01-02"], UTC_ZONE, moment("2021-01-01"))


# Stages and populations


CUSTOMERS = {
    "new": [("2020-05-01", 5.0)],
    "repeat": [("2019-01-01", 5.0), ("2020-05-01", 5.0)],
    "lapsed": [("2019-01-01", 5.0), ("2019-02-01", 5.0)],
    "lapsed once": [("2019-09-01", 5.0)],
    "returns only": [("2020-05-01", -5.0)],
    "free only": [("2020-05-01", 0.0)],
    "on the day": [("2020-06-01", 5.0)],
    "just before": [("2020-05-31 23:59:59.999999", 5.0)],
    "at the edge": [("2019-12-04", 5.0), ("2019-12-04", 5.0)],
    "over the edge": [("2019-12-03 23:59:59", 5.0)],
}
QUESTION = Question(lookback_days=180)


@pytest.fixture(scope="module")
def shop(business: Any) -> Any:
    rows = [(name, *bought) for name, lines in CUSTOMERS.items() for bought in lines]
    made = business(observed_from="2018-01-01").table("purchases", rows)
    return made.table("activities", [("never", "2020-01-01", "call"), ("new", "2020-01-01", "call")])


def standings(made: Any, question: Question, cutoff: str) -> pd.DataFrame:
    """Everybody at a cutoff, with stage, population and why they are left out."""
    with made.store(question) as store:
        moments = parse_cutoffs([cutoff], store.zone, store.observed_until)
        prepared = prepare(store, question, FAMILIES, moments)
        ((part, made_of),) = partitions(store, prepared, moments, memory=1 << 30)
        names = store.ids(part).to_pylist()
        known = store.known_before(int(moments[0]))
    kept = made_of.snapshots.select(["customer", "stage", "population"]).to_pandas()
    found = pd.concat([kept, made_of.excluded.select(["customer", "stage", "excluded_because"]).to_pandas()])
    assert len(found) == known
    found.index = pd.Index([names[code] for code in found.pop("customer")])
    return found.astype(object).where(found.notna(), None)


def test_the_stage_is_where_a_customer_stands(shop: Any):
    found = standings(shop, QUESTION, "2020-06-01")
    assert found["stage"].to_dict() == {
        "new": "new",
        "repeat": "repeat",
        "lapsed": "lapsed",
        "lapsed once": "lapsed",
        "returns only": "prospect",
        "free only": "prospect",
        "just before": "new",
        "at the edge": "repeat",
        "over the edge": "lapsed",
        "never": "prospect",
    }


@pytest.mark.parametrize(
    ("population", "asked_about"),
    [
        ("active", {"new", "repeat", "just before", "at the edge"}),
        ("lapsed", {"lapsed", "lapsed once", "over the edge"}),
        ("prospects", {"returns only", "free only", "never"}),
        ("all", {"new", "repeat", "just before", "at the edge", "lapsed", "lapsed once", "over the edge"}),
    ],
)
def test_everybody_known_is_asked_about_or_left_out_for_a_reason(
    shop: Any, population: Population, asked_about: set[str]
):
    found = standings(shop, Question(lookback_days=180, population=population), "2020-06-01")
    assert set(found.index[found["excluded_because"].isna()]) == asked_about
    assert set(found.index) == set(CUSTOMERS) - {"on the day"} | {"never"}


@pytest.mark.parametrize(
    ("population", "reasons"),
    [
        ("active", {"no purchase before the cutoff": 3, "no purchase in the 180 days before the cutoff": 3}),
        (
            "lapsed",
            {
                "no purchase before the cutoff": 3,
                "not lapsed: a purchase in the 180 days before the cutoff": 4,
            },
        ),
        ("prospects", {"not a prospect: a purchase before the cutoff": 7}),
        ("all", {"no purchase before the cutoff": 3}),
    ],
)
def test_reasons_are_counted(shop: Any, population: Population, reasons: dict[str, int]):
    question = Question(lookback_days=180, population=population)
    assert shop.snapshots("2020-06-01", question=question).attrs["excluded"] == reasons


def test_a_first_purchase_near_the_beginning_is_not_known_to_be_the_first(business: Any):
    made = business(observed_from="2020-01-01").table(
        "purchases", [("a", "2020-03-01", 5.0), ("b", "2020-02-29", 5.0)]
    )
    found = standings(made, Question(lookback_days=60), "2020-03-15")
    assert found["stage"].to_dict() == {"a": "new", "b": "unknown"}


def test_an_alias_is_left_out_once_it_is_linked_and_its_customer_inherits(business: Any):
    made = business(observed_from="2019-01-01").table("purchases", [("guest", "2020-01-01", 5.0)])
    made.table("identities", [("guest", "member", "2020-02-01")])
    before, after = (standings(made, QUESTION, cutoff) for cutoff in ("2020-02-01", "2020-02-02"))
    assert before["excluded_because"].to_dict() == {"guest": None}
    assert after["excluded_because"].to_dict() == {"guest": "an alias of another customer", "member": None}
    assert after["stage"]["member"] == "new"


def test_one_customer_with_one_purchase(business: Any):
    found = business().table("purchases", [(1, "2020-01-01", 5.0)]).snapshots("2020-01-02")
    assert (len(found), found["orders_ever"].item(), found["stage"].item()) == (1, 1, "unknown")


def test_nobody_at_all_is_a_table_without_rows(business: Any):
    made = business().table("purchases", [(1, "2020-05-01", 5.0)])
    made.table("activities", [(1, "2020-05-01", "call")], "customer_id occurred_at activity")
    found = made.snapshots("2020-01-02")
    assert (len(found), found.attrs["excluded"]) == (0, {})


def test_a_cutoff_before_any_fact_of_a_table_knows_nothing_of_it(business: Any):
    made = (
        business()
        .table("purchases", [(1, "2020-01-01", 5.0)])
        .table("activities", [(1, "2020-05-01", "call")])
    )
    assert np.isnan(made.snapshots("2020-02-01")["contacts_ever"].item())
