"""Conditions of programmes: what they may say, of which columns they speak, and what an unknown value answers."""

import pyarrow as pa
import pytest

from patron.actions.conditions import Condition
from patron.features.errors import ConfigurationError


def condition(code):
    return Condition(code, "win_back.toml [whom] code")


def test_it_holds_row_by_row_and_an_unknown_answer_is_no():
    table = pa.table({"stage": ["repeat", "new", "repeat"], "days": [40.0, 40.0, None]})
    assert condition("stage = 'repeat' and days > 30").holds(table).tolist() == [True, False, False]


def test_it_gives_numbers_and_none_where_it_knows_none():
    table = pa.table({"gap": [10.0, None], "days": [4.0, 4.0]})
    first, second = condition("gap - days").numbers(table)
    assert first == 6
    assert second != second


def test_its_columns_are_known_before_anybody_is_looked_at():
    assert condition("a > 1 and (b is null or a < c)").columns() == ("a", "b", "c")


def test_an_unknown_column_is_refused_with_the_nearest():
    with pytest.raises(ConfigurationError) as refused:
        condition("days_since_oder > 30").check(["days_since_order", "orders_ever"])
    assert "days_since_oder" in refused.value.what
    assert "days_since_order" in refused.value.remedy


@pytest.mark.parametrize(
    "code",
    [
        "(select 1) > 0",
        "row_number() over () > 3",
        "random() < 0.5",
        "now() > '2020-01-01'",
        "1) from read_csv('secrets.csv') --",
        "days >",
        "1; drop table customers",
    ],
)
def test_more_than_an_expression_over_one_customer_is_refused(code):
    with pytest.raises(ConfigurationError):
        condition(code).columns()


@pytest.mark.parametrize("code", ["days", "sum(days) > 3", "days > 'many'", "(days > 1, days > 2)"])
def test_an_answer_that_is_no_yes_or_no_for_each_row_is_refused(code):
    with pytest.raises(ConfigurationError) as refused:
        condition(code).holds(pa.table({"days": [1.0, 2.0]}))
    assert refused.value.where == "win_back.toml [whom] code"
