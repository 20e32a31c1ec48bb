"""Experiments: how many customers tell which difference."""

import numpy as np
import pytest

from patron.actions.experiment import customers_for, detectable_effect, propose_experiment
from patron.features.errors import ConfigurationError


def test_the_known_size_of_a_test_of_two_rates():
    """From .10 to .12 with a spread of .3, half and half: (2.8 · .3 / .02)² · 4 = 7,064 customers."""
    assert customers_for(0.02, 0.3) == 7064
    assert detectable_effect(0.3, 3532, 3533) == pytest.approx(0.02, rel=1e-3)


def test_four_of_five_tests_see_it():
    random = np.random.default_rng(1)
    effect = detectable_effect(1.0, 300, 100)
    treated = random.normal(effect, 1, (2000, 300)).mean(axis=1)
    control = random.normal(0, 1, (2000, 100)).mean(axis=1)
    seen = np.abs(treated - control) > 1.96 * np.sqrt(1 / 300 + 1 / 100)
    assert seen.mean() == pytest.approx(0.8, abs=0.03)


def test_a_proposal_says_whom_to_leave_alone():
    found = propose_experiment(1000, 0.5, "repurchase", control_share=0.2, days=30)
    assert (found.treated, found.control) == (800, 200)
    assert "leave the other 200 alone, and wait 30 days" in found.words


@pytest.mark.parametrize(("effect", "spread", "share"), [(0.0, 1.0, 0.5), (0.1, 0.0, 0.5), (0.1, 1.0, 1.0)])
def test_questions_without_an_answer_are_refused(effect, spread, share):
    with pytest.raises(ConfigurationError, match="No number of customers"):
        customers_for(effect, spread, share)
