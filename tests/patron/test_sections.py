"""The sections cover the value objects, field by field."""

from dataclasses import fields

import pytest

from patron.features.contracts import TABLES
from patron.sections import (
    CALENDAR,
    QUESTION,
    REQUIRED,
    RUN,
    SECTIONS,
    TABLE_SECTIONS,
    TARGETS,
    TRACKING,
    TRAINING,
    Section,
)


@pytest.mark.parametrize(
    "section", [QUESTION, CALENDAR, TRAINING, TRACKING, RUN, *TARGETS], ids=lambda s: s.builds.__name__
)
def test_every_field_is_a_key_and_every_key_a_field(section: Section):
    # Further horizons are written in the list of horizon_days.
    apart = {*section.inner, *SECTIONS, "further_horizons"}
    names = {field.name for field in fields(section.builds)} - apart

    assert {key.name for key in section} == names


@pytest.mark.parametrize("table", TABLES)
def test_every_column_of_the_contract_is_a_key(table: str):
    assert set(TABLES[table].column_names) <= {key.name for key in TABLE_SECTIONS[table]}


def test_defaults_are_those_of_the_value_objects():
    defaults = {key.name: QUESTION.default(key) for key in QUESTION}

    assert defaults["horizon_days"] == 30
    assert defaults["cutoff_every_days"] is None


def test_required_columns_say_so():
    purchases = TABLE_SECTIONS["purchases"]
    defaults = {key.name: purchases.default(key) for key in purchases}

    assert defaults["amount"] is REQUIRED
    assert defaults["order_id"] is None
