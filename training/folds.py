"""Folds by time: which cutoffs a model may learn from when it is judged at a later one.

For a test cutoff T everything that is learned (trees, their number, calibration, the opponent) comes from cutoffs whose
targets were mature by T. The number of trees and the calibration come from inner folds: earlier cutoffs that were
predicted in the same way, each by a booster that knew only what was mature by then.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from patron.features.errors import GateError

INNER_CUTOFFS = 4
"""How many of the latest earlier cutoffs decide about trees and calibration."""

ENOUGH_TESTS = 3
"""With fewer test cutoffs a result is provisional."""


@dataclass(frozen=True)
class Fold:
    """A cutoff (instant), and the earlier cutoffs whose targets were mature by then, ascending.

    `inner` are those of them that can be predicted out of time in turn, the latest few.
    """

    cutoff: int
    train: tuple[int, ...]
    inner: tuple[int, ...]


@dataclass(frozen=True)
class FoldPlan:
    """The folds that judge a model, and what the production booster learns from.

    `rolling` are the folds of all cutoffs that are predicted out of time, the tests among them, ascending.
    `provisional` says why the judgement is not what was asked for; None where it is. `horizon` is the longest time from
    a cutoff until its target is mature, in microseconds.
    """

    tests: tuple[Fold, ...]
    rolling: tuple[Fold, ...]
    production: Fold
    provisional: str | None
    horizon: int


def plan_folds(
    cutoffs: Sequence[int],
    mature: Sequence[int],
    test_cutoffs: int,
    shows_both: Callable[[Sequence[int]], bool] = bool,
) -> FoldPlan:
    """Cutoffs and the maturities of their targets (ascending instants) to folds; GateError where there is none.

    The latest cutoffs are for testing. Fewer than asked are used where history is short: the first test cutoff needs
    one to learn from, and better two, so that trees and calibration can be chosen. `shows_both` says whether the
    snapshots of some cutoffs show both outcomes: from others nothing can be learned, and no tree be chosen.
    """
    maturity = dict(zip(cutoffs, mature, strict=True))

    def before(moment: int) -> tuple[int, ...]:
        return tuple(cutoff for cutoff in cutoffs if cutoff < moment and maturity[cutoff] <= moment)

    def fold(moment: int) -> Fold:
        train = before(moment)
        inner = [cutoff for cutoff in train if shows_both([cutoff]) and shows_both(before(cutoff))]
        return Fold(moment, train, tuple(inner[-INNER_CUTOFFS:]))

    latest = [fold(cutoff) for cutoff in cutoffs[-test_cutoffs:]]
    tests = [each for each in latest if each.inner] or [each for each in latest if each.train]
    if not tests:
        raise GateError(
            "The history is too short to judge a model on later time.",
            where="[question] horizon_days, cutoffs",
            found=f"{len(cutoffs)} cutoffs with a mature target, none mature before another one",
            remedy="shorten the horizon, put the cutoffs closer together, or bring more history",
        )
    production = fold(max(mature))
    inner = {cutoff for each in (*tests, production) for cutoff in each.inner}
    rolling = [fold(cutoff) for cutoff in sorted(inner | {each.cutoff for each in tests})]
    horizon = max(maturity[cutoff] - cutoff for cutoff in cutoffs)
    return FoldPlan(tuple(tests), tuple(rolling), production, _provisional(tests, test_cutoffs), horizon)


def _provisional(tests: Sequence[Fold], asked: int) -> str | None:
    reasons = []
    if len(tests) < asked:
        reasons.append(f"judged at {len(tests)} of the {asked} test cutoffs asked for, as history is short")
    elif len(tests) < ENOUGH_TESTS:
        reasons.append(
            f"judged at {len(tests)} of the {ENOUGH_TESTS} test cutoffs that show whether a result lasts"
        )
    if not tests[0].inner:
        reasons.append("the number of trees is a default, as no earlier fold could choose it")
    return "; ".join(reasons) or None
