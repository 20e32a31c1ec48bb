"""Evidence is read, and features are built, as the model knew them, or it is told what differs."""

from dataclasses import replace
from typing import Any

import pytest

from patron.features.errors import ModelError
from patron.models.keeping import evidence_for, question_of
from patron.models.registry import resolve


def test_another_business_day_is_refused(trained: Any) -> None:
    contract = resolve("repurchase@champion", trained.config.tracking).artefact.contract
    data = replace(trained.config.data, timezone="Asia/Tokyo")
    with pytest.raises(ModelError, match="another business day") as caught:
        evidence_for(contract, data, question_of(contract), 1 << 30)
    assert caught.value.found == "Asia/Tokyo; the model's is UTC"


def test_the_question_is_that_of_training(trained: Any) -> None:
    contract = resolve("repurchase@champion", trained.config.tracking).artefact.contract
    assert question_of(contract) == trained.config.question
