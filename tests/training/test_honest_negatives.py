"""Real data without an effect of satisfaction: heavy users rate, cancel and come back more; nothing is claimed."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from patron.features.families import load_families
from patron.features.question import Question
from patron.features.store import EvidenceStore
from patron.features.tables import DataSpec, TableSpec
from patron.models.after_answers import AfterAnswers
from patron.training.after_answers import learn_after_answers
from patron.training.snapshots import build_training_set

pytestmark = pytest.mark.slow

SHARED = Path(__file__).parents[3] / "shared" / "data"


def shared(name: str) -> Path:
    path = SHARED / f"{name}.parquet"
    if not path.exists():
        pytest.skip(f"the data is not there: {path}")
    return path


def learned(frames: dict[str, pd.DataFrame], until: datetime, question: Question) -> AfterAnswers | None:
    tables = {name: TableSpec(name, frame=frame) for name, frame in frames.items()}
    data = DataSpec(observed_until=until, timezone="UTC", tables=tables)
    families = load_families((), ".")
    with EvidenceStore(data, question) as store:
        built = build_training_set(store, question, families, 1 << 32, with_outcomes=True)
        return learn_after_answers(store, question, families, built, 1 << 32, seed=7)


@pytest.fixture(scope="module")
def ciao() -> AfterAnswers | None:
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


@pytest.fixture(scope="module")
def retail() -> AfterAnswers | None:
    """An order is rated low when a cancellation of it is known, within a month, and high where none came."""
    lines = duckdb.sql(
        'SELECT "Customer ID" AS customer_id, InvoiceDate AS purchased_at, Quantity * Price AS amount,'
        f" Invoice AS order_id FROM '{shared('online_retail_ii')}' WHERE \"Customer ID\" IS NOT NULL"
    ).df()
    orders = lines.groupby(["customer_id", "order_id"], as_index=False)["purchased_at"].min()
    is_cancelled = orders["order_id"].str.startswith("C")
    said = orders.rename(columns={"purchased_at": "answered_at"})[["customer_id", "answered_at"]]
    said["score"] = (~is_cancelled).astype(float) * 4 + 1
    question = Question(
        horizon_days=90, cutoff_every_days=30, cutoffs=12, lookback_days=365, population="all"
    )
    frames = {"purchases": lines, "satisfaction": said}
    return learned(frames, datetime(2011, 12, 10, tzinfo=UTC), question)


def test_cancelling_does_not_bring_buyers_back_nor_does_not_cancelling(retail):
    low, high = retail.bands

    assert (low.name, high.name) == ("1", "5")
    assert low.share.low > high.share.high  # in raw numbers those who cancel repeat more
    assert retail.slope.low <= 0 <= retail.slope.high
