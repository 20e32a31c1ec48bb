"""Rolling boosters: time is sacred. What was not mature by a test cutoff changes no bit of what is said at it."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from patron.features.localtime import DAY
from patron.features.question import Question
from patron.models.calibrators import Calibrator
from patron.training.folds import FoldPlan, plan_folds
from patron.training.judgement import fold_predictions
from patron.training.opposition import READ, Opposition
from patron.training.recipe import TREES_WITHOUT_INNER_FOLDS, Recipe
from patron.training.rolling import MOST_CATEGORIES, FittedFold, Grower, RollingBoosters, TrainingSet

MakeSet = Callable[..., TrainingSet]
RECIPE = Recipe(n_trees=25, min_child=20)
EVERY = 10


def cutoffs_of(count: int) -> list[int]:
    return [EVERY * (number + 1) for number in range(count)]


def plan_of(cutoffs: Sequence[int], horizon: int, tests: int = 3) -> FoldPlan:
    return plan_folds([day * DAY for day in cutoffs], [(day + horizon) * DAY for day in cutoffs], tests)


def corrupted(data: TrainingSet, immature: Sequence[int], at: int) -> TrainingSet:
    """The same set with other outcomes wherever the target was immature at a cutoff, and other features but at it."""
    random = np.random.default_rng(99)
    rows = data.rows(immature)
    other = rows & (data.cutoff != at)
    table = data.table

    def put(name: str, values: Any) -> None:
        nonlocal table
        table = table.set_column(table.column_names.index(name), name, pa.array(values))

    put("target", np.where(rows, 1 - data.outcome, data.outcome).astype(np.int8))
    for name in dict.fromkeys(("days_since_order", "orders_90d", "score", *READ)):
        if name not in table.column_names:  # prospects have it
            continue
        values = np.asarray(data.table[name])
        put(name, np.where(other, random.random(values.size) * 900, values).astype(np.float32))
    channel = np.array(data.table["channel"].to_pylist(), object)
    put("channel", pa.array(np.where(other, "fax", channel)).dictionary_encode())
    return TrainingSet(table, data.catalogue)


def everything_said(data: TrainingSet, plan: FoldPlan, test: int) -> dict[str, Any]:
    fitted = RollingBoosters(data, RECIPE, 7, plan).fitted(plan.tests[test])
    predictions = fold_predictions(data, fitted, Opposition(data, plan, Question()))
    return {
        "trees": fitted.model.to_text(),
        "n_trees": fitted.n_trees,
        "calibrator": fitted.calibrator,
        "fields": fitted.fields,
        "probability": predictions.probability.tobytes(),
        "opponents": {name: said.tobytes() for name, said in predictions.opponents.items()},
        "groups": {name: groups.tobytes() for name, groups in predictions.groups.items()},
    }


@pytest.mark.parametrize("horizon", [EVERY, 25], ids=["horizons that meet", "horizons that overlap"])
@pytest.mark.parametrize("test", [0, 1])
def test_what_was_not_mature_by_a_test_cutoff_changes_no_bit_there(
    make_training_set: MakeSet, horizon: int, test: int
) -> None:
    days = cutoffs_of(8)
    data, plan = make_training_set(days), plan_of(days, horizon)
    fold = plan.tests[test]
    immature = [day * DAY for day in days if (day + horizon) * DAY > fold.cutoff]
    later = corrupted(data, immature, fold.cutoff)
    assert everything_said(later, plan, test) == everything_said(data, plan, test)


def test_what_was_mature_does_matter(make_training_set: MakeSet) -> None:
    days = cutoffs_of(8)
    data, plan = make_training_set(days), plan_of(days, EVERY)
    changed = corrupted(data, [plan.tests[0].train[-1]], plan.tests[0].cutoff)
    before, after = everything_said(data, plan, 0), everything_said(changed, plan, 0)
    assert before["trees"] != after["trees"]
    for name in ("base rate", "recency rule", "RFM regression", "BG/NBD model"):
        assert before["opponents"][name] != after["opponents"][name], name


def fitted_at(data: TrainingSet, plan: FoldPlan, test: int = 0) -> FittedFold:
    return RollingBoosters(data, RECIPE, 7, plan).fitted(plan.tests[test])


def test_folds_side_by_side_or_one_after_another_on_two_threads_give_the_same(
    make_training_set: MakeSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    class TwoThreads(Recipe):
        def classifier(self, seed: int, threads: int | None) -> Any:
            assert threads is None  # which is all there are
            return super().classifier(seed, 2)

    days = cutoffs_of(5)
    data, plan = make_training_set(days), plan_of(days, EVERY, tests=1)
    side_by_side = RollingBoosters(data, Recipe(n_trees=4, min_child=20), 7, plan).fitted(plan.production)
    monkeypatch.setattr("patron.training.rolling.MOST_VALUES_AT_ONCE", 0)
    in_turn = RollingBoosters(data, TwoThreads(n_trees=4, min_child=20), 7, plan).fitted(plan.production)
    assert in_turn.model.to_text() == side_by_side.model.to_text()


def test_features_and_categories_that_came_later_are_not_in_a_fold(make_training_set: MakeSet) -> None:
    days = cutoffs_of(8)
    fields = {field.name: field for field in fitted_at(make_training_set(days), plan_of(days, EVERY)).fields}
    assert list(fields) == [
        "days_since_order",
        "orders_90d",
        "channel",
    ]  # scores began at the third last cutoff
    assert fields["channel"].categories == ("shop", "web")  # and the app at the second last


def test_the_production_booster_is_of_the_recipe_that_was_judged(make_training_set: MakeSet) -> None:
    days = cutoffs_of(8)
    data, plan = make_training_set(days), plan_of(days, EVERY)
    boosters = RollingBoosters(data, RECIPE, 7, plan)
    production = boosters.fitted(plan.production)
    assert (
        production.fields == boosters.fitted(plan.tests[0]).fields == boosters.fitted(plan.tests[-1]).fields
    )
    assert production.model.n_features_in_ == 3


def test_the_trees_are_as_many_as_were_best_on_the_inner_cutoffs(make_training_set: MakeSet) -> None:
    days = cutoffs_of(8)
    data, plan = make_training_set(days), plan_of(days, EVERY)
    boosters = RollingBoosters(data, RECIPE, 7, plan)
    fold = plan.tests[0]
    curves = []
    for cutoff in fold.inner:
        inner = boosters.fitted(next(each for each in plan.rolling if each.cutoff == cutoff))
        rows = data.rows([cutoff])
        curves.append(inner.model.staged_log_loss(data.matrix(rows, inner.fields), data.outcome[rows]))
    assert boosters.fitted(fold).n_trees == np.mean(curves, axis=0).argmin() + 1


def test_without_inner_folds_the_trees_are_the_default_and_nothing_is_calibrated(
    make_training_set: MakeSet,
) -> None:
    plan = plan_of(cutoffs_of(2), EVERY)
    fitted = fitted_at(make_training_set([5, 7, 10, 20]), plan)
    assert fitted.n_trees == min(TREES_WITHOUT_INNER_FOLDS, RECIPE.n_trees)
    calibrator: Calibrator = fitted.calibrator
    assert calibrator.to_dict() == {"kind": "identity"}


def test_a_training_cutoff_with_a_handful_of_rows_ends_in_a_booster_all_the_same(
    make_training_set: MakeSet,
) -> None:
    days = cutoffs_of(5)
    data = make_training_set(days)
    kept = (data.cutoff > 20 * DAY) | (data.customer < 12)
    few = TrainingSet(data.table.filter(pa.array(kept)), data.catalogue)
    fitted = fitted_at(few, plan_of(days, EVERY, tests=2))
    assert 1 <= fitted.n_trees <= RECIPE.n_trees
    assert np.isfinite(fitted.predict(few, few.rows([50 * DAY]))).all()


def test_a_model_tells_the_most_frequent_categories_apart(make_training_set: MakeSet) -> None:
    data = make_training_set([10, 20, 30])
    words = [f"w{number:03d}" for number in range(MOST_CATEGORIES + 10)]
    column = pa.array([words[place % len(words)] for place in range(data.outcome.size)])
    table = data.table.set_column(
        data.table.column_names.index("channel"), "channel", column.dictionary_encode()
    )
    fields = TrainingSet(table, data.catalogue).fields(np.ones(data.outcome.size, np.bool_))
    # 750 rows: the first thirty words come 13 times, the others 12 times; of those the first in the alphabet are kept.
    assert fields[-1].categories == tuple(words[:MOST_CATEGORIES])


def test_a_recipe_with_a_short_history_knows_nothing_of_older_cutoffs(make_training_set: MakeSet) -> None:
    days = cutoffs_of(8)
    data, plan = make_training_set(days), plan_of(days, EVERY)
    fold = plan.tests[0]
    recipe = Recipe(n_trees=5, min_child=20, history=2)
    fitted = RollingBoosters(data, recipe, 7, plan).fitted(fold)
    assert fitted.learned_from == fold.train[-2:]
    older = corrupted(data, fold.train[:-2], fold.cutoff)
    grower = Grower(older, 7, plan.horizon, threads=1)
    assert grower.grow(recipe, fold, fitted.fields).to_text() == fitted.model.to_text()


def test_weights_by_age_and_overlap_change_the_trees(make_training_set: MakeSet) -> None:
    days = cutoffs_of(8)
    data, plan = make_training_set(days), plan_of(days, 25)
    grower, fold = Grower(data, 7, plan.horizon, threads=1), plan.tests[0]
    fields = data.fields(data.rows(fold.train))
    recipes = [
        Recipe(n_trees=3, min_child=20, **each)
        for each in ({}, {"half_life_days": 15.0}, {"share_overlap": True})
    ]
    assert len({grower.grow(recipe, fold, fields).to_text() for recipe in recipes}) == 3
