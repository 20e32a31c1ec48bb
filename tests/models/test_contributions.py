"""Contributions: parts of a score that sum to it, exactly and for either booster."""

import lightgbm
import numpy as np
import pyarrow as pa
import pytest
from scipy.special import logit

from patron.features.catalogue import FeatureField
from patron.models import contributions as module
from patron.models.artefact import Artefact
from patron.models.contributions import CALENDAR, Contributions, contributions_of
from patron.models.encoding import encode


@pytest.mark.parametrize("judged", [False, True])
def test_base_features_and_calibration_sum_to_the_published_probability(
    artefact: Artefact, snapshots: pa.Table, judged: bool
):
    matrix = encode(snapshots, artefact.contract.features)
    found = artefact.contributions(matrix, judged=judged)
    total = found.base + found.features.sum(axis=1) + found.calibration
    np.testing.assert_allclose(total, logit(artefact.predict_matrix(matrix, judged=judged)), atol=1e-9)


def test_without_the_calibration_they_sum_to_the_raw_score(artefact: Artefact, snapshots: pa.Table):
    matrix = encode(snapshots, artefact.contract.features)
    raw = lightgbm.Booster(model_str=artefact.booster).predict(matrix, raw_score=True)
    found = artefact.contributions(matrix)
    np.testing.assert_allclose(found.base + found.features.sum(axis=1), raw, atol=1e-9)


def test_groups_sum_to_the_features(artefact: Artefact, snapshots: pa.Table):
    fields = (
        FeatureField("orders_90d", "orders", "", "buying_cycle"),
        FeatureField("gap_mean", "days", "", "buying_cycle"),
        FeatureField("calendar_weekday", "", "", "calendar"),
    )
    found = artefact.contributions(encode(snapshots, artefact.contract.features))
    groups = found.by_group(fields)
    assert list(groups) == ["habit", "spend_recency", CALENDAR]
    np.testing.assert_array_equal(groups["habit"], found.features[:, 1])
    np.testing.assert_allclose(sum(groups.values()), found.features.sum(axis=1), atol=1e-12)


def test_blocks_change_nothing(artefact: Artefact, snapshots: pa.Table, monkeypatch: pytest.MonkeyPatch):
    matrix = encode(snapshots, artefact.contract.features)
    whole = artefact.contributions(matrix)
    monkeypatch.setattr(module, "_BLOCK_CELLS", 40)
    np.testing.assert_array_equal(artefact.contributions(matrix).features, whole.features)


def test_a_feature_the_model_never_looks_at_contributes_nothing():
    random = np.random.default_rng(1)
    matrix = random.normal(size=(500, 2)).astype(np.float32)
    matrix[:, 1] = 1.0
    data = lightgbm.Dataset(matrix, (matrix[:, 0] > 0).astype(np.float32))
    booster = lightgbm.train({"objective": "binary", "verbosity": -1, "num_threads": 1}, data, 5)
    found = contributions_of(booster, matrix, np.asarray(booster.predict(matrix)))
    assert not found.features[:, 1].any()
    assert found.features[:, 0].any()


def test_nobody_has_no_contributions(artefact: Artefact):
    found = artefact.contributions(np.empty((0, 3), np.float32))
    assert isinstance(found, Contributions)
    assert found.features.shape == (0, 3)
