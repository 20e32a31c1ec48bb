"""The classifier keeps scikit-learn's conventions, gives the same bytes, and knows its own curve."""

from typing import Any

import lightgbm
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import log_loss
from sklearn.utils.estimator_checks import parametrize_with_checks

from patron.models.classifier import RepurchaseClassifier

Matrix = NDArray[np.float32]


def sample(rows: int = 3_000, seed: int = 7) -> tuple[Matrix, NDArray[np.int8]]:
    """Two useful numbers, one useful category with codes 0 to 5, one noise column with gaps."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 4)).astype(np.float32)
    X[:, 2] = rng.integers(0, 6, rows)
    X[rng.random(rows) < 0.3, 3] = np.nan
    logit = X[:, 0] - 0.5 * X[:, 1] + np.where(X[:, 2] % 2 == 0, 0.8, -0.8)
    return X, (rng.random(rows) < 1 / (1 + np.exp(-logit))).astype(np.int8)


# The array API check runs only where SCIPY_ARRAY_API is set and skips itself otherwise.
@parametrize_with_checks([RepurchaseClassifier(n_threads=1)])
def test_scikit_learn_accepts_it_as_an_estimator(estimator: Any, check: Any) -> None:
    check(estimator)


def test_one_and_two_threads_give_the_same_bytes() -> None:
    X, y = sample(6_000)
    texts = [
        RepurchaseClassifier(n_trees=10, n_threads=n).fit(X, y, categorical=[2]).to_text() for n in (1, 2)
    ]
    assert texts[0] == texts[1]


def test_another_seed_gives_another_model() -> None:
    X, y = sample()
    texts = [
        RepurchaseClassifier(n_trees=5, feature_fraction=0.5, seed=seed, n_threads=1).fit(X, y).to_text()
        for seed in (7, 8)
    ]
    assert texts[0].split("parameters:")[0] != texts[1].split("parameters:")[0]


def test_the_text_tells_nothing_of_the_machine_and_predicts_the_same() -> None:
    X, y = sample()
    model = RepurchaseClassifier(n_trees=10, n_threads=2).fit(X, y)
    text = model.to_text()
    assert "num_threads" not in text
    read = lightgbm.Booster(model_str=text)
    np.testing.assert_array_equal(read.predict(X), model.predict_probability(X))


def test_it_predicts_as_bare_lightgbm_does() -> None:
    X, y = sample()
    model = RepurchaseClassifier(n_trees=30, n_leaves=7, min_child=50, l2=5.0, n_threads=1)
    settings = {
        "objective": "binary",
        "learning_rate": model.learning_rate,
        "num_leaves": 7,
        "min_data_in_leaf": 50,
        "lambda_l2": 5.0,
        "feature_fraction": model.feature_fraction,
        "seed": 7,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(X, y, params=settings, categorical_feature=[2])
    bare = lightgbm.train(settings, data, num_boost_round=30)
    np.testing.assert_array_equal(
        model.fit(X, y, categorical=[2]).predict_probability(X), np.asarray(bare.predict(X))
    )


def test_staged_log_loss_is_the_log_loss_of_each_number_of_trees() -> None:
    X, y = sample(9_000)
    model = RepurchaseClassifier(n_trees=25, n_threads=1).fit(X[:4_000], y[:4_000])
    staged = model.staged_log_loss(X[4_000:], y[4_000:])
    expected = [log_loss(y[4_000:], model.predict_probability(X[4_000:], n)) for n in range(1, 26)]
    np.testing.assert_allclose(staged, expected, rtol=1e-12)


def test_staged_log_loss_takes_weights() -> None:
    X, y = sample()
    model = RepurchaseClassifier(n_trees=5, n_threads=1).fit(X, y)
    weight = np.arange(len(y)) % 3
    expected = log_loss(y, model.predict_probability(X), sample_weight=weight)
    assert model.staged_log_loss(X, y, weight)[-1] == pytest.approx(expected)


def test_staged_log_loss_has_a_value_for_trees_that_found_nothing_to_split() -> None:
    X = np.zeros((100, 1), np.float32)
    y = np.arange(100) % 4 == 0
    staged = RepurchaseClassifier(n_trees=8, n_threads=1).fit(X, y).staged_log_loss(X, y)
    assert staged.tolist() == pytest.approx([-(0.25 * np.log(0.25) + 0.75 * np.log(0.75))] * 8)


def test_training_stops_at_the_best_tree_of_the_validation_slice() -> None:
    X, y = sample(2_000)
    X_val, y_val = sample(2_000, seed=8)
    model = RepurchaseClassifier(n_trees=400, learning_rate=0.3, patience=5, n_threads=1)
    model.fit(X, y, X_val=X_val, y_val=y_val)
    curve = model.validation_log_loss_
    assert model.n_trees_ == curve.argmin() + 1
    assert len(curve) == model.n_trees_ + 5
    assert log_loss(y_val, model.predict_proba(X_val)) == pytest.approx(curve.min())
    assert lightgbm.Booster(model_str=model.to_text()).num_trees() == model.n_trees_


def test_without_patience_the_whole_curve_is_kept_and_all_trees() -> None:
    X, y = sample(2_000)
    model = RepurchaseClassifier(n_trees=60, learning_rate=0.3, patience=None, n_threads=1).fit(
        X, y, X_val=X, y_val=y
    )
    assert len(model.validation_log_loss_) == model.n_trees_ == 60


def test_a_validation_matrix_without_its_target_is_refused() -> None:
    X, y = sample(100)
    with pytest.raises(ValueError, match="go together"):
        RepurchaseClassifier(n_threads=1).fit(X, y, X_val=X)


def test_a_category_is_split_as_a_set_of_codes() -> None:
    X, y = sample()
    text = (
        RepurchaseClassifier(n_trees=3, feature_fraction=1.0, n_threads=1)
        .fit(X, y, categorical=[2])
        .to_text()
    )
    assert "num_cat=0" not in text.split("Tree=0")[1].split("Tree=1")[0]


def test_labels_of_any_type_come_back_as_they_went_in() -> None:
    X, y = sample()
    words = np.where(y == 1, "stays", "leaves")
    model = RepurchaseClassifier(n_trees=20, n_threads=1).fit(X, words)
    assert model.classes_.tolist() == ["leaves", "stays"]
    assert (model.predict(X) == words).mean() > 0.7


def test_a_single_class_is_refused() -> None:
    with pytest.raises(ValueError, match="one class"):
        RepurchaseClassifier(n_threads=1).fit(np.zeros((50, 1)), np.zeros(50))
