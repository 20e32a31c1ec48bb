"""Population values: learned from everybody, as of each moment and never later."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from patron.features.expressions import Evidence
from patron.features.localtime import to_microseconds
from patron.features.population import MOST_WORDS, PopulationHistory, PopulationValues, learn_population

COST = Evidence("contacts", ("cost",))


def moment(day: str) -> int:
    return to_microseconds(datetime.fromisoformat(day).replace(tzinfo=UTC))


@pytest.fixture
def contacted(business: Any) -> Any:
    """A store of contacts: (customer, day, channel, cost, recorded)."""

    def make(*rows: tuple[Any, ...]) -> Any:
        made = business().table("purchases", [(1, "2020-01-01", 5.0)])
        columns = "customer_id occurred_at activity channel cost recorded_at"
        filled = [(row[0], row[1], "call", *row[2:], *[None] * (5 - len(row))) for row in rows]
        return made.table("activities", filled, columns).store()

    return make


def test_the_most_frequent_words_are_known_and_spellings_count_together(contacted: Any):
    with contacted(
        (1, "2020-01-01", "E-Mail"), (2, "2020-01-01", "e mail"), (2, "2020-01-01", "fax"), (2, "2020-01-02", "fax"),
        (2, "2020-01-02", "e_mail"), (1, "2020-01-03", None),
    ) as store:  # fmt: skip
        learned = learn_population(store, ["contacts.channel"], (), [moment("2020-01-03")])
    assert learned.values[0].words == {"contacts.channel": ("e_mail", "fax")}


def test_words_are_those_of_facts_known_before_the_moment(contacted: Any):
    with contacted(
        (1, "2020-01-01", "web"), (1, "2020-01-01", "fax", 1.0, "2020-03-01"), (1, "2020-02-01", "app")
    ) as store:
        learned = learn_population(
            store, ["contacts.channel"], (), [moment("2020-03-02"), moment("2020-02-01")]
        )
    assert [values.words["contacts.channel"] for values in learned.values] == [
        ("web",),
        ("app", "fax", "web"),
    ]
    cutoffs = np.array(
        [moment("2020-01-15"), moment("2020-02-01"), moment("2020-03-01"), moment("2020-04-01")]
    )
    assert learned.knows("contacts.channel", "fax", cutoffs).tolist() == [False, False, False, True]
    assert learned.words("contacts.channel") == ("app", "fax", "web")


def test_there_are_only_so_many_words(contacted: Any):
    with contacted(*[(1, "2020-01-01", f"w{n}") for n in range(20)]) as store:
        learned = learn_population(store, ["contacts.channel"], (), [moment("2020-02-01")])
    assert len(learned.words("contacts.channel")) == MOST_WORDS


@pytest.mark.parametrize(("statistic", "expected"), [("maximum", 9.5), ("mean", 4.5), ("median", 3.0)])
def test_numbers_are_statistics_of_known_values_in_whole_currency(
    contacted: Any, statistic: Any, expected: float
):
    with contacted(
        (1, "2020-01-01", "web", 1.0), (1, "2020-01-02", "web", 9.5), (2, "2020-01-02", "web", 3.0),
        (2, "2020-01-02", "web", None), (2, "2020-02-01", "web", 100.0),
    ) as store:  # fmt: skip
        number = COST.population("cost", statistic)
        learned = learn_population(store, (), [number], [moment("2020-02-01")])
    cutoffs = np.array([moment("2020-01-31"), moment("2020-02-01")])
    np.testing.assert_array_equal(learned.numbers(number.name, cutoffs), [np.nan, expected])


def test_what_nobody_said_is_left_out(contacted: Any):
    with contacted((1, "2020-01-01", "web")) as store:
        learned = learn_population(store, (), [COST.population("cost", "mean")], [moment("2020-02-01")])
    assert learned.values[0].numbers == {}
    assert np.isnan(learned.numbers("contacts.cost.mean", np.array([moment("2020-02-01")]))).all()


def test_an_alias_counts_once(business: Any):
    made = business().table(
        "purchases", [(1, "2020-01-01", 5.0), (2, "2020-01-01", 5.0), (2, "2020-01-01", 11.0)]
    )
    with made.table("identities", [(2, 1, "2020-02-01")]).store() as store:
        number = Evidence("lines", ("amount",)).population("amount", "mean")
        learned = learn_population(store, (), [number], [moment("2020-01-15"), moment("2020-03-01")])
    assert [values.numbers["lines.amount.mean"] for values in learned.values] == [7.0, 7.0]


def test_values_come_back_from_plain_data():
    values = PopulationValues(7, {"a.b.mean": 1.5}, {"contacts.channel": ("web",)})
    assert PopulationValues.from_dict(values.to_dict()) == values


def test_without_any_moment_nothing_is_known():
    nobody = PopulationHistory(())
    assert nobody.words("contacts.channel") == ()
    assert np.isnan(nobody.numbers("x", np.array([5]))).all()
    assert not nobody.knows("contacts.channel", "web", np.array([5])).any()


def test_a_word_that_was_frequent_only_at_first_still_has_features():
    history = PopulationHistory(
        (
            PopulationValues(1, words={"contacts.channel": ("fax", "web")}),
            PopulationValues(2, words={"contacts.channel": ("web",)}),
        )
    )
    assert history.words("contacts.channel") == ("fax", "web")
    assert history.knows("contacts.channel", "fax", np.array([1, 2])).tolist() == [True, False]
