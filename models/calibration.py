"""Choosing a calibrator: each candidate is fitted on earlier cutoffs and stays only where it proves itself later."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .calibrators import Calibrator, Identity, fit_beta, fit_isotonic, fit_platt
from .logistic import Floats

ISOTONIC_OUTCOMES = 1_000
"""Isotonic steps follow noise with fewer of either outcome."""


def choose_calibrator(
    probability: Floats,
    outcome: NDArray[Any],
    cutoff: NDArray[np.int64],
    customers: NDArray[Any] | None = None,
    *,
    required: bool = False,
) -> Calibrator:
    """Out-of-time scores, outcomes and cutoffs [n] to the calibrator that proved itself on later cutoffs.

    Each candidate is fitted on the cutoffs before each later one and judged there by log loss. `Identity` stays
    unless another is better by more than one standard error (over `customers`, where they are given), and always
    with a single cutoff. `required` is for scores that are mere ranks: `Identity` is then no candidate.
    """
    losses = later_losses(probability, outcome, cutoff)
    best = "platt" if required else "identity"
    for name in losses:
        if name != "identity" and name != best and _proves_better(losses[best], losses[name], customers):
            best = name
    return _fit(best, outcome, probability)


def later_losses(probability: Floats, outcome: NDArray[Any], cutoff: NDArray[np.int64]) -> dict[str, Floats]:
    """Scores, outcomes and cutoffs [n] to {candidate: log loss of each row [n]}, fitted on earlier cutoffs only.

    NaN at the first cutoff, which has none before it. A candidate that could not be fitted for every later cutoff
    is left out, and so are all with fewer than two cutoffs.
    """
    later = np.unique(cutoff)[1:]
    losses = {name: np.full(len(outcome), np.nan) for name in _FEWEST} if len(later) else {}
    for moment in later:
        before, at = cutoff < moment, cutoff == moment
        events = int(np.sum(outcome[before]))
        fewest = min(events, int(before.sum()) - events)
        losses = {name: loss for name, loss in losses.items() if fewest >= _FEWEST[name]}
        for name, loss in losses.items():
            applied = _fit(name, outcome[before], probability[before]).apply(probability[at])
            loss[at] = -np.log(np.where(outcome[at] == 1, applied, 1 - applied))
    return losses


_FEWEST = {"identity": 0, "platt": 1, "beta": 1, "isotonic": ISOTONIC_OUTCOMES}
"""The candidates, simplest first, and the rows of the rarer outcome that each needs."""


def _fit(name: str, outcome: NDArray[Any], probability: Floats) -> Calibrator:
    fitted: dict[str, Callable[[NDArray[Any], Floats], Calibrator]] = {
        "platt": fit_platt,
        "beta": fit_beta,
        "isotonic": fit_isotonic,
    }
    return Identity() if name == "identity" else fitted[name](outcome, probability)


def _proves_better(incumbent: Floats, candidate: Floats, customers: NDArray[Any] | None) -> bool:
    """Whether the candidate's losses [n] are lower by more than one standard error of the difference."""
    judged = np.isfinite(incumbent)
    gain = (incumbent - candidate)[judged]
    codes = (
        np.arange(len(gain)) if customers is None else np.unique(customers[judged], return_inverse=True)[1]
    )
    error = np.sqrt((np.bincount(codes, gain - gain.mean()) ** 2).sum())
    return bool(gain.sum() > error)
