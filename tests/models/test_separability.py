"""Separability: a planted clock is found and named, sameness is called sameness."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from patron.features.catalogue import FeatureField
from patron.models.separability import MOST_ROWS, Separability, measure_separability, sample_rows

CUTOFFS = 6
"""The last two of them are for judging."""


def told(columns: dict[str, Any], customers: int = 400, growing: tuple[str, ...] = ()) -> Separability | None:
    """What is found in columns [customers × cutoffs], the cutoffs of a customer side by side."""
    fields = [
        FeatureField(
            name, "days", "", "clock" if name.startswith("clock") else "spend",
            "category" if name.startswith("word") else "number",
            ("a", "b") if name.startswith("word") else (),
        )
        for name in columns
    ]  # fmt: skip
    cutoff = np.tile(np.arange(CUTOFFS), customers)
    return measure_separability(
        pa.table(columns), fields, np.repeat(np.arange(customers), CUTOFFS), cutoff, cutoff >= 4, growing, 7
    )


def noise(customers: int = 400, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=customers * CUTOFFS).astype(np.float32)


def clock(customers: int = 400) -> np.ndarray:
    return (np.tile(np.arange(CUTOFFS), customers) * 30 + 10 * noise(customers, 2)).astype(np.float32)


def test_what_is_alike_cannot_be_told_apart() -> None:
    found = told({"a": noise(), "b": noise(seed=3), "word": pa.array(["a", "b"] * 1_200)})
    assert found is not None
    assert 0.4 < found.auc.low < 0.5 < found.auc.high < 0.6
    assert found.bounded_auc == found.auc
    assert found.unbounded == ()
    assert found.words == "What the model learns from looks like what it is judged on."
    assert (found.earlier, found.later, found.customers) == (1_600, 800, 400)


def test_a_clock_is_found_and_named() -> None:
    found = told({"a": noise(), "clock_days": clock()})
    assert found is not None
    assert found.auc.value > 0.95
    assert found.features[0].field.name == "clock_days"
    assert found.features[0].alone > 0.95
    assert found.features[0].share > 0.8
    assert [name for name, _ in found.families] == ["clock", "spend"]
    assert found.words == "Earlier and later snapshots can be told apart by clock; by spend they look alike."


def test_features_that_grow_are_looked_at_apart() -> None:
    found = told({"a": noise(), "clock_ever": clock()}, growing=("clock_ever",))
    assert found is not None
    assert found.auc.value > 0.95
    assert found.bounded_auc.value == pytest.approx(0.5, abs=0.06)
    assert found.unbounded == ("clock_ever",)
    assert [name for name, _ in found.families] == ["spend"]
    assert found.words.startswith("Only features that look back to the beginning of the history")


def test_a_window_that_nobody_has_at_some_cutoff_looks_back_too_far() -> None:
    window = noise(seed=4)
    window[np.tile(np.arange(CUTOFFS) < 3, 400)] = np.nan
    window[5] = np.nan  # one customer without a value is no sign of it
    found = told({"a": noise(), "orders_365d": window})
    assert found is not None
    assert found.unbounded == ("orders_365d",)
    by_window = found.features[0]
    assert (by_window.missing_earlier, by_window.missing_later) == (0.75, 1 / 800)
    assert found.bounded_auc.value == pytest.approx(0.5, abs=0.06)


def test_where_every_feature_looks_back_there_is_nothing_to_compare_with() -> None:
    found = told({"clock_ever": clock()}, growing=("clock_ever",))
    assert found is not None
    assert found.bounded_auc == found.auc
    assert found.families == ()
    assert found.words


def test_few_customers_say_nothing() -> None:
    assert told({"a": noise(20)}, customers=20) is None


def test_of_many_rows_a_sample_of_whole_customers_is_taken() -> None:
    customer = np.repeat(np.arange(MOST_ROWS), 3)
    used = np.tile([True, False, True], MOST_ROWS)
    rows = sample_rows(customer, used, 7)
    assert rows.size == MOST_ROWS
    assert used[rows].all()
    assert (np.unique(customer[rows], return_counts=True)[1] == 2).all()
    assert sample_rows(customer[:6], used[:6], 7).tolist() == [0, 2, 3, 5]


def test_the_same_is_said_each_time() -> None:
    assert told({"a": noise(), "clock_days": clock()}) == told({"a": noise(), "clock_days": clock()})
