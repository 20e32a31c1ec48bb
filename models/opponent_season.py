"""Whether last year's level helps a rule that says the level of what it learned from."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .calibration import Trial
from .calibrators import Calibrator, Identity, Stretch, moved
from .logistic import Floats

if TYPE_CHECKING:
    from .opponents import History

Say = Callable[["History", "History"], Floats]
"""Mature snapshots and those of a later cutoff to what the rule, learned from the first, says of the second."""


def learned_shift(known: "History", say: Say) -> float:
    """By how many log-odds last year moves what a rule says: 0 where too little of such shifts came again.

    As for the model: each later cutoff is asked about with what was mature by then, and what the rule missed shows
    how last year's shifts come again. It is not moved where not to be moved proves itself better at those cutoffs.
    """
    if known.season is None:
        return 0.0
    trial = Trial(np.empty(len(known)), known.outcome, known.cutoff, known.customer, known.mature)
    said = np.full(len(known), np.nan)
    for moment in np.unique(known.cutoff).tolist():
        before, at = trial.before(moment), known.cutoff == moment
        if moment in known.season.earlier and before.any():
            said[at] = say(known.where(before), known.where(at))
    there = np.isfinite(said)
    part = replace(trial, probability=said).where(there)
    again = part.season_return(known.season.earlier)
    if again is None:
        return 0.0
    level = {moment: again.level(shift) for moment, shift in known.season.earlier.items()}
    plain, seasonal = part.loss(Identity()), part.moved(part.by_cutoff(level)).loss(Identity())
    return 0.0 if part.proves_better(seasonal, plain) else again.level(known.season.ahead)


def refitted(calibrator: Calibrator, scores: Floats, known: "History") -> Calibrator:
    """A calibrator of the same kind, fitted to the scores [n] of other snapshots; a stretch where they show one."""
    trial = Trial(scores, known.outcome, known.cutoff, known.customer)
    if isinstance(calibrator, Stretch):
        return trial.settled("identity", trial)
    return trial.fit(str(calibrator.to_dict()["kind"]))


def at_level(probability: Floats, shift: float) -> Floats:
    """Probabilities [n] moved by log-odds; for 0 the very same, as log-odds and back would change the last bit."""
    return moved(probability, shift) if shift else probability


def rule_at_level(rule: str, shift: float) -> str:
    """What a rule does, with its season where it follows one."""
    return f"{rule}, at last year's level" if shift else rule
