"""A recipe: which cutoffs it learns from, and the classifier it makes."""

import pytest

from patron.training.recipe import Recipe


@pytest.mark.parametrize(
    ("history", "expected"), [(None, (10, 20, 30)), (2, (20, 30)), (1, (30,)), (9, (10, 20, 30))]
)
def test_the_history_is_the_latest_cutoffs(history: int | None, expected: tuple[int, ...]) -> None:
    assert Recipe(history=history).recent([10, 20, 30]) == expected


def test_the_classifier_takes_everything_but_time() -> None:
    parameters = Recipe(l1=2.0, max_bin=63, half_life_days=90).classifier(seed=3, n_threads=1).get_params()
    assert (parameters["l1"], parameters["max_bin"], parameters["seed"]) == (2.0, 63, 3)
    assert not {"history", "half_life_days", "share_overlap"} & set(parameters)
