"""Readiness: the model is made ready while something else runs, and what is wrong with it is said."""

from dataclasses import replace

import pytest

import patron
from patron.models.registry import ResolvedModel
from patron.serving.readiness import getting_ready


def test_a_booster_that_cannot_be_read_is_said_at_the_end(champion: ResolvedModel) -> None:
    broken = replace(champion.artefact, booster="tree\nthis is no booster\n")
    seen = []
    with pytest.raises(patron.ModelError, match="booster cannot be read"), getting_ready(broken):
        seen.append("the evidence")
    assert seen == ["the evidence"]


def test_an_error_of_the_evidence_comes_before_one_of_the_model(champion: ResolvedModel) -> None:
    broken = replace(champion.artefact, booster="tree\nthis is no booster\n")
    with pytest.raises(patron.DataError, match="no purchases"), getting_ready(broken):
        raise patron.DataError("There are no purchases.", where="here", found="none", remedy="bring some")


def test_the_booster_is_there_afterwards(champion: ResolvedModel) -> None:
    artefact = replace(champion.artefact)
    with getting_ready(artefact):
        pass
    assert "_booster" in vars(artefact)
