"""The catalogue: every feature has a name of its own, a unit and a meaning, and the page is current."""

import re
from pathlib import Path

import pytest

from patron.catalogue_page import catalogue_page, whole_catalogue
from patron.features.families import FAMILIES

PAGE = Path(__file__).parents[2] / "docs" / "catalogue.md"
FIELDS = [each.field() for each in whole_catalogue()]


def test_the_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == catalogue_page(), "run `make docs`"


def test_names_are_unique_and_fit_for_columns():
    names = [field.name for field in FIELDS]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z][a-z0-9_]*", name)] == []


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_feature_says_its_unit_and_meaning(field):
    assert field.unit.strip()
    assert field.description.strip() == field.description
    assert not field.description.endswith(".")
    assert field.family in {family.name for family in FAMILIES}


def test_the_catalogue_is_the_same_every_time_and_in_the_order_of_the_families():
    assert [each.field() for each in whole_catalogue()] == FIELDS
    families = list(dict.fromkeys(field.family for field in FIELDS))
    assert families == [family.name for family in FAMILIES]


def test_every_family_says_what_it_is_about():
    assert [family.name for family in FAMILIES if not (family.__doc__ or "").strip()] == []
