"""Tests as the evidence tells of them: one arm each, the first draw counts, and nobody is lost without a reason."""

import math

import pytest

from patron.actions.draws import draws_of

from .businesses import purchases, store_of


def drawn(rows, **columns):
    named = [dict(zip(("customer_id", "test", "arm", "assigned_at"), row, strict=True)) for row in rows]
    named = [
        {**row, **{name: values[place] for name, values in columns.items()}}
        for place, row in enumerate(named)
    ]
    return store_of({"purchases": purchases(range(6)), "assignments": named})


def test_a_test_has_customers_arms_moments_and_chances():
    rows = [(2, "mail", "a", "2020-03-01"), (1, "mail", "control", "2020-03-02")]
    with drawn(rows, probability=[0.7, 0.3]) as store:
        (found,) = draws_of(store, 30)
    assert (found.test, found.control) == ("mail", "control")
    assert found.customer.tolist() == [1, 2]
    assert found.arm.tolist() == ["control", "a"]
    assert found.chance.tolist() == [0.3, 0.7]
    assert found.set_apart == {}


def test_whoever_is_in_two_arms_is_set_apart_and_repeated_rows_count_once():
    rows = [
        (1, "mail", "a", "2020-03-01"),
        (1, "mail", "control", "2020-03-05"),
        (2, "mail", "a", "2020-03-02"),
        (2, "mail", "a", "2020-03-01"),
        (3, "mail", "control", "2020-03-01"),
    ]
    with drawn(rows) as store:
        (found,) = draws_of(store, 30)
        first = store.zone.day_of(int(found.moment[0]))
    assert found.customer.tolist() == [2, 3]
    assert first.isoformat() == "2020-03-01"
    assert found.set_apart == {"in several arms of the test": 1}
    assert all(math.isnan(chance) for chance in found.chance)


@pytest.mark.parametrize(
    ("arms", "declared", "expected"),
    [
        (("a", "b"), None, None),
        (("a", "Control"), None, "Control"),
        (("a", "b"), ["b", "b"], "b"),
        (("a", "b"), ["a", "b"], None),
    ],
)
def test_the_control_is_declared_or_called_so(arms, declared, expected):
    rows = [(place, "mail", arm, "2020-03-01") for place, arm in enumerate(arms)]
    columns = {} if declared is None else {"control_arm": declared}
    with drawn(rows, **columns) as store:
        assert draws_of(store, 30)[0].control == expected


def test_several_tests_come_by_name_and_none_without_the_table():
    rows = [(1, "b", "x", "2020-03-01"), (1, "a", "y", "2020-03-01")]
    with drawn(rows) as store:
        assert [each.test for each in draws_of(store, 30)] == ["a", "b"]
    with store_of({"purchases": purchases(range(2))}) as store:
        assert draws_of(store, 30) == ()


def test_whoever_is_drawn_again_after_the_horizon_is_drawn_anew():
    rows = [
        (1, "mail", "a", "2020-03-01"),
        (1, "mail", "control", "2020-03-31"),
        (1, "mail", "control", "2020-04-01"),
        (2, "mail", "control", "2020-03-01"),
        (2, "mail", "a", "2020-03-30"),
    ]
    with drawn(rows) as store:
        (found,) = draws_of(store, 30)
        days = [store.zone.day_of(int(each)).isoformat() for each in found.moment]
    assert found.customer.tolist() == [1, 1]
    assert found.arm.tolist() == ["a", "control"]
    assert days == ["2020-03-01", "2020-03-31"]
    assert found.set_apart == {"in several arms of the test": 1}
