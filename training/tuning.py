"""Tuning: recipes are tried before the first test cutoff, and one is taken only where it proves better."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from scipy import stats

from patron.features.progress import Progress, silent
from patron.models.intervals import Estimate

from .inner import InnerFolds
from .recipe import Recipe
from .search import Trial, search

MISTAKE = 0.05
"""How often a default that is as good would be replaced, over all recipes tried."""


@dataclass(frozen=True)
class Tuning:
    """The trials (the default is the first), the recipe that is taken, and how much the best gained.

    `gain` is how much lower the best recipe's log loss is than the default's on the inner cutoffs, in nats; its
    interval allows for having looked at so many recipes. None where none did better, or none could be tried.
    """

    trials: tuple[Trial, ...]
    recipe: Recipe
    gain: Estimate | None

    @property
    def is_adopted(self) -> bool:
        """Whether the recipe is another one than the default."""
        return self.gain is not None and self.gain.low > 0

    def to_dict(self) -> dict[str, Any]:
        """The tuning as plain data."""
        gain = None if self.gain is None else self.gain.to_dict()
        return {"trials": [asdict(each) for each in self.trials], "recipe": asdict(self.recipe), "gain": gain}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The tuning that `to_dict` described."""
        trials = (Trial(**{**each, "recipe": Recipe(**each["recipe"])}) for each in plain["trials"])
        gain = plain["gain"]
        return cls(tuple(trials), Recipe(**plain["recipe"]), gain and Estimate.from_dict(gain))

    @property
    def sentence(self) -> str:
        """What came of it, for the summary."""
        tried = len(self.trials) - 1
        if not self.trials:
            return "Nothing was tuned: there is no cutoff before the first test on which recipes can be compared."
        if self.gain is None:
            return f"Tuning: none of {tried:,} recipes did better than the default, which stays."
        found = f"{self.gain.value:.4f} ({self.gain.low:.4f} to {self.gain.high:.4f})"
        if self.is_adopted:
            return (
                f"Tuning: the best of {tried:,} recipes replaces the default; its log loss on earlier cutoffs is lower"
                f" by {found}."
            )
        return (
            f"Tuning: the default stays; the best of {tried:,} recipes is not shown to be better (log loss on earlier"
            f" cutoffs lower by {found})."
        )


def tune(
    folds: InnerFolds,
    default: Recipe,
    trials: int,
    folder: Path,
    key: Sequence[Any],
    progress: Progress = silent,
) -> Tuning:
    """Try so many recipes besides the default; `folder` gets `tuning.db`, from which a stopped search goes on.

    `key` is what the trials depend on besides the folds and the default, as plain data.
    """
    if not folds.folds:
        return Tuning((), default, None)
    tried = search(folds, default, trials, folder / "tuning.db", key, progress)
    best = min((each for each in tried if not each.pruned), key=lambda each: (each.loss, each.number))
    if best.number == 0:
        return Tuning(tried, default, None)
    gain = proven_gain(folds, default, best.recipe, trials)
    return Tuning(tried, best.recipe if gain.low > 0 else default, gain)


def proven_gain(folds: InnerFolds, default: Recipe, best: Recipe, tried: int) -> Estimate:
    """How much lower the log loss of the best of so many recipes is than the default's, in nats.

    The standard error is over customers, paired. The interval is widened (Bonferroni) because the best of many looks
    good by luck alone.
    """
    gain = folds.row_losses(default) - folds.row_losses(best)
    codes = np.unique(folds.customers, return_inverse=True)[1]
    error = np.sqrt((np.bincount(codes, gain - gain.mean()) ** 2).sum()) / gain.size
    half = float(stats.norm.ppf(1 - MISTAKE / 2 / tried) * error)
    value = float(gain.mean())
    return Estimate(value, value - half, value + half)


def log_trials(run: Any, tuning: Tuning) -> None:
    """What came of tuning on an MLflow run, and every trial as a run inside it, with its recipe and loss."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param

    client = MlflowClient()
    client.set_tag(run.info.run_id, "patron.tuning", tuning.sentence)
    if tuning.gain is not None:
        for name, value in vars(tuning.gain).items():
            client.log_metric(run.info.run_id, f"tuning.gain.{name}", value)
    for trial in tuning.trials:
        tags = {
            "mlflow.parentRunId": run.info.run_id,
            "mlflow.runName": f"recipe {trial.number}" if trial.number else "default recipe",
            "patron.given_up": str(trial.pruned).lower(),
        }
        made = client.create_run(run.info.experiment_id, tags=tags).info
        client.log_batch(
            made.run_id,
            metrics=[
                Metric("inner.log_loss", trial.loss, made.start_time, 0),
                Metric("inner.folds", trial.folds, made.start_time, 0),
            ],
            params=[Param(f"recipe.{name}", str(value)) for name, value in trial.recipe.to_dict().items()],
        )
        client.set_terminated(made.run_id)
