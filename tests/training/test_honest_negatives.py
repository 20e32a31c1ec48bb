"""Real data without an effect of satisfaction: heavy users rate, cancel and come back more; nothing is claimed."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from patron.features.families import load_families
from patron.features.question import Question
from patron.features.store import EvidenceStore
from patron.features.tables import DataSpec, TableSpec
from patron.models.after_answers import AfterAnswers
from patron.models.after_cases import AfterCases
from patron.reporting.after_cases_view import AfterCasesView
from patron.reporting.wording import Wording
from patron.training.after_answers import learn_after_answers
from patron.training.after_cases import learn_after_cases
from patron.training.snapshots import build_training_set

pytestmark = pytest.mark.slow

SHARED = Path(__file__).parents[3] / "shared" / "data"


def shared(name: str) -> Path:
    path = SHARED / f"{name}.parquet"
    if not path.exists():
        pytest.skip(f"the data is not there: {path}")
    return path


def learned(frames: dict[str, pd.DataFrame], until: datetime, question: Question) -> Any:
    tables = {name: TableSpec(name, frame=frame) for name, frame in frames.items()}
    data = DataSpec(observed_until=until, timezone="UTC", tables=tables)
    learn = learn_after_answers if "satisfaction" in frames else learn_after_cases
    families = load_families((), ".")
    with EvidenceStore(data, question) as store:
        built = build_training_set(store, question, families, 1 << 32, with_outcomes=True)
        return learn(store, question, families, built, 1 << 32, seed=7)


@pytest.fixture(scope="module")
def ciao() -> AfterAnswers:
    """Every rating is an engagement, with how satisfied it was."""
    ratings = duckdb.sql(
        "SELECT userID AS customer_id, date, 1.0 AS amount, CAST(movieRating AS DOUBLE) AS score, genreID AS category"
        f" FROM '{shared('ciao_dvd_ratings_half')}' WHERE date < '2009-01-01'"
    ).df()
    bought = ratings.rename(columns={"date": "purchased_at"}).drop(columns=["score", "category"])
    said = ratings.rename(columns={"date": "answered_at"})[["customer_id", "answered_at", "score"]]
    question = Question(horizon_days=180, cutoff_every_days=90, cutoffs=12, population="all")
    return learned({"purchases": bought, "satisfaction": said}, datetime(2009, 1, 1, tzinfo=UTC), question)


def test_high_ratings_do_not_bring_reviewers_back_at_equal_exposure(ciao):
    raw = [band.share.value for band in ciao.bands]

    assert (
        ciao.is_among_answers
    )  # nobody comes without rating, so that there are none alike who were not asked
    assert len(raw) >= 4
    assert ciao.slope.low <= 0
    assert ciao.spend_slope.low <= 0


def test_no_segment_of_reviewers_is_said_to_come_back_for_high_ratings(ciao):
    assert not [
        gap for gaps in ciao.segments.values() for gap in gaps if gap.is_measurable and gap.gap.value > 0
    ]


RETAIL = Question(horizon_days=90, cutoff_every_days=30, cutoffs=12, lookback_days=365, population="all")
UNTIL = datetime(2011, 12, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def lines() -> pd.DataFrame:
    """Two years of a gift wholesaler's invoice lines; invoices of cancellations begin with C."""
    return duckdb.sql(
        'SELECT "Customer ID" AS customer_id, InvoiceDate AS purchased_at, Quantity * Price AS amount,'
        f" Invoice AS order_id FROM '{shared('online_retail_ii')}' WHERE \"Customer ID\" IS NOT NULL"
    ).df()


@pytest.fixture(scope="module")
def rated(lines: pd.DataFrame) -> AfterAnswers:
    """Every invoice is rated 5, and every cancellation 1."""
    orders = lines.groupby(["customer_id", "order_id"], as_index=False)["purchased_at"].min()
    said = orders.rename(columns={"purchased_at": "answered_at"})[["customer_id", "answered_at"]]
    said["score"] = (~orders["order_id"].str.startswith("C")).astype(float) * 4 + 1
    return learned({"purchases": lines, "satisfaction": said}, UNTIL, RETAIL)


def test_cancelling_does_not_bring_buyers_back_nor_does_not_cancelling(rated):
    low, high = rated.bands

    assert (low.name, high.name) == ("1", "5")
    assert low.share.low > high.share.high  # in raw numbers those who cancel repeat more
    assert rated.slope.low <= 0 <= rated.slope.high
    assert rated.spend_slope.low <= 0 <= rated.spend_slope.high


@pytest.fixture(scope="module")
def cancelled(lines: pd.DataFrame) -> AfterCases:
    """Every cancellation is a case."""
    cases = lines[lines["order_id"].str.startswith("C")].groupby(["customer_id", "order_id"], as_index=False)
    opened = cases["purchased_at"].min().rename(columns={"purchased_at": "opened_at"})
    return learned({"purchases": lines, "cases": opened[["customer_id", "opened_at"]]}, UNTIL, RETAIL)


def test_a_cancellation_is_not_said_to_bring_buyers_back(cancelled):
    (every,) = cancelled.part("just after the case").groups
    said = AfterCasesView(cancelled, Wording.of(RETAIL)).sentences

    assert every.customers > 1_000
    assert (
        every.rate.difference.low > 0
    )  # who cancels is still there: that alone is more than is known of the others
    assert not every.is_measurable
    assert said[0].endswith("a higher rate is no sign that cases bring anybody back.")
    assert not [part.name for part in cancelled.parts if part.contrast and part.contrast.is_measurable]
