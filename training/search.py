"""The search for a recipe: Optuna proposes, inner folds judge, and a search that was stopped goes on where it was."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from patron.features.progress import Progress, silent

from .inner import InnerFolds
from .recipe import Recipe

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial
    from optuna.trial import Trial as Asked

SPACE = 1
"""Counts the changes of what is searched: trials of another space are not taken up again."""

RANDOM_TRIALS = 10
"""Trials drawn at random before the search learns from them; from half as many on, bad ones are given up early."""


@dataclass(frozen=True)
class Trial:
    """A recipe that was tried, its log loss (nats) over the inner folds it got to, and whether it was given up."""

    number: int
    recipe: Recipe
    loss: float
    folds: int
    pruned: bool


def search(
    folds: InnerFolds,
    default: Recipe,
    trials: int,
    store: Path,
    key: Sequence[Any],
    progress: Progress = silent,
) -> tuple[Trial, ...]:
    """Try the default and then so many other recipes, in order; the same for the same folds, seed and default.

    `store` is the SQLite file that keeps finished trials, `key` what else they depend on, as plain data: only trials
    of the same key are taken up again.
    """
    from optuna.trial import TrialState

    with _study(store, _digest(folds, default, key)) as study:
        for left in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            study.tell(left.number, state=TrialState.FAIL)  # it was being tried when the process ended
        while (done := len(_finished(study))) <= trials:
            progress(_so_far(study), done, trials + 1)
            _try_one(study, folds, default, done)
        finished = _finished(study)[: trials + 1]
        progress(_so_far(study), trials + 1, trials + 1)
        return tuple(_trial(number, each, folds, default) for number, each in enumerate(finished))


@contextmanager
def _study(store: Path, name: str) -> Iterator["Study"]:
    """The study of that name, made where there is none; Optuna is quiet meanwhile, and the file closed at the end."""
    import optuna

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = optuna.storages.RDBStorage(f"sqlite:///{store}")
    try:
        yield optuna.create_study(
            storage=storage,
            study_name=name,
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=RANDOM_TRIALS // 2),
        )
    finally:
        storage.remove_session()
        storage.engine.dispose()
        optuna.logging.set_verbosity(verbosity)


def _try_one(study: "Study", folds: InnerFolds, default: Recipe, done: int) -> None:
    """Ask for a recipe (the default at first), try it fold by fold, and tell how it did or that it was given up.

    The sampler starts anew for every trial, from a seed of its own: a search that was stopped and taken up again draws
    what it would have drawn.
    """
    from optuna.samplers import TPESampler
    from optuna.trial import TrialState

    seed = int(np.random.SeedSequence([folds.seed, done]).generate_state(1)[0])
    study.sampler = TPESampler(seed=seed, n_startup_trials=RANDOM_TRIALS, constant_liar=False)
    if done == 0 and not study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
        study.enqueue_trial({name: getattr(default, name) for name in _names(folds)})
    trial = study.ask()
    curves: list[npt.NDArray[np.float64]] = []
    recipe = _suggested(trial, folds, default)
    for step, fold in enumerate(folds.folds):
        curves.append(folds.curve(recipe, fold))
        trial.report(folds.loss(curves), step)
        if step + 1 < len(folds.folds) and trial.should_prune():
            study.tell(trial, state=TrialState.PRUNED)
            return
    study.tell(trial, folds.loss(curves))


def _suggested(trial: "Asked", folds: InnerFolds, default: Recipe) -> Recipe:
    """The recipe that a trial proposes."""
    values: dict[str, Any] = {
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.15, log=True),
        "n_leaves": trial.suggest_int("n_leaves", 4, 64, log=True),
        "min_child": trial.suggest_int("min_child", 10, 300, log=True),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.1, 1.0),
        "bagging_fraction": trial.suggest_float("bagging_fraction", 0.5, 1.0),
        "l1": trial.suggest_categorical("l1", [0.0, 0.1, 1.0, 10.0]),
        "l2": trial.suggest_float("l2", 0.1, 100.0, log=True),
        "max_bin": trial.suggest_categorical("max_bin", [63, 127, 255]),
        "half_life_days": trial.suggest_categorical("half_life_days", [None, 60.0, 120.0, 240.0, 480.0]),
    }
    if folds.histories:
        values["history"] = trial.suggest_categorical("history", [None, *folds.histories])
    if folds.overlap:
        values["share_overlap"] = trial.suggest_categorical("share_overlap", [False, True])
    return _recipe(values, default)


def _recipe(values: dict[str, Any], default: Recipe) -> Recipe:
    """The default with other values; slower learning gets more trees, of which the inner folds say how many stay."""
    trees = round(default.n_trees * default.learning_rate / values["learning_rate"])
    return replace(default, **values, n_trees=trees)


def _names(folds: InnerFolds) -> list[str]:
    """What is searched."""
    optional = [("history", folds.histories), ("share_overlap", folds.overlap)]
    always = ("learning_rate", "n_leaves", "min_child", "feature_fraction", "bagging_fraction")
    return [*always, "l1", "l2", "max_bin", "half_life_days", *(name for name, given in optional if given)]


def _finished(study: "Study") -> list["FrozenTrial"]:
    """Trials that were judged or given up, in their order."""
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def _trial(number: int, kept: "FrozenTrial", folds: InnerFolds, default: Recipe) -> Trial:
    steps = kept.intermediate_values
    recipe = _recipe(dict(kept.params), default)
    return Trial(number, recipe, steps[max(steps)], len(steps), pruned=len(steps) < len(folds.folds))


def _so_far(study: "Study") -> str:
    """What the progress says: the same before the colon every time."""
    losses = [each.value for each in _finished(study) if each.state.name == "COMPLETE" and each.value]
    best = (
        f"best log loss so far {min(losses):.4f}, default {losses[0]:.4f}" if losses else "the default first"
    )
    return f"trying recipes: {best}"


def _digest(folds: InnerFolds, default: Recipe, key: Sequence[Any]) -> str:
    """What the trials depend on, as a name."""
    plain = [SPACE, folds.to_dict(), default.to_dict(), *key]
    return sha256(json.dumps(plain, sort_keys=True, default=str).encode()).hexdigest()[:32]
