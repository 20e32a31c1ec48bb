"""Rolling boosters: every cutoff predicted by a model that knew only what was mature by then."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from joblib import Parallel, cpu_count, delayed

from patron.features.catalogue import FeatureField
from patron.features.progress import Progress, silent
from patron.models.calibration import Trial
from patron.models.calibrators import Calibrator
from patron.models.classifier import RepurchaseClassifier
from patron.models.encoded_rows import EncodedRows
from patron.models.encoding import encode
from patron.models.season import Level

from .folds import Fold, FoldPlan
from .outlook import Outlook, outlook
from .recipe import TREES_WITHOUT_INNER_FOLDS, Recipe
from .weights import snapshot_weights

MOST_CATEGORIES = 50
"""Words of a categorical feature that the model tells apart; rarer ones are missing to it."""

MOST_VALUES_AT_ONCE = 50_000_000
"""Rows times features up to which folds are fitted side by side (200 MB of matrix each)."""


@dataclass(frozen=True)
class TrainingSet:
    """Snapshots with mature targets, sorted by customer and cutoff, and the features in them."""

    table: pa.Table
    catalogue: tuple[FeatureField, ...]
    levels: tuple[Level, ...] = ()
    """Of these cutoffs, and of a year before them where that was observed; none where they were not counted."""
    ahead: tuple[Level, ...] = ()
    """Of further windows, by which cutoffs to come will know their season."""

    @cached_property
    def cutoff(self) -> npt.NDArray[np.int64]:
        """Cutoffs of the rows as instants; int64[n]."""
        return np.asarray(self.table["cutoff"]).astype("datetime64[us]").astype(np.int64)

    @cached_property
    def customer(self) -> npt.NDArray[np.int64]:
        """Customer codes of the rows; int64[n]."""
        return np.asarray(self.table["customer"], np.int64)

    @cached_property
    def outcome(self) -> npt.NDArray[np.int8]:
        """Whether the target was met; int8[n]."""
        return np.asarray(self.table["target"], np.int8)

    def rows(self, cutoffs: Sequence[int]) -> npt.NDArray[np.bool_]:
        """The rows at any of the cutoffs; bool[n]."""
        return np.isin(self.cutoff, np.array(cutoffs, np.int64))

    def fields(self, rows: npt.NDArray[np.bool_]) -> tuple[FeatureField, ...]:
        """The features that those rows know anything about, with the categories that they show.

        A feature that was never known in training is left out, and so is a number that was the same for everybody:
        nothing could be learned about it.
        """
        found = []
        for field in self.catalogue:
            column = self.table[field.name]
            if field.kind == "category":
                words = _frequent_words(column.filter(pa.array(rows)))
                if words:
                    found.append(replace(field, categories=words))
            elif _differs(column, rows):
                found.append(field)
        return tuple(found)

    def matrix(self, rows: npt.NDArray[np.bool_], fields: Sequence[FeatureField]) -> npt.NDArray[np.float32]:
        """The rows' features as the model reads them; float32[rows, features]."""
        return encode(self.table.select([field.name for field in fields]).filter(pa.array(rows)), fields)

    def encoded(self, rows: npt.NDArray[np.bool_], fields: Sequence[FeatureField]) -> EncodedRows:
        """The same as blocks, of which the model needs one at a time."""
        return EncodedRows(self.table, rows, fields)


def _differs(column: pa.ChunkedArray, rows: npt.NDArray[np.bool_]) -> bool:
    """Whether a number is not the same in all of the rows; unknown is unlike any number."""
    start, first = 0, None
    for chunk in column.chunks:  # most differ in the first
        values = chunk.to_numpy(zero_copy_only=False)
        chosen = values[rows[start : start + len(values)]]
        start += len(values)
        if not chosen.size:
            continue
        first = chosen[0] if first is None else first
        same = np.isnan(chosen) if np.isnan(first) else chosen == first
        if not same.all():
            return True
    return False


def _frequent_words(column: pa.ChunkedArray) -> tuple[str, ...]:
    counts = pc.value_counts(column.cast(pa.string()).drop_null()).to_pylist()
    counts.sort(key=lambda count: (-count["counts"], count["values"]))
    return tuple(sorted(count["values"] for count in counts[:MOST_CATEGORIES]))


