"""Families: names are unique, and a feature that cannot be measured says so before anything is computed."""

from collections.abc import Iterator
from typing import Any

import pytest

from patron.features.errors import ConfigurationError
from patron.features.expressions import Evidence
from patron.features.families import FAMILIES, load_families
from patron.features.family import Family, Feature, list_features
from patron.features.question import Question

LINES = Evidence("lines", ("amount", "category"))


def listed(make: Any) -> list[str]:
    """The names of the features of a family over the lines."""

    def features(self: Family, lines: Evidence) -> Iterator[Feature]:
        yield from make(lines)

    kind = type("Tried", (Family,), {"name": "tried", "reads": ("lines",), "features": features})
    return [each.feature.name for each in list_features((kind,), Question(), {"lines": LINES})]


def test_features_keep_the_order_of_the_family():
    assert listed(lambda lines: [Feature(n, lines.ever().count(), "x", "x") for n in "bca"]) == [
        "b",
        "c",
        "a",
    ]


def test_two_features_of_the_same_name_are_refused():
    with pytest.raises(ConfigurationError, match="Two features have the same name") as error:
        listed(lambda lines: [Feature("a", lines.ever().count(), "x", "x")] * 2)
    assert error.value.found == "a"


@pytest.mark.parametrize(
    "measure",
    [
        lambda lines: lines.ever().sum("amuont"),
        lambda lines: lines.ever().sum("category"),
        lambda lines: lines.ever().distinct("amount"),
        lambda lines: lines.ever().category("amount"),
        lambda lines: lines.ever().category("gap"),
        lambda lines: lines.where("channel", "web").ever().count(),
        lambda lines: lines.where("amount", "5").ever().count(),
        lambda lines: lines.ever().count() / lines.ever().mean("quantity"),
        lambda lines: lines.population("category", "maximum"),
        lambda lines: lines.population("gap", "mean"),
        lambda lines: Evidence("orders", ("amount",)).population("amount", "mean"),
    ],
)
def test_a_feature_of_a_column_that_is_not_there_or_of_another_kind_is_refused(measure: Any):
    with pytest.raises(ConfigurationError, match="cannot be computed from the evidence") as error:
        listed(lambda lines: [Feature("tried", measure(lines), "x", "x")])
    assert error.value.where == "family tried, feature tried"


def test_a_family_whose_evidence_is_absent_is_left_out():
    found = list_features(FAMILIES, Question(), {"lines": LINES})
    assert found == []


def test_optional_evidence_is_none_where_it_is_absent():
    class Optional(Family):
        name = "optional"
        reads = ("lines",)
        may_read = ("orders",)

        def features(self, *evidence: Evidence | None) -> Iterator[Feature]:
            assert evidence[1] is None
            return iter(())

    assert list_features((Optional,), Question(), {"lines": LINES}) == []


def test_a_family_without_features_says_what_to_define():
    class Nothing(Family):
        name = "nothing"
        reads = ("lines",)

    with pytest.raises(NotImplementedError, match="define features"):
        list_features((Nothing,), Question(), {"lines": LINES})


@pytest.mark.parametrize(
    "name", ["nowhere.to:Found", "patron.features.family:Nope", "patron.features.family", ""]
)
def test_a_family_that_cannot_be_loaded_is_named(name: str):
    with pytest.raises(ConfigurationError, match="The family cannot be loaded") as error:
        load_families([name])
    assert str(error.value.found).startswith(name)


def test_what_is_no_family_is_refused():
    with pytest.raises(ConfigurationError, match="not a family"):
        load_families(["patron.features.family:Feature"])


def test_own_families_come_after_patrons():
    loaded = load_families(["patron.features.spend:Spend"])
    assert [family.name for family in loaded] == [*(family.name for family in FAMILIES), "spend"]
