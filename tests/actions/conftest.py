"""Invented tests and contacts whose truth is known."""

import numpy as np
import pyarrow as pa
import pytest


@pytest.fixture(scope="session")
def drawn() -> pa.Table:
    """4,000 customers drawn by lot, one in four left alone.

    The outcome is 1 + habit + noise; the contact adds 0.5, and another 1.0 to those who like it. `before` is the habit
    with noise, `risk` says nothing.
    """
    random = np.random.default_rng(5)
    n = 4000
    habit = random.normal(size=n)
    likes = random.random(n) < 0.5
    contact = random.random(n) < 0.75
    outcome = 1 + habit + contact * (0.5 + likes) + random.normal(0, 0.5, n)
    return pa.table(
        {
            "arm": np.where(contact, "contact", "nothing"),
            "chance": np.where(contact, 0.75, 0.25),
            "spend": outcome,
            "habit": habit,
            "likes": likes,
            "risk": random.random(n),
        }
    )


@pytest.fixture(scope="session")
def chosen() -> pa.Table:
    """6,000 customers of whom the frequent are contacted more often; the contact adds 0.2 to the outcome.

    `before` is what they bought before the contact, by habit; `hidden` decides on contact and outcome and is unknown.
    """
    random = np.random.default_rng(3)
    n = 6000
    habit, hidden = random.normal(size=(2, n))
    contact = random.random(n) < 1 / (1 + np.exp(-habit))
    secretly = random.random(n) < 1 / (1 + np.exp(-habit - hidden))
    return pa.table(
        {
            "contact": contact,
            "spend": 0.5 * habit + 0.2 * contact + random.normal(size=n),
            "before": 0.5 * habit + random.normal(size=n),
            "habit": habit,
            "secretly": secretly,
            "spend_secretly": 0.5 * habit + hidden + 0.2 * secretly + random.normal(size=n),
            "before_secretly": 0.5 * habit + hidden + random.normal(size=n),
            "always": habit > 0.3,
        }
    )
