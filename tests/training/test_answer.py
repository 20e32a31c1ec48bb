"""The answer refits the judged recipe on what was mature, and samples customers whole."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from patron.training import answer as answers
from patron.training.answer import answer, arena_of
from patron.training.folds import plan_folds
from patron.training.recipe import Recipe
from patron.training.rolling import RollingBoosters

CUTOFFS = [100, 114, 128, 142, 156, 170]
INSTANTS = [each * 86_400_000_000 for each in CUTOFFS]


def judged(make_training_set):
    data = make_training_set(CUTOFFS)
    plan = plan_folds(INSTANTS, [each + 14 * 86_400_000_000 for each in INSTANTS], 2)
    recipe = Recipe(n_trees=20)
    return data, plan, RollingBoosters(data, recipe, 7, plan).fitted(plan.tests[0]), recipe


def test_what_decides_adds_and_every_known_group_is_asked(make_training_set):
    data, plan, fitted, recipe = judged(make_training_set)

    found = answer(data, plan, fitted, recipe, seed=7)

    by_name = {each.group: each for each in found.gains.groups}
    assert list(by_name) == ["satisfaction", "spend_recency"]
    assert by_name["spend_recency"].adds.is_measurable
    assert not by_name["satisfaction"].adds.is_measurable  # its scores are drawn at random
    assert (found.gains.customers, found.gains.of_customers, found.gains.rows) == (250, 250, 500)
    assert found.to_dict()["groups"][0]["adds"] == found.gains.groups[0].adds.to_dict()
    assert found.spend is None  # nobody was asked about amounts


def test_the_parts_of_the_scores_are_told_by_group(make_training_set):
    data, plan, fitted, recipe = judged(make_training_set)

    parts = answer(data, plan, fitted, recipe, seed=7).attribution

    assert parts.groups[0].group == "spend_recency"
    assert sum(each.share for each in parts.groups) == pytest.approx(1.0)
    assert parts.rows == 500


def test_net_spend_is_answered_where_it_is_known(make_training_set):
    data, plan, fitted, recipe = judged(make_training_set)
    bought = data.outcome.astype(float) * np.random.default_rng(1).gamma(2.0, 20.0, data.outcome.size)
    known = replace(data, table=data.table.append_column("target_spend", pa.array(bought)))

    found = answer(known, plan, fitted, recipe, seed=7).spend

    assert found.measure == "deviance"
    by_name = {each.group: each for each in found.groups}
    assert by_name["spend_recency"].adds.is_measurable
    assert not by_name["satisfaction"].adds.is_measurable
    assert found.to_dict()["whole"]["auc"]["value"] is None


def test_many_rows_are_learned_from_by_a_sample_of_customers_and_all_are_asked_about(
    make_training_set, monkeypatch
):
    data, plan, fitted, recipe = judged(make_training_set)
    learned = int(data.rows(plan.tests[0].train).sum()) * len(fitted.fields)
    monkeypatch.setattr(answers, "MOST_VALUES", learned // 2)

    arena, train, test = arena_of(data, plan, fitted.fields, fitted.n_trees, recipe, seed=7)

    chosen = np.unique(data.customer[train])
    assert chosen.size == 125
    assert arena.outcome.size == train.sum() == 125 * len(plan.tests[0].train)
    assert test.sum() == 500
