"""Every feature belongs to one group: mostly its family's, and a user's own family to a group of its own."""

import pytest

from patron.features.catalogue import FeatureField
from patron.features.families import FAMILIES
from patron.models.feature_groups import (
    APART,
    ELSEWHERE,
    GROUPS,
    OF_FAMILY,
    columns_by_group,
    group_of,
    words_of,
)


def field(name, family):
    return FeatureField(name, "x", "x", family)


@pytest.mark.parametrize(
    ("name", "family", "group"),
    [
        ("satisfaction_last", "satisfaction", "satisfaction"),
        ("days_since_answer", "satisfaction", "asking"),
        ("answers_nps", "satisfaction", "asking"),
        ("reason_main", "reasons", "reasons"),
        ("reasons_ever", "reasons", "spend_recency"),
        ("days_since_order", "buying_cycle", "spend_recency"),
        ("orders_90d", "buying_cycle", "spend_recency"),
        ("gap_variation", "buying_cycle", "habit"),
        ("overdue_ratio", "buying_cycle", "habit"),
        ("orders_since_case", "support", "spend_recency"),
        ("cases_90d", "support", "support"),
        ("referred_ever", "referrals", "advocacy"),
        ("stamps", "loyalty_card", "loyalty_card"),
        ("month", "calendar", None),
    ],
)
def test_a_feature_belongs_to_the_group_of_what_it_tells(name, family, group):
    assert group_of(field(name, family)) == group


def test_every_family_that_comes_with_patron_has_a_group_or_is_apart():
    assert {family.name for family in FAMILIES} == {*OF_FAMILY, *APART}
    assert {*OF_FAMILY.values(), *ELSEWHERE.values()} == {group.name for group in GROUPS}


def test_columns_are_grouped_in_the_order_of_the_groups_with_own_families_last():
    fields = [field("stamps", "card"), field("spend_30d", "spend"), field("gap_mean", "buying_cycle")]

    assert list(columns_by_group(fields).items()) == [
        ("habit", (2,)),
        ("spend_recency", (1,)),
        ("card", (0,)),
    ]


def test_groups_have_words_and_own_families_their_name():
    assert words_of("asking") == "being asked"
    assert words_of("loyalty_card") == "loyalty card"
