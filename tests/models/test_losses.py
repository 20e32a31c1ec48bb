"""Losses against their textbook forms."""

import numpy as np
import pytest
from sklearn.metrics import log_loss, mean_tweedie_deviance

from patron.models.losses import DEVIANCE, LOG_LOSS


def test_log_loss_is_the_known_one():
    outcome, told = np.array([1.0, 0.0, 1.0]), np.array([[0.9, 0.2, 0.6], [0.5, 0.5, 0.5]])
    means = LOG_LOSS.of(told, outcome).mean(axis=1)
    assert means == pytest.approx([log_loss(outcome, each) for each in told])


def test_deviance_is_tweedies_with_power_one_and_a_half():
    outcome, told = np.array([0.0, 2.0, 40.0]), np.array([[1.0, 3.0, 20.0], [5.0, 2.0, 40.0]])
    means = DEVIANCE.of(told, outcome).mean(axis=1)
    assert means == pytest.approx([mean_tweedie_deviance(outcome, each, power=1.5) for each in told])


def test_who_is_right_loses_nothing():
    assert DEVIANCE.of(np.array([[4.0]]), np.array([4.0])).item() == pytest.approx(0)
    assert np.isfinite(DEVIANCE.of(np.array([[0.0]]), np.array([1.0]))).all()
