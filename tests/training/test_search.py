"""The search: the same recipes for the same seed, whether it ran through or was killed and taken up again."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from patron.features.localtime import DAY
from patron.training.folds import plan_folds
from patron.training.inner import InnerFolds
from patron.training.recipe import Recipe
from patron.training.rolling import TrainingSet
from patron.training.search import Trial, search

MakeSet = Callable[..., TrainingSet]
DAYS = [10, 20, 30, 40, 50, 60]
RECIPE = Recipe(n_trees=10, min_child=20)


def folds_of(data: TrainingSet, horizon: int = 10, seed: int = 7) -> InnerFolds:
    days = np.unique(data.cutoff).tolist()
    plan = plan_folds(days, [day + horizon * DAY for day in days], 2)
    return InnerFolds(data, plan, seed)


@pytest.fixture
def data(make_training_set: MakeSet) -> TrainingSet:
    return make_training_set(DAYS)


def test_the_default_is_tried_first_and_trials_end_where_others_did_better(
    data: TrainingSet, tmp_path: Path
) -> None:
    folds = folds_of(data)
    trials = search(folds, RECIPE, 7, tmp_path / "t.db", [])
    assert [trial.number for trial in trials] == list(range(8))
    assert trials[0].recipe == RECIPE
    assert trials[0].loss == folds.loss([folds.curve(RECIPE, fold) for fold in folds.folds])
    assert len({trial.recipe for trial in trials}) == 8
    assert [trial.pruned for trial in trials[:5]] == [False] * 5  # nothing to compare with yet
    assert all(trial.pruned == (trial.folds < len(folds.folds)) for trial in trials)


def test_the_same_seed_tries_the_same_recipes_and_another_one_others(
    data: TrainingSet, tmp_path: Path
) -> None:
    first, again = (search(folds_of(data), RECIPE, 3, tmp_path / f"{name}.db", []) for name in "ab")
    other = search(folds_of(data, seed=8), RECIPE, 3, tmp_path / "a.db", [])
    assert again == first
    assert {trial.recipe for trial in other[1:]}.isdisjoint(trial.recipe for trial in first[1:])


def test_more_trials_go_on_from_those_at_hand(
    data: TrainingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[Recipe] = []
    curve = InnerFolds.curve

    def noted(self: InnerFolds, recipe: Recipe, fold: object) -> object:
        tried.append(recipe)
        return curve(self, recipe, fold)  # type: ignore[arg-type]

    first = search(folds_of(data), RECIPE, 2, tmp_path / "t.db", [])
    monkeypatch.setattr(InnerFolds, "curve", noted)
    longer = search(folds_of(data), RECIPE, 3, tmp_path / "t.db", [])
    assert longer[:3] == first
    assert set(tried) == {longer[3].recipe}
    assert search(folds_of(data), RECIPE, 1, tmp_path / "t.db", []) == first[:2]


def test_trials_of_other_data_are_not_taken_up(data: TrainingSet, tmp_path: Path) -> None:
    search(folds_of(data), RECIPE, 1, tmp_path / "t.db", ["one digest"])
    told: list[int] = []
    search(folds_of(data), RECIPE, 1, tmp_path / "t.db", ["another"], lambda _, done, __: told.append(done))
    assert told == [0, 1, 2]


KILLED = """
import os, pickle, sys
import pyarrow.parquet as pq
from pathlib import Path
from patron.training.inner import InnerFolds
from patron.training.rolling import TrainingSet
from patron.training.search import search

place = Path(sys.argv[1])
catalogue, plan, recipe = pickle.loads((place / "asked.pickle").read_bytes())
folds = InnerFolds(TrainingSet(pq.read_table(place / "data.parquet"), catalogue), plan, 7)
curve, grown = InnerFolds.curve, []

def until_killed(self, recipe, fold):
    grown.append(recipe)
    if len(grown) == 2 * len(plan.tests[0].inner) + 2:  # in the middle of the third trial
        os._exit(9)
    return curve(self, recipe, fold)

InnerFolds.curve = until_killed
search(folds, recipe, 4, place / "t.db", [])
"""


def test_a_killed_search_goes_on_where_it_was_and_finds_the_same(data: TrainingSet, tmp_path: Path) -> None:
    import pickle

    folds = folds_of(data)
    pq.write_table(data.table, tmp_path / "data.parquet")
    (tmp_path / "asked.pickle").write_bytes(pickle.dumps((data.catalogue, folds.plan, RECIPE)))
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert killed.returncode == 9
    told: list[int] = []
    found = search(folds, RECIPE, 4, tmp_path / "t.db", [], lambda _, done, __: told.append(done))
    assert told[0] == 2  # the default and one more were kept
    assert found == search(folds, RECIPE, 4, tmp_path / "whole.db", [])


def test_a_search_that_ended_before_its_first_trial_begins_with_the_default(
    data: TrainingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import optuna

    def stop(*given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(optuna.Study, "ask", stop)
        with pytest.raises(KeyboardInterrupt):
            search(folds_of(data), RECIPE, 1, tmp_path / "t.db", [])
    assert search(folds_of(data), RECIPE, 1, tmp_path / "t.db", []) == search(
        folds_of(data), RECIPE, 1, tmp_path / "whole.db", []
    )


def test_time_is_searched_where_it_can_matter(
    data: TrainingSet, make_training_set: MakeSet, tmp_path: Path
) -> None:
    assert not folds_of(data).overlap
    overlapping = folds_of(make_training_set([*DAYS, 70, 80]), horizon=15)
    assert overlapping.overlap
    trials = search(overlapping, RECIPE, 4, tmp_path / "t.db", [])
    assert {trial.recipe.share_overlap for trial in trials} == {False, True}


def test_what_is_said_on_the_way_keeps_its_beginning(data: TrainingSet, tmp_path: Path) -> None:
    said: list[str] = []
    trials: tuple[Trial, ...] = search(
        folds_of(data), RECIPE, 1, tmp_path / "t.db", [], lambda what, _, __: said.append(what)
    )
    best = min(trial.loss for trial in trials)
    assert said[0] == "trying recipes: the default first"
    assert said[-1] == f"trying recipes: best log loss so far {best:.4f}, default {trials[0].loss:.4f}"


def test_the_test_cutoffs_say_nothing(data: TrainingSet, tmp_path: Path) -> None:
    folds = folds_of(data)
    first_test = folds.plan.tests[0].cutoff
    kept = TrainingSet(data.table.filter(pa.array(data.cutoff < first_test)), data.catalogue)
    assert np.unique(kept.cutoff).size == 4
    without = InnerFolds(kept, folds.plan, 7)
    assert search(without, RECIPE, 2, tmp_path / "a.db", []) == search(
        folds, RECIPE, 2, tmp_path / "b.db", []
    )
