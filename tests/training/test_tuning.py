"""Tuning: a recipe replaces the default only where it proves better."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import patron
from patron.features.localtime import DAY
from patron.models.intervals import Estimate
from patron.models.tracking_store import tracking_to
from patron.training import tuning
from patron.training.folds import plan_folds
from patron.training.inner import InnerFolds
from patron.training.recipe import Recipe
from patron.training.rolling import TrainingSet
from patron.training.search import Trial
from patron.training.tuning import Tuning, log_trials, proven_gain, tune

MakeSet = Callable[..., TrainingSet]
DEFAULT, OTHER = Recipe(n_trees=30, min_child=20), Recipe(n_trees=30, min_child=20, learning_rate=0.1)
POOR = Recipe(n_trees=1, learning_rate=0.001)


def folds_of(data: TrainingSet, days: list[int]) -> InnerFolds:
    plan = plan_folds([day * DAY for day in days], [(day + 10) * DAY for day in days], 1)
    return InnerFolds(data, plan, 7)


@pytest.fixture
def folds(make_training_set: MakeSet) -> InnerFolds:
    days = [10, 20, 30, 40]
    return folds_of(make_training_set(days), days)


def found(monkeypatch: pytest.MonkeyPatch, *recipes: Recipe, losses: list[float]) -> None:
    trials = tuple(
        Trial(number, recipe, loss, 2, pruned=False)
        for number, (recipe, loss) in enumerate(zip(recipes, losses, strict=True))
    )
    monkeypatch.setattr(tuning, "search", lambda *given: trials)


def test_a_recipe_that_proves_better_replaces_the_default(
    folds: InnerFolds, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found(monkeypatch, POOR, DEFAULT, losses=[0.7, 0.5])
    tuned = tune(folds, POOR, 1, tmp_path, [])
    assert tuned.recipe == DEFAULT
    assert tuned.is_adopted
    assert "replaces the default" in tuned.sentence


def test_a_recipe_that_is_better_by_no_more_than_luck_does_not(
    folds: InnerFolds, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    near = Recipe(n_trees=30, min_child=20, l2=10.1)
    found(monkeypatch, DEFAULT, near, losses=[0.5, 0.4999])
    tuned = tune(folds, DEFAULT, 1, tmp_path, [])
    assert tuned.recipe == DEFAULT
    assert not tuned.is_adopted
    assert tuned.gain is not None
    assert "the default stays" in tuned.sentence


def test_where_the_default_is_best_it_stays(
    folds: InnerFolds, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found(monkeypatch, DEFAULT, OTHER, losses=[0.5, 0.51])
    tuned = tune(folds, DEFAULT, 1, tmp_path, [])
    assert tuned.recipe == DEFAULT
    assert tuned.sentence == "Tuning: none of 1 recipes did better than the default, which stays."


def test_a_history_without_inner_cutoffs_is_not_tuned(make_training_set: MakeSet, tmp_path: Path) -> None:
    tuned = tune(folds_of(make_training_set([5, 7, 10, 20]), [10, 20]), DEFAULT, 5, tmp_path, [])
    assert tuned == Tuning((), DEFAULT, None)
    assert "no cutoff before the first test" in tuned.sentence


def test_a_gain_is_paired_by_customer_and_its_interval_grows_with_what_was_tried(folds: InnerFolds) -> None:
    once, often = (proven_gain(folds, POOR, DEFAULT, tried) for tried in (1, 100))
    rows = folds.row_losses(POOR) - folds.row_losses(DEFAULT)
    sums = np.array(
        [(rows - rows.mean())[folds.customers == one].sum() for one in np.unique(folds.customers)]
    )
    error = np.sqrt((sums**2).sum()) / rows.size
    expected = Estimate.around(rows.mean(), error)
    assert (once.value, once.low) == pytest.approx((expected.value, expected.low))
    assert (often.high - often.low) / (once.high - once.low) == pytest.approx(3.4808 / 1.96, abs=1e-3)


def test_row_losses_are_those_of_the_best_number_of_trees(folds: InnerFolds) -> None:
    curves = [folds.curve(OTHER, fold) for fold in folds.folds]
    assert folds.row_losses(OTHER).mean() == pytest.approx(folds.loss(curves))


def test_every_trial_is_a_run_inside_the_run(make_store: Callable[[Path], Path], tmp_path: Path) -> None:
    trials = (Trial(0, DEFAULT, 0.5, 2, pruned=False), Trial(1, OTHER, 0.6, 1, pruned=True))
    with tracking_to(f"sqlite:///{make_store(tmp_path)}") as mlflow:
        with mlflow.start_run() as run:
            log_trials(run, Tuning(trials, DEFAULT, Estimate(0.01, -0.01, 0.03)))
        runs = mlflow.search_runs(output_format="list", order_by=["attributes.start_time"])
    parent = {each.info.run_id: each for each in runs}.pop(run.info.run_id)
    assert parent.data.metrics["tuning.gain.low"] == -0.01
    assert "the default stays" in parent.data.tags["patron.tuning"]
    inside = {
        each.info.run_name: each
        for each in runs
        if each.data.tags.get("mlflow.parentRunId") == run.info.run_id and each.info.status == "FINISHED"
    }
    assert sorted(inside) == ["default recipe", "recipe 1"]
    assert inside["recipe 1"].data.metrics == {"inner.log_loss": 0.6, "inner.folds": 1.0}
    assert inside["recipe 1"].data.params["recipe.learning_rate"] == "0.1"
    assert inside["recipe 1"].data.tags["patron.given_up"] == "true"


def test_training_with_trials_says_what_came_of_them(
    shop: Any, quick: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept: list[Any] = []

    def keep(record: Any, *given: Any) -> None:
        kept.append(record)
        raise KeyboardInterrupt

    monkeypatch.setattr("patron.training.trainer.write_dossier", keep)
    with pytest.raises(KeyboardInterrupt):
        patron.train(shop.config(tmp_path, training__trials=1))
    (record,) = kept
    assert [trial.number for trial in record.tuning.trials] == [0, 1]
    assert record.tuning.trials[0].recipe == Recipe(n_trees=40)
    assert record.recipe == record.tuning.recipe
    assert record.summary[-1] == record.tuning.sentence
    assert (tmp_path / "reports" / "tuning.db").is_file()


def test_training_without_trials_never_loads_the_tuner() -> None:
    program = "import sys, patron.training.trainer\nprint('optuna' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


def test_a_tuning_survives_the_disk() -> None:
    trials = (Trial(0, DEFAULT, 0.5, 2, pruned=False), Trial(1, OTHER, 0.6, 1, pruned=True))
    for made in (Tuning(trials, OTHER, Estimate(0.01, 0.005, 0.03)), Tuning((), DEFAULT, None)):
        assert Tuning.from_dict(json.loads(json.dumps(made.to_dict()))) == made
