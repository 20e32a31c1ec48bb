"""The promise survives JSON, and a model without one has an empty one."""

import json

import numpy as np

from patron.models.intervals import Estimate, NextCutoff
from patron.models.promise import Promise


def test_a_promise_survives_json() -> None:
    promise = Promise(
        {"auc": Estimate(0.8, 0.7, 0.9)}, {"auc": NextCutoff(0.7, 0.9, 5)}, 0.2, {"orders": 0.3}
    )
    assert Promise.from_dict(json.loads(json.dumps(promise.to_dict()))) == promise


def test_what_is_not_defined_is_plain_and_comes_back() -> None:
    undefined = {"auc": Estimate(np.nan, np.nan, np.nan)}
    plain = json.dumps(Promise(undefined).to_dict(), allow_nan=False)
    assert np.isnan(Promise.from_dict(json.loads(plain)).metrics["auc"].value)


def test_a_model_of_before_promises_nothing() -> None:
    assert Promise.from_dict({}) == Promise()
