"""Groups: bands and tiers by hand, and the order in which they are shown."""

import numpy as np
import pytest

from patron.models.groups import OTHERS, ordered_groups, recency_bands, spend_edges, spend_tiers


@pytest.mark.parametrize(
    ("days", "band"),
    [
        (0.0, "under 7 days"),
        (6.99, "under 7 days"),
        (7.0, "7 to 13 days"),
        (89.5, "60 to 89 days"),
        (180.0, "180 days or more"),
        (np.nan, "never"),
    ],
)
def test_a_band_holds_its_first_day(days: float, band: str) -> None:
    assert recency_bands(np.array([days])).tolist() == [band]


def test_tiers_are_thirds_of_those_whose_spend_is_known() -> None:
    edges = spend_edges(np.array([np.nan, 0.0, 1.0, 2.0, 3.0]))
    assert edges == (1.0, 2.0)
    assert spend_tiers(np.array([1.0, 1.5, 2.5, np.nan]), edges).tolist() == [
        "low",
        "middle",
        "high",
        "not known",
    ]


def test_nobodys_spend_makes_no_tiers() -> None:
    edges = spend_edges(np.array([np.nan]))
    assert spend_tiers(np.array([1.0]), edges).tolist() == ["not known"]


def test_known_groups_keep_their_order_and_others_follow_by_size() -> None:
    names, groups = ordered_groups("stage", np.array(["vip", "repeat", "vip", "new", "guest"]))
    assert names == ("new", "repeat", "vip", "guest")
    assert groups.tolist() == ["vip", "repeat", "vip", "new", "guest"]


def test_the_small_ones_of_many_groups_are_taken_together() -> None:
    words = np.array([f"c{number:02d}" for number in range(12) for _ in range(20 - number)])
    names, groups = ordered_groups("category", words)
    assert names == (*(f"c{number:02d}" for number in range(8)), OTHERS)
    assert (groups == OTHERS).sum() == 12 + 11 + 10 + 9
    nine, same = ordered_groups("category", words[: -(9 + 10 + 11)])
    assert len(nine) == 9
    assert OTHERS not in same
