"""Whether a plan's own holdout tells the truth once an earlier plan has changed what is learned from.

    python benchmarks/plan_periods.py --worlds 40 --folder plan-periods
    python benchmarks/plan_periods.py --worlds 1 --customers 2000

The worlds of plan_value.py, a period longer: an offer is tested on half of the customers, a first plan is made of it
and carried out. The second plan is made of what is known then: scores, expectations and effects are learned from
purchases that the first plan changed, of customers whom it chose, its contacts among the evidence. It is carried out,
and its own holdout measures it. The truth is the mean gain of those drawn, as expected from where they stood.
"""

import argparse
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from effect_worlds import lived_gain
from kept_worlds import kept_worlds
from plan_run import measured, planned
from plan_value import COST, beside, best, held
from plan_worlds import World


def world(seed: int, customers: int, effect: float, folder: Path) -> dict[str, Any]:
    """Both plans of one world, and what the second one's holdout says, as plain numbers."""
    mine = World(seed, customers, effect, plans=2)
    contacted: list[Any] = []
    activities, assignments = [], [mine.test()]
    found: dict[str, Any] = {}
    for number in (1, 2):
        day, life = mine.day(number), mine.after(*contacted)
        evidence = _evidence(mine, life, day, assignments, activities)
        truth = mine.worth(number, life) - COST
        budget = COST * best(truth, np.inf).size / 2
        where = folder / f"{seed}-{number}"
        plan, _ = planned(evidence, mine.moment(day), budget, COST, mine.margin, where)
        drawn = _naive(plan.assignments, "assigned_at")
        drawn = drawn[drawn["test"] == "offer"]
        contacted.append(drawn["customer_id"][drawn["arm"] == "contact"].to_numpy())
        assignments.append(drawn)
        activities.append(_naive(plan.contacts, "occurred_at"))
        known = plan.programmes[0].known
        found |= {
            f"state {number}": known.state,
            f"learned {number}": known.gains is not None,
            f"contacted {number}": int(contacted[-1].size),
            f"plan {number}": float(truth[contacted[-1]].sum()),
            f"oracle {number}": float(truth[best(truth, int(budget / COST))].sum()),
        }
    both = np.intersect1d(*contacted).size
    day = mine.day(2)
    evidence = _evidence(mine, mine.after(*contacted), day + 29, assignments, activities)
    own = measured(evidence, mine.moment(day + 29), mine.moment(day), COST, mine.margin)
    who = np.sort(assignments[-1]["customer_id"].to_numpy())
    gain = lived_gain(mine, 2, who, contacted[0]).mean() if who.size else np.nan
    return {**found, "contacted twice": int(both), "holdout": beside(own, float(gain))}


def _evidence(
    mine: World, life: Any, until: int, assignments: Any, activities: Any
) -> dict[str, pd.DataFrame]:
    found = {"purchases": mine.purchases(life, until), "assignments": pd.concat(assignments)}
    return {**found, "activities": pd.concat(activities)} if activities else found


def _naive(table: Any, time: str) -> pd.DataFrame:
    """Rows of a plan as the evidence has them: times without a zone."""
    frame = table.to_pandas()
    frame[time] = frame[time].dt.tz_localize(None)
    return frame


def summary(worlds: list[dict[str, Any]]) -> list[str]:
    """The worlds in lines."""
    lines = [f"{len(worlds)} worlds"]
    for number in (1, 2):
        oracle = sum(each[f"oracle {number}"] for each in worlds)
        share = sum(each[f"plan {number}"] for each in worlds) / oracle
        learned = sum(each[f"learned {number}"] for each in worlds)
        lines.append(
            f"plan {number}: {share:.1%} of the oracle's profit; whom it moves was known in {learned}"
        )
    twice = sum(each["contacted twice"] for each in worlds) / sum(each["contacted 2"] for each in worlds)
    lines.append(f"of those contacted by the second plan {twice:.0%} had been contacted by the first")
    said, errors = held([each["holdout"] for each in worlds if each["holdout"] is not None])
    lines.append(f"the second plan's holdout: {said}, spread {errors.std():.2f}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worlds", type=int, default=40)
    parser.add_argument("--customers", type=int, default=3000)
    parser.add_argument("--effect", type=float, default=0.5, help="mean change of the log hazard")
    parser.add_argument("--folder", type=Path, default=Path("plan-periods"))
    given = parser.parse_args()
    one = partial(world, customers=given.customers, effect=given.effect, folder=given.folder)
    kept = given.folder / f"{given.customers}-{given.effect}.jsonl"
    print("\n".join(summary(kept_worlds(kept, given.worlds, one))))


if __name__ == "__main__":
    main()
