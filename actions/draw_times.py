"""Whether a test that was drawn at several moments found the same each time."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from patron.models.intervals import Estimate

from .scores import Scores, mean_of
from .trial import FEWEST, Trial

Places = npt.NDArray[np.int64]

SURELY = 0.01
"""The p-value below which effects of different draws are said to differ."""

_MOST_TOLD = 4


def differing_draws(
    trial: Trial, scores: Scores, moment: Places, told: Callable[[int], str]
) -> tuple[str, ...]:
    """A trial of rows at moments (instants [n]) to a sentence for each arm whose effect differs between them.

    Moments count that have enough rows in both arms; their effects are compared by Cochran's Q (1954). `told` says a
    moment in words.
    """
    found = []
    for place in range(1, len(trial.arms)):
        effects = _by_moment(trial, scores, moment, place)
        if len(effects) > 1 and _p_of_alike(list(effects.values())) < SURELY:
            said = [
                f"{each.value:+.3g} on {told(when)}" for when, each in list(effects.items())[-_MOST_TOLD:]
            ]
            found.append(
                f"The effect of {trial.arms[place]} on {trial.outcome_name} differs between draws ({', '.join(said)}):"
                " their mean says little of the next."
            )
    return tuple(found)


def _by_moment(trial: Trial, scores: Scores, moment: Places, place: int) -> dict[int, Estimate]:
    effect = scores.against_control(place)
    found = {}
    for when in np.unique(moment).tolist():
        mine = moment == when
        if min(int((mine & (trial.arm == each)).sum()) for each in (0, place)) >= FEWEST:
            found[when] = mean_of(effect[mine], trial.customer[mine])
    return found


def _p_of_alike(effects: list[Estimate]) -> float:
    """How often effects differ so much by chance where all are the same; 1 where an error is not known."""
    value, error = (np.array([getattr(each, name) for each in effects]) for name in ("value", "error"))
    if not (error > 0).all():
        return 1.0
    weight = 1 / error**2
    spread = float(weight @ (value - np.average(value, weights=weight)) ** 2)
    return float(chi2.sf(spread, len(effects) - 1))
