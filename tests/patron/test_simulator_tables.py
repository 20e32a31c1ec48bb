"""The evidence that a simulated retailer leaves: returns, late rows, guests, surveys, cases, contacts, people."""

import pandas as pd
import pytest

from patron.simulator import Retailer, SimulatedRetailer

RETAILER = Retailer(customers=3_000, days=365, chunk_customers=3_000)
Frames = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def frames() -> Frames:
    simulated = SimulatedRetailer(RETAILER)
    tables = {name: table.to_pandas() for name, table in simulated.tables.items()}
    return {**tables, "truth": simulated.truth.customers.to_pandas()}


def test_lines_of_an_order_share_customer_and_time(frames: Frames) -> None:
    bought = frames["purchases"].query("amount > 0")
    assert (bought.groupby("order_id")[["customer_id", "purchased_at"]].nunique() == 1).all(axis=None)
    assert bought.groupby("order_id").size().mean() == pytest.approx(1.75, abs=0.05)


def test_returns_are_negative_lines_of_an_earlier_order(frames: Frames) -> None:
    lines = frames["purchases"]
    returned = lines.query("amount < 0")
    pairs = returned.merge(lines.query("amount > 0"), on=["order_id", "product_id"], suffixes=("", "_before"))
    assert 0.02 < len(returned) / len(lines) < 0.06
    assert (pairs["purchased_at"] > pairs["purchased_at_before"]).all()
    assert (pairs["customer_id"] == pairs["customer_id_before"]).all()
    assert returned["reason"].notna().all()
    assert lines.query("amount > 0")["reason"].isna().all()
    # A return whose order was recorded too late to be known stands alone; the others find their line.
    assert returned["order_id"].isin(pairs["order_id"]).mean() > 0.99


def test_discounts_are_positive_and_amounts_are_cents(frames: Frames) -> None:
    lines = frames["purchases"]
    assert (lines["discount"] >= 0).all()
    assert (lines["discount"] > 0).any()
    assert lines["amount"].tolist() == lines["amount"].round(2).tolist()


@pytest.mark.parametrize(
    ("table", "happened"),
    [
        ("purchases", "purchased_at"),
        ("satisfaction", "asked_at"),
        ("cases", "opened_at"),
        ("activities", "occurred_at"),
        ("mentions", "mentioned_at"),
    ],
)
def test_some_facts_are_recorded_days_late_and_none_early(frames: Frames, table: str, happened: str) -> None:
    rows = frames[table]
    lag = rows["recorded_at"] - rows[happened]
    assert (lag >= pd.Timedelta(0)).all()
    assert 0.005 < (lag > pd.Timedelta(days=1)).mean() < 0.5


def test_some_surveys_stay_unanswered_and_then_say_nothing(frames: Frames) -> None:
    surveys = frames["satisfaction"]
    silent = surveys["answered_at"].isna()
    assert 0.5 < silent.mean() < 0.8
    said = ["score", "expectation", "competitor_score", "reason", "comment"]
    assert surveys.loc[silent, said].isna().all(axis=None)
    assert surveys.loc[~silent, "score"].notna().all()
    assert (surveys.loc[~silent, "answered_at"] > surveys.loc[~silent, "asked_at"]).all()


@pytest.mark.parametrize(
    ("instrument", "lowest", "highest"), [("nps", 0, 10), ("csat", 1, 5), ("stars", 1, 5)]
)
def test_scores_keep_to_the_scale_of_their_instrument(
    frames: Frames, instrument: str, lowest: int, highest: int
) -> None:
    score = frames["satisfaction"].query("instrument == @instrument")["score"].dropna()
    assert score.between(lowest, highest).all()
    assert score.max() == highest
    assert score.nunique() >= 4


def test_surveys_and_cases_begin_with_their_systems(frames: Frames) -> None:
    first = pd.Timestamp(RETAILER.observed_from)
    asked, opened = frames["satisfaction"]["asked_at"].min(), frames["cases"]["opened_at"].min()
    assert first + pd.Timedelta(days=RETAILER.surveys_from) <= asked
    assert first + pd.Timedelta(days=RETAILER.cases_from) <= opened


def test_some_cases_are_still_open_and_close_only_after_opening(frames: Frames) -> None:
    cases = frames["cases"]
    closed = cases["closed_at"].notna()
    assert closed.any()
    assert not closed.all()
    assert (cases.loc[closed, "closed_at"] > cases.loc[closed, "opened_at"]).all()
    assert not cases.loc[~closed, "reopened"].any()
    assert cases["reopened"].any()


def test_customers_with_a_case_rate_the_order_lower(frames: Frames) -> None:
    nps = frames["satisfaction"].query("instrument == 'nps'").dropna(subset="score")
    case = frames["cases"][["customer_id", "opened_at"]]
    near = nps.merge(case, on="customer_id")
    near = near[(near["answered_at"] - near["opened_at"]).abs() < pd.Timedelta(days=7)]
    assert near["score"].mean() < nps["score"].mean() - 1


