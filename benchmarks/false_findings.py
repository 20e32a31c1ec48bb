"""How often the answer says that pure noise adds something, or tells something alone.

    python benchmarks/false_findings.py --trials 200
    python benchmarks/false_findings.py --trials 60 --customers 3000 --one-in 15

Every trial invents customers at four cutoffs, two to learn from: one lasting trait decides who buys, four lasting
traits say nothing. The nominal rate of a one-sided finding at 95% intervals is one in forty.
"""

import argparse

import numpy as np

from patron.models.classifier import RepurchaseClassifier
from patron.models.group_gains import GroupGain, LaterRows, compare
from patron.models.refits import Arena, refit

GROUPS = {"trait": (0,), "noise": (1, 2, 3, 4)}


def trial(seed: int, customers: int, one_in: int = 1) -> dict[str, GroupGain]:
    """What the answer says of both groups in one invented world, learned from one in so many customers."""
    random = np.random.default_rng(seed)
    customer, cutoff = np.repeat(np.arange(customers), 4), np.tile(np.arange(4), customers)
    trait, *noise = random.normal(size=(5, customers))[:, customer]
    outcome = (random.random(customer.size) < 1 / (1 + np.exp(-2 * trait))).astype(np.int8)
    matrix = np.column_stack([2 * trait, *noise]).astype(np.float32)
    later = cutoff >= 2
    learned = ~later & (customer < customers // one_in)
    arena = Arena(
        matrix=matrix[learned],
        outcome=outcome[learned],
        cutoff=cutoff[learned],
        customer=customer[learned],
        later=matrix[later],
        later_cutoff=cutoff[later],
        later_customer=customer[later],
        categorical=(),
        parameters=RepurchaseClassifier(learning_rate=0.2, min_child=10, n_leaves=6).booster_parameters,
        n_trees=20,
    )
    fitted = refit(arena, GROUPS, seed)
    tested = LaterRows(outcome[later], customer[later], float(outcome[learned].mean()))
    return {each.group: each for each in compare(tested, fitted.whole, fitted.groups)[1]}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--customers", type=int, default=400)
    parser.add_argument("--one-in", type=int, default=1, help="learn from one in so many customers")
    given = parser.parse_args()
    found = [trial(seed, given.customers, given.one_in) for seed in range(given.trials)]
    print(f"{given.trials} trials of {given.customers} customers")
    for group in GROUPS:
        adds = sum(each[group].adds.is_measurable for each in found)
        alone = sum(each[group].alone.is_measurable for each in found)
        print(f"{group}: said to add {adds} times, to tell something alone {alone} times")


if __name__ == "__main__":
    main()
