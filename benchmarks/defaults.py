"""Which recipe is good without tuning: chosen on all data sets but one, and judged on that one.

python benchmarks/defaults.py
python benchmarks/defaults.py complete_journey cdnow online_retail --seeds 3 --customers 20000
"""

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from accuracy_data import DATA_SETS, NotThere, simulated
from table import render

from patron.config import Config
from patron.features.families import load_families
from patron.features.store import EvidenceStore
from patron.models.intervals import Estimate
from patron.training.folds import FoldPlan
from patron.training.levels import with_levels
from patron.training.recipe import Recipe
from patron.training.rolling import RollingBoosters, TrainingSet
from patron.training.snapshots import build_training_set

Floats = npt.NDArray[np.float64]

SETS = {**DATA_SETS, "simulated": partial(simulated, customers=6_000)}

CANDIDATES: dict[str, Recipe] = {
    "default": Recipe(),
    "6 leaves": Recipe(n_leaves=6),
    "24 leaves": Recipe(n_leaves=24),
    "rate .025": Recipe(learning_rate=0.025, n_trees=800),
    "L2 50": Recipe(l2=50.0),
    "features .15": Recipe(feature_fraction=0.15),
    "features .6": Recipe(feature_fraction=0.6),
    "150 in a leaf": Recipe(min_child=150),
    "half-life 180": Recipe(half_life_days=180),
    "latest 4": Recipe(history=4),
    "shared overlaps": Recipe(share_overlap=True),
}
"""The default, and recipes that differ from it in one thing each."""


@dataclass(frozen=True)
class Losses:
    """Log loss of every test snapshot by candidate, mean over the seeds, [rows], and whose they are, [rows]."""

    by_candidate: Mapping[str, Floats]
    customer: npt.NDArray[np.int64]

    def gain(self, candidate: str) -> Estimate:
        """How much lower than the default's the mean log loss is, in percent of it, with a 95 % interval."""
        default = self.by_candidate["default"]
        gain = 100 * (default - self.by_candidate[candidate]) / default.mean()
        codes = np.unique(self.customer, return_inverse=True)[1]
        error = np.sqrt((np.bincount(codes, gain - gain.mean()) ** 2).sum()) / gain.size
        return Estimate.around(float(gain.mean()), float(error))


def measured(
    config: Config, seeds: Sequence[int], customers: int, names: Sequence[str], folder: Path
) -> Losses:
    """The candidates at the test cutoffs of a data set, of which so many customers are drawn.

    Losses are kept in the folder: a run that was stopped, or is asked for more, does not fit anything twice.
    """
    with EvidenceStore(config.data, config.question, memory=config.run.memory) as store:
        families = load_families(config.run.families, config.data.folder)
        built = build_training_set(store, config.question, families, config.run.memory)
        built = with_levels(built, store, config.question, families, config.run.memory)
    plan, data = built.folds(config.training.test_cutoffs), drawn(built.data, customers)
    rows = np.concatenate([np.flatnonzero(data.rows([fold.cutoff])) for fold in plan.tests])
    found = {}
    for name in names:
        recipe = CANDIDATES[name]
        found[name] = np.mean([_kept_losses(data, plan, recipe, seed, folder) for seed in seeds], axis=0)
        print(f"  {name}: {found[name].mean():.4f}", flush=True)
    return Losses(found, data.customer[rows])


def drawn(data: TrainingSet, customers: int) -> TrainingSet:
    """The snapshots of at most so many customers, drawn at random."""
    known = np.unique(data.customer)
    if known.size <= customers:
        return data
    chosen = np.random.default_rng(0).choice(known, customers, replace=False)
    kept = data.table.filter(pa.array(np.isin(data.customer, chosen)))
    return TrainingSet(kept, data.catalogue, data.levels, data.ahead)


def _kept_losses(data: TrainingSet, plan: FoldPlan, recipe: Recipe, seed: int, folder: Path) -> Floats:
    """The losses of a fit from the folder, where they are kept by all they depend on but the code."""
    asked = sha256(repr((recipe, seed, plan)).encode())
    asked.update(np.ascontiguousarray(data.customer))
    asked.update(np.ascontiguousarray(data.outcome))
    kept = folder / f"losses-{asked.hexdigest()[:16]}.npy"
    if not kept.exists():
        np.save(kept, _losses(data, plan, recipe, seed))
    return np.asarray(np.load(kept))


def _losses(data: TrainingSet, plan: FoldPlan, recipe: Recipe, seed: int) -> Floats:
    boosters = RollingBoosters(data, recipe, seed, plan)
    losses = []
    for fold in plan.tests:
        at = data.rows([fold.cutoff])
        said, outcome = boosters.fitted(fold).predict(data, at), data.outcome[at]
        losses.append(-np.log(np.where(outcome == 1, said, 1 - said)))
    return np.concatenate(losses)


def left_out(found: Mapping[str, Losses]) -> Iterator[tuple[str, ...]]:
    """For each data set: the candidate that is best on the others, and its gain there and here."""
    for name, losses in found.items():
        others = [each for other, each in found.items() if other != name]
        means = {
            candidate: float(np.mean([each.gain(candidate).value for each in others]))
            for candidate in losses.by_candidate
        }
        best = max(means, key=means.__getitem__)
        yield name, best, f"{means[best]:+.2f} %", _percent(losses.gain(best))


def _percent(gain: Estimate) -> str:
    return f"{gain.value:+.2f} ({gain.low:+.2f} to {gain.high:+.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help=f"of {', '.join(SETS)}; all unless given")
    parser.add_argument("--seeds", type=int, default=1, help="fits of which each loss is the mean")
    parser.add_argument("--customers", type=int, default=3_000, help="at most so many per data set")
    parser.add_argument("--candidates", nargs="*", default=list(CANDIDATES), choices=list(CANDIDATES))
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "patron-accuracy")
    parser.add_argument(
        "--keep",
        type=Path,
        default=Path(tempfile.gettempdir()) / "patron-defaults",
        help="where losses are kept between runs",
    )
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args()
    candidates = list(dict.fromkeys(["default", *given.candidates]))
    found: dict[str, Losses] = {}
    for name in given.names or SETS:
        print(name, flush=True)
        try:
            config = SETS[name](given.folder / name)
        except NotThere as reason:
            print(f"  skipped, {reason}")
            continue
        given.keep.mkdir(parents=True, exist_ok=True)
        found[name] = measured(config, range(given.seeds), given.customers, candidates, given.keep)
    rows = [(each, *(_percent(losses.gain(each)) for losses in found.values())) for each in candidates[1:]]
    print(render("Log loss lower than the default's, %", ("recipe", *found), rows, markdown=given.markdown))
    if len(found) > 1:
        heads = ("left out", "chosen by the others", "gain on them", "gain here, %")
        print(render("Leaving one data set out", heads, list(left_out(found)), markdown=given.markdown))


if __name__ == "__main__":
    main()