def test_guests_are_linked_after_their_alias_bought(frames: Frames) -> None:
    links, lines = frames["identities"], frames["purchases"]
    by_alias = lines.merge(links, left_on="customer_id", right_on="alias_id")
    by_own = lines.merge(links, on="customer_id")
    bought = by_own["amount"] > 0
    assert len(links) > 50
    assert set(by_alias["alias_id"]) >= set(links["alias_id"].iloc[:20])
    assert (by_alias.query("amount > 0")["purchased_at"] < by_alias.query("amount > 0")["linked_at"]).all()
    assert (by_own.loc[bought, "purchased_at"] >= by_own.loc[bought, "linked_at"]).all()


def test_some_guests_never_register(frames: Frames) -> None:
    guests = frames["truth"].dropna(subset="alias_id")
    stay = guests[~guests["registers"]]
    assert len(stay) > 20
    assert not stay["alias_id"].isin(frames["identities"]["alias_id"]).any()
    assert not stay["customer_id"].isin(frames["profile"]["customer_id"]).any()
    assert stay["alias_id"].isin(frames["purchases"]["customer_id"]).mean() > 0.9


def test_prospects_have_a_profile_and_never_buy(frames: Frames) -> None:
    prospects = frames["truth"].query("prospect")["customer_id"]
    assert len(prospects) / 3_000 == pytest.approx(RETAILER.prospects, abs=0.02)
    assert prospects.isin(frames["profile"]["customer_id"]).all()
    assert not prospects.isin(frames["purchases"]["customer_id"]).any()


def test_profiles_change_over_time(frames: Frames) -> None:
    profile = frames["profile"].sort_values(["customer_id", "valid_from"])
    assert profile.groupby("customer_id").size().max() >= 2
    members = ~profile["customer_id"].isin(frames["identities"]["customer_id"])
    assert not profile[members].groupby("customer_id")["opt_out"].first().any()
    assert profile["opt_out"].any()


def test_the_firm_contacts_nobody_who_opted_out(frames: Frames) -> None:
    opted_out = frames["profile"].query("opt_out").groupby("customer_id")["valid_from"].min()
    contacts = frames["activities"].query("initiated_by == 'firm'")
    since = contacts["customer_id"].map(opted_out).dropna()
    assert len(since) > 20
    assert (contacts.loc[since.index, "occurred_at"].dt.normalize() < since).all()


def test_customers_initiate_contacts_too_and_only_the_firms_have_costs(frames: Frames) -> None:
    activities = frames["activities"]
    own = activities["initiated_by"] == "customer"
    assert own.any()
    assert activities.loc[own, "cost"].isna().all()
    assert activities.loc[~own, "cost"].notna().all()
    answered = activities["responded_at"].notna()
    assert answered.any()
    sells = activities["objective"] == "sell"
    assert (activities.loc[answered & ~sells, "result"] == "responded").all()
    assert (activities.loc[answered & sells, "result"] == "redeemed").all()


def test_win_back_letters_go_to_the_silent(frames: Frames) -> None:
    letters = frames["activities"].query("activity == 'win-back letter'")[["customer_id", "occurred_at"]]
    joined = letters.merge(frames["purchases"].query("amount > 0"), on="customer_id")
    earlier = joined[joined["purchased_at"] < joined["occurred_at"]]
    last = earlier.groupby(["customer_id", "occurred_at"])["purchased_at"].max().reset_index()
    assert len(letters) > 100
    assert (last["occurred_at"] - last["purchased_at"] >= pd.Timedelta(days=74)).all()


def test_everybody_in_the_contact_arm_and_nobody_in_control_is_contacted(frames: Frames) -> None:
    drawn = frames["assignments"].query("test == 'coupon by letter'").set_index("customer_id")["arm"]
    contacted = frames["activities"].query("activity == 'coupon by letter'")["customer_id"]
    assert sorted(contacted) == sorted(drawn[drawn == "contact"].index)
    assert (drawn == "contact").mean() == pytest.approx(0.5, abs=0.05)


def test_arms_do_not_depend_on_who_the_customer_is(frames: Frames) -> None:
    truth = frames["truth"].dropna(subset="arm of coupon by letter")
    rate = truth.groupby("arm of coupon by letter")["orders_per_year"].agg(["mean", "std", "size"])
    error = ((rate["std"] ** 2 / rate["size"]).sum()) ** 0.5
    assert abs(rate["mean"].diff().iloc[-1]) < 3 * error


def test_referrers_were_customers_before_those_they_referred(frames: Frames) -> None:
    referrals = frames["referrals"]
    starts = pd.to_datetime(frames["truth"].set_index("customer_id")["starts_on"])
    referrer_starts = referrals["referrer_id"].map(starts).fillna(pd.Timestamp(0))
    assert len(referrals) > 50
    assert (referrer_starts < referrals["referred_at"]).all()
    bought = referrals["customer_id"].map(starts).dropna()
    assert (referrals.loc[bought.index, "referred_at"].dt.normalize() <= bought).all()


def test_mentions_follow_satisfaction_and_come_from_the_registered(frames: Frames) -> None:
    mentions = frames["mentions"]
    assert mentions["sentiment"].between(-1, 1).all()
    assert not mentions["customer_id"].isin(frames["truth"]["alias_id"]).any()
