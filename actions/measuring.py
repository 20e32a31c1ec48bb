"""Measuring what an activity achieved, from a plain frame: as drawn by lot, else with care, or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from patron.features.errors import DataError

from .comparability import Comparability, compare_arms
from .effects import Effect, Measurement, holm, told_apart
from .experiment import detectable_effect
from .randomisation import Randomisation, check_randomisation
from .scores import Scores, difference_of_arms, drawn_scores, estimated_scores
from .sensitivity import robustness
from .trial import Trial

Floats = npt.NDArray[np.float64]

_POWER = 2.8
"""Standard errors that a true effect must have to be seen in four of five cases: 1.96 and 0.84."""


def measure_effect(
    frame: Any,
    treatment: str,
    outcome: str,
    covariates: Sequence[str] = (),
    probability: str | float | Mapping[str, float] | None = None,
    *,
    control: str | None = None,
    placebo: Sequence[str] = (),
    customer: str | None = None,
    seed: int = 7,
) -> Measurement:
    """What each arm of a treatment changed in an outcome, against the control.

    A row of the frame is a customer at one moment; `customer` names the column that says who, where some have several.

    `frame` is a pandas, polars or Arrow table, or columns by name. The others name its columns: the arm, a
    number or flag of what happened after, and what was so before (numbers, flags, texts). `probability` says that lots
    were drawn: the chance of the treatment, or of each arm as {arm: chance}, or the column with the chance of the arm
    that a row got. Without it the estimate is doubly robust (Robins, Rotnitzky & Zhao 1994), and given only where those
    who got an arm can be compared and where the `placebo` outcomes, which it cannot have changed, do not move.
    `control` names the arm that was left alone; it need not be given where arms are 0 and 1.

    Rows without a treatment or an outcome are set apart and counted. Raises ConfigurationError for columns, a control
    or probabilities that are none, DataError for an arm with nearly nobody in it.

    >>> frame = {"mailed": [0, 1] * 50, "visited": [0, 1, 0, 1, 1, 1, 0, 0, 0, 1] * 10}
    >>> found = measure_effect(frame, "mailed", "visited", probability=0.5)
    >>> round(found["1"].estimate.value, 2)
    0.6
    """
    trial = Trial.of(frame, treatment, outcome, covariates, probability, control, customer)
    if trial.chance is not None:
        return drawn_measurement(trial, drawn_scores(trial, seed))
    fakes = {
        name: Trial.of(frame, treatment, name, covariates, None, trial.arms[0], customer)
        for name in dict.fromkeys(placebo)
    }
    for name, fake in fakes.items():
        _same_rows(trial, fake, name)
    effects = [_observed(trial, fakes, place, seed) for place in range(1, len(trial.arms))]
    return _together(trial, effects, None)


def drawn_measurement(trial: Trial, scores: Scores) -> Measurement:
    """A drawn trial and its scores to what each arm changed, with the checks of the draw."""
    effects = [_drawn(trial, scores, place) for place in range(1, len(trial.arms))]
    return _together(trial, effects, check_randomisation(trial))


def _together(trial: Trial, effects: list[Effect], draw: Randomisation | None) -> Measurement:
    corrected = holm([effect.p_value for effect in effects])
    effects = [replace(effect, adjusted_p=p) for effect, p in zip(effects, corrected, strict=True)]
    return Measurement(tuple(effects), draw, trial.rows, trial.set_apart)


def _drawn(trial: Trial, scores: Scores, place: int) -> Effect:
    estimate = scores.effect(place)
    return replace(_described(trial, place), estimate=estimate, detectable=_POWER * estimate.error)


def _described(trial: Trial, place: int) -> Effect:
    """An arm beside the control before anything is estimated."""
    counts = trial.counts()
    means = [float(trial.outcome[trial.arm == each].mean()) for each in (place, 0)]
    spread = float(trial.outcome.std())
    return Effect(
        arm=trial.arms[place],
        control=trial.arms[0],
        outcome=trial.outcome_name,
        randomised=trial.chance is not None,
        rows=(int(counts[place]), int(counts[0])),
        customers=int(np.unique(trial.between(place).customer).size),
        means=(means[0], means[1]),
        plain=difference_of_arms(trial, place),
        estimate=None,
        detectable=detectable_effect(spread, int(counts[place]), int(counts[0])),
        spread=spread,
    )


def _observed(trial: Trial, fakes: Mapping[str, Trial], place: int, seed: int) -> Effect:
    """An arm against the control where nobody drew lots: an estimate, or the reason why there is none."""
    return observed_effect(trial, fakes, place, compare_arms(trial.between(place), seed), seed)


def observed_effect(
    trial: Trial, fakes: Mapping[str, Trial], place: int, compared: Comparability, seed: int
) -> Effect:
    """An arm against the control, as far as these rows `compared`; `fakes` are the same rows with placebo outcomes."""
    pair = trial.between(place)
    described = replace(_described(trial, place), compared=compared)
    if compared.why_not is not None:
        return described.without_number(compared.why_not)
    weight = compared.comparable.astype(np.float64)
    moved = {
        name: estimated_scores(fake.between(place), compared.chance, seed).effect(1, weight)
        for name, fake in fakes.items()
    }
    described = replace(described, placebo=moved)
    for name, found in moved.items():
        if found.low > 0 or found.high < 0:
            return described.without_number(told_apart(name, found))
    scores = estimated_scores(pair, compared.chance, seed)
    estimate = scores.effect(1, weight)
    return replace(
        described,
        estimate=estimate,
        detectable=_POWER * estimate.error,
        robustness=robustness(pair, scores, compared),
    )


def _same_rows(trial: Trial, fake: Trial, name: str) -> None:
    if fake.rows != trial.rows:
        raise DataError(
            "A placebo outcome must be known of every row that has the outcome.",
            where=name,
            found=f"{fake.rows:,} rows instead of {trial.rows:,}",
            remedy="leave out the rows without it, or the placebo",
        )
