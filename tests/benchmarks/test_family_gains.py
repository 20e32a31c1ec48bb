"""A family's gain is what is lost when its rows say nothing of their customers, with the noise of fits in it."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from patron.features.catalogue import FeatureField
from patron.training.rolling import TrainingSet

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def family_gains():
    """The benchmark's file, which stands in no package."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        yield importlib.import_module("family_gains")
    finally:
        sys.path.remove(str(BENCHMARKS))
        sys.modules.pop("family_gains", None)


def test_a_familys_rows_are_permuted_together_within_each_cutoff_and_nothing_else_changes(family_gains):
    numbers = np.arange(8, dtype=np.float32)
    table = pa.table(
        {
            "customer": np.repeat(np.arange(4), 2),
            "cutoff": pa.array(np.tile([100, 200], 4)).cast(pa.timestamp("us", tz="UTC")),
            "mine": numbers,
            "mine_too": numbers * 10,
            "other": numbers,
        }
    )
    families = {"mine": "mine", "mine_too": "mine", "other": "other"}
    fields = tuple(FeatureField(name, "x", "x", family) for name, family in families.items())

    permuted = family_gains.without(TrainingSet(table, fields), "mine", np.random.default_rng(1)).table

    mine = np.asarray(permuted["mine"])
    assert mine.tolist() != numbers.tolist()
    assert sorted(mine[::2]) == [0, 2, 4, 6]
    assert sorted(mine[1::2]) == [1, 3, 5, 7]
    assert np.asarray(permuted["mine_too"]).tolist() == (mine * 10).tolist()
    assert permuted.drop_columns(["mine", "mine_too"]) == table.drop_columns(["mine", "mine_too"])


@pytest.mark.parametrize(
    ("values", "alike"), [([1.0, 2.0, 1.0, 2.0], True), ([1.0, 2.0, 1.0, 3.0], False), ([np.nan] * 4, True)]
)
def test_what_is_the_same_for_all_customers_of_a_cutoff_cannot_be_permuted(family_gains, values, alike):
    cutoffs = pa.array([100, 200, 100, 200]).cast(pa.timestamp("us", tz="UTC"))
    table = pa.table({"cutoff": cutoffs, "weeks": pa.array(values, pa.float32(), from_pandas=False)})
    data = TrainingSet(table, (FeatureField("weeks", "x", "x", "calendar"),))

    assert family_gains.is_alike(data, "calendar") == alike


def judged(family_gains, *probability):
    outcome = np.array([1, 0, 1, 0] * 25, np.int8)
    given = np.array([np.tile(each, 25) for each in probability])
    return family_gains.Judged(given, outcome, np.arange(100))


def test_the_gain_is_the_mean_difference_over_seeds(family_gains):
    whole = judged(family_gains, [0.8, 0.2, 0.8, 0.2], [0.8, 0.2, 0.8, 0.2])
    permuted = judged(family_gains, [0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5])

    gain = family_gains.compare("spend", 3, whole, permuted)

    assert gain.log_loss.value == pytest.approx(np.log(0.8 / 0.5))
    assert gain.auc.value == 0.5
    assert gain.log_loss.low == pytest.approx(
        gain.log_loss.high
    )  # every customer and every fit says the same


def test_fits_that_differ_widen_the_interval(family_gains):
    whole = judged(family_gains, [0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5])
    permuted = judged(family_gains, [0.4, 0.6, 0.4, 0.6], [0.6, 0.4, 0.6, 0.4])

    gain = family_gains.compare("spend", 3, whole, permuted)

    one, other = np.log(0.5 / 0.4), np.log(0.5 / 0.6)
    half = (
        12.706 * abs(one - other) / 2
    )  # Student's t with one degree of freedom, times the error of a mean of two
    assert gain.log_loss.value == pytest.approx((one + other) / 2)
    assert gain.log_loss.high - gain.log_loss.value == pytest.approx(half, rel=1e-4)
