"""Patron's side: the features of a workload, from Parquet to an Arrow table in memory."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
from workload import FEATURES, HORIZON_DAYS, LOOKBACK_DAYS, UNTIL, Workload

from patron.features.buying_cycle import BuyingCycle
from patron.features.engine import build_snapshots, prepare_as_learned
from patron.features.population import PopulationHistory
from patron.features.question import Question
from patron.features.snapshots import parse_cutoffs
from patron.features.spend import Spend
from patron.features.store import EvidenceStore
from patron.features.tables import DataSpec, TableSpec


def build(workload: Workload) -> Callable[[], Any]:
    """What reads, sorts and builds."""
    until = datetime(UNTIL.year, UNTIL.month, UNTIL.day, tzinfo=UTC)
    data = DataSpec({"purchases": TableSpec("purchases", path=str(workload.orders))}, until)
    question = Question(horizon_days=HORIZON_DAYS, lookback_days=LOOKBACK_DAYS)
    nothing_learned = PopulationHistory(())  # none of the features takes population values

    def run() -> Any:
        with EvidenceStore(data, question) as store:
            cutoffs = parse_cutoffs(workload.cutoffs, store.zone, store.observed_until)
            families = (BuyingCycle, Spend)
            prepared = prepare_as_learned(store, question, families, nothing_learned, FEATURES)
            return build_snapshots(store, prepared, np.asarray(cutoffs))[0]

    return run
