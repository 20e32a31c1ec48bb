"""People known before they buy: what was planted about their first purchase is found in the evidence again."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from patron.simulator import Retailer, SimulatedRetailer
from patron.simulator_prospects import ACQUIRED, AGE_GROUPS, first_purchase

RETAILER = Retailer(customers=6_000, chunk_customers=6_000)
FIRST = pd.Timestamp(RETAILER.observed_from)
Frames = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def frames() -> Frames:
    simulated = SimulatedRetailer(RETAILER)
    tables = {name: simulated.tables[name].to_pandas() for name in ("purchases", "activities", "mentions")}
    tables |= {name: simulated.tables[name].to_pandas() for name in ("profile", "referrals", "cases")}
    return {**tables, "truth": simulated.truth.customers.to_pandas().set_index("customer_id")}


@pytest.fixture(scope="module")
def people(frames: Frames) -> pd.DataFrame:
    """Those who were known before they bought: day of becoming known, day of the first purchase or of the end."""
    known = frames["truth"].dropna(subset="interested_on")
    day = {name: (pd.to_datetime(known[name]) - FIRST).dt.days for name in ("interested_on", "starts_on")}
    first = frames["profile"].drop_duplicates("customer_id").set_index("customer_id")
    end = day["starts_on"].fillna(RETAILER.days).astype(int)
    found = pd.DataFrame({"since": day["interested_on"], "end": end, "buys": day["starts_on"].notna()})
    return found.join(first[["acquired_by", "age_group", "valid_from"]])


def test_they_are_in_the_profile_from_the_day_on_which_they_became_known(people: pd.DataFrame) -> None:
    assert len(people) > 1_000
    assert (people["since"] < people["end"]).all()
    assert ((people["valid_from"].dt.normalize() - FIRST).dt.days == people["since"]).all()


def test_they_buy_on_no_day_before_the_one_that_the_truth_tells(frames: Frames, people: pd.DataFrame) -> None:
    first = frames["purchases"].groupby("customer_id")["purchased_at"].min()
    buyers = people[people["buys"]]
    assert ((first.reindex(buyers.index).dt.normalize() - FIRST).dt.days == buyers["end"]).mean() > 0.99
    assert not people.index[~people["buys"]].isin(first.index).any()


def test_invitations_and_early_mentions_come_before_the_first_purchase(
    frames: Frames, people: pd.DataFrame
) -> None:
    invited = frames["activities"].query("activity == 'invitation'").join(people, on="customer_id")
    assert len(invited) > 1_000
    day = (invited["occurred_at"] - FIRST).dt.days
    assert ((day >= invited["since"]) & (day < invited["end"])).all()
    assert frames["mentions"]["customer_id"].isin(people.index[~people["buys"]]).sum() > 50


def test_the_planted_effects_on_the_first_purchase_are_in_the_evidence(
    frames: Frames, people: pd.DataFrame
) -> None:
    planted = first_purchase()
    days = _person_days(people)
    days["half_lives"] = -(days["day"] - days["since"]) * np.log(2) / planted["half_life_days"]
    contacts = frames["activities"].query("activity == 'invitation'")
    for name, rows, column in (
        ("invitation", contacts, "occurred_at"),
        ("mention", frames["mentions"], "mentioned_at"),
    ):
        days[name] = _lately(days, rows["customer_id"], rows[column], planted[f"{name}_days"])
    expected = {"half_lives": 1.0, "invitation": planted["effect_of_invitation"]}
    expected |= {"mention": planted["effect_of_mention"]}
    for column, names in (("acquired_by", ACQUIRED), ("age_group", AGE_GROUPS)):
        effects = planted[f"effect_of_{column.replace('acquired_by', 'source')}"]
        for name in names[1:]:
            days[name] = days[column] == name
            expected[name] = effects[name] - effects[names[0]]
    chance = LogisticRegression(C=np.inf, max_iter=1_000)
    chance.fit(days[list(expected)].astype(float), days["buys_today"])
    found = dict(zip(expected, chance.coef_[0], strict=True))
    assert found == pytest.approx(expected, abs=0.25)


def _person_days(people: pd.DataFrame) -> pd.DataFrame:
    """One row for each day of the span on which somebody was known and had not bought before."""
    start = np.maximum(people["since"] + 1, 30)  # invitations of before the span are not in the evidence
    last = np.minimum(people["end"], people["since"] + first_purchase()["patience_days"] - 1)
    last = np.minimum(last, RETAILER.days - 1)
    waits = people[last >= start]
    start, last = start[waits.index], last[waits.index]
    days = waits.loc[waits.index.repeat(last - start + 1)].copy()
    days["day"] = start.loc[days.index] + days.groupby(level=0).cumcount()
    days["buys_today"] = days["buys"] & (days["day"] == days["end"])
    return days


def _lately(days: pd.DataFrame, who: pd.Series, when: pd.Series, window: int) -> np.ndarray:
    """Whether one of these events happened in the days before each day."""
    events = pd.DataFrame({"customer_id": who, "at": (when - FIRST).dt.days}).sort_values("at")
    asked = days.reset_index()[["customer_id", "day"]].assign(place=np.arange(len(days)))
    events["at"] = events["at"].astype("int64")
    asked["day"] = asked["day"].astype("int64")
    found = pd.merge_asof(
        asked.sort_values("day"),
        events,
        left_on="day",
        right_on="at",
        by="customer_id",
        allow_exact_matches=False,
    ).sort_values("place")
    return np.asarray(found["day"] - found["at"] <= window)
