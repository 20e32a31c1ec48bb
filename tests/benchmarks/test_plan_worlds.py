"""Worlds with a second plan are those with one, lived on; what a second plan changes comes after the first."""

import numpy as np
import pytest

from .scripts import scripts


@pytest.fixture(scope="module")
def plans():
    with scripts("plan_worlds") as found:
        yield found["plan_worlds"]


def orders(life):
    return life.orders.customer.tolist(), life.orders.day.tolist(), life.orders.category.tolist()


def test_a_second_plan_that_nobody_is_in_changes_nothing(plans):
    one, two = plans.World(1, 200, 0.5), plans.World(1, 200, 0.5, plans=2)

    assert [two.day(each) for each in (0, 1, 2)] == [324, 459, 488]
    assert orders(one.before) == orders(two.before)
    assert one.test().equals(two.test())
    assert (one.worth(1) == two.worth(1)).all()


def test_the_second_plan_contacts_after_the_first(plans):
    world = plans.World(1, 200, 2.0, plans=2)
    everybody, nobody = np.arange(200), np.arange(0)

    first, both = world.after(everybody), world.after(everybody, everybody)
    only_second = world.after(nobody, everybody)

    def in_days(life, start, end):
        return int(((life.orders.day >= start) & (life.orders.day < end)).sum())

    assert in_days(first, 0, 488) == in_days(both, 0, 488)
    assert in_days(only_second, 0, 488) == in_days(world.before, 0, 488)
    assert in_days(first, 459, 488) > 2 * in_days(world.before, 459, 488)
    assert in_days(both, 488, 516) > 2 * in_days(first, 488, 516)


def test_what_a_contact_is_worth_follows_from_what_earlier_contacts_made_of_customers(plans):
    world = plans.World(1, 200, 1.0, plans=2)

    untouched, contacted = world.worth(2), world.worth(2, world.after(np.arange(200)))

    assert untouched.shape == contacted.shape == (200,)
    assert (untouched != contacted).any()
