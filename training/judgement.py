"""The judgement: a recipe and its opponents at every test cutoff, each knowing only what was mature by then."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from patron.features.progress import Progress, silent
from patron.features.question import Question
from patron.models.ageing import AgeCurve
from patron.models.contributions import contributions_of
from patron.models.evaluation import Evaluation, evaluate
from patron.models.grade import Grade, grade_of
from patron.models.predictions import Predictions
from patron.models.totals import Totals, totals

from .ageing import age_curve
from .folds import FoldPlan
from .opposition import Opposition, fold_groups
from .outlook import Outlook
from .recipe import Recipe
from .rolling import FittedFold, RollingBoosters, TrainingSet

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
    opponent_rules: Mapping[str, str] = field(default_factory=dict)
    """What each opponent does, by its name."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Why an opponent could not be had, by its name."""
    totals: Totals | None = None
    """What was promised and what came."""
    outlooks: Mapping[int, Outlook] = field(default_factory=dict)
    """By test cutoff, how scores became probabilities and what was known of the season."""
    ageing: AgeCurve = field(default_factory=AgeCurve)
    boosters: RollingBoosters | None = field(default=None, repr=False)
    """All boosters that were fitted, for what builds on their probabilities."""
    tests: tuple[FittedFold, ...] = ()
    """The fitted test folds."""

    @property
    def grade(self) -> Grade:
        """The model's grade beside the best opponent."""
        return grade_of(self.evaluation)

    @property
    def opponent(self) -> str:
        """The best opponent and what it does."""
        name = self.evaluation.best_opponent
        return f"{name}: {self.opponent_rules[name]}"

    @property
    def beats_opponent(self) -> bool:
        """Whether the model's log loss is lower than the best opponent's, with the whole interval above zero."""
        return self.evaluation.improvement["log_loss"].low > 0


def judge(
    data: TrainingSet,
    plan: FoldPlan,
    recipe: Recipe,
    question: Question,
    seed: int,
    progress: Progress = silent,
) -> Judgement:
    """Fit the rolling boosters, predict every test cutoff, and compare with the opponents that the question has."""
    boosters = RollingBoosters(data, recipe, seed, plan, progress)
    fitted = [boosters.fitted(fold) for fold in plan.tests]
    progress("judging", 0, 1)
    opposition = Opposition(data, plan, question)
    predictions = Predictions.together([fold_predictions(data, each, opposition) for each in fitted])
    weights, families = _weights(data, fitted[0], seed)
    return Judgement(
        evaluation=evaluate(predictions, seed),
        predictions=predictions,
        judged=fitted[0],
        production=boosters.fitted(plan.production),
        weights=weights,
        family_weights=families,
        totals=totals(predictions, {each.fold.cutoff: each.outlook.spread for each in fitted}),
        outlooks={each.fold.cutoff: each.outlook for each in fitted},
        opponent_rules=opposition.rules,
        left_out=opposition.left_out,
        ageing=age_curve(boosters, plan, seed),
        boosters=boosters,
        tests=tuple(fitted),
    )


def fold_predictions(data: TrainingSet, fitted: FittedFold, opposition: Opposition) -> Predictions:
    """The predictions at a fold's cutoff, and its customers' groups as they were known at its training end."""
    at = data.rows([fitted.fold.cutoff])
    return Predictions(
        customer=data.customer[at],
        cutoff=data.cutoff[at],
        outcome=data.outcome[at],
        probability=fitted.predict(data, at),
        opponents=opposition.at(fitted.fold),
        groups=fold_groups(data, fitted.fold),
    )


def _weights(data: TrainingSet, fitted: FittedFold, seed: int) -> tuple[dict[str, float], dict[str, float]]:
    """How much features and families move the log-odds at the test cutoff, on average."""
    places = np.flatnonzero(data.rows([fitted.fold.cutoff]))
    if places.size > EXPLAINED_ROWS:
        chosen = np.random.default_rng(seed).choice(places.size, EXPLAINED_ROWS, replace=False)
        places = places[np.sort(chosen)]
    rows = np.zeros(data.outcome.size, np.bool_)
    rows[places] = True
    matrix = data.matrix(rows, fitted.fields)
    probability = fitted.model.predict_probability(matrix, fitted.n_trees)
    contributions = contributions_of(fitted.model.booster_, matrix, probability, fitted.n_trees).features
    names = [field.name for field in fitted.fields]
    families = list(dict.fromkeys(field.family for field in fitted.fields))
    member = np.array(
        [[field.family == family for family in families] for field in fitted.fields], np.float64
    )
    features = np.abs(contributions).mean(axis=0).tolist()
    grouped = np.abs(contributions @ member).mean(axis=0).tolist()
    return dict(zip(names, features, strict=True)), dict(zip(families, grouped, strict=True))
