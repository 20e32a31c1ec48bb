"""Parts of the scores by group: sizes, shares and the way of the feature that leads."""

import numpy as np
import pytest

from patron.features.catalogue import FeatureField
from patron.models.attribution import Attribution
from patron.models.contributions import Contributions

FIELDS = (
    FeatureField("orders_90d", "orders", "", "buying_cycle"),
    FeatureField("spend_90d", "currency", "", "spend"),
    FeatureField("gap_mean", "days", "", "buying_cycle"),
    FeatureField("last_word", "", "", "reasons", "category", ("a", "b")),
)


@pytest.fixture
def found() -> Attribution:
    random = np.random.default_rng(1)
    matrix = random.normal(size=(200, 4)).astype(np.float32)
    matrix[:, 3] = matrix[:, 3] > 0
    parts = np.column_stack(
        [matrix[:, 0], 0.1 * matrix[:, 1], -0.5 * matrix[:, 2], 0.2 * np.where(matrix[:, 3], 1, -1)]
    )
    zero = np.zeros(200)
    told = Contributions(0.0, parts, zero, 1 / (1 + np.exp(-parts.sum(axis=1))))
    return Attribution.of(told, FIELDS, matrix, np.arange(200) // 2)


def test_groups_come_by_size_and_shares_sum_to_one(found: Attribution):
    assert [each.group for each in found.groups] == ["spend_recency", "habit", "reasons"]
    assert sum(each.share for each in found.groups) == pytest.approx(1.0)
    assert found.groups[2].size.value == pytest.approx(0.2)


def test_the_leading_feature_is_named_with_its_way(found: Attribution):
    assert [(each.leading, each.direction) for each in found.groups] == [
        ("orders_90d", 1),
        ("gap_mean", -1),
        ("last_word", 0),
    ]


def test_a_size_that_is_the_same_for_all_has_no_width(found: Attribution):
    size = found.groups[2].size
    assert size.high == pytest.approx(size.low)
    assert found.groups[0].size.high > found.groups[0].size.low
