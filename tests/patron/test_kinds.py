"""Sizes of memory, and the other kinds of values where a table says it best."""

import pytest

from patron.kinds import MEMORY, SCALES, TIMEZONE, WrongType


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("8GB", 8_000_000_000),
        ("8 gb", 8_000_000_000),
        ("1.5GB", 1_500_000_000),
        ("2GiB", 2 * 1024**3),
        ("1500MB", 1_500_000_000),
        ("1TB", 10**12),
        (4_000_000_000, 4_000_000_000),
    ],
)
def test_memory_in_bytes(written: str | int, size: int):
    assert MEMORY.read(written) == size


@pytest.mark.parametrize("written", ["8", "8G", "GB", "-8GB", "8PB"])
def test_memory_needs_a_number_and_a_unit(written: str):
    with pytest.raises(ValueError, match='"8GB"'):
        MEMORY.read(written)


def test_memory_is_no_list():
    with pytest.raises(WrongType):
        MEMORY.read([8])


def test_the_machine_s_own_time_zone_is_no_name():
    with pytest.raises(ValueError, match="tz database"):
        TIMEZONE.read("localtime")


def test_scales_are_the_lowest_and_the_highest_score_of_each_instrument():
    assert SCALES.read({"recommend": [0, 100], "smiley": [1, 3]}) == {
        "recommend": (0.0, 100.0),
        "smiley": (1.0, 3.0),
    }


@pytest.mark.parametrize(
    ("written", "cure"),
    [
        ({"smiley": [3, 1]}, "the first must be the lowest"),
        ({"smiley": [1, 1]}, "the first must be the lowest"),
        ({"smiley": [1, float("inf")]}, "the first must be the lowest"),
        ({"smiley": [1, 2, 3]}, "its lowest and its highest score"),
        ({"smiley": 3}, "its lowest and its highest score"),
        ({" ": [1, 3]}, "it is empty"),
    ],
)
def test_a_scale_that_is_none_says_how_to_write_it(written: object, cure: str):
    with pytest.raises(ValueError, match=cure):
        SCALES.read(written)


@pytest.mark.parametrize("written", [[0, 100], {"smiley": ["1", 3]}, "nps"])
def test_scales_are_a_table_of_numbers(written: object):
    with pytest.raises(WrongType):
        SCALES.read(written)
