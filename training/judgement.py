"""The judgement: a recipe and its opponent at every test cutoff, each knowing only what was mature by then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from patron.features.progress import Progress, silent
from patron.models.evaluation import Evaluation, Predictions, evaluate
from patron.models.opponents import RecencyRule

from .folds import FoldPlan
from .recipe import Recipe
from .rolling import FittedFold, RollingBoosters, TrainingSet

OPPONENT = "recency rule"
EXPLAINED_ROWS = 5_000
"""Snapshots over which the weight of features is averaged."""


@dataclass(frozen=True)
class Judgement:
    """What the test cutoffs say, and the boosters: `judged` of the first test fold, `production` of everything."""

    evaluation: Evaluation
    predictions: Predictions
    judged: FittedFold
    production: FittedFold
    weights: Mapping[str, float]
    """Mean absolute contribution of each feature to the judged booster's log-odds, by name."""
    family_weights: Mapping[str, float]
    """The same for the sum of each family's contributions."""

    @property
    def beats_opponent(self) -> bool:
        """Whether the model's log loss is lower than the opponent's, with the whole interval above zero."""
        return self.evaluation.improvement["log_loss"].low > 0


def judge(
    data: TrainingSet, plan: FoldPlan, recipe: Recipe, seed: int, progress: Progress = silent
) -> Judgement:
    """Fit the rolling boosters, predict every test cutoff, and compare with the opponent."""
    boosters = RollingBoosters(data, recipe, seed, plan, progress)
    fitted = [boosters.fitted(fold) for fold in plan.tests]
    predictions = _predictions(data, fitted)
    progress("judging", 0, 1)
    evaluation = evaluate(predictions, seed)
    weights, families = _weights(data, fitted[0], seed)
    return Judgement(evaluation, predictions, fitted[0], boosters.fitted(plan.production), weights, families)


def _predictions(data: TrainingSet, fitted: Sequence[FittedFold]) -> Predictions:
    parts = [_fold_predictions(data, each) for each in fitted]
    columns = zip(*(vars(part).values() for part in parts), strict=True)
    return Predictions(*(np.concatenate(column) for column in columns))


def _fold_predictions(data: TrainingSet, fitted: FittedFold) -> Predictions:
    """The predictions at a fold's cutoff, the opponent fitted on everything mature by then."""
    train, at = data.rows(fitted.fold.train), data.rows([fitted.fold.cutoff])
    days = np.asarray(data.table["days_since_order"], np.float64)
    opponent = RecencyRule().fit(days[train], data.outcome[train], data.cutoff[train], data.customer[train])
    return Predictions(
        customer=data.customer[at],
        cutoff=data.cutoff[at],
        outcome=data.outcome[at],
        probability=fitted.predict(data, at),
        opponent=opponent.predict(days[at], data.cutoff[at]),
        stage=np.asarray(data.table["stage"].to_pylist(), object)[at],
    )


def _weights(data: TrainingSet, fitted: FittedFold, seed: int) -> tuple[dict[str, float], dict[str, float]]:
    """How much features and families move the log-odds at the test cutoff, on average."""
    places = np.flatnonzero(data.rows([fitted.fold.cutoff]))
    if places.size > EXPLAINED_ROWS:
        chosen = np.random.default_rng(seed).choice(places.size, EXPLAINED_ROWS, replace=False)
        places = places[np.sort(chosen)]
    rows = np.zeros(data.outcome.size, np.bool_)
    rows[places] = True
    contributions = _contributions(fitted, data.matrix(rows, fitted.fields))
    names = [field.name for field in fitted.fields]
    families = list(dict.fromkeys(field.family for field in fitted.fields))
    member = np.array(
        [[field.family == family for family in families] for field in fitted.fields], np.float64
    )
    features = np.abs(contributions).mean(axis=0).tolist()
    grouped = np.abs(contributions @ member).mean(axis=0).tolist()
    return dict(zip(names, features, strict=True)), dict(zip(families, grouped, strict=True))


def _contributions(fitted: FittedFold, matrix: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """What each feature adds to a row's log-odds (TreeSHAP); float64[rows, features]."""
    found = fitted.model.booster_.predict(matrix, num_iteration=fitted.n_trees, pred_contrib=True)
    return np.asarray(found, np.float64)[:, :-1]
