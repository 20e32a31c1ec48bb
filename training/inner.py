"""Inner folds: the cutoffs before the first test at which recipes are compared, each predicted out of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from patron.features.catalogue import FeatureField

from .folds import Fold, FoldPlan
from .recipe import Recipe
from .rolling import Grower, TrainingSet

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class InnerFolds:
    """What recipes are compared on. Nothing at or after the first test cutoff is in it: the test says nothing here."""

    data: TrainingSet
    plan: FoldPlan
    seed: int

    @cached_property
    def folds(self) -> tuple[Fold, ...]:
        """The latest cutoffs before the first test that can be predicted out of time, ascending."""
        inner = self.plan.tests[0].inner
        return tuple(fold for fold in self.plan.rolling if fold.cutoff in inner)

    @property
    def histories(self) -> tuple[int, ...]:
        """Numbers of latest cutoffs that differ from all of them at the last fold: a half, and a quarter."""
        cutoffs = len(self.folds[-1].train)
        return tuple(sorted({part for part in (cutoffs // 4, cutoffs // 2) if 0 < part < cutoffs}))

    @property
    def overlap(self) -> bool:
        """Whether the targets of neighbouring cutoffs look at some of the same days."""
        train = self.folds[-1].train
        return bool(len(train) > 1 and np.diff(train).min() < self.plan.horizon)

    def curve(self, recipe: Recipe, fold: Fold) -> Floats:
        """The log loss at a fold's cutoff after each of the recipe's trees; float64[trees]."""
        return np.asarray(self._grower.grow(recipe, fold, self._fields[fold.cutoff]).validation_log_loss_)

    def loss(self, curves: Sequence[Floats]) -> float:
        """The lowest mean log loss over the snapshots of the first folds, which all keep as many trees."""
        return float(self._mean(curves).min())

    def row_losses(self, recipe: Recipe) -> Floats:
        """The log loss of every snapshot of the folds, with as many trees as is best for all of them; float64[rows]."""
        models = [self._grower.grow(recipe, fold, self._fields[fold.cutoff]) for fold in self.folds]
        n_trees = int(self._mean([model.validation_log_loss_ for model in models]).argmin()) + 1
        losses = []
        for fold, model in zip(self.folds, models, strict=True):
            at = self.data.rows([fold.cutoff])
            said = model.predict_probability(self.data.encoded(at, self._fields[fold.cutoff]), n_trees)
            losses.append(-np.log(np.where(self.data.outcome[at] == 1, said, 1 - said)))
        return np.concatenate(losses)

    @property
    def customers(self) -> npt.NDArray[np.int64]:
        """Whose the snapshots of `row_losses` are; int64[rows]."""
        return np.concatenate([self.data.customer[self.data.rows([fold.cutoff])] for fold in self.folds])

    def to_dict(self) -> dict[str, Any]:
        """What the losses depend on besides the data, as plain data."""
        return {
            "folds": [(fold.cutoff, *fold.train) for fold in self.folds],
            "horizon": self.plan.horizon,
            "features": [field.name for field in self.data.catalogue],
            "seed": self.seed,
        }

    def _mean(self, curves: Sequence[Floats]) -> Floats:
        sizes = [int(self.data.rows([fold.cutoff]).sum()) for fold in self.folds[: len(curves)]]
        return np.asarray(np.average(curves, axis=0, weights=sizes), np.float64)

    @cached_property
    def _grower(self) -> Grower:
        return Grower(self.data, self.seed, self.plan.horizon)

    @cached_property
    def _fields(self) -> dict[int, tuple[FeatureField, ...]]:
        """What each fold's training cutoffs know anything about."""
        return {fold.cutoff: self.data.fields(self.data.rows(fold.train)) for fold in self.folds}
