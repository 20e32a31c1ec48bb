"""A plan of one world, from frames to its rows, and what draws say; as `patron plan` would, without a trained model."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from patron.actions.candidates import candidates_of
from patron.actions.conditions import Condition
from patron.actions.contactable import Contacts
from patron.actions.draft import draft_of
from patron.actions.draws import Draw, draws_of
from patron.actions.economics import PlanSettings
from patron.actions.known_effects import Gains, KnownEffect, known_effect
from patron.actions.moments import EXPECTED, Ground, rows_with_expectation
from patron.actions.plan import Plan
from patron.actions.planning import make_plan, plan_of
from patron.actions.programme import Programme
from patron.config import load_config
from patron.features.families import FAMILIES
from patron.features.partition import CUTOFF_TYPE
from patron.features.store import EvidenceStore
from patron.models.intervals import Estimate
from patron.serving.publishing import Publication
from patron.serving.sent import SentRun

Frames = Mapping[str, pd.DataFrame]
NOBODY = np.empty(0, np.int64)


def planned(
    frames: Frames, at: pd.Timestamp, budget: float, cost: float, margin: float, folder: Path
) -> tuple[Plan, npt.NDArray[np.float64]]:
    """The plan at a moment, and the probability to buy of each of its rows [n]."""
    with grounded(frames, at) as ground:
        who = np.arange(ground.store.customers)
        table = rows_with_expectation(ground, who, np.full(who.size, ground.store.observed_until))
        chance = 1 / (1 + np.exp(-np.array(table[EXPECTED].to_pylist())))
        run = _run(table, chance, ground, folder)
        settings = PlanSettings(margin=margin, budget=budget, never_contacted=0.0)
        nothing = Contacts(NOBODY, NOBODY)
        return make_plan(ground, run, [_offer(cost)], settings, nothing, []), chance


def planned_knowing(
    frames: Frames,
    at: pd.Timestamp,
    budget: float,
    cost: float,
    margin: float,
    gain: npt.NDArray[np.float64],
    folder: Path,
) -> Plan:
    """The plan at a moment where the gain of contacting each customer (by id) is known."""
    with grounded(frames, at) as ground:
        run = SentRun(folder / "scores", {"cutoff": f"{at.date()}T00:00:00+00:00"})
        candidates = candidates_of(ground, run, [_offer(cost)], [])
        mine = gain[np.array(candidates.table["customer_id"].to_pylist())]
        known = KnownEffect(_offer(cost), gains=Gains(mine, mine, mine), learned="the truth")
        settings = PlanSettings(margin=margin, budget=budget, never_contacted=0.0)
        return plan_of(
            draft_of(ground, settings, candidates, (known,), {}, Contacts(NOBODY, NOBODY)), "truth"
        )


def known_before(frames: Frames, at: pd.Timestamp, cost: float, margin: float) -> Estimate | None:
    """What all draws before a moment say of the offer, before its cost."""
    with grounded(frames, at) as ground:
        (draw,) = draws_of(ground.store, ground.question.horizon_days)
        return _estimate(ground, draw, cost, margin)


def measured(
    frames: Frames, until: pd.Timestamp, at: pd.Timestamp, cost: float, margin: float
) -> Estimate | None:
    """What the draw of one moment alone says once its horizon is over."""
    with grounded(frames, until) as ground:
        (draw,) = draws_of(ground.store, ground.question.horizon_days)
        mine = draw.moment == ground.store.zone.midnight(at.date())
        own = replace(
            draw,
            customer=draw.customer[mine],
            moment=draw.moment[mine],
            arm=draw.arm[mine],
            chance=draw.chance[mine],
        )
        return _estimate(ground, own, cost, margin) if mine.any() else None


def _estimate(ground: Ground, draw: Draw, cost: float, margin: float) -> Estimate | None:
    found = known_effect(ground, _offer(cost), draw, margin, NOBODY, ground.store.observed_until)
    return None if found.effect is None else found.effect.estimate


@contextmanager
def grounded(frames: Frames, until: pd.Timestamp) -> Iterator[Ground]:
    """Frames of evidence, known up to a moment, as activities and plans are measured on."""
    columns = {name: {column: column for column in frame.columns} for name, frame in frames.items()}
    config = load_config(
        {
            "data": {"observed_until": until.date().isoformat()},
            "question": {"horizon_days": 28},
            **columns,
        },
        frames=frames,
    )
    with EvidenceStore(config.data, config.question, memory=2 << 30) as store:
        yield Ground.of(store, config.question, FAMILIES, 2 << 30, 7)


def _offer(cost: float) -> Programme:
    every, at_once = Condition("true", "whom"), Condition("0", "when")
    return Programme(
        "offer", "Offer", "a purchase", every, "everybody", at_once, "at once", "email", cost, 0.0, 1, 14, 0.1
    )


def _run(table: pa.Table, chance: npt.NDArray[np.float64], ground: Ground, folder: Path) -> SentRun:
    folder.mkdir(parents=True, exist_ok=True)
    staging = folder / "staging"
    staging.mkdir(exist_ok=True)
    scores = pa.table(
        {
            "customer_id": table["customer_id"],
            "cutoff": pa.array(np.full(chance.size, ground.store.observed_until)).cast(CUTOFF_TYPE),
            "probability": chance,
            "stage": table["stage"],
        }
    )
    final = folder / "scores"
    if not final.exists():
        publication = Publication(final, staging)
        publication.write_parts("scores", [scores], scores.schema)
        publication.publish(
            {"cutoff": str(ground.store.zone.day_of(ground.store.observed_until)) + "T00:00:00+00:00"}
        )
    return SentRun(
        final, {"cutoff": str(ground.store.zone.day_of(ground.store.observed_until)) + "T00:00:00+00:00"}
    )
