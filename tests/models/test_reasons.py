"""Reasons: the weightiest topics first, each told once, nothing of what is the same for all."""

import numpy as np
import pytest

from patron.features.catalogue import FeatureField
from patron.models.contributions import Contributions
from patron.models.reason_words import Usual
from patron.models.reasons import Reason, Reasons, joined

FIELDS = (
    FeatureField("days_since_order", "days", "since the last order", "buying_cycle"),
    FeatureField("gap_median", "days", "usually between orders", "buying_cycle"),
    FeatureField("orders_30d", "orders", "in the last 30 days", "buying_cycle"),
    FeatureField("orders_90d", "orders", "in the last 90 days", "buying_cycle"),
    FeatureField("spend_90d", "currency", "net of returns, in the last 90 days", "spend"),
    FeatureField(
        "last_order_channel", "channel", "of the last order", "buying_cycle", "category", ("app", "web")
    ),
    FeatureField("calendar_weekday", "1 to 7", "of the cutoff", "calendar"),
)
USUAL = (Usual(14.0), Usual(21.0), Usual(2.0), Usual(5.0), Usual(80.0), Usual("app", 0.6), Usual(3.0))
VALUES = np.array([[63, 28, 0, 1, 20, 1, 7]], np.float32)


def told(*parts: float, values: np.ndarray = VALUES) -> tuple[Reason, ...]:
    found = Contributions(0.0, np.array([parts], float), np.zeros(1), np.full(1, 0.5))
    return Reasons(FIELDS, USUAL).told(values, found)[0]


def test_a_topic_is_told_once_by_the_feature_that_moves_it_most() -> None:
    reasons = told(-0.8, 0.0, -0.3, -0.4, -0.1, 0.2, 9.0)
    assert [(each.feature, round(each.contribution, 6)) for each in reasons] == [
        ("days_since_order", -0.8),
        ("orders_90d", -0.7),
        ("last_order_channel", 0.2),
    ]


def test_the_words_say_the_own_rhythm_where_it_is_known() -> None:
    assert told(-1.0, 0, 0, 0, 0, 0, 0)[0].words == "9 weeks since the last order; usually 4"
    unknown = VALUES.copy()
    unknown[0, 1] = np.nan
    assert told(-1.0, 0, 0, 0, 0, 0, 0, values=unknown)[0].words == "9 weeks since the last order; usually 2"


def test_within_a_topic_the_feature_of_the_topics_own_sign_speaks() -> None:
    (reason,) = told(0, 0, 0.5, -0.9, 0, 0, 0)
    assert (reason.feature, round(reason.contribution, 6)) == ("orders_90d", -0.4)


def test_what_is_too_small_or_the_same_for_all_is_no_reason() -> None:
    assert told(0.01, 0, 0, 0, 0, -0.04, 3.0) == ()


def test_reasons_are_joined_with_their_direction() -> None:
    reasons = told(-0.8, 0, 0, 0, 0, 0.2, 0)
    assert (
        joined(reasons)
        == "− 9 weeks since the last order; usually 4 | + last order channel: web; usually app (60%)"
    )
    assert joined(()) is None


@pytest.mark.parametrize("rows", [0, 3])
def test_every_row_has_reasons_of_its_own(rows: int) -> None:
    parts = Contributions(0.0, np.eye(7)[:rows], np.zeros(rows), np.full(rows, 0.5))
    found = Reasons(FIELDS, USUAL).told(np.repeat(VALUES, rows, axis=0), parts)
    assert [each[0].feature for each in found] == ["days_since_order", "gap_median", "orders_30d"][:rows]
