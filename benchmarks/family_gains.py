"""What a family of features gains: the loss of a model to which its columns say nothing, less that of the model.

Leaving columns out would also change how the trees are grown, which alone looks like a gain or a loss. So the family
stays, but its rows are permuted between the customers of a cutoff, together, in training and in test; then everything
is fitted again. Both fits are repeated with other seeds, because two fits on the same data differ too.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import stats

from patron.models.intervals import CustomerBootstrap, Estimate
from patron.models.metrics import auc
from patron.training.folds import FoldPlan
from patron.training.recipe import Recipe
from patron.training.rolling import RollingBoosters, TrainingSet

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Gain:
    """What a family adds: lower log loss (nats per snapshot) and higher AUC, with 95 % intervals.

    Both are None where it says the same of all customers of a cutoff: then there is nothing to permute.
    """

    family: str
    features: int
    log_loss: Estimate | None
    auc: Estimate | None


@dataclass(frozen=True)
class Judged:
    """Predictions at the test cutoffs by every seed, [seeds, rows], and whose and what they are about, [rows]."""

    probability: Floats
    outcome: npt.NDArray[np.int8]
    customer: npt.NDArray[np.int64]


def family_gains(
    data: TrainingSet, plan: FoldPlan, seeds: Sequence[int], recipe: Recipe | None = None
) -> Iterator[Gain]:
    """The gain of each family that the model knows anything of, one after another."""
    recipe = recipe or Recipe()
    known = data.fields(data.rows(plan.tests[0].train))
    whole = _judged([data] * len(seeds), plan, seeds, recipe)
    for place, family in enumerate(dict.fromkeys(field.family for field in known)):
        permuted = [without(data, family, np.random.default_rng([seed, place])) for seed in seeds]
        features = sum(field.family == family for field in known)
        if is_alike(data, family):
            yield Gain(family, features, None, None)
            continue
        yield compare(family, features, whole, _judged(permuted, plan, seeds, recipe))


def without(data: TrainingSet, family: str, random: np.random.Generator) -> TrainingSet:
    """The same with the family's columns permuted between the customers of each cutoff, all in the same way."""
    places = np.arange(data.cutoff.size)
    for cutoff in np.unique(data.cutoff):
        rows = np.flatnonzero(data.cutoff == cutoff)
        places[rows] = random.permutation(rows)
    table, taken = data.table, pa.array(places)
    for field in data.catalogue:
        if field.family == family:
            at = table.column_names.index(field.name)
            table = table.set_column(at, field.name, table[field.name].take(taken))
    return TrainingSet(table, data.catalogue)


def is_alike(data: TrainingSet, family: str) -> bool:
    """Whether the family says the same of all customers of each cutoff."""
    keys = [field.name for field in data.catalogue if field.family == family]
    said = data.table.select(["cutoff", *keys]).group_by(["cutoff", *keys]).aggregate([])
    return bool(said.num_rows == np.unique(data.cutoff).size)


def compare(family: str, features: int, whole: Judged, permuted: Judged) -> Gain:
    """How much better the whole model is, with the uncertainty of both the customers and the fits."""
    losses = _losses(permuted) - _losses(whole)
    both = list(zip(whole.probability, permuted.probability, strict=True))

    def less_loss(weights: Floats) -> Floats:
        return np.asarray(losses @ weights / weights.sum(), np.float64)

    def more_auc(weights: Floats) -> Floats:
        return np.array([auc(whole.outcome, a, weights) - auc(whole.outcome, b, weights) for a, b in both])

    return Gain(family, features, _estimate(less_loss, whole), _estimate(more_auc, whole))


def _judged(sets: Sequence[TrainingSet], plan: FoldPlan, seeds: Sequence[int], recipe: Recipe) -> Judged:
    """The test cutoffs as predicted with every seed, each on its own data."""
    predicted = []
    for data, seed in zip(sets, seeds, strict=True):
        boosters = RollingBoosters(data, recipe, seed, plan)
        predicted.append(
            np.concatenate([boosters.fitted(f).predict(data, data.rows([f.cutoff])) for f in plan.tests])
        )
    rows = np.concatenate([np.flatnonzero(sets[0].rows([fold.cutoff])) for fold in plan.tests])
    return Judged(np.array(predicted), sets[0].outcome[rows], sets[0].customer[rows])


def _losses(judged: Judged) -> Floats:
    """Log loss of every prediction; [seeds, rows]."""
    likelihood = np.where(judged.outcome == 1, judged.probability, 1 - judged.probability)
    return np.asarray(-np.log(np.clip(likelihood, 1e-15, None)), np.float64)


def _estimate(by_seed: Callable[[Floats], Floats], judged: Judged) -> Estimate:
    """The mean over the seeds of a statistic of row weights, [rows] to [seeds], with its 95 % interval.

    The customers' share of the uncertainty is a bootstrap of the mean; the fits' is Student's, for they are few.
    """
    found = by_seed(np.ones(judged.outcome.size))
    plan = CustomerBootstrap.of(judged.customer, seed=0, replicates=200)
    drawn = plan.run(lambda counts: np.array([by_seed(counts[plan.code]).mean()]))
    of_customers = 1.96 * float(drawn.std(ddof=1))
    few = float(stats.t.ppf(0.975, found.size - 1))
    of_fits = few * float(found.std(ddof=1)) / found.size**0.5
    half, value = float(np.hypot(of_customers, of_fits)), float(found.mean())
    return Estimate(value, value - half, value + half)
