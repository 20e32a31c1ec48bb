"""Partial pooling: many noisy differences, each drawn towards what they have in common by how little it tells.

What they have in common, and by how much they differ, are random effects after DerSimonian and Laird (1986). Each
group's own guess averages over how much the groups may truly differ, weighted by how likely that makes what was seen
(Gelman et al., Bayesian Data Analysis, 5.4, with a flat prior on the standard deviation): taking that as known instead
gave 95 % intervals that held the truth in 88 %.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .intervals import Estimate
from .moments import Floats

STEPS = 200
"""Values of the spread between groups that are averaged over."""


@dataclass(frozen=True)
class Pooled:
    """What groups have in common, by how much they truly differ (a standard deviation), and each drawn towards it."""

    common: Estimate
    spread: float
    groups: tuple[Estimate, ...]


def pooled(estimates: Sequence[Estimate]) -> Pooled:
    """Estimates of groups [k], at least one and each with an error above zero, to partially pooled ones.

    >>> round(pooled([Estimate.around(0.1, 0.02), Estimate.around(0.1, 0.1)]).common.value, 3)
    0.1
    """
    value = np.array([each.value for each in estimates])
    variance = np.array([each.error**2 for each in estimates])
    between = _between(value, variance)
    weight = 1 / (variance + between)
    common, uncertain = float((weight @ value) / weight.sum()), float(1 / weight.sum())
    drawn, error = _drawn(value, variance)
    return Pooled(
        Estimate.around(common, float(np.sqrt(uncertain))),
        float(np.sqrt(between)),
        tuple(Estimate.around(float(each), float(e)) for each, e in zip(drawn, error, strict=True)),
    )


def _drawn(value: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """The groups [k] drawn towards each other, and their errors, over all that their spread may be."""
    if value.size == 1:
        return value, np.sqrt(variance)
    widest = 2 * max(float(np.ptp(value)), float(np.sqrt(variance.max())))
    between = np.linspace(0.0, widest, STEPS)[:, None] ** 2
    weight = 1 / (variance + between)
    uncertain = 1 / weight.sum(axis=1, keepdims=True)
    common = (weight * value).sum(axis=1, keepdims=True) * uncertain
    fit = np.log(weight).sum(axis=1) - (weight * (value - common) ** 2).sum(axis=1) + np.log(uncertain[:, 0])
    likely = np.exp((fit - fit.max()) / 2)[:, None] / np.exp((fit - fit.max()) / 2).sum()
    own = between / (between + variance)
    drawn = own * value + (1 - own) * common
    mean = (likely * drawn).sum(axis=0)
    scatter = own * variance + (1 - own) ** 2 * uncertain + (drawn - mean) ** 2
    return np.asarray(mean), np.asarray(np.sqrt((likely * scatter).sum(axis=0)))


def _between(value: Floats, variance: Floats) -> float:
    """The variance between groups: what their scatter Q has beyond the k - 1 that errors alone lead to."""
    weight = 1 / variance
    mean = (weight @ value) / weight.sum()
    scatter = weight @ (value - mean) ** 2
    scale = weight.sum() - (weight @ weight) / weight.sum()
    return max(0.0, float((scatter - (value.size - 1)) / scale)) if value.size > 1 else 0.0
