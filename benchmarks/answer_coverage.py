"""How often the answer misleads on the simulated retailer: what adds nothing said to add, and intervals that miss.

python benchmarks/answer_coverage.py --worlds 100
python benchmarks/answer_coverage.py --worlds 100 --first 20 --net-spend

A large retailer is simulated once and its customers are dealt out: each world is a sample of its own that trains and
asks as `patron train` does. In every world some groups are made into noise: each customer is given, for good, what
another one said, so that the columns look as ever and say nothing. What a group truly adds in this recipe is its mean
over all other worlds, that is over customers none of whom the interval has seen.
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from table import render

from patron.config import load_config
from patron.features.catalogue import FeatureField
from patron.features.families import load_families
from patron.features.outcomes import SPEND
from patron.features.store import EvidenceStore
from patron.models.feature_groups import columns_by_group, group_of, words_of
from patron.models.group_gains import Fits, GroupFits, GroupGain, LaterRows, compare
from patron.models.intervals import Estimate
from patron.models.losses import DEVIANCE, LOG_LOSS
from patron.models.permutation import permute_within, permuted
from patron.models.refits import Arena, Refitted, refit
from patron.simulator import simulate
from patron.training.answer import arena_of
from patron.training.folds import FoldPlan
from patron.training.recipe import Recipe
from patron.training.rolling import RollingBoosters, TrainingSet
from patron.training.snapshots import build_training_set

NOISE = ("satisfaction", "asking", "support")
"""Groups that are made into noise."""

KINDS = ("alone", "by_chance", "without")
"""What is fitted of each group."""

REAL = ("habit", "spend_recency", "profile")
"""Groups that are left as they are. All others are left out, to fit faster."""


@dataclass(frozen=True)
class Worlds:
    """Samples of customers of one retailer, and what all of them train with."""

    data: TrainingSet
    plan: FoldPlan
    world: npt.NDArray[np.intp]
    """The world of each row."""
    fields: tuple[FeatureField, ...]
    n_trees: int

    @classmethod
    def simulated(cls, folder: Path, worlds: int, customers: int) -> "Worlds":
        """So many worlds of so many known customers each."""
        where = folder / f"retailer-{worlds * customers}"
        if not (where / "patron.toml").exists():
            simulate(worlds * customers, seed=11).write(where)
        config = load_config(where / "patron.toml", question__cutoffs=8)
        with EvidenceStore(config.data, config.question, memory=config.run.memory) as store:
            families = load_families(config.run.families, config.data.folder)
            built = build_training_set(
                store, config.question, families, config.run.memory, with_outcomes=True
            )
        data, plan = built.data, built.folds(3)
        names, code = np.unique(data.customer, return_inverse=True)
        world = np.random.default_rng(1).permutation(names.size)[code] % worlds
        fields = tuple(
            field
            for field in data.fields(data.rows(plan.tests[0].train) & (world == 0))
            if group_of(field) in NOISE + REAL
        )
        first = _part(data, world == 0)
        first = replace(first, catalogue=fields)
        n_trees = RollingBoosters(first, Recipe(), 7, plan).fitted(plan.tests[0]).n_trees
        return cls(data, plan, world, fields, n_trees)

    def fits(self, world: int, *, net_spend: bool) -> tuple[LaterRows, Refitted]:
        """The test rows of one world, and all fits that the answer makes."""
        data = _part(self.data, self.world == world)
        arena, train, test = arena_of(data, self.plan, self.fields, self.n_trees, Recipe(), world)
        groups = columns_by_group(self.fields)
        arena = _with_noise(arena, [groups[name] for name in NOISE], world)
        tested = LaterRows(data.outcome[test], data.customer[test], float(arena.outcome.mean()))
        if net_spend:
            spent = np.maximum(data.table[SPEND].cast(pa.float64()).to_numpy(), 0.0)
            mean = float(spent[train].mean())
            parameters = {**arena.parameters, **DEVIANCE.objective}
            arena = replace(arena, outcome=spent[train] / mean, parameters=parameters)
            tested = LaterRows(spent[test] / mean, data.customer[test], 1.0, DEVIANCE)
        return tested, refit(arena, groups, world)


def _part(data: TrainingSet, rows: npt.NDArray[np.bool_]) -> TrainingSet:
    return TrainingSet(data.table.filter(pa.array(rows)), data.catalogue)


def _with_noise(arena: Arena, groups: Sequence[Sequence[int]], world: int) -> Arena:
    """The same with groups given to other customers, to the same ones for good."""
    now, later = arena.matrix, arena.later
    for place, columns in enumerate(groups):
        seed = [world, place, 1_000_003]
        now = permuted(now, columns, permute_within(arena.cutoff, arena.customer, seed))
        later = permuted(later, columns, permute_within(arena.later_cutoff, arena.later_customer, seed))
    return replace(arena, matrix=now, later=later)


def kept(path: Path, worlds: Worlds, world: int, *, net_spend: bool) -> tuple[LaterRows, Refitted]:
    """The fits of one world, from the file of an earlier run where there is one: how they are told may change."""
    if not path.exists():
        tested, fitted = worlds.fits(world, net_spend=net_spend)
        arrays = {"outcome": tested.outcome, "customer": tested.customer, "mean": np.array(tested.prevalence)}
        arrays["whole"] = fitted.whole.prediction
        for name, fits in fitted.groups.items():
            arrays[f"{name} features"] = np.array(fits.features)
            arrays |= {f"{name} {kind}": getattr(fits, kind).prediction for kind in KINDS}
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part.npz")
        np.savez(unfinished, **arrays)
        unfinished.rename(path)
    with np.load(path) as found:
        loss = DEVIANCE if net_spend else LOG_LOSS
        tested = LaterRows(found["outcome"], found["customer"], float(found["mean"]), loss)
        groups = {
            name: GroupFits(
                int(found[f"{name} features"]), **{kind: Fits(found[f"{name} {kind}"]) for kind in KINDS}
            )
            for name in NOISE + REAL
        }
        return tested, Refitted(Fits(found["whole"]), groups)


def covered(estimates: Sequence[Estimate]) -> int:
    """How many intervals hold the mean of all other worlds."""
    values = np.array([each.value for each in estimates])
    truths = (values.sum() - values) / (values.size - 1)
    return sum(each.low <= truth <= each.high for each, truth in zip(estimates, truths, strict=True))


def row(name: str, found: Sequence[GroupGain]) -> tuple[str, ...]:
    """What is printed of one group in all worlds."""
    adds, alone = [each.adds.loss for each in found], [each.alone.loss for each in found]
    values = np.array([each.value for each in adds])
    width = np.mean([each.high - each.value for each in adds])
    return (
        words_of(name) + (", made into noise" if name in NOISE else ""),
        f"{1000 * values.mean():.2f}",
        f"{1000 * values.std(ddof=1):.2f}",
        f"{1000 * width / 1.96:.2f}",
        f"{sum(each.adds.is_measurable for each in found)}",
        f"{covered(adds)}",
        f"{sum(each.alone.is_measurable for each in found)}",
        f"{covered(alone)}",
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--customers", type=int, default=1_000, help="known customers of each world")
    parser.add_argument("--first", type=int, help="ask in so many of the worlds only")
    parser.add_argument("--net-spend", action="store_true", help="ask about net spend")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "patron-answers")
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args()
    worlds = Worlds.simulated(given.folder, given.worlds, given.customers)
    asked = "spend" if given.net_spend else "probability"
    found: list[dict[str, GroupGain]] = []
    try:
        for world in range(given.first or given.worlds):
            path = given.folder / f"fits-{worlds.data.customer.size}-{asked}" / f"{world}.npz"
            tested, fitted = kept(path, worlds, world, net_spend=given.net_spend)
            gains = compare(tested, fitted.whole, fitted.groups)[1]
            found.append({each.group: each for each in gains})
            print(f"\r{world + 1} worlds", end="", flush=True)
    except KeyboardInterrupt:
        print(", stopped", end="")
    title = (
        f"{len(found)} worlds of {given.customers} known customers, {len(worlds.fields)} features,"
        f" {len(worlds.data.customer) // given.worlds} snapshots each;"
        f" {'deviance of net spend' if given.net_spend else 'log loss'} ×1000"
    )
    rows = [row(name, [each[name] for each in found]) for name in NOISE + REAL]
    heads = ("group", "adds, mean", "its spread", "its error as told", "said to add", "covered")
    print("\n" + render(title, (*heads, "said to tell alone", "covered"), rows, markdown=given.markdown))


if __name__ == "__main__":
    main()
