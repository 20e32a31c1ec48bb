"""A training page about a small world in which the truth is logistic, and the page's text."""

import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from scipy.special import expit

from patron.features.catalogue import FeatureField
from patron.features.localtime import to_microseconds
from patron.features.question import Question
from patron.features.reading import TableAccount
from patron.models.evaluation import Evaluation, evaluate
from patron.models.predictions import Predictions
from patron.reporting.training_page import (
    FamilyWeight,
    FeatureWeight,
    FoldSpan,
    Geometry,
    TrainingPage,
    render_training_page,
)

ZONE = ZoneInfo("America/New_York")
CUTOFFS = tuple(datetime(2017, 11, 6, tzinfo=ZONE) + timedelta(days=14 * i) for i in range(3))
EARLIER = tuple(CUTOFFS[0] - timedelta(days=14 * i) for i in range(4, 0, -1))


def judged(customers: int = 700, cutoffs: tuple[datetime, ...] = CUTOFFS) -> Evaluation:
    """A good model beside a coarser opponent; one customer in twenty-five is new."""
    rng = np.random.default_rng(7)
    rows = customers * len(cutoffs)
    trait = np.tile(rng.normal(size=customers), len(cutoffs)) - 0.4
    score = trait + 0.5 * rng.normal(size=rows)
    return evaluate(
        Predictions(
            customer=np.tile(np.arange(customers), len(cutoffs)),
            cutoff=np.repeat([to_microseconds(cutoff) for cutoff in cutoffs], customers),
            outcome=(rng.random(rows) < expit(score)).astype(np.int8),
            probability=expit(score),
            opponents={
                "recency rule": np.round(expit(0.7 * trait + 0.7 * rng.normal(size=rows)), 2),
                "base rate": np.full(rows, 0.4),
            },
            groups={
                "stage": np.tile(np.where(np.arange(customers) % 25 == 0, "new", "repeat"), len(cutoffs)),
                "spend": np.tile(np.array(["low", "middle", "high"])[np.arange(customers) % 3], len(cutoffs)),
            },
        ),
        seed=7,
        replicates=100,
    )


def make_page(evaluation: Evaluation) -> TrainingPage:
    """Everything that a report may hold, around an evaluation."""
    orders = FeatureField("orders_90d", "orders", "in the last 90 days", "buying_cycle")
    score = FeatureField("score_last", "points", "in the last answer", "satisfaction")
    return TrainingPage(
        question=Question(horizon_days=14, cutoff_every_days=14),
        timezone="America/New_York",
        observed_until=datetime(2018, 1, 1, tzinfo=ZONE),
        model_name="repurchase",
        version="4",
        alias="champion",
        decision="Promoted: it beats the version before it.",
        provisional="only three test cutoffs",
        summary=("It ranks well.", "It beats the recency rule.", "Its probabilities are right."),
        accounts=(
            TableAccount(
                "purchases",
                "data/purchases.parquet",
                rows=1_005,
                used=1_000,
                quarantined={"no customer_id": 2, "unreadable purchased_at": 3},
                unreadable={"discount": 7},
                odd_times=1,
                first=to_microseconds(datetime(2017, 1, 1, 12, tzinfo=ZONE)),
                last=to_microseconds(datetime(2017, 12, 31, 12, tzinfo=ZONE)),
            ),
            TableAccount("customers", "data/customers.csv", rows=40, used=40, first=-(2**62), last=-(2**62)),
        ),
        excluded={"no purchase in the lookback": 1_234},
        customers=700,
        geometry=Geometry(
            folds=tuple(
                FoldSpan(cutoff, EARLIER, EARLIER[-2:], cutoff + timedelta(days=14)) for cutoff in CUTOFFS
            ),
            judged_until=CUTOFFS[0],
            horizon_days=14,
            production_cutoffs=(*EARLIER, *CUTOFFS),
        ),
        evaluation=evaluation,
        opponent="recency rule: whoever bought last comes first",
        opponent_rules={"base rate": "everybody gets the rate of the past"},
        families=(FamilyWeight("buying_cycle", 0.75, 31), FamilyWeight("satisfaction", 0.25, 12)),
        features=(FeatureWeight("orders_90d", 0.6, orders), FeatureWeight("score_last", 0.2, score)),
        calibration="none: nothing proved better",
        n_trees=212,
        warnings=("The history covers one year.",),
        facts={"seed": "7", "run": "3f0c8c2a"},
    )


@pytest.fixture(scope="session")
def evaluation() -> Evaluation:
    return judged()


@pytest.fixture(scope="session")
def page(evaluation: Evaluation) -> TrainingPage:
    return make_page(evaluation)


@pytest.fixture(scope="session")
def html(page: TrainingPage) -> str:
    return render_training_page(page)


FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture
def browse(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a browser without a window; its output is what it was asked for, its errors what pages said."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        pytest.skip("no chromium, chromium-browser or google-chrome to look at pages with")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [browser, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)

    return run
