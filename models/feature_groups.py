"""Groups of features: the kinds of reasons that may bring customers back, each a question of its own.

A family is about one table; a group is about one kind of reason. Most families are a group as they stand. Where a
family holds features of another kind, they are named here: when and how often somebody answered is asking, whatever
was answered; orders around a case are buying. A family that is not named here, such as a user's own, is a group of
its own under its own name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from patron.features.catalogue import FeatureField


@dataclass(frozen=True)
class Group:
    """A kind of reason: its short name, what it is called in a sentence, and what it holds."""

    name: str
    words: str
    holds: str


GROUPS = (
    Group("satisfaction", "satisfaction", "scores given, their level and change, and expectations"),
    Group("reasons", "what they say they value", "reasons given with purchases and answers"),
    Group("asking", "being asked", "questions asked and left open, and when somebody answered"),
    Group("habit", "habit", "the rhythm of buying: gaps, regularity, what is due, the same day and hour"),
    Group("advocacy", "advocacy", "what they say in public, and referrals"),
    Group("spend_recency", "spend and recency", "how lately, how often, how much and what they bought"),
    Group("support", "support cases", "what went wrong and how it was put right"),
    Group("acquaintance", "how long they have been known", "the time since they became known"),
    Group("activities", "contacts", "contacts by and with the firm, and responses"),
    Group("profile", "who they are", "attributes of the profile"),
)
"""The groups that come with Patron, in the order in which a report asks about them."""

APART = ("calendar",)
"""Families that tell moments apart and not customers: nothing can be said of what they add for a customer."""

OF_FAMILY: Mapping[str, str] = {
    "satisfaction": "satisfaction",
    "reasons": "reasons",
    "asking": "asking",
    "buying_cycle": "spend_recency",
    "spend": "spend_recency",
    "social": "advocacy",
    "referrals": "advocacy",
    "support": "support",
    "acquaintance": "acquaintance",
    "activities": "activities",
    "profile": "profile",
}
"""The group of a family's features, unless `ELSEWHERE` names another."""

ELSEWHERE: Mapping[tuple[str, str], str] = {
    ("buying_cycle", "gap_"): "habit",
    ("buying_cycle", "overdue_"): "habit",
    ("buying_cycle", "season_"): "habit",
    ("buying_cycle", "orders_same_season"): "habit",
    ("buying_cycle", "weekday_"): "habit",
    ("buying_cycle", "hour_"): "habit",
    ("buying_cycle", "channel_concentration"): "habit",
    ("buying_cycle", "categories_"): "habit",
    ("buying_cycle", "products_"): "habit",
    ("satisfaction", "days_since_answer"): "asking",
    ("satisfaction", "answers_"): "asking",
    ("reasons", "answer_reasons_ever"): "asking",
    ("reasons", "days_since_answer_reason"): "asking",
    ("reasons", "reasons_ever"): "spend_recency",
    ("reasons", "days_since_reason"): "spend_recency",
    ("support", "order_pace_"): "spend_recency",
    ("support", "orders_"): "spend_recency",
    ("support", "bought_since_case"): "spend_recency",
}
"""(family, beginning of the feature's name) to the group, where it is not that of the family."""


def group_of(field: FeatureField) -> str | None:
    """The name of a feature's group; None for those that tell moments apart and not customers."""
    if field.family in APART:
        return None
    for (family, beginning), group in ELSEWHERE.items():
        if field.family == family and field.name.startswith(beginning):
            return group
    return OF_FAMILY.get(field.family, field.family)


def columns_by_group(fields: Sequence[FeatureField]) -> dict[str, tuple[int, ...]]:
    """The places of each group's features, groups in the order of `GROUPS` and then as they come."""
    places: dict[str, list[int]] = {group.name: [] for group in GROUPS}
    for place, field in enumerate(fields):
        name = group_of(field)
        if name is not None:
            places.setdefault(name, []).append(place)
    return {name: tuple(found) for name, found in places.items() if found}


def words_of(group: str) -> str:
    """What a group is called in a sentence; a user's own family by its name."""
    known = {each.name: each.words for each in GROUPS}
    return known.get(group, group.replace("_", " "))
