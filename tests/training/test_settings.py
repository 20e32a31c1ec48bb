"""The few settings of training."""

import pytest

from patron.features.errors import ConfigurationError
from patron.training.settings import TrainingSettings


def test_the_defaults():
    assert TrainingSettings() == TrainingSettings(seed=7, trials=0, test_cutoffs=3)


@pytest.mark.parametrize(("key", "value"), [("seed", -1), ("trials", -1), ("test_cutoffs", 0)])
def test_values_out_of_range_name_the_key(key: str, value: int):
    with pytest.raises(ConfigurationError, match=rf"\[training\] {key}"):
        TrainingSettings(**{key: value})
