"""A training set without evidence behind it: features, outcomes and cutoffs as arrays."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import patron
from patron.features.catalogue import FeatureField
from patron.training.rolling import TrainingSet

CUSTOMERS = 250
CATALOGUE = (
    FeatureField("days_since_order", "days", "since the last order", "buying_cycle"),
    FeatureField("orders_90d", "orders", "in the last 90 days", "buying_cycle"),
    FeatureField("score", "points", "last score given", "satisfaction"),
    FeatureField("channel", "", "of the last order", "buying_cycle", "category"),
)


@pytest.fixture
def make_training_set() -> Callable[..., TrainingSet]:
    """Makes the snapshots of 250 customers at each of the cutoffs (days since 1970), sorted by customer and cutoff."""

    def make(cutoffs: list[int], seed: int = 5) -> TrainingSet:
        random = np.random.default_rng(seed)
        customer = np.repeat(np.arange(CUSTOMERS), len(cutoffs))
        cutoff = np.tile(np.array(cutoffs), CUSTOMERS)
        rate = random.gamma(1.0, 1.0, CUSTOMERS)[customer]
        days = random.exponential(40 / (0.2 + rate)).astype(np.float32)
        orders = random.poisson(rate * 3).astype(np.float32)
        chance = 1 / (1 + np.exp(1.0 - 0.5 * orders + days / 40))
        score = np.where(cutoff >= cutoffs[-3], random.random(customer.size), np.nan).astype(np.float32)
        channel = np.where(
            cutoff >= cutoffs[-2],
            random.choice(["app", "web"], customer.size),
            random.choice(["shop", "web"], customer.size),
        )
        table = pa.table(
            {
                "customer": customer,
                "cutoff": pa.array(cutoff * 86_400_000_000).cast(pa.timestamp("us", tz="UTC")),
                "stage": np.where(orders > 1, "repeat", "new"),
                "target": (random.random(customer.size) < chance).astype(np.int8),
                "days_since_order": days,
                "orders_90d": orders,
                "score": score,
                "channel": pa.array(channel).dictionary_encode(),
                # What only opponents read.
                "orders_ever": orders + 1,
                "gap_mean": np.where(orders > 0, 90 / (1 + orders), np.nan).astype(np.float32),
                "spend_ever": (orders * 20).astype(np.float32),
                "order_probability": np.where(orders > 0, 0.9 * chance, np.nan).astype(np.float32),
            }
        )
        return TrainingSet(table, CATALOGUE)

    return make


@pytest.fixture(scope="session")
def finished_training(
    shop: Any, quick: None, make_store: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The dossier of a training that was never recorded, and would become champion."""
    folder = tmp_path_factory.mktemp("finished")
    make_store(folder)
    with pytest.MonkeyPatch.context() as patch:
        page = {"report.html": b"@@run@@ @@version@@ @@alias@@ @@decision@@", "summary.html": b""}
        patch.setattr("patron.training.dossier.draw_pages", lambda record: page)
        patch.setattr("patron.training.trainer.record_training", lambda written, *rest: written)
        return patron.train(shop.config(folder)).folder
