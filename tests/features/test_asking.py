"""Who was asked and who answered, worked out by hand."""

from typing import Any

import pandas as pd
import pytest

from patron.features.asking import Asking

ASKED = [
    (1, "2019-03-05", 5.0, "2019-03-01"),
    (1, "2020-01-03", 4.0, "2020-01-01"),
    (1, None, None, "2020-01-03"),  # at the very moment of the last answer
    (1, None, None, "2020-02-10"),
    (1, "2020-03-05", 1.0, "2020-02-20"),  # answered after the cutoff
    (3, None, None, "2020-01-01"),
    (3, None, None, "2020-02-25"),
    (4, "2020-02-25", 5.0, None),  # nobody asked
]


@pytest.fixture(scope="module")
def found(business: Any) -> pd.DataFrame:
    bought = [(who, "2019-01-01", 5.0) for who in (1, 2, 3, 4)] + [
        (who, "2020-01-01", 5.0) for who in (1, 2, 3, 4)
    ]
    made = business(observed_from="2018-01-01").table("purchases", bought).table("satisfaction", ASKED)
    return made.snapshots("2020-03-01", families=(Asking,)).droplevel("cutoff")


EXPECTED = {
    "was_asked": 1,
    "has_answered": 1,
    "asked_ever": 5,
    "answered_ever": 2,
    "asked_90d": 4,
    "answered_90d": 1,
    "asked_365d": 4,
    "answered_365d": 2,
    "days_since_asked": 10,
    "answer_share": 0.4,
    "unanswered_ever": 3,
    "unanswered_30d": 2,
    "unanswered_90d": 3,
    "asked_since_answer": 2,
    "answer_delay_mean": 3,
    "answer_delay_last": 2,
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_feature_by_hand(found: pd.DataFrame, name: str):
    assert found.loc[1, name] == pytest.approx(EXPECTED[name])


def test_every_feature_of_the_family_is_worked_out_by_hand(found: pd.DataFrame):
    assert set(found.columns) - {"customer", "stage", "population"} == set(EXPECTED)


@pytest.mark.parametrize(
    ("who", "flags", "questions"), [(2, [0, 0], [0, 0, 0]), (3, [1, 0], [2, 1, 2]), (4, [0, 1], [0, 0, 0])]
)
def test_being_asked_and_answering_are_two_things(
    found: pd.DataFrame, who: int, flags: list[int], questions: list[int]
):
    assert found.loc[who, ["was_asked", "has_answered"]].tolist() == flags
    unanswered = ["unanswered_ever", "unanswered_30d", "asked_since_answer"]
    assert found.loc[who, unanswered].tolist() == questions


def test_who_was_never_asked_has_no_share_and_no_delay(found: pd.DataFrame):
    assert (
        found.loc[2, ["answer_share", "days_since_asked", "answer_delay_mean", "answer_delay_last"]]
        .isna()
        .all()
    )
