"""What all tests share, and a shop that training, serving and the front door are tried on."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests run beside each other, one core each

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from patron.config import Config
    from patron.training.trainer import TrainingRun

# Kernels compile and caches fill on the first example. New examples are looked for at the desk; what integration
# runs is the same every time.
settings.register_profile("patron", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("patron")

UNTIL = np.datetime64("2025-06-01", "us")
DAYS = 480
BUYERS, PROSPECTS, RETURNERS = 1_200, 40, 6


@dataclass(frozen=True)
class Shop:
    """Evidence tables of an invented shop that knows 1,246 customers, until 2025-06-01.

    The first 1,200 buy, each at a rate of their own until they stop; the next 40 were only written to, and the last 6
    only brought something back.
    """

    tables: Mapping[str, pa.Table]

    def config(self, folder: Path, tables: Mapping[str, Any] | None = None, **keywords: Any) -> "Config":
        """The shop's configuration in a folder; `tables` (or their paths) replace the shop's, None leaves one out."""
        from patron.config import load_config

        chosen = {**self.tables, **(tables or {})}
        plain: dict[str, Any] = {
            "data": {"observed_until": "2025-06-01"},
            "question": {"cutoffs": 8},
            "tracking": {"uri": f"sqlite:///{folder / 'mlflow.db'}"},
        }
        plain |= {name: {"path": str(path)} for name, path in chosen.items() if isinstance(path, Path)}
        frames = {name: table for name, table in chosen.items() if table is not None and name not in plain}
        config = load_config(plain, frames=frames, **keywords)
        return replace(config, data=replace(config.data, folder=str(folder)))


def _instants(random: np.random.Generator, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    return UNTIL - ((1 - (begin + (end - begin) * random.random(begin.size))) * DAYS * 86_400e6).astype(
        "timedelta64[us]"
    )


def _words(random: np.random.Generator, words: list[str], size: int) -> pa.Array:
    return pa.array(random.choice(words, size))


@pytest.fixture(scope="session")
def shop() -> Shop:
    """The shop, the same every time."""
    random = np.random.default_rng(11)
    ids = np.array([f"kd-{code:05d}" for code in random.permutation(BUYERS + PROSPECTS + RETURNERS)])
    arrives = random.random(BUYERS) * 0.5 * (random.random(BUYERS) < 0.6)
    stops = arrives + (1 - arrives) * random.beta(1.5, 0.6, BUYERS)
    orders = 1 + random.poisson(random.gamma(0.9, 17, BUYERS) * (stops - arrives))
    buyer = np.repeat(np.arange(BUYERS), orders)
    at = _instants(random, arrives[buyer], stops[buyer])
    amount = np.round(random.gamma(2.0, 15.0, buyer.size) + 0.01, 2)
    returned = np.arange(BUYERS + PROSPECTS, ids.size)
    purchases = pa.table(
        {
            "customer_id": np.concatenate([ids[buyer], ids[returned]]),
            "purchased_at": np.concatenate([at, np.full(RETURNERS, UNTIL - np.timedelta64(30, "D"))]),
            "amount": np.concatenate([amount, np.full(RETURNERS, -5.0)]),
            "order_id": [f"order-{number}" for number in range(buyer.size + RETURNERS)],
            "channel": _words(random, ["app", "shop", "web"], buyer.size + RETURNERS),
        }
    )
    written = random.integers(0, BUYERS + PROSPECTS, 4_000)
    written[:PROSPECTS] = BUYERS + np.arange(PROSPECTS)
    activities = pa.table(
        {
            "customer_id": ids[written],
            "occurred_at": _instants(random, np.zeros(written.size), np.ones(written.size)),
            "activity": _words(random, ["newsletter", "coupon"], written.size),
        }
    )
    return Shop({"purchases": purchases, "activities": activities})


@pytest.fixture(scope="session")
def quick() -> Iterator[None]:
    """Training with few trees and rough intervals: enough for everything but quality."""
    from patron.models.evaluation import evaluate
    from patron.training.recipe import Recipe

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("patron.training.trainer.Recipe", partial(Recipe, n_trees=40))
        patch.setattr("patron.training.judgement.evaluate", partial(evaluate, replicates=30))
        yield


@pytest.fixture
def no_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs without report and figures, which take seconds to draw."""
    page = {"report.html": b"@@run@@ @@version@@ @@alias@@ @@decision@@", "summary.html": b""}
    monkeypatch.setattr("patron.training.dossier.draw_pages", lambda record: page)


@pytest.fixture(scope="session")
def make_store(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Puts an empty MLflow store into a folder: making its tables takes seconds, so that they are made once."""
    from patron.models.tracking_store import tracking_to

    template = tmp_path_factory.mktemp("store") / "mlflow.db"
    with tracking_to(f"sqlite:///{template}") as client:
        client.search_experiments()
    return lambda folder: Path(shutil.copy(template, folder / "mlflow.db"))


@dataclass(frozen=True)
class TrainedShop:
    """The shop after its first training; `heard` is what the training said that it was doing."""

    shop: Shop
    config: "Config"
    run: "TrainingRun"
    heard: tuple[str, ...]


@pytest.fixture(scope="session")
def trained(
    shop: Shop, quick: None, make_store: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> TrainedShop:
    """The shop and its champion, in a store that tests only read."""
    from patron.api import train

    folder = tmp_path_factory.mktemp("trained")
    make_store(folder)
    config = shop.config(folder)
    heard: list[str] = []
    run = train(config, progress=lambda what, done, total: heard.append(what))
    return TrainedShop(shop, config, run, tuple(heard))
