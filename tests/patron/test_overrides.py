"""`--set section.key=value` and `section__key=value`."""

from typing import Any

import pytest

from patron.features.errors import ConfigurationError
from patron.overrides import apply_keywords, apply_texts


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("question.cutoffs=6", {"question": {"cutoffs": 6}}),
        (" question.cutoffs = 6 ", {"question": {"cutoffs": 6}}),
        ("question.population=lapsed", {"question": {"population": "lapsed"}}),
        ('question.name="30"', {"question": {"name": "30"}}),
        ("purchases.where=amount = 3", {"purchases": {"where": "amount = 3"}}),
        ("purchases.path=/data/a b.csv", {"purchases": {"path": "/data/a b.csv"}}),
        ('purchases.amount={ sql = "a * b" }', {"purchases": {"amount": {"sql": "a * b"}}}),
        ("run.families=[]", {"run": {"families": []}}),
        ("question.target.kind=spend_drop", {"question": {"target": {"kind": "spend_drop"}}}),
        ('profile."home town"=city', {"profile": {"home town": "city"}}),
        ("question.name=a\nb = 1", {"question": {"name": "a\nb = 1"}}),
    ],
)
def test_a_value_is_toml_and_a_bare_word_a_text(override: str, expected: dict[str, Any]):
    assert apply_texts({}, [override]) == expected


def test_later_overrides_win_and_the_original_stays():
    values = {"question": {"cutoffs": 12, "name": "x"}}

    assert apply_texts(values, ["question.cutoffs=6", "question.cutoffs=7"]) == {
        "question": {"cutoffs": 7, "name": "x"}
    }
    assert values == {"question": {"cutoffs": 12, "name": "x"}}


@pytest.mark.parametrize(
    "override", ["question.cutoffs", "cutoffs=6", "=6", "question..cutoffs=6", "a b.c=1"]
)
def test_a_malformed_override_shows_the_form(override: str):
    with pytest.raises(ConfigurationError, match=r"section\.key=value"):
        apply_texts({}, [override])


def test_nothing_is_set_inside_a_value():
    with pytest.raises(ConfigurationError, match="'name' is a value, not a section"):
        apply_texts({"question": {"name": "x"}}, ["question.name.y=1"])


def test_keywords_reach_sections_within_sections():
    assert apply_keywords(
        {"question": {"target": {"kind": "purchase"}}}, {"question__target__where": "a"}
    ) == {"question": {"target": {"kind": "purchase", "where": "a"}}}


@pytest.mark.parametrize("keyword", ["horizon_days", "question__", "__cutoffs"])
def test_a_keyword_needs_section_and_key(keyword: str):
    with pytest.raises(ConfigurationError, match="question__horizon_days=30"):
        apply_keywords({}, {keyword: 1})
