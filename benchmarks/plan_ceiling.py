"""How much of an oracle's profit could be made at most by what is seen of customers: where a plan's learning must end.

    python benchmarks/plan_ceiling.py --worlds 20

In the worlds of plan_value.py, a random forest is given what no test can give: the true gain of nearly every customer.
It learns how gains follow from all features, and ranks those customers whose gain it was not given (five parts, each
ranked by a forest of the others). What it chooses under the budget is compared with the oracle's choice, which knows
what no feature shows: who has left, and what each customer likes. Nobody is held out.
"""

import argparse
import sys

import numpy as np
import numpy.typing as npt
from plan_run import grounded
from plan_value import COST, best
from plan_worlds import World
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import KFold, cross_val_predict

from patron.actions.covariates import encoded
from patron.actions.moments import rows_with_expectation
from patron.features.engine import feature_names
from patron.features.outcomes import outcome_names


def seen(world: World) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Features of each customer on the day of the plan, with Patron's own prediction [n, k], and who they are [n]."""
    day = world.day(1)
    frames = {"purchases": world.purchases(world.before, day), "assignments": world.test()}
    with grounded(frames, world.moment(day)) as ground:
        who = np.arange(ground.store.customers)
        table = rows_with_expectation(ground, who, np.full(who.size, ground.store.observed_until))
        later = outcome_names(ground.question)
    names = [name for name in feature_names(table) if name not in later]
    matrix, _ = encoded(table.select(names))
    return matrix, np.array(table["customer_id"].to_pylist(), np.int64)


def share(world: World) -> float:
    """Profit of the choice, by that of the oracle's."""
    matrix, who = seen(world)
    gain = world.worth(1) - COST
    size = best(gain, np.inf).size // 2
    forest = RandomForestRegressor(200, min_samples_leaf=5, max_features=1 / 3, random_state=world.seed)
    parts = KFold(5, shuffle=True, random_state=world.seed)
    told = cross_val_predict(forest, matrix, gain[who], cv=parts)
    chosen = who[np.argsort(-told, kind="stable")[:size]]
    return float(gain[chosen].sum() / gain[best(gain, size)].sum())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--customers", type=int, default=3000)
    parser.add_argument("--effect", type=float, default=0.5, help="mean change of the log hazard")
    given = parser.parse_args()
    shares = []
    for seed in range(1, given.worlds + 1):
        shares.append(share(World(seed, given.customers, given.effect)))
        print(f"world {seed}: {shares[-1]:.1%}", file=sys.stderr)
    print(
        f"{len(shares)} worlds: {np.mean(shares):.1%} of the oracle's profit"
        f" ({min(shares):.1%} to {max(shares):.1%})"
    )


if __name__ == "__main__":
    main()
