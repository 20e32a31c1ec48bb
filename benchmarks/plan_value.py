"""Whether a plan earns what it could, and whether its own holdout says so: worlds whose truth is known.

    python benchmarks/plan_value.py --worlds 200 --folder plan-worlds
    python benchmarks/plan_value.py --worlds 4 --customers 2000 --processes 1

In every world an offer is tested on half of the customers; the plan is made of what the test showed, under a budget of
half of what an all-knowing oracle would spend, and carried out; then its holdout measures it. Worlds that are done are
kept in the folder, and the same command goes on.

- share of oracle: true profit of those whom the plan contacts, by that of the oracle's choice under the same budget,
  although the plan holds out a tenth of its choice; the same for a plan that knows each customer's gain, for contacting
  the riskiest first, and for drawing lots.
- coverage: how often the 95% interval holds the true mean gain of those drawn, for the test and for the plan's holdout,
  and their mean error in standard errors.
"""

import argparse
import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from kept_worlds import kept_worlds

COST = 0.6
Floats = npt.NDArray[np.float64]


def world(seed: int, customers: int, effect: float, folder: str) -> dict[str, Any]:
    """Test, plan and holdout of one world, as plain numbers."""
    from plan_worlds import World

    return played(World(seed, customers, effect), Path(folder) / f"{seed}")


def played(world: Any, folder: Path) -> dict[str, Any]:
    """A world from its test to what the plan's holdout says."""
    import pandas as pd
    from plan_run import known_before, measured, planned, planned_knowing

    day = world.day(1)
    truth = world.worth(1)
    evidence = {"purchases": world.purchases(world.before, day), "assignments": world.test()}
    oracle = best(truth - COST, np.inf)
    budget = COST * oracle.size / 2
    plan, chance = planned(evidence, world.moment(day), budget, COST, world.margin, folder)
    known = known_before(evidence, world.moment(day), COST, world.margin)
    knowing = planned_knowing(
        evidence, world.moment(day), budget, COST, world.margin, truth - COST, folder
    ).contacts["customer_id"]
    rows = plan.rows.to_pandas()
    mine = rows[rows["programme"] == "offer"]
    contacted = mine["customer_id"][mine["arm"] == "contact"].to_numpy()
    life = world.after(contacted)
    later = world.moment(day + 29)
    assignments = plan.assignments.to_pandas()
    assignments["assigned_at"] = assignments["assigned_at"].dt.tz_localize(None)
    after = {
        "purchases": world.purchases(life, day + 29),
        "assignments": pd.concat([world.test(), assignments[assignments["test"] == "offer"]]),
    }
    own = measured(after, later, world.moment(day), COST, world.margin)
    size = int(budget / COST)
    risky = rows["customer_id"].to_numpy()[np.argsort(chance, kind="stable")][:size]
    everyone = rows["customer_id"].to_numpy()
    tested = world.test()["customer_id"].to_numpy()
    drawn = mine["customer_id"].to_numpy()
    return {
        "state": plan.programmes[0].known.state,
        "learned": plan.programmes[0].known.gains is not None,
        "contacted": int(contacted.size),
        "size": size,
        "plan": float((truth[contacted] - COST).sum()),
        "knowing": float((truth[np.array(knowing.to_pylist(), np.int64)] - COST).sum()),
        "oracle": float((truth - COST)[best(truth - COST, size)].sum()),
        "risk": float((truth[risky] - COST).sum()),
        "lots": float((truth[everyone] - COST).mean() * size),
        "test": beside(known, float(world.worth(0)[tested].mean())),
        "holdout": beside(own, float(truth[drawn].mean()) if drawn.size else float("nan")),
    }


def best(gain: Floats, most: float) -> npt.NDArray[np.int64]:
    """Those with the largest gain above zero, at most so many."""
    order = np.argsort(-gain, kind="stable")
    order = order[gain[order] > 0]
    return order if order.size <= most else order[: int(most)]


def beside(found: Any, truth: float) -> dict[str, float] | None:
    """An effect before the contact's cost beside the true mean."""
    if found is None or not np.isfinite(truth):
        return None
    return {"value": found.value, "low": found.low, "high": found.high, "error": found.error, "truth": truth}


def summary(worlds: list[dict[str, Any]]) -> list[str]:
    """The worlds in lines."""
    lines = [f"{len(worlds)} worlds"]
    paying = [each for each in worlds if each["state"] == "pays"]
    learned = sum(each["learned"] for each in worlds)
    lines.append(f"the effect was known in {len(paying)}, whom it moves in {learned}")
    for name, chosen in (("known", paying), ("whom known", [each for each in worlds if each["learned"]])):
        if chosen:
            oracle = sum(each["oracle"] for each in chosen)
            said = ", ".join(
                f"{way} {sum(each[way] for each in chosen) / oracle:.1%}"
                for way in ("plan", "knowing", "risk", "lots")
            )
            better = sum(each["plan"] > each["risk"] for each in chosen)
            lines.append(
                f"{name}: of the oracle's profit {said}; better than risk in {better} of {len(chosen)}"
            )
    for name in ("test", "holdout"):
        found = [each[name] for each in worlds if each[name] is not None]
        if found:
            lines.append(f"{name}: {held(found)[0]}")
    return lines


def held(found: list[dict[str, float]]) -> tuple[str, Floats]:
    """How often intervals hold the truth, in words, and the errors in standard errors [n]."""
    inside = sum(each["low"] <= each["truth"] <= each["high"] for each in found)
    errors = np.array([(each["value"] - each["truth"]) / each["error"] for each in found])
    return (
        f"the interval holds the truth in {inside} of {len(found)} ({inside / len(found):.1%});"
        f" mean error {errors.mean():+.2f} standard errors (+-{1.96 * errors.std() / len(found) ** 0.5:.2f})"
    ), errors


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--customers", type=int, default=4000)
    parser.add_argument("--effect", type=float, default=0.5, help="mean change of the log hazard")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--folder", type=Path, default=Path("plan-worlds"))
    given = parser.parse_args()
    one = partial(world, customers=given.customers, effect=given.effect, folder=str(given.folder))
    kept = given.folder / f"{given.customers}-{given.effect}.jsonl"
    print("\n".join(summary(kept_worlds(kept, given.worlds, one, given.processes))))


if __name__ == "__main__":
    main()
