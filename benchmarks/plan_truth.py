"""How far the true gains of plan_worlds.py are right: they are worked out on the plan's day, and more comes after it.

    python benchmarks/plan_truth.py --worlds 200

The worlds are lived on from the plan's day, several times with the same customers contacted and not. The gain that
comes of it is compared with the one worked out, for customers whose gain is high, as a plan's are.
"""

import argparse
import sys

import numpy as np
from effect_worlds import lived_gain
from plan_worlds import World

NOISE = 2.0
"""What a plan's ranking is off by, about, in the unit of the gains."""


def beside(world: World, share: float) -> tuple[float, float]:
    """The mean gain of a share of the customers as worked out, and as it comes."""
    truth = world.worth(1)
    random = np.random.default_rng(world.seed)
    ranked = np.argsort(-(truth + NOISE * random.normal(size=truth.size)), kind="stable")
    chosen = ranked[: int(share * truth.size)]
    return float(truth[chosen].mean()), float(lived_gain(world, 1, chosen).mean())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--customers", type=int, default=3000)
    given = parser.parse_args()
    found = []
    for seed in range(1, given.worlds + 1):
        found.append(beside(World(seed, given.customers, 0.5), 0.25))
        print(
            f"world {seed}: {found[-1][0]:.2f} worked out, {found[-1][1]:.2f} came of it",
            file=sys.stderr,
        )
    told, came = np.array(found).T
    error = 1.96 * (came - told).std(ddof=1) / told.size**0.5 / told.mean()
    more = came.mean() / told.mean() - 1
    print(f"{told.size} worlds: what came is {more:+.1%} (±{error:.1%}) beside what was worked out")


if __name__ == "__main__":
    main()
