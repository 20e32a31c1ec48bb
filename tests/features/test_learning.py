"""What is learned from customers: as of each moment, of a sample that no later fact changes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from patron.features import learning
from patron.features.engine import prepare
from patron.features.expressions import Evidence
from patron.features.family import Family, Feature
from patron.features.learning import Sample
from patron.features.localtime import to_microseconds
from patron.features.population import PopulationValues
from patron.features.question import Question


def moment(day: str) -> int:
    return to_microseconds(datetime.fromisoformat(day).replace(tzinfo=UTC))


class Learning(Family):
    """A family of population values."""

    name = "learning"
    reads = ("orders", "answers")

    def features(self, *evidence: Evidence) -> Iterator[Feature]:
        orders, answers = evidence
        count = orders.ever().count()
        for statistic in ("mean", "spread", "median"):
            yield Feature(f"count_{statistic}", count.learned("count", statistic), "orders", "x")
        usual = answers.ever().mean("score") - answers.ever().usual("score", by="category")
        yield Feature("above_usual", usual, "points", "x")


BOUGHT = [(1, "2020-01-01", 5.0), (1, "2020-01-05", 5.0), (1, "2020-01-09", 5.0), (2, "2020-01-03", 5.0)]
ANSWERED = [
    (1, "2020-01-04", 8.0, "Tea"),
    (2, "2020-01-05", 2.0, "tea"),
    (2, "2020-01-08", 4.0, "tea "),
    (1, "2020-01-06", 9.0, "milk"),
    (1, "2020-01-06", 1.0, None),
]


def learned(business: Any, *days: str) -> tuple[PopulationValues, ...]:
    made = business().table("purchases", BOUGHT)
    made.table("satisfaction", ANSWERED, "customer_id answered_at score category")
    moments = np.array([moment(day) for day in days], np.int64)
    with made.store() as store:
        return prepare(store, Question(), (Learning,), moments).population.values


def test_statistics_are_over_the_customers_known_at_each_moment(business: Any):
    first, second, third = learned(business, "2020-01-02", "2020-01-06", "2020-01-10")
    assert first.numbers == {"count.mean": 1.0, "count.median": 1.0}
    assert second.numbers == {"count.mean": 1.5, "count.median": 1.5, "count.spread": np.sqrt(0.5)}
    assert third.numbers["count.mean"] == 2.0


def test_a_word_has_the_mean_of_all_rows_known_so_far_and_few_rows_have_none(
    business: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(learning, "FEWEST_ROWS", 2)
    before, after = learned(business, "2020-01-05", "2020-01-09")
    assert before.by_word == {"answers.score by category": {}}
    assert after.by_word == {"answers.score by category": {"tea": 14 / 3}}


def test_a_customer_is_compared_with_what_is_usual_for_the_same_words(
    business: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(learning, "FEWEST_ROWS", 2)
    made = business().table("purchases", BOUGHT)
    made.table("satisfaction", ANSWERED, "customer_id answered_at score category")
    found = made.snapshots("2020-01-09", families=(Learning,))
    np.testing.assert_allclose(found["above_usual"], [6 - 14 / 3, 3 - 14 / 3], rtol=1e-6)


def test_who_is_in_the_sample_of_a_moment_depends_on_those_known_before_it_alone(
    business: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(learning, "MOST_CUSTOMERS", 10)
    early = [(name, "2020-01-01", 5.0) for name in range(40)]
    late = [(name, "2020-02-01", 5.0) for name in range(-50, 0)] + [(7, "2020-02-01", 9.0)]
    until = moment("2020-01-15")
    drawn = []
    for rows in (early, [*early, *late]):
        with business().table("purchases", rows).store() as store:
            sample = Sample.draw(store, [until])
            ids = store.connection.execute("SELECT id FROM customers ORDER BY customer").fetchnumpy()["id"]
        drawn.append(ids[sample.codes[sample.at(until)]].tolist())
    assert drawn[0] == drawn[1]
    assert 2 <= len(drawn[0]) <= 10


def test_who_is_in_the_sample_of_a_moment_does_not_depend_on_which_others_are_asked(
    business: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(learning, "MOST_CUSTOMERS", 10)
    rows = [(name, "2020-01-01", 5.0) for name in range(9)] + [
        (name, "2020-02-01", 5.0) for name in range(9, 60)
    ]
    early, late = moment("2020-01-15"), moment("2020-02-15")
    with business().table("purchases", rows).store() as store:
        together, alone = Sample.draw(store, [early, late]), Sample.draw(store, [late])
    assert together.codes[together.at(early)].tolist() == list(range(9))
    assert together.codes[together.at(late)].tolist() == alone.codes[alone.at(late)].tolist()
