"""Boosters that are kept as text."""

import pytest

from patron.features.errors import ModelError
from patron.models.artefact import Artefact
from patron.models.boosters import read_booster


def test_a_text_gives_its_booster(artefact: Artefact) -> None:
    assert read_booster(artefact.booster, "booster.txt").num_feature() == len(artefact.contract.features)


def test_a_text_that_is_none_is_named_with_what_to_do() -> None:
    with pytest.raises(ModelError, match="booster cannot be read") as caught:
        read_booster("no booster", "step_60d.txt")
    assert (caught.value.where, caught.value.remedy) == ("step_60d.txt", "train again")
