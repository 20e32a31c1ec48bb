"""Contacts that nobody drew lots for: what is measured of each outcome, and how often chances are estimated for it."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from patron.actions import contact_effects
from patron.actions.contact_effects import OTHERS, Alike, effects_of_contacts
from patron.actions.contacts import contacts_of
from patron.actions.effects import Effect
from patron.actions.measuring import measure_effect
from patron.actions.moments import compared_by
from patron.models.intervals import Estimate

from .businesses import ground_of, purchases, store_of


def rows(size=900):
    """Regulars are contacted more often and buy more; a contact adds an order in one case of five."""
    random = np.random.default_rng(2)
    before = random.poisson(3, size)
    contacted = random.random(size) < 1 / (1 + np.exp(1 - 0.2 * before))
    orders = random.poisson(0.3 * before) + (contacted & (random.random(size) < 0.2))
    return pa.table(
        {
            "customer": np.arange(size),
            "orders_90d": before.astype(float),
            "target": (orders > 0).astype(float),
            "purchases": orders.astype(float),
            "arm": np.where(contacted, "letter", OTHERS).tolist(),
        }
    )


@pytest.mark.parametrize("column", ["target", "purchases"])
def test_each_outcome_is_measured_as_if_it_were_the_only_one(column):
    alike = Alike(rows(), "letter", 7)
    alike.effect("target", "repurchase")

    found = alike.effect(column, "it")

    named = rows().rename_columns(["it" if each == column else each for each in rows().column_names])
    alone = measure_effect(named, "arm", "it", ["orders_90d"], control=OTHERS, customer="customer")["letter"]
    assert (found.estimate, found.robustness, found.rows) == (alone.estimate, alone.robustness, alone.rows)


def test_chances_are_estimated_once_for_outcomes_of_the_same_rows(monkeypatch):
    asked = []
    estimate = contact_effects.compare_arms
    monkeypatch.setattr(
        contact_effects, "compare_arms", lambda trial, seed: asked.append(trial.rows) or estimate(trial, seed)
    )
    alike = Alike(rows(), "letter", 7)

    for column in ("target", "purchases"):
        alike.effect(column, column)

    assert asked == [900]


def test_an_outcome_that_fewer_rows_have_gets_chances_of_its_own(monkeypatch):
    asked = []
    estimate = contact_effects.compare_arms
    monkeypatch.setattr(
        contact_effects, "compare_arms", lambda trial, seed: asked.append(trial.rows) or estimate(trial, seed)
    )
    known = pa.array([None if place < 50 else 1.0 * (place % 3) for place in range(900)])
    alike = Alike(rows().append_column("spend", known), "letter", 7)

    for column in ("target", "spend"):
        alike.effect(column, column)

    assert asked == [900, 850]


def effect(outcome, low, high):
    """An effect or a placebo with this interval."""
    return Effect(
        arm="letter",
        control=OTHERS,
        outcome=outcome,
        randomised=False,
        rows=(100, 200),
        customers=300,
        means=(0.5, 0.5),
        plain=Estimate(0.0, -1.0, 1.0),
        estimate=Estimate((low + high) / 2, low, high),
        detectable=1.0,
        spread=1.0,
    )


def test_a_placebo_that_moves_takes_the_numbers_of_all_outcomes(monkeypatch):
    pairs = [
        (effect("repurchase", 1, 2), effect("repurchase before the contact", -1, 1)),
        (effect("net spend", 1, 2), effect("net spend before the contact", 1, 3)),
    ]
    monkeypatch.setattr(contact_effects, "beside_before", lambda *_: iter(pairs))

    repurchase, spend = effects_of_contacts(None, None, None)

    assert repurchase.estimate is None
    assert "net spend before the contact" in repurchase.why_not
    assert list(repurchase.placebo) == ["repurchase before the contact", "net spend before the contact"]
    assert spend.estimate is None
    assert list(spend.placebo) == ["net spend before the contact"]


def test_where_no_placebo_moves_all_have_their_numbers(monkeypatch):
    pairs = [
        (effect("repurchase", 1, 2), effect("repurchase before the contact", -1, 1)),
        (effect("net spend", 1, 2), effect("net spend before the contact", -2, 3)),
    ]
    monkeypatch.setattr(contact_effects, "beside_before", lambda *_: iter(pairs))

    found = effects_of_contacts(None, None, None)

    assert [each.estimate.low for each in found] == [1, 1]


def shop(new=0):
    """Sixty regulars, half of whom are written to on 1 June; `new` more come on 20 May, and get no letter."""
    days = ("2020-01-05", "2020-02-10", "2020-03-15", "2020-04-20", "2020-06-10")
    bought = [row for day in days for row in purchases(range(60), day)]
    bought += purchases(range(60, 60 + new), "2020-05-20")
    letters = [
        {"customer_id": each, "occurred_at": "2020-06-01 10:00", "activity": "letter"}
        for each in range(0, 60, 2)
    ]
    return {"purchases": bought, "activities": letters}


def contacts_in(store):
    latest = store.zone.midnight(date(2020, 8, 1))
    (found,) = contacts_of(store, latest, frozenset(), 7)
    return found


def test_whoever_was_not_known_a_horizon_earlier_is_no_placebo():
    with store_of(shop(new=40), "2020-09-01") as store:
        contacts = contacts_in(store)
        before = store.zone.shift_days(contacts.moment, -30)

        early = contacts.at(store, [before])

        ids = np.arange(100)
        known = store.codes(pa.array(ids[:60]))
        assert set(contacts.customer.tolist()) > set(early.customer.tolist())
        assert set(early.customer.tolist()) <= set(known.tolist())
        assert early.contacted.sum() == 30
        assert early.customer.size == early.moment.size


def test_customers_are_compared_at_each_earlier_moment_since_purchases_are_kept():
    with store_of(shop(), "2020-09-01") as store:
        contacts = contacts_in(store)
        back = [store.zone.shift_days(contacts.moment, -days) for days in (30, 60, 200)]

        early = contacts.at(store, back)

        assert early.customer.tolist() == [*contacts.customer, *contacts.customer]
        assert early.contacted.tolist() == [*contacts.contacted, *contacts.contacted]
        assert early.moment.tolist() == [*back[0], *back[1]]


def test_an_activity_for_the_new_alone_has_no_number_as_nothing_can_be_compared_earlier():
    """All came within the horizon before their letter."""
    random = np.random.default_rng(3)
    size = 900
    frames = {
        "purchases": [
            *purchases(range(size), "2020-05-20"),
            *(
                {"customer_id": int(each), "purchased_at": "2020-06-10", "amount": 5.0}
                for each in np.flatnonzero(random.random(size) < 0.5)
            ),
        ],
        "activities": [
            {"customer_id": int(each), "occurred_at": "2020-06-01 10:00", "activity": "welcome"}
            for each in np.flatnonzero(random.random(size) < 0.4)
        ],
    }
    with store_of(frames, "2020-09-01") as store:
        ground = ground_of(store)
        prepared = compared_by(ground, np.array([store.zone.midnight(date(2020, 6, 1))]))
        found = effects_of_contacts(ground, prepared, contacts_in(store))

    assert all(each.estimate is None for each in found)
    assert "too few of them were known a horizon earlier" in found[0].why_not
    assert found[0].experiment is not None
