"""Contacts beside others of the same day, chosen without a look at what comes later."""

import numpy as np

from patron.actions.contacts import contacts_of

from .businesses import purchases, store_of

ROWS = [
    {
        "customer_id": each,
        "occurred_at": f"2020-03-{1 + each % 3:02d} 15:00",
        "activity": "letter",
        "initiated_by": "firm",
    }
    for each in range(40)
]


def contacts(rows, without=frozenset(), latest="2020-12-01"):
    with store_of({"purchases": purchases(range(200)), "activities": rows}) as store:
        moment = int(np.datetime64(latest, "us").astype(np.int64))
        return contacts_of(store, moment, without, 1)


def test_others_are_of_the_same_days_and_were_not_contacted_then():
    (found,) = contacts(ROWS)
    assert found.contacts == found.contacted.sum() == 40
    chosen = set(
        zip(found.moment[found.contacted].tolist(), found.customer[found.contacted].tolist(), strict=True)
    )
    others = set(
        zip(found.moment[~found.contacted].tolist(), found.customer[~found.contacted].tolist(), strict=True)
    )
    assert len(others) > 60
    assert not chosen & others
    assert {moment for moment, _ in others} == {moment for moment, _ in chosen}


def test_moments_are_the_midnight_before_the_contact():
    (found,) = contacts(ROWS)
    assert set(np.unique(found.moment).astype("datetime64[us]").astype(str)) == {
        f"2020-03-0{day}T00:00:00.000000" for day in (1, 2, 3)
    }


def test_repeated_contacts_of_a_day_count_once():
    (found,) = contacts([*ROWS, ROWS[0], {**ROWS[0], "occurred_at": "2020-03-01 18:00"}])
    assert (found.contacts, found.repeated, int(found.contacted.sum())) == (42, 2, 40)


def test_customers_own_calls_tests_and_later_contacts_are_left_out():
    own = [{**row, "activity": "call", "initiated_by": "customer"} for row in ROWS]
    mail = [{**row, "activity": "Spring Mail"} for row in ROWS]
    assert [each.activity for each in contacts([*ROWS, *own, *mail])] == ["Spring Mail", "letter"]
    assert [each.activity for each in contacts([*ROWS, *mail], frozenset({"spring_mail"}))] == ["letter"]
    assert contacts(ROWS, latest="2020-02-01") == ()


def test_nobody_stands_for_others_before_they_are_known():
    late = [{"customer_id": 500 + each, "purchased_at": "2020-06-01", "amount": 5.0} for each in range(200)]
    frames = {"purchases": [*purchases(range(60)), *late], "activities": ROWS}
    with store_of(frames) as store:
        (found,) = contacts_of(store, int(np.datetime64("2020-12-01", "us").astype(np.int64)), frozenset(), 1)
    assert found.customer.max() < 60
