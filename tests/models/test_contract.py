"""The contract survives JSON, its digest follows its content, and its reference ranks a score."""

import dataclasses
import json

import numpy as np
import pytest

from patron.features.catalogue import FeatureField
from patron.features.errors import ModelError
from patron.features.question import Question
from patron.models.contract import (
    Contract,
    InputReference,
    Reference,
    TrainingWindow,
    canonical_json,
    input_reference_of,
    reference_of,
)

NUMBER = FeatureField("orders_90d", "orders", "in the last 90 days", "buying")
CATEGORY = FeatureField("channel", "", "last channel", "buying", "category", ("app", "shop"))


def contract(**changes: object) -> Contract:
    plain = Contract(
        question=Question().to_dict(),
        timezone="Europe/Berlin",
        tables={"purchases": ("customer_id", "purchased_at", "amount")},
        features=(NUMBER, CATEGORY),
        reference=Reference(
            (0.1, 0.2, 0.4),
            {
                "orders_90d": InputReference(0.25, (0.0, 1.0)),
                "channel": InputReference(0.0, shares={"app": 0.5, "shop": 0.5}),
            },
        ),
        window=TrainingWindow("2017-01-01", "2017-06-01", "2017-07-01", "2017-03-01"),
        population_values={"buying": {"rate": 0.5}},
        versions={"patron": "0.1.0"},
        digests={"data": "abc"},
    )
    return dataclasses.replace(plain, **changes)


def test_a_contract_survives_json() -> None:
    assert Contract.from_dict(json.loads(canonical_json(contract().to_dict()))) == contract()


def test_equal_contracts_have_equal_digests_whatever_the_order_of_their_keys() -> None:
    one = contract(population_values={"a": 1, "b": 2})
    other = contract(population_values={"b": 2, "a": 1})
    assert one.digest() == other.digest()


@pytest.mark.parametrize(
    "change",
    [{"timezone": "UTC"}, {"features": (CATEGORY, NUMBER)}, {"population_values": {"buying": {"rate": 0.6}}}],
)
def test_any_change_changes_the_digest(change: dict[str, object]) -> None:
    assert contract(**change).digest() != contract().digest()


def test_feature_names_are_in_the_order_of_the_booster() -> None:
    assert contract().feature_names == ("orders_90d", "channel")


def test_canonical_json_refuses_what_json_cannot_say() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"rate": float("nan")})


@pytest.mark.parametrize(
    ("probability", "percentile"),
    [(0.0, 0.0), (0.1, 0.0), (0.15, 25.0), (0.2, 50.0), (0.4, 100.0), (0.9, 100.0)],
)
def test_percentile_interpolates_the_reference_scores(probability: float, percentile: float) -> None:
    reference = Reference((0.1, 0.2, 0.4), {})
    assert reference.percentile(np.array([probability]))[0] == pytest.approx(percentile)


def test_percentile_of_a_tied_score_is_the_middle_of_the_tie() -> None:
    assert Reference((0.1, 0.3, 0.3, 0.3, 0.8), {}).percentile(np.array([0.3]))[0] == pytest.approx(50.0)


def test_percentile_rises_with_the_probability() -> None:
    scores = np.random.default_rng(7).beta(1, 3, 5_000)
    reference = reference_of(scores, np.zeros((1, 0), np.float32), [])
    percentile = reference.percentile(np.sort(scores))
    assert (np.diff(percentile) >= 0).all()
    assert percentile.mean() == pytest.approx(50.0, abs=0.1)
    assert len(reference.scores) == 1001


def test_the_reference_of_a_number_holds_its_missing_share_and_quantiles() -> None:
    values = np.array([np.nan, *range(101)], dtype=np.float32)
    reference = input_reference_of(values, NUMBER)
    assert reference.missing == pytest.approx(1 / 102)
    assert reference.quantiles == pytest.approx(range(0, 101, 5))


def test_the_reference_of_a_category_holds_shares_of_the_values_present() -> None:
    codes = np.array([0, 1, 1, 1, np.nan], dtype=np.float32)
    assert input_reference_of(codes, CATEGORY) == InputReference(
        pytest.approx(0.2), (), {"app": 0.25, "shop": 0.75}
    )


def test_the_reference_of_an_input_that_is_never_present_is_all_missing() -> None:
    assert input_reference_of(np.full(3, np.nan, np.float32), NUMBER) == InputReference(1.0)


def test_a_reference_covers_every_feature_by_name() -> None:
    matrix = np.array([[1, 0], [2, 1]], dtype=np.float32)
    reference = reference_of(np.array([0.2, 0.4]), matrix, [NUMBER, CATEGORY])
    assert list(reference.inputs) == ["orders_90d", "channel"]
    assert reference.inputs["channel"].shares == {"app": 0.5, "shop": 0.5}


def test_scores_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ModelError, match="finite"):
        reference_of(np.array([0.2, np.nan]), np.zeros((1, 0), np.float32), [])


def test_a_matrix_of_another_width_is_refused() -> None:
    with pytest.raises(ModelError, match="one column for each feature"):
        reference_of(np.array([0.2]), np.zeros((1, 1), np.float32), [NUMBER, CATEGORY])
