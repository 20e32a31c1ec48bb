"""A small trained model that several modules' tests share."""

import numpy as np
import pyarrow as pa
import pytest

from patron.features.catalogue import FeatureField
from patron.features.question import Question
from patron.models.artefact import Artefact
from patron.models.calibrators import Platt
from patron.models.classifier import RepurchaseClassifier
from patron.models.contract import Contract, TrainingWindow, reference_of
from patron.models.encoding import encode

FEATURES = (
    FeatureField("orders_90d", "orders", "in the last 90 days", "buying"),
    FeatureField("days_since_order", "days", "since the last order", "buying"),
    FeatureField("channel", "", "last channel", "buying", "category", ("app", "shop", "web")),
)


@pytest.fixture(scope="session")
def snapshots() -> pa.Table:
    """1,000 snapshots with gaps, a channel that training never saw, and a target."""
    rng = np.random.default_rng(7)
    orders = rng.poisson(2, 1_000).astype(np.float32)
    days = np.where(orders > 0, rng.integers(1, 90, 1_000), np.nan).astype(np.float32)
    chance = 1 / (1 + np.exp(-(orders - 2) + np.nan_to_num(days, nan=120) / 60))
    return pa.table(
        {
            "channel": pa.array(rng.choice(["app", "shop", "web", "fax"], 1_000)).dictionary_encode(),
            "customer_id": np.arange(1_000),
            "days_since_order": pa.array(days, from_pandas=True),
            "orders_90d": orders,
            "target": (rng.random(1_000) < chance).astype(np.int8),
        }
    )


@pytest.fixture(scope="session")
def artefact(snapshots: pa.Table) -> Artefact:
    """A model of the snapshots whose judged booster saw only the first half."""
    matrix = encode(snapshots, FEATURES)
    target = snapshots["target"].to_numpy()
    model = RepurchaseClassifier(n_trees=20, n_threads=1).fit(matrix, target, categorical=[2])
    judged = RepurchaseClassifier(n_trees=20, n_threads=1).fit(matrix[:500], target[:500], categorical=[2])
    contract = Contract(
        question=Question().to_dict(),
        timezone="UTC",
        tables={"purchases": ("customer_id", "purchased_at", "amount")},
        features=FEATURES,
        reference=reference_of(judged.predict_probability(matrix[500:]), matrix, FEATURES),
        window=TrainingWindow("2017-01-01T00:00:00Z", "2017-06-01T00:00:00Z", "2017-07-01T00:00:00Z"),
        versions={"patron": "0.1.0"},
    )
    return Artefact(
        model.to_text(), judged.to_text(), Platt(0.9, 0.1), Platt(0.8, 0.2), contract, "# Repurchase\n"
    )
