"""Two axes, cut where training said: a type depends on nobody else, and silence is not dissatisfaction."""

import numpy as np
import pyarrow as pa
import pytest

from patron.models.loyalty import LOYALTY_TYPES, LoyaltyThresholds, learn_thresholds, loyalty_column

THRESHOLDS = LoyaltyThresholds(window_days=90, orders=3.0, score=4.0)


def snapshots(orders, score=None, age=None, days=90):
    columns = {f"orders_{days}d": pa.array(orders, pa.float32())}
    if score is not None:
        columns |= {
            "satisfaction_last": pa.array(score, pa.float32()),
            "days_since_answer": pa.array(age, pa.float32()),
        }
    return pa.table(columns)


@pytest.mark.parametrize(
    ("orders", "score", "age", "expected"),
    [
        (3, 4.0, 10, "loyalist"),
        (2, 4.0, 10, "mercenary"),
        (3, 3.9, 10, "hostage"),
        (2, 1.0, 10, "defector"),
        (3, None, None, "attitude unknown, buys often"),
        (2, 5.0, 365, "attitude unknown, buys seldom"),
        (None, 5.0, 364, "mercenary"),
    ],
)
def test_the_type_is_how_often_and_what_was_said_lately(orders, score, age, expected):
    assert loyalty_column(snapshots([orders], [score], [age]), THRESHOLDS).to_pylist() == [expected]


def test_a_type_does_not_depend_on_who_else_is_scored():
    everyone = snapshots([1, 3, 9, 0], [5, 1, 4, 2], [1, 2, 3, 400])
    alone = [loyalty_column(everyone.slice(place, 1), THRESHOLDS).to_pylist()[0] for place in range(4)]
    assert loyalty_column(everyone, THRESHOLDS).to_pylist() == alone


def test_thresholds_are_the_median_of_orders_and_the_top_quarter_of_the_scale():
    table = snapshots([1, 2, 3, 4], [1, 5, 3, None], [1, 1, 1, None])
    assert learn_thresholds(table, table.column_names) == LoyaltyThresholds(90, 3.0, 4.0)


def test_where_half_of_the_customers_have_one_order_often_is_two():
    assert learn_thresholds(snapshots([1, 1, 1, 5]), ["orders_90d"]) == LoyaltyThresholds(90, 2.0)


def test_a_window_that_was_not_wholly_observed_is_not_used():
    table = snapshots([None, 2, 3], days=180).append_column("orders_30d", pa.array([1.0, 2.0, 3.0]))
    found = learn_thresholds(table, table.column_names)
    assert found is not None
    assert found.frequency == "orders_30d"


def test_only_features_that_the_model_reads_are_used():
    table = snapshots([1, 2, 3], [1, 5, 5], [1, 1, 1])
    assert learn_thresholds(table, ["orders_90d"]) == LoyaltyThresholds(90, 2.0)
    assert learn_thresholds(table, ["satisfaction_last"]) is None


def test_scores_that_are_all_the_same_do_not_tell_who_is_satisfied():
    found = learn_thresholds(snapshots([1, 2], [4, 4], [1, 1]), ["orders_90d", "satisfaction_last"])
    assert found == LoyaltyThresholds(90, 2.0)


def test_thresholds_survive_being_kept_and_a_model_of_before_gives_no_type():
    assert LoyaltyThresholds.from_dict(THRESHOLDS.to_dict()) == THRESHOLDS
    assert LoyaltyThresholds.from_dict({}) is None
    assert loyalty_column(snapshots([1, 2]), None).to_pylist() == [None, None]


def test_every_place_has_a_name():
    table = snapshots([3, 2, 3, 2, 3, 2], [5, 5, 1, 1, None, None], [1, 1, 1, 1, None, None])
    assert loyalty_column(table, THRESHOLDS).to_pylist() == list(LOYALTY_TYPES)
    assert THRESHOLDS.types(table).dtype == np.int64
