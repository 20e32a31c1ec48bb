"""Building ahead: the next piece while the one before is used, and nothing beside what failed before."""

from threading import Event
from typing import Any

import pytest

from patron.features.facts import Range
from patron.serving.ahead import Ahead, in_order

FIRST, SECOND, THIRD = Range(0, 2), Range(2, 4), Range(4, 6)


def test_the_next_piece_is_built_while_the_first_is_used_and_none_twice() -> None:
    built, second = [], Event()

    def build(piece: Range) -> Any:
        built.append(piece)
        if piece == SECOND:
            second.set()
        return piece

    with Ahead(build, {FIRST: SECOND, SECOND: THIRD}) as ahead:
        assert ahead(FIRST) == FIRST
        assert second.wait(10)
        assert [ahead(SECOND), ahead(THIRD)] == [SECOND, THIRD]
    assert built == [FIRST, SECOND, THIRD]


def test_nothing_is_built_ahead_before_the_first_is_asked_for_nor_of_what_has_no_follower() -> None:
    built: list[Range] = []
    with Ahead(lambda piece: built.append(piece), {FIRST: SECOND}) as ahead:  # type: ignore[func-returns-value]
        assert built == []
        ahead(THIRD)
    assert built == [THIRD]


def test_a_piece_that_fails_raises_when_its_turn_comes_and_the_one_after_it_is_not_begun() -> None:
    built = []

    def build(piece: Range) -> Any:
        built.append(piece)
        if piece == SECOND:
            raise MemoryError("too large")
        return piece

    with Ahead(build, {FIRST: SECOND, SECOND: THIRD}) as ahead:
        assert ahead(FIRST) == FIRST
        with pytest.raises(MemoryError, match="too large"):
            ahead(SECOND)
    assert built == [FIRST, SECOND]


def test_the_end_waits_for_what_was_begun() -> None:
    go, done = Event(), []

    def build(piece: Range) -> Any:
        if piece == SECOND:
            go.wait(10)
            done.append(piece)
        return piece

    with Ahead(build, {FIRST: SECOND}) as ahead:
        ahead(FIRST)
        go.set()
    assert done == [SECOND]


def test_pieces_follow_each_other_across_partitions_but_not_to_or_from_one_that_is_alone() -> None:
    pieces = [[Range(0, 1), Range(1, 2)], [Range(2, 3)], [Range(3, 4)], [Range(4, 5)]]
    following = {Range(0, 1): Range(1, 2), Range(1, 2): Range(2, 3)}
    assert in_order(pieces, [False] * 4) == {**following, Range(2, 3): Range(3, 4), Range(3, 4): Range(4, 5)}
    assert in_order(pieces, [False, False, False, True]) == {**following, Range(2, 3): Range(3, 4)}
    assert in_order(pieces, [True, False, False, False]) == {
        Range(2, 3): Range(3, 4),
        Range(3, 4): Range(4, 5),
    }
