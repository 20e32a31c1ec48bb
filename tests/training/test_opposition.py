"""The opposition knows the season by what was mature, and by nothing later."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from patron.features.localtime import DAY
from patron.features.question import Question
from patron.models.season import YEAR, Level
from patron.training.folds import plan_folds
from patron.training.opposition import Opposition
from patron.training.rolling import TrainingSet

EVERY = 20
CUTOFFS = [place * EVERY for place in range(40, 47)]


def level(cutoff: int, events: int) -> Level:
    snapshots = (200,) + (0,) * 6
    return Level(cutoff, cutoff + EVERY * DAY, snapshots, (events,) + (0,) * 6)


def levels(late: int) -> tuple[Level, ...]:
    """Of the cutoffs, the last two of which were mature too late for the last one, and of a year before each."""
    own = [level(day * DAY, 80 if place < 5 else late) for place, day in enumerate(CUTOFFS)]
    year_ago = [level(day * DAY - YEAR, 80 + 3 * place) for place, day in enumerate(CUTOFFS)]
    return tuple(sorted([*own, *year_ago], key=lambda each: each.cutoff))


def test_levels_that_were_not_mature_change_no_season(make_training_set: Callable[..., TrainingSet]) -> None:
    data = make_training_set(CUTOFFS)
    moments = [day * DAY for day in CUTOFFS]
    plan = plan_folds(moments, [moment + EVERY * DAY for moment in moments], 2)
    fold = plan.tests[0]  # the cutoff before the last: only the four before it and their year are mature
    question = Question(horizon_days=EVERY)
    found = [
        Opposition(replace(data, levels=levels(late)), plan, question)._season(fold) for late in (80, 190)
    ]
    assert found[0] is not None
    assert found[0] == found[1]
    assert found[0].ahead > 0
    assert set(found[0].earlier) <= set(fold.train)


def test_without_a_year_of_history_no_opponent_knows_a_season(
    make_training_set: Callable[..., TrainingSet],
) -> None:
    data = make_training_set(CUTOFFS)
    moments = [day * DAY for day in CUTOFFS]
    plan = plan_folds(moments, [moment + EVERY * DAY for moment in moments], 2)
    own = tuple(level(moment, 80) for moment in moments)
    opposition = Opposition(replace(data, levels=own), plan, Question(horizon_days=EVERY))
    assert opposition._season(plan.tests[-1]) is None
    said = opposition.at(plan.tests[-1])
    assert all(np.isfinite(each).all() for each in said.values())
