"""What contacts of a test's name cost the firm, per customer who was drawn."""

import numpy as np
import pytest

from patron.actions.draws import draws_of
from patron.actions.named_contacts import cost_per_customer

from .businesses import ground_of, purchases, store_of

DRAWN = [
    {
        "customer_id": each,
        "test": "spring mail",
        "arm": "letter" if each < 2 else "control",
        "assigned_at": "2020-03-01",
        "control_arm": "control",
    }
    for each in range(4)
]


def contact(customer, day, cost, activity="spring mail"):
    return {"customer_id": customer, "occurred_at": day, "activity": activity, "cost": cost}


def costs(*contacts):
    frames = {"purchases": purchases(range(4)), "assignments": DRAWN, "activities": list(contacts)}
    with store_of(frames) as store:
        (draw,) = draws_of(store, 30)
        return cost_per_customer(ground_of(store), draw, np.ones(4, bool))


def test_costs_within_the_horizon_are_shared_by_everybody_in_the_arm():
    found = costs(
        contact(0, "2020-03-02", 0.9),
        contact(0, "2020-03-10", 0.3),
        contact(0, "2020-04-10", 5.0),
        contact(1, "2020-03-02", 5.0, "newsletter"),
    )
    assert found == {"control": 0.0, "letter": pytest.approx(0.6)}


def test_one_contact_of_unknown_cost_leaves_all_unknown():
    assert costs(contact(0, "2020-03-02", 0.9), contact(1, "2020-03-02", None)) == {}


def test_no_contacts_have_no_cost():
    assert costs(contact(0, "2020-03-02", 1.0, "newsletter")) == {}
