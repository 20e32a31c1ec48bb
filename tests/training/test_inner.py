"""Inner folds: what recipes are compared on, and what of time can be told apart there."""

from collections.abc import Callable

import numpy as np
import pytest

from patron.features.localtime import DAY
from patron.training.folds import plan_folds
from patron.training.inner import InnerFolds
from patron.training.recipe import Recipe
from patron.training.rolling import RollingBoosters, TrainingSet

MakeSet = Callable[..., TrainingSet]
RECIPE = Recipe(n_trees=8, min_child=20)


@pytest.fixture
def inner_of(make_training_set: MakeSet) -> Callable[[int, int], InnerFolds]:
    """The inner folds of so many cutoffs, ten days apart, with a horizon of so many days and two tests."""

    def make(count: int, horizon: int) -> InnerFolds:
        days = [10 * (number + 1) for number in range(count)]
        plan = plan_folds([day * DAY for day in days], [(day + horizon) * DAY for day in days], 2)
        return InnerFolds(make_training_set(days), plan, 7)

    return make


def test_the_folds_lie_before_the_first_test(inner_of: Callable[[int, int], InnerFolds]) -> None:
    inner = inner_of(8, 10)
    assert [fold.cutoff for fold in inner.folds] == [day * DAY for day in (30, 40, 50, 60)]
    assert inner.plan.tests[0].cutoff == 70 * DAY


def test_histories_are_a_half_and_a_quarter_of_what_the_last_fold_learns_from(
    inner_of: Callable[[int, int], InnerFolds],
) -> None:
    assert inner_of(12, 10).histories == (2, 4)  # of nine cutoffs
    assert inner_of(4, 10).histories == ()  # of one


def test_overlaps_are_known_by_the_horizon(inner_of: Callable[[int, int], InnerFolds]) -> None:
    assert not inner_of(8, 10).overlap
    assert inner_of(8, 15).overlap


def test_curves_are_those_of_the_rolling_boosters(inner_of: Callable[[int, int], InnerFolds]) -> None:
    inner = inner_of(5, 10)
    rolling = RollingBoosters(inner.data, RECIPE, 7, inner.plan)
    curves = [inner.curve(RECIPE, fold) for fold in inner.folds]
    first_test = inner.plan.tests[0]
    assert rolling.fitted(first_test).n_trees == np.mean(curves, axis=0).argmin() + 1
    assert inner.loss(curves) == pytest.approx(np.mean(curves, axis=0).min())
