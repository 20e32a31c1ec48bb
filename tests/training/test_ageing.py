"""Ageing: which boosters are asked about which cutoffs."""

from collections.abc import Callable

import numpy as np

from patron.features.localtime import DAY
from patron.models.ageing import rows_loss
from patron.training.ageing import age_curve
from patron.training.folds import plan_folds
from patron.training.recipe import Recipe
from patron.training.rolling import RollingBoosters, TrainingSet


def test_each_age_is_the_older_booster_beside_the_fresh_one(
    make_training_set: Callable[..., TrainingSet],
) -> None:
    days = [10, 20, 30, 40, 50, 60]
    data = make_training_set(days)
    plan = plan_folds([day * DAY for day in days], [(day + 10) * DAY for day in days], 2)
    boosters = RollingBoosters(data, Recipe(n_trees=10, min_child=20), 7, plan)
    curve = age_curve(boosters, plan, seed=7)
    # Tests at 50 and 60; boosters for 20 to 60.
    assert [(point.days, point.cutoffs) for point in curve.points] == [(10, 2), (20, 2), (30, 2), (40, 1)]
    rows = data.rows([60 * DAY])
    n_trees = boosters.fitted(plan.tests[0]).n_trees
    losses = []
    for fold in (plan.rolling[0], plan.rolling[-1]):
        model, fields = boosters.grown(fold)
        said = model.predict_probability(data.encoded(rows, fields), n_trees)
        losses.append(rows_loss(data.outcome[rows], said))
    assert curve.points[-1].loss.value == np.mean(losses[0] - losses[1])
