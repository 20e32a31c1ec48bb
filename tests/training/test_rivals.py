"""Two kept models rebuilt from the evidence: the same numbers as in training, and none where nothing is clean."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from patron.features.families import load_families
from patron.features.localtime import LocalTime
from patron.models.registry import resolve
from patron.training import rivals
from patron.training.rivals import Comparison, Evidence, compare_models, other_question


@pytest.fixture
def model(trained: Any) -> Any:
    return resolve("repurchase@champion", trained.config.tracking).artefact


@pytest.fixture
def evidence(trained: Any) -> Evidence:
    return Evidence(trained.config.data, load_families((), "."), 1 << 30)


def test_a_rebuilt_model_says_of_the_first_test_cutoff_what_it_said_in_training(
    trained: Any, model: Any, evidence: Evidence
) -> None:
    from patron.models.tracking_store import tracking_to

    with tracking_to(trained.config.tracking.uri) as mlflow:
        told = mlflow.artifacts.load_dict(f"runs:/{trained.run.run_id}/evaluation.json")["per_cutoff"][0]
    with rivals._evidence(model.contract, evidence) as store:
        cutoffs = rivals.clean_cutoffs(store, model.contract)
        said = rivals._said(store, [model], evidence, cutoffs[:1])
    assert cutoffs.size == 3
    assert said.outcome.size == told["n"]
    assert said.loss().mean() == pytest.approx(told["model"]["log_loss"]["value"], rel=1e-12)


def test_a_model_gains_nothing_on_itself_and_something_on_a_worse_one(model: Any, evidence: Evidence) -> None:
    itself = compare_models([model], model, evidence, seed=7)
    assert (itself.gain.value, itself.gain.low, itself.gain.high) == (0.0, 0.0, 0.0)
    assert Comparison.from_dict(itself.to_dict()) == itself

    worse = replace(model, judged=_first_trees(model.judged))
    found = compare_models([model], worse, evidence, seed=7)
    assert found.gain.low > 0
    assert found.snapshots == itself.snapshots
    both = compare_models([model, worse], model, evidence, seed=7)
    assert both.seeds == 2
    assert both.first.value == pytest.approx((found.first.value + found.second.value) / 2)
    assert both.gain.high - both.gain.low > found.gain.high - found.gain.low  # seeds add to what is not known


def test_nothing_is_compared_where_a_model_has_learned_from_everything(
    model: Any, evidence: Evidence
) -> None:
    contract = model.contract
    late = replace(contract, window=replace(contract.window, judged_until=contract.window.observed_until))
    assert compare_models([model], replace(model, contract=late), evidence, seed=7) is None


def test_other_customers_or_another_target_are_another_question(model: Any) -> None:
    contract = model.contract
    other = replace(contract, question={**contract.question, "population": "lapsed"}, timezone="Asia/Tokyo")
    assert other_question(contract, contract) is None
    assert other_question(contract, other) == (
        "population is active in one and lapsed in the other; timezone is UTC in one and Asia/Tokyo in the other"
    )


def test_the_interval_is_that_of_resampled_customers() -> None:
    random = np.random.default_rng(1)
    customer, cutoff = np.repeat(np.arange(400), 2), np.full(800, 15 * 3_600_000_000)
    outcome = (random.random(800) < 0.3).astype(np.int8)
    good, poor = np.where(outcome == 1, 0.4, 0.2), np.full(800, 0.3)
    ours, theirs = (rivals._Said(customer, cutoff, outcome, np.array([each])) for each in (good, poor))
    found = rivals._compared(ours, theirs, LocalTime("Asia/Tokyo"), seed=3)
    per_customer = (theirs.loss() - ours.loss())[0].reshape(400, 2).mean(axis=1)
    error = per_customer.std() / np.sqrt(400)
    assert found.gain.value == pytest.approx(per_customer.mean())
    assert found.gain.low == pytest.approx(found.gain.value - 1.96 * error, abs=0.3 * error)
    assert found.customers == 400
    assert (found.cutoffs, found.days) == (("1970-01-01T15:00:00Z",), ("1970-01-02",))  # midnight in Tokyo


def _first_trees(text: str) -> str:
    import lightgbm

    return lightgbm.Booster(model_str=text).model_to_string(num_iteration=2)