@dataclass(frozen=True)
class FittedFold:
    """A booster with the number of trees and the calibration that its inner folds chose."""

    fold: Fold
    model: RepurchaseClassifier
    fields: tuple[FeatureField, ...]
    n_trees: int
    outlook: Outlook
    learned_from: tuple[int, ...]
    """The training cutoffs of the fold that the recipe takes."""

    @property
    def calibrator(self) -> Calibrator:
        """From the booster's scores to probabilities."""
        return self.outlook.calibrator

    def predict(self, data: TrainingSet, rows: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """Calibrated probabilities of the rows, each with the season of its cutoff; float64[rows]."""
        raw = self.model.predict_probability(data.encoded(rows, self.fields), self.n_trees)
        return self.calibrator.apply(raw, data.cutoff[rows])


@dataclass(frozen=True)
class Grower:
    """Grows boosters on a training set, whose targets take `horizon` microseconds, on so many threads (None: all).

    With one thread others may grow beside it. LightGBM reads blocks of rows for one dataset at a time only (two at once
    crash it), so that each then gets a matrix: the same trees, and folds side by side are small.
    """

    data: TrainingSet
    seed: int
    horizon: int
    threads: int | None = None

    def grow(
        self, recipe: Recipe, fold: Fold, fields: Sequence[FeatureField], *, watched: bool = True
    ) -> RepurchaseClassifier:
        """A booster of all the recipe's trees on a fold's training cutoffs.

        A `watched` one notes its log loss at the fold's cutoff after each tree, which changes nothing in it.
        """
        data = self.data
        rows, at = data.rows(recipe.recent(fold.train)), data.rows([fold.cutoff])
        take = data.matrix if self.threads == 1 else data.encoded
        later = (take(at, fields), data.outcome[at]) if watched else (None, None)
        return recipe.classifier(self.seed, self.threads).fit(
            take(rows, fields),
            data.outcome[rows],
            sample_weight=snapshot_weights(data.customer[rows], data.cutoff[rows], self.horizon, recipe),
            categorical=[place for place, field in enumerate(fields) if field.kind == "category"],
            X_val=later[0],
            y_val=later[1],
        )


class RollingBoosters:
    """One booster per out-of-time cutoff and one for production, grown to the recipe's full number of trees.

    A booster of an earlier cutoff serves every later fold: its losses after each tree help to choose how many trees
    are kept, its predictions to choose the calibration. All folds from the first test on read the same features, those
    known before it, so that the production booster is of the very recipe that was judged.
    """

    def __init__(
        self, data: TrainingSet, recipe: Recipe, seed: int, plan: FoldPlan, progress: Progress = silent
    ) -> None:
        self.data = data
        self.recipe = recipe
        self.seed = seed
        self._boosters: dict[int, tuple[RepurchaseClassifier, tuple[FeatureField, ...]]] = {}
        self._curves: dict[int, npt.NDArray[np.float64]] = {}
        self._horizon = plan.horizon
        self._first_test = plan.tests[0].cutoff
        self._train = {fold.cutoff: fold.train for fold in plan.rolling}
        self.fields = data.fields(data.rows(plan.tests[0].train))
        folds = (*plan.rolling, plan.production)
        grow = Parallel(n_jobs=self._folds_at_once(), prefer="threads", return_as="generator")
        grown = grow(delayed(self._grow)(fold, watched=fold is not plan.production) for fold in folds)
        for done, (fold, booster) in enumerate(zip(folds, grown, strict=True)):
            progress("fitting models", done + 1, len(folds))
            self._boosters[fold.cutoff] = booster
            if fold is not plan.production:
                self._curves[fold.cutoff] = booster[0].validation_log_loss_

    def _folds_at_once(self) -> int:
        """All cores, one fold each, while the folds' matrices are small; else one fold on all cores.

        Threads within a fold wait for each other after every split, which on small data costs more than it gains.
        """
        values = self.data.table.num_rows * len(self.data.catalogue)
        return cpu_count() if values < MOST_VALUES_AT_ONCE else 1

    def _grow(self, fold: Fold, watched: bool) -> tuple[RepurchaseClassifier, tuple[FeatureField, ...]]:
        """A fold's booster, and the features it reads."""
        fields = (
            self.fields if fold.cutoff >= self._first_test else self.data.fields(self.data.rows(fold.train))
        )
        threads = 1 if self._folds_at_once() > 1 else None
        grower = Grower(self.data, self.seed, self._horizon, threads)
        return grower.grow(self.recipe, fold, fields, watched=watched), fields

    def grown(self, fold: Fold) -> tuple[RepurchaseClassifier, tuple[FeatureField, ...]]:
        """The booster of one of the plan's folds with all its trees, and the features it reads."""
        return self._boosters[fold.cutoff]

    def fitted(self, fold: Fold) -> FittedFold:
        """The booster of one of the plan's folds with its trees and calibration."""
        model, fields = self._boosters[fold.cutoff]
        n_trees = self._best_trees(fold)
        return FittedFold(
            fold, model, fields, n_trees, self._outlook(fold, n_trees), self.recipe.recent(fold.train)
        )

    def _best_trees(self, fold: Fold) -> int:
        if not fold.inner:
            return min(TREES_WITHOUT_INNER_FOLDS, self.recipe.n_trees)
        sizes = [int(self.data.rows([cutoff]).sum()) for cutoff in fold.inner]
        curve = np.average([self._curves[cutoff] for cutoff in fold.inner], axis=0, weights=sizes)
        return int(np.argmin(curve)) + 1

    def _outlook(self, fold: Fold, n_trees: int) -> Outlook:
        """The fold's calibration, chosen by out-of-time scores of its inner cutoffs, and its season."""
        trained = {cutoff: self._train[cutoff] for cutoff in fold.inner} | {fold.cutoff: fold.train}
        learned = {cutoff: self.recipe.recent(train) for cutoff, train in trained.items()}
        trial = self._trial(fold, n_trees) if fold.inner else None
        return outlook(fold.cutoff, learned, trial, self.data.levels, self.data.ahead)

    def _trial(self, fold: Fold, n_trees: int) -> Trial:
        """The scores of the fold's inner cutoffs, each by a booster that knew only what was mature by then."""
        rows = self.data.rows(fold.inner)
        raw = np.empty(self.data.outcome.size)
        for cutoff in fold.inner:
            model, fields = self._boosters[cutoff]
            at = self.data.rows([cutoff])
            raw[at] = model.predict_probability(self.data.encoded(at, fields), n_trees)
        return Trial(raw[rows], self.data.outcome[rows], self.data.cutoff[rows], self.data.customer[rows])
