"""The cases in which accuracy is compared: a data set and a horizon, its snapshots, folds, and what peers are given."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from accuracy_data import cdnow, ciao, complete_journey, online_retail, simulated
from pyarrow import parquet

from patron.config import Config
from patron.features.families import load_families
from patron.features.store import EvidenceStore
from patron.training.folds import FoldPlan
from patron.training.levels import with_levels
from patron.training.rolling import TrainingSet
from patron.training.snapshots import build_training_set

RFM = (
    "days_since_order",
    "days_since_first_order",
    *(f"orders_{days}d" for days in (7, 14, 30, 60, 90, 180, 365)),
    "orders_ever",
    *(f"spend_{days}d" for days in (30, 90, 180, 365)),
    "spend_ever",
    "order_value_mean",
)
"""Plain windows of recency, frequency and money, as people write them."""

_ORDERS = """
SELECT customer, min(happened) AS happened, sum(amount) / 10000.0 AS amount, count(*) AS lines
FROM (SELECT *, {order} AS basket FROM purchases) WHERE amount > 0 GROUP BY customer, basket ORDER BY ALL
"""


@dataclass(frozen=True)
class Case:
    """A data set asked about one horizon."""

    name: str
    make: Callable[[Path], Config]
    horizon_days: int

    @property
    def title(self) -> str:
        """What it is called in a table."""
        return f"{self.name}, {self.horizon_days} days"

    def config(self, folder: Path) -> Config:
        """Its configuration; data are written below the folder where they are not there yet."""
        made = self.make(folder / self.name)
        return replace(made, question=replace(made.question, horizon_days=self.horizon_days))


CASES = (
    Case("complete_journey", complete_journey, 7),
    Case("complete_journey", complete_journey, 14),
    Case("online_retail", online_retail, 30),
    Case("online_retail", online_retail, 90),
    Case("cdnow", cdnow, 90),
    Case("ciao", ciao, 180),
    Case("simulated", partial(simulated, customers=6_000), 30),
)


@dataclass(frozen=True, eq=False)
class Built:
    """Snapshots, folds and evidence of a case; `folder` holds what peers read."""

    config: Config
    data: TrainingSet
    plan: FoldPlan
    folder: Path

    @property
    def tested(self) -> npt.NDArray[np.intp]:
        """The rows at the test cutoffs, cutoff by cutoff."""
        rows = [np.flatnonzero(self.data.rows([fold.cutoff])) for fold in self.plan.tests]
        return np.concatenate(rows)


def build(case: Case, folder: Path) -> Built:
    """The case's snapshots and folds as training makes them, and files of them for the peers."""
    config = case.config(folder)
    memory = config.run.memory
    families = load_families(config.run.families, config.data.folder)
    home = folder / f"{case.name}-{case.horizon_days}"
    home.mkdir(parents=True, exist_ok=True)
    with EvidenceStore(config.data, config.question, memory=memory) as store:
        built = build_training_set(store, config.question, families, memory)
        built = with_levels(built, store, config.question, families, memory)
        basket = "order_id" if "order_id" in store.columns["purchases"] else "row_number() OVER ()"
        orders = store.connection.sql(_ORDERS.format(order=basket)).to_arrow_table()
    plan = built.folds(config.training.test_cutoffs)
    parquet.write_table(orders, home / "orders.parquet")
    _write_snapshots(built.data, plan, home)
    return Built(config, built.data, plan, home)


def _write_snapshots(data: TrainingSet, plan: FoldPlan, home: Path) -> None:
    columns = {
        "customer": pa.array(data.customer),
        "cutoff": pa.array(data.cutoff),
        "outcome": pa.array(data.outcome),
        **{name: data.table[name] for name in RFM if name in data.table.column_names},
    }
    parquet.write_table(pa.table(columns), home / "snapshots.parquet")
    folds = [{"cutoff": fold.cutoff, "train": list(fold.train)} for fold in plan.tests]
    (home / "folds.json").write_text(json.dumps({"folds": folds, "horizon": plan.horizon}))
