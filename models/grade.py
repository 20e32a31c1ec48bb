"""The grade of a model: whether it is worth having, in one letter and with reasons."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from .evaluation import Evaluation

FEWEST_FOR_A = 300
"""Snapshots of either outcome at each test cutoff: with fewer, a wrong calibration cannot be seen."""

FEWEST_CUTOFFS_FOR_A = 3
"""With fewer test cutoffs "at every one of them" says little."""

SEEN_IN_MOST = 1.96 + 0.84
"""Standard errors from which on a difference is seen in four of five samples like this (95% interval above zero)."""


@dataclass(frozen=True)
class Grade:
    """A: better than the best opponent, surely, always, and calibrated. B: better otherwise. C: not shown to be.

    `smallest` is the difference of log loss that would have been seen in four of five samples like this.
    """

    letter: Literal["A", "B", "C"]
    reasons: tuple[str, ...]
    smallest: float

    @property
    def sentence(self) -> str:
        """The grade with its reasons."""
        return f"Grade {self.letter}: {'; '.join(self.reasons)}."


def grade_of(evaluation: Evaluation) -> Grade:
    """An evaluation to its grade, by log loss beside the best opponent."""
    gain = evaluation.improvement["log_loss"]
    smallest = SEEN_IN_MOST * gain.error
    opponent = f"the best opponent ({evaluation.best_opponent})"
    seen = (
        f"a difference of {smallest:.4f} in log loss would have been seen in four of five samples like this"
    )
    if not gain.low > 0:
        verdict = "worse than" if gain.high < 0 else "not shown to be better than"
        return Grade("C", (f"{verdict} {opponent}", seen), smallest)
    doubts = tuple(_doubts(evaluation))
    if doubts:
        few = (seen,) if _rarest(evaluation) < FEWEST_FOR_A else ()
        return Grade("B", (f"better than {opponent}, but {doubts[0]}", *doubts[1:], *few), smallest)
    cutoffs = len(evaluation.per_cutoff)
    reasons = (
        f"better than {opponent}, at each of {cutoffs} test cutoffs, and no more miscalibrated than chance explains",
    )
    return Grade("A", reasons, smallest)


def _doubts(evaluation: Evaluation) -> Iterator[str]:
    """What keeps a better model from an A."""
    cutoffs = len(evaluation.per_cutoff)
    gains = [part.improvement for part in evaluation.per_cutoff]
    judged = [gain["log_loss"].value for gain in gains if gain is not None]
    worse = sum(not gain > 0 for gain in judged)
    if cutoffs < FEWEST_CUTOFFS_FOR_A:
        yield f"judged at {cutoffs} of the {FEWEST_CUTOFFS_FOR_A} test cutoffs that an A needs"
    if len(judged) < cutoffs:
        yield f"{cutoffs - len(judged)} of {cutoffs} test cutoffs had too few people to be judged"
    if worse:
        yield f"not better at {worse} of {cutoffs} test cutoffs"
    error, chance = evaluation.model["calibration_error"].value, evaluation.chance_calibration_error
    if not error <= chance:
        yield f"promised and observed rates lie {error:.3f} apart, where chance explains {chance:.3f}"
    rarest = _rarest(evaluation)
    if rarest < FEWEST_FOR_A:
        yield f"a test cutoff has only {rarest} snapshots of the rarer outcome, of {FEWEST_FOR_A} that an A needs"


def _rarest(evaluation: Evaluation) -> int:
    """Snapshots of the rarer outcome at the test cutoff that has fewest."""
    return min(min(part.buyers, part.n - part.buyers) for part in evaluation.per_cutoff)
