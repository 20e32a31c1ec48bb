"""Encoded rows: blocks of what the whole matrix would hold, and the same model from them."""

import numpy as np
import pyarrow as pa
import pytest

from patron.features.catalogue import FeatureField
from patron.models.classifier import RepurchaseClassifier
from patron.models.encoded_rows import EncodedRows
from patron.models.encoding import encode

FEATURES = (
    FeatureField("orders", "orders", "in all", "buying_cycle"),
    FeatureField("channel", "", "of the last order", "buying_cycle", "category", ("app", "shop")),
)


@pytest.fixture
def table() -> pa.Table:
    """200 rows in chunks of 60, with a column that no feature reads."""
    random = np.random.default_rng(3)
    whole = pa.table(
        {
            "customer": np.arange(200),
            "channel": pa.array(random.choice(["app", "fax", "shop"], 200)).dictionary_encode(),
            "orders": random.poisson(4.0, 200).astype(np.float32),
        }
    )
    return pa.concat_tables([whole.slice(start, 60) for start in range(0, 200, 60)])


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EncodedRows, "batch_size", 32)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("taken", [slice(None), slice(1, None, 3), slice(70, 100), slice(0, 0)])
def test_blocks_and_rows_are_those_of_the_matrix(table: pa.Table, taken: slice) -> None:
    rows = np.zeros(200, np.bool_)
    rows[taken] = True
    matrix = encode(table, FEATURES)[rows]
    encoded = EncodedRows(table, rows, FEATURES)
    assert encoded.shape == matrix.shape
    assert len(encoded) == len(matrix)
    np.testing.assert_array_equal(np.concatenate([matrix[:0], *encoded.blocks()]), matrix)
    for place in range(len(matrix)):
        np.testing.assert_array_equal(encoded[place], matrix[place].astype(np.float64))
    np.testing.assert_array_equal(encoded[5:45], matrix[5:45])


@pytest.mark.usefixtures("small_blocks")
def test_a_model_is_the_same_from_blocks_and_from_the_matrix(table: pa.Table) -> None:
    rows = np.arange(200) % 5 > 0
    matrix, encoded = encode(table, FEATURES)[rows], EncodedRows(table, rows, FEATURES)
    outcome = (np.arange(160) * 7 % 10 < 2 + matrix[:, 0]).astype(np.int8)
    weight = 1.0 + np.arange(160) % 3
    fits = [
        RepurchaseClassifier(n_trees=8, min_child=5, n_threads=1, patience=None).fit(
            X, outcome, sample_weight=weight, categorical=[1], X_val=X, y_val=outcome
        )
        for X in (matrix, encoded)
    ]
    assert fits[0].to_text() == fits[1].to_text()
    assert fits[0].validation_log_loss_.tolist() == fits[1].validation_log_loss_.tolist()
    assert fits[1].n_features_in_ == 2
    np.testing.assert_array_equal(fits[0].predict_probability(matrix), fits[1].predict_probability(encoded))


def test_a_target_of_another_length_and_weights_of_zero_are_refused(table: pa.Table) -> None:
    encoded = EncodedRows(table, np.ones(200, np.bool_), FEATURES)
    outcome = np.arange(200) % 2
    with pytest.raises(ValueError, match="200 rows and y 199"):
        RepurchaseClassifier(n_threads=1).fit(encoded, outcome[1:])
    with pytest.raises(ValueError, match="above zero"):
        RepurchaseClassifier(n_threads=1).fit(encoded, outcome, sample_weight=outcome)
