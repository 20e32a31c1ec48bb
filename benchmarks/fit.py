"""How much of a fold's fit is LightGBM: Patron's step against bare `lightgbm.train` on the same matrix.

python benchmarks/fit.py
python benchmarks/fit.py complete_journey simulated --repeat 5

Both are measured in processor time on one thread, turn by turn; the least of the repetitions counts.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import lightgbm
import numpy as np
from accuracy_data import DATA_SETS, NotThere
from table import render, seconds

from patron.config import Config
from patron.features.families import load_families
from patron.features.store import EvidenceStore
from patron.training.folds import FoldPlan
from patron.training.recipe import Recipe
from patron.training.rolling import Grower, TrainingSet
from patron.training.snapshots import build_training_set


def measured(config: Config, repeat: int) -> tuple[str, ...]:
    """The row of a data set: the first test fold, its size, both times and their ratio."""
    with EvidenceStore(config.data, config.question, memory=config.run.memory) as store:
        families = load_families(config.run.families, config.data.folder)
        built = build_training_set(store, config.question, families, config.run.memory)
    data, plan, recipe = built.data, built.folds(config.training.test_cutoffs), Recipe()
    ours, alone = patron_fit(data, plan, recipe), bare_fit(data, plan, recipe)
    if ours().model_to_string() != alone().model_to_string():
        raise SystemExit("The two fits differ: they are not to be compared.")
    times = np.array([[_processor_time(fit) for fit in (ours, alone)] for _ in range(repeat)]).min(axis=0)
    rows = int(data.rows(plan.tests[0].train).sum())
    features = len(data.fields(data.rows(plan.tests[0].train)))
    share = f"{100 * times[1] / times[0]:.0f} %"
    return f"{rows:,}", str(features), seconds(times[0]), seconds(times[1]), share


def patron_fit(data: TrainingSet, plan: FoldPlan, recipe: Recipe) -> Callable[[], lightgbm.Booster]:
    """The step from the table of all snapshots to a booster with its losses at the fold's cutoff."""
    grower, fold = Grower(data, 7, plan.horizon, threads=1), plan.tests[0]
    return lambda: grower.grow(recipe, fold, data.fields(data.rows(fold.train))).booster_


def bare_fit(data: TrainingSet, plan: FoldPlan, recipe: Recipe) -> Callable[[], lightgbm.Booster]:
    """LightGBM on a matrix that is there already, and nothing noted."""
    rows = data.rows(plan.tests[0].train)
    fields = data.fields(rows)
    matrix, outcome = data.matrix(rows, fields), data.outcome[rows].astype(np.float32)
    categorical = [place for place, field in enumerate(fields) if field.kind == "category"]
    parameters = {
        "objective": "binary",
        "learning_rate": recipe.learning_rate,
        "num_leaves": recipe.n_leaves,
        "min_data_in_leaf": recipe.min_child,
        "feature_fraction": recipe.feature_fraction,
        "bagging_fraction": recipe.bagging_fraction,
        "bagging_freq": int(recipe.bagging_fraction < 1),
        "lambda_l1": recipe.l1,
        "lambda_l2": recipe.l2,
        "max_bin": recipe.max_bin,
        "seed": 7,
        "num_threads": 1,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }

    def fit() -> lightgbm.Booster:
        dataset = lightgbm.Dataset(matrix, outcome, categorical_feature=categorical, params=parameters)
        return lightgbm.train(parameters, dataset, recipe.n_trees)

    return fit


def _processor_time(fit: Callable[[], object]) -> float:
    started = time.process_time()
    fit()
    return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help=f"of {', '.join(DATA_SETS)}; all unless given")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "patron-accuracy")
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args()
    rows = []
    for name in given.names or DATA_SETS:
        try:
            rows.append((name, *measured(DATA_SETS[name](given.folder / name), given.repeat)))
        except NotThere as reason:
            print(f"{name}: skipped, {reason}\n")
    heads = ("first test fold of", "snapshots", "features", "Patron", "bare LightGBM", "share")
    print(render("The fit of one fold, processor time", heads, rows, markdown=given.markdown))


if __name__ == "__main__":
    main()
