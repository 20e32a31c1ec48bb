"""Whether last year's level helps a rule that says the level of what it learned from."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from .calibration import Trial
from .calibrators import Calibrator, Identity, Stretch, moved
from .logistic import Floats

if TYPE_CHECKING:
    from .opponents import History

Say = Callable[["History", "History"], Floats]
"""Mature snapshots and those of a later cutoff to what the rule, learned from the first, says of the second."""


def proven_shift(known: "History", say: Say) -> float:
    """By how many log-odds last year moves what a rule says: 0 where that did not prove itself.

    The same trial that the model's correction has to stand: at each later cutoff what the rule says, having learned
    from what was mature by then, is moved by that cutoff's own shift, and has to beat itself unmoved by more than one
    standard error.
    """
    if known.season is None:
        return 0.0
    trial = Trial(np.empty(len(known)), known.outcome, known.cutoff, known.customer, known.mature)
    said, shift = np.full(len(known), np.nan), np.full(len(known), np.nan)
    for moment in np.unique(known.cutoff).tolist():
        before, at = trial.before(moment), known.cutoff == moment
        if moment in known.season.earlier and before.any():
            said[at] = say(known.where(before), known.where(at))
            shift[at] = known.season.earlier[moment]
    there = np.isfinite(said) & np.isfinite(shift)
    part = Trial(
        said, *(getattr(trial, name) for name in ("outcome", "cutoff", "customers", "mature"))
    ).where(there)
    plain, seasonal = part.loss(Identity()), part.moved(shift[there]).loss(Identity())
    return known.season.ahead if part.proves_better(plain, seasonal) else 0.0


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
