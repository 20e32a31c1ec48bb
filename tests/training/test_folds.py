"""Folds: which cutoffs a model may learn from, day by day."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.features.errors import GateError
from patron.training.folds import INNER_CUTOFFS, Fold, plan_folds


def every(days: int, count: int, horizon: int, settle: int = 0) -> tuple[list[int], list[int]]:
    """Cutoffs so many days apart, and when their targets are mature."""
    cutoffs = [days * (number + 1) for number in range(count)]
    return cutoffs, [cutoff + horizon + settle for cutoff in cutoffs]


def test_the_latest_cutoffs_test_and_everything_mature_before_each_trains() -> None:
    plan = plan_folds(*every(10, 6, horizon=10), test_cutoffs=3)
    assert plan.tests == (
        Fold(40, (10, 20, 30), (20, 30)),
        Fold(50, (10, 20, 30, 40), (20, 30, 40)),
        Fold(60, (10, 20, 30, 40, 50), (20, 30, 40, 50)),
    )
    assert plan.production == Fold(70, (10, 20, 30, 40, 50, 60), (30, 40, 50, 60))
    assert [fold.cutoff for fold in plan.rolling] == [20, 30, 40, 50, 60]
    assert plan.rolling[0] == Fold(20, (10,), ())
    assert plan.provisional is None


def test_a_cutoff_whose_horizon_reaches_beyond_the_test_does_not_train() -> None:
    plan = plan_folds(*every(10, 8, horizon=25), test_cutoffs=2)
    assert plan.tests == (
        Fold(70, (10, 20, 30, 40), (40,)),  # 50 is mature at 75; 30 had nothing mature before it
        Fold(80, (10, 20, 30, 40, 50), (40, 50)),
    )


def test_settling_days_postpone_maturity() -> None:
    plan = plan_folds(*every(10, 6, horizon=10, settle=1), test_cutoffs=1)
    assert plan.tests == (Fold(60, (10, 20, 30, 40), (30, 40)),)


def test_a_target_that_is_mature_at_the_very_cutoff_trains() -> None:
    assert plan_folds([0, 30], [30, 60], 1).tests == (Fold(30, (0,), ()),)


def test_a_short_history_is_judged_at_fewer_cutoffs_and_says_so() -> None:
    plan = plan_folds(*every(10, 4, horizon=10), test_cutoffs=3)
    assert [fold.cutoff for fold in plan.tests] == [30, 40]
    assert plan.provisional == "judged at 2 of the 3 test cutoffs asked for, as history is short"


def test_without_an_inner_fold_the_number_of_trees_is_a_default_and_says_so() -> None:
    plan = plan_folds(*every(10, 2, horizon=10), test_cutoffs=3)
    assert plan.tests == (Fold(20, (10,), ()),)
    assert plan.provisional == (
        "judged at 1 of the 3 test cutoffs asked for, as history is short;"
        " the number of trees is a default, as no earlier fold could choose it"
    )


def test_fewer_than_three_test_cutoffs_are_provisional_even_if_asked_for() -> None:
    plan = plan_folds(*every(10, 8, horizon=10), test_cutoffs=1)
    assert plan.provisional == "judged at 1 of the 3 test cutoffs that show whether a result lasts"


@pytest.mark.parametrize(("count", "horizon"), [(1, 10), (3, 40)])
def test_no_cutoff_that_is_mature_before_another_is_refused(count: int, horizon: int) -> None:
    with pytest.raises(GateError, match="too short to judge") as caught:
        plan_folds(*every(10, count, horizon), test_cutoffs=3)
    assert str(count) in str(caught.value.found)
    assert caught.value.exit_code == 3


def test_a_cutoff_with_a_single_outcome_chooses_no_trees() -> None:
    def shows_both(cutoffs: Sequence[int]) -> bool:
        return bool(set(cutoffs) - {10, 30})

    plan = plan_folds(*every(10, 6, horizon=10), 1, shows_both)
    # 20 could only learn from 10, and 30 itself shows one outcome.
    assert plan.tests == (Fold(60, (10, 20, 30, 40, 50), (40, 50)),)


@given(
    horizon=st.integers(1, 60),
    settle=st.integers(0, 20),
    spacing=st.integers(1, 45),
    count=st.integers(1, 24),
    test_cutoffs=st.integers(1, 6),
)
def test_nothing_is_learned_from_a_target_that_was_not_mature(
    horizon: int, settle: int, spacing: int, count: int, test_cutoffs: int
) -> None:
    cutoffs, mature = every(spacing, count, horizon, settle)
    maturity = dict(zip(cutoffs, mature, strict=True))
    try:
        plan = plan_folds(cutoffs, mature, test_cutoffs)
    except GateError:
        assert cutoffs[-1] < mature[0]
        return
    rolling = {fold.cutoff: fold for fold in plan.rolling}
    assert list(rolling) == sorted(rolling)
    for fold in (*plan.tests, *plan.rolling, plan.production):
        assert fold.train == tuple(cutoff for cutoff in cutoffs if maturity[cutoff] <= fold.cutoff)
        assert set(fold.inner) <= set(fold.train)
        assert len(fold.inner) <= INNER_CUTOFFS
    for fold in (*plan.tests, plan.production):
        assert all(rolling[cutoff].train for cutoff in fold.inner)
    assert plan.production.train == tuple(cutoffs)
    assert [fold.cutoff for fold in plan.tests] == cutoffs[-len(plan.tests) :]


def test_the_horizon_is_the_longest_wait_for_a_target() -> None:
    assert plan_folds([10, 20, 30], [15, 26, 35], test_cutoffs=1).horizon == 6
