"""The planted behaviour is in the data: satisfaction, campaigns, dropout, drift, season, regularity."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from patron.simulator import Retailer, SimulatedRetailer
from patron.simulator_customers import draw_customers, first_day
from patron.simulator_days import Days, People, live, pick, seasons

RETAILER = Retailer(customers=12_000, days=540, orders_per_year=20, chunk_customers=12_000)


@pytest.fixture(scope="module")
def busy() -> SimulatedRetailer:
    return SimulatedRetailer(RETAILER)


@pytest.fixture(scope="module")
def orders(busy: SimulatedRetailer) -> pd.DataFrame:
    """Purchases by order: customer, time, whether each category was in it."""
    lines = busy.tables["purchases"].to_pandas()
    return lines[lines["amount"] > 0]


def association(busy: SimulatedRetailer, lines: pd.DataFrame, category: str) -> float:
    """How scores about a category go with lines of it in the 60 days after: covariance in standard errors.

    All answers count, not the last of each customer: the dissatisfied answer rarely, so those of them with any
    answer are frequent buyers. Answers of one customer are one cluster.
    """
    answers = busy.tables["satisfaction"].to_pandas().dropna(subset="score").query("category == @category")
    answers = answers[answers["answered_at"] < pd.Timestamp(RETAILER.observed_until) - pd.Timedelta(days=65)]
    answers["z"] = answers.groupby("instrument")["score"].rank(pct=True)
    lines = lines.loc[lines["category"] == category, ["customer_id", "purchased_at"]]
    joined = answers[["customer_id", "answered_at", "order_id", "z"]].merge(
        lines, on="customer_id", how="left"
    )
    wait = joined["purchased_at"] - joined["answered_at"]
    joined["later"] = (wait > pd.Timedelta(0)) & (wait < pd.Timedelta(days=60))
    each = joined.groupby(["customer_id", "order_id"]).agg(z=("z", "first"), later=("later", "sum"))
    later = np.log1p(each["later"])
    product = (each["z"] - each["z"].mean()) * (later - later.mean())
    clusters = product.groupby("customer_id").sum()
    return float(clusters.sum() / np.sqrt((clusters**2).sum()))


@pytest.mark.parametrize("category", ["coffee", "skincare"])
def test_the_satisfied_come_back_for_more_where_satisfaction_matters(
    busy: SimulatedRetailer, orders: pd.DataFrame, category: str
) -> None:
    assert association(busy, orders, category) > 5


@pytest.mark.parametrize("category", ["batteries", "printer paper"])
def test_satisfaction_changes_nothing_in_a_commodity(
    busy: SimulatedRetailer, orders: pd.DataFrame, category: str
) -> None:
    assert abs(association(busy, orders, category)) < 3


@pytest.mark.parametrize("campaign", ["coupon by letter", "redesigned newsletter"])
def test_campaigns_change_purchases_by_their_true_effect(
    busy: SimulatedRetailer, orders: pd.DataFrame, campaign: str
) -> None:
    drawn = busy.tables["assignments"].to_pandas()
    drawn = drawn[drawn["test"] == campaign].drop(columns="recorded_at")
    placed = orders.drop_duplicates("order_id")[["customer_id", "purchased_at"]]
    joined = drawn.merge(placed, on="customer_id", how="left")
    wait = joined["purchased_at"] - joined["assigned_at"]
    joined["placed"] = (wait > pd.Timedelta(0)) & (wait < pd.Timedelta(days=28))
    counts = (
        joined.groupby(["customer_id", "arm"])["placed"].sum().groupby("arm").agg(["mean", "std", "size"])
    )
    measured = np.log(counts.loc["contact", "mean"] / counts.loc["control", "mean"])
    error = np.sqrt((counts["std"] ** 2 / counts["size"] / counts["mean"] ** 2).sum())
    effects = busy.truth.customers.to_pandas().set_index("customer_id")[f"effect of {campaign}"]
    planted = np.log(np.exp(effects[drawn["customer_id"]]).mean())
    assert error < 0.06
    assert measured == pytest.approx(planted, abs=3 * error)


def test_the_effective_campaign_can_be_told_from_none(busy: SimulatedRetailer) -> None:
    campaigns = busy.truth.parameters["campaigns"]
    assert campaigns["coupon by letter"]["effect"] == 0.30
    assert campaigns["redesigned newsletter"]["effect"] == 0.0


def test_nobody_buys_after_leaving_or_before_starting(busy: SimulatedRetailer, orders: pd.DataFrame) -> None:
    truth = busy.truth.customers.to_pandas()
    own = orders.merge(truth[["customer_id", "starts_on", "leaves_on"]], on="customer_id")
    day = own["purchased_at"].dt.normalize()
    leaves, starts = pd.to_datetime(own["leaves_on"]), pd.to_datetime(own["starts_on"])
    assert leaves.notna().any()
    assert starts.notna().any()
    assert (day[leaves.notna()] < leaves[leaves.notna()]).all()
    assert (day[starts.notna()] >= starts[starts.notna()]).all()


def test_new_customers_begin_with_a_purchase(busy: SimulatedRetailer, orders: pd.DataFrame) -> None:
    truth = busy.truth.customers.to_pandas()
    new = truth[truth["starts_on"].notna() & truth["alias_id"].isna()]
    first = orders.groupby("customer_id")["purchased_at"].min().dt.normalize()
    bought = first.reindex(new["customer_id"])
    on_time = bought.to_numpy() == pd.to_datetime(new["starts_on"]).to_numpy()
    # The others' first lines were recorded too late to be known.
    assert on_time.mean() > 0.97


def test_regular_customers_have_evener_gaps(busy: SimulatedRetailer, orders: pd.DataFrame) -> None:
    placed = orders.drop_duplicates("order_id").sort_values(["customer_id", "purchased_at"])
    gap = placed.groupby("customer_id")["purchased_at"].diff().dt.total_seconds() / 86_400
    gaps = gap.groupby(placed["customer_id"]).agg(["mean", "std", "count"])
    variation = (gaps["std"] / gaps["mean"])[gaps["count"] >= 12]
    regularity = busy.truth.customers.to_pandas().set_index("customer_id")["regularity"]
    typical = variation.groupby(regularity.reindex(variation.index)).median()
    assert typical[4] < typical[2] < typical[1]


def test_drift_changes_the_rate_by_its_factor(busy: SimulatedRetailer) -> None:
    truth = busy.truth.customers.to_pandas()
    assert (truth.loc[truth["drifts_on"].isna(), "drift_factor"] == 1).all()
    assert 0.10 < truth["drifts_on"].notna().mean() < 0.16


def test_orders_are_spread_by_proneness_to_discounts(busy: SimulatedRetailer, orders: pd.DataFrame) -> None:
    truth = busy.truth.customers.to_pandas().set_index("customer_id")
    prone = orders["customer_id"].map(truth["discount_proneness"])
    discounted = orders["discount"] > 0
    assert discounted[prone > 0.6].mean() > 3 * discounted[prone < 0.05].mean()


def test_a_season_has_a_busy_saturday_and_a_december_peak() -> None:
    retailer = Retailer(days=365)
    factor = pd.Series(seasons(retailer), pd.date_range(retailer.observed_from, periods=365))
    weekly = factor.groupby(factor.index.day_of_week).mean()
    assert weekly.idxmax() == 5
    assert weekly.idxmin() == 6
    assert factor.groupby(factor.index.month).mean().idxmax() == 12


def test_picks_follow_the_pull() -> None:
    pull = np.tile([0.0, 3.0, 0.0, 1.0], (4_000, 1))
    picked = np.bincount(pick(pull, np.random.default_rng(1)), minlength=4)
    assert picked[[0, 2]].tolist() == [0, 0]
    assert picked[1] / 4_000 == pytest.approx(0.75, abs=0.03)


def test_responses_to_a_campaign_average_its_effect() -> None:
    customers = draw_customers(RETAILER, 0)
    assert customers.response[0].mean() == pytest.approx(0.30, abs=0.01)
    assert customers.response[1].tolist() == [0.0] * len(customers)


def test_days_gone_through_in_two_parts_are_the_same_days():
    retailer = Retailer(customers=300, days=120)
    customers = draw_customers(retailer, 0)

    days = Days(retailer, People(retailer, customers, retailer.random(0, "days")))
    first, second = days.until(50), days.until(retailer.days)

    whole = live(retailer, customers, retailer.random(0, "days")).orders
    assert (first.day < 50).all()
    assert (second.day >= 50).all()
    assert [*first.customer, *second.customer] == whole.customer.tolist()
    assert [*first.category, *second.category] == whole.category.tolist()


def test_who_is_contacted_later_changes_nothing_before():
    retailer = Retailer(customers=300, days=120)
    customers = draw_customers(retailer, 0)
    everyone = replace(customers, arm=np.ones_like(customers.arm))
    start = first_day(retailer.campaigns[0], retailer)

    one, other = (
        Days(retailer, People(retailer, each, retailer.random(0, "days"))).until(start + 28)
        for each in (customers, everyone)
    )

    before = one.customer[one.day < start], other.customer[other.day < start]
    assert before[0].tolist() == before[1].tolist()
    assert len(other) > len(one)
