"""The answer to what brings customers back: each group of features alone, on top of all others, and shared.

The judged booster's own recipe is fitted again many times, to what was mature before the first test cutoff, and asked
about all test cutoffs. To be affordable it takes half as many trees at twice the learning rate, and learns from a
sample of the customers where there are many, each snapshot counting the same; sample and trees are the same for every
fit.
"""

import numpy as np
import numpy.typing as npt

from patron.features.progress import Progress, silent
from patron.models.feature_groups import columns_by_group
from patron.models.group_gains import GroupGains, LaterRows, compare
from patron.models.permutation import is_alike
from patron.models.refits import FITS, Arena, refit

from .folds import FoldPlan
from .recipe import Recipe
from .rolling import FittedFold, TrainingSet

MOST_VALUES = 3_000_000
"""Rows times features that each fit learns from at most: two thirds of a second of one core."""

MOST_TESTED = 20_000_000
"""Rows times features that each fit is asked about at most (80 MB)."""


def answer(
    data: TrainingSet,
    plan: FoldPlan,
    judged: FittedFold,
    recipe: Recipe,
    seed: int,
    progress: Progress = silent,
) -> GroupGains:
    """What each group that the judged booster reads is worth at the test cutoffs."""
    progress("asking what brings customers back", 0, 1)
    arena, train, test = _arena(data, plan, judged, recipe, seed)
    groups = {
        name: columns
        for name, columns in columns_by_group(judged.fields).items()
        if not is_alike(arena.matrix, columns, arena.cutoff)
    }
    fitted = refit(arena, groups, seed)
    tested = LaterRows(data.outcome[test], data.customer[test], float(arena.outcome.mean()))
    asked = data.rows(recipe.recent(plan.tests[0].train))
    whole, gains = compare(tested, fitted.whole, fitted.groups)
    return GroupGains(
        whole,
        gains,
        fits=FITS,
        rows=int(test.sum()),
        customers=int(np.unique(data.customer[train]).size),
        of_customers=int(np.unique(data.customer[asked]).size),
    )


def _arena(
    data: TrainingSet, plan: FoldPlan, judged: FittedFold, recipe: Recipe, seed: int
) -> tuple[Arena, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """What is fitted, and which rows are learned from and asked about."""
    fields = judged.fields
    place = _shuffled(data.customer, seed)
    train = data.rows(recipe.recent(plan.tests[0].train))
    test = data.rows([fold.cutoff for fold in plan.tests])
    train &= place < MOST_VALUES / max(train.sum() * len(fields), 1)
    test &= place < MOST_TESTED / max(test.sum() * len(fields), 1)
    parameters = recipe.classifier(seed, 1).booster_parameters
    arena = Arena(
        matrix=data.matrix(train, fields),
        outcome=data.outcome[train],
        cutoff=data.cutoff[train],
        customer=data.customer[train],
        later=data.matrix(test, fields),
        later_cutoff=data.cutoff[test],
        later_customer=data.customer[test],
        categorical=tuple(at for at, field in enumerate(fields) if field.kind == "category"),
        parameters={**parameters, "learning_rate": 2 * parameters["learning_rate"]},
        n_trees=max(judged.n_trees // 2, 1),
    )
    return arena, train, test


def _shuffled(customer: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.float64]:
    """A number from 0 to 1 for each row, by customer: those below a share are a sample of that share of customers."""
    names, code = np.unique(customer, return_inverse=True)
    order = np.random.default_rng(seed).permutation(names.size)
    return np.asarray(order[code] / names.size)
