"""Draws at several moments: a word where they found different things, none where chance explains it."""

import numpy as np
import pytest

from patron.actions.draw_times import differing_draws
from patron.actions.scores import drawn_scores
from patron.actions.trial import Trial


def told(effects, per_draw=400):
    """Draws of so many customers each, at moments 0, 1, ..., with these effects."""
    random = np.random.default_rng(1)
    moment = np.repeat(np.arange(len(effects)), per_draw)
    contact = random.random(moment.size) < 0.5
    outcome = random.normal(size=moment.size) + contact * np.array(effects)[moment]
    frame = {"arm": np.where(contact, "mail", "control"), "spend": outcome}
    trial = Trial.of(frame, "arm", "spend", (), {"mail": 0.5, "control": 0.5}, "control")
    return differing_draws(trial, drawn_scores(trial, 7), moment, lambda when: f"day {when}")


def test_different_effects_are_told_with_their_moments():
    (said,) = told([1.0, 0.0])
    assert "differs between draws" in said
    assert "on day 0" in said
    assert "on day 1" in said


@pytest.mark.parametrize("effects", [[0.5], [0.5, 0.5, 0.5]])
def test_the_same_effect_each_time_needs_no_word(effects):
    assert told(effects) == ()


def test_moments_with_hardly_anybody_say_nothing():
    assert told([3.0, -3.0], per_draw=45) == ()
