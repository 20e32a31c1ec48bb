"""Questions and metrics in plain words."""

import pytest

from patron.features.question import Purchase, Question, SpendDrop
from patron.models.metrics import METRICS
from patron.reporting.wording import Wording, metric_words, short_name


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        (Question(horizon_days=14), "Who buys again in the next 14 days?"),
        (Question(horizon_days=1), "Who buys again in the next day?"),
        (Question(population="lapsed"), "Which lapsed customers buy again in the next 30 days?"),
        (Question(population="prospects"), "Which prospects buy for the first time in the next 30 days?"),
        (
            Question(target=Purchase("category = 'COFFEE'")),
            "Who buys again in the next 30 days, counting only category = 'COFFEE'?",
        ),
        (
            Question(target=SpendDrop(0.5)),
            "Whose spend falls below 50% of their own average in the next 30 days?",
        ),
    ],
)
def test_the_question_in_words(question: Question, asked: str) -> None:
    assert Wording.of(question).question == asked


def test_the_population_is_said() -> None:
    wording = Wording.of(Question(lookback_days=90))
    assert wording.population == "Asked of active customers: a purchase in the 90 days before the cutoff."


def test_the_cases_of_a_spend_drop_are_not_called_buyers() -> None:
    assert Wording.of(Question(target=SpendDrop())).cases == "spend drops"


def test_every_metric_is_explained_with_its_direction() -> None:
    explained = metric_words("buyers")
    assert sorted(explained) == sorted(METRICS)
    assert explained["auc"].direction == "higher is better"
    assert explained["log_loss"].direction == "lower is better"
    assert explained["mean_difference"].direction == "nearest to 0 is best"


@pytest.mark.parametrize(
    ("opponent", "name"),
    [
        ("the recency rule: whoever bought last comes first", "recency rule"),
        ("BG/NBD", "BG/NBD"),
        ("", "opponent"),
    ],
)
def test_the_short_name_stands_before_the_colon(opponent: str, name: str) -> None:
    assert short_name(opponent) == name
