"""Contacts that nobody drew lots for: what is measured of each outcome, and how often chances are estimated for it."""

import numpy as np
import pyarrow as pa
import pytest

from patron.actions import contact_effects
from patron.actions.contact_effects import OTHERS, Alike
from patron.actions.measuring import measure_effect


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
