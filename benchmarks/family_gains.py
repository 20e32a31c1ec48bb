"""What a family of features gains: the loss of a model to which its columns say nothing, less that of the model.

Leaving columns out would also change how the trees are grown, which alone looks like a gain or a loss. So the family
stays, but its rows are permuted between the customers of a cutoff, together, in training and in test; then everything
is fitted again. Both fits are repeated with other seeds, because two fits on the same data differ too.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from joblib import Parallel, cpu_count, delayed
from scipy import stats
from scipy.stats import rankdata

from patron.features.catalogue import FeatureField
from patron.models.classifier import RepurchaseClassifier
from patron.models.intervals import Estimate
from patron.training.recipe import Recipe

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.bool_]
Matrix = npt.NDArray[np.float32]

COSTS_NOTHING = 0.005
"""Of the log loss: a family whose loss is surely less than that costs nothing."""


@dataclass(frozen=True)
class Gain:
    """What a family adds: lower log loss (nats per snapshot) and higher AUC, with 95 % intervals.

    `loss` is the log loss of the model that has the family. `left_out` says that it was compared with a model without
    the family's columns, as there is nothing to permute in what is the same for all customers of a cutoff.
    """

    family: str
    features: int
    log_loss: Estimate
    auc: Estimate
    loss: float
    left_out: bool = False

    @property
    def is_gain(self) -> bool:
        """Whether the log loss is surely lower with the family, or the AUC surely higher."""
        return self.log_loss.low > 0 or self.auc.low > 0

    @property
    def costs_nothing(self) -> bool:
        """Whether the interval leaves no room for a loss of `COSTS_NOTHING` of the log loss."""
        return self.log_loss.low > -COSTS_NOTHING * self.loss


@dataclass(frozen=True, eq=False)
class Judgeable:
    """Snapshots as the model reads them, [rows, features] with their `fields`, and what is known of each row.

    One model is fitted on the rows that are `learned` from and judged on those that are `tested`.
    """

    matrix: Matrix
    fields: tuple[FeatureField, ...]
    outcome: npt.NDArray[np.int8]
    customer: npt.NDArray[np.int64]
    cutoff: npt.NDArray[np.int64]
    learned: Rows
    tested: Rows

    def columns(self, family: str) -> npt.NDArray[np.intp]:
        """The places of a family's features."""
        return np.flatnonzero([field.family == family for field in self.fields])

    def permuted(self, family: str, random: np.random.Generator) -> Self:
        """The same with the family's columns permuted between the customers of each cutoff, all in the same way."""
        places = np.arange(self.cutoff.size)
        for cutoff in np.unique(self.cutoff):
            rows = np.flatnonzero(self.cutoff == cutoff)
            places[rows] = random.permutation(rows)
        matrix, columns = self.matrix.copy(), self.columns(family)
        matrix[:, columns] = self.matrix[places[:, None], columns]
        return self._with(matrix, self.fields)

    def without(self, family: str) -> Self:
        """The same without the family's columns."""
        kept = [place for place, field in enumerate(self.fields) if field.family != family]
        return self._with(self.matrix[:, kept], tuple(self.fields[place] for place in kept))

    def is_alike(self, family: str) -> bool:
        """Whether the family says the same of all customers of each cutoff."""
        own = self.matrix[:, self.columns(family)]
        said = (own[self.cutoff == cutoff] for cutoff in np.unique(self.cutoff))
        return all(
            np.array_equal(rows, np.broadcast_to(rows[0], rows.shape), equal_nan=True) for rows in said
        )

    def _with(self, matrix: Matrix, fields: tuple[FeatureField, ...]) -> Self:
        return type(self)(matrix, fields, self.outcome, self.customer, self.cutoff, self.learned, self.tested)

    def predicted(self, model: RepurchaseClassifier) -> Floats:
        """The probabilities of the tested rows by a model fitted on the learned ones."""
        kinds = [place for place, field in enumerate(self.fields) if field.kind == "category"]
        model.fit(self.matrix[self.learned], self.outcome[self.learned], categorical=kinds)
        return model.predict_probability(self.matrix[self.tested])


@dataclass(frozen=True, eq=False)
class Judged:
    """Predictions of the tested rows by every seed, [seeds, rows], and whose and what they are about, [rows]."""

    probability: Floats
    outcome: npt.NDArray[np.int8]
    customer: npt.NDArray[np.int64]


def family_gains(data: Judgeable, seeds: Sequence[int], recipe: Recipe) -> Iterator[Gain]:
    """The gain of each family, one after another."""
    whole = _judged(data, seeds, recipe, lambda _: data)
    for place, family in enumerate(dict.fromkeys(field.family for field in data.fields)):
        yield _gain(data, family, place, whole, seeds, recipe)


def _gain(
    data: Judgeable, family: str, place: int, whole: Judged, seeds: Sequence[int], recipe: Recipe
) -> Gain:
    left_out = data.is_alike(family)

    def changed(seed: int) -> Judgeable:
        if left_out:
            return data.without(family)
        return data.permuted(family, np.random.default_rng([seed, place]))

    other = _judged(data, seeds, recipe, changed)
    return compare(family, data.columns(family).size, whole, other, left_out=left_out)


def compare(family: str, features: int, whole: Judged, other: Judged, *, left_out: bool = False) -> Gain:
    """How much better the whole model is than one that knows nothing of the family."""
    less = _losses(other) - _losses(whole)
    rows = less.mean(axis=0)
    log_loss = _estimate(less.mean(axis=1), (rows - rows.mean()) / rows.size, whole.customer)
    event = whole.outcome == 1
    more = _placements(whole) - _placements(other)
    higher = more[:, event].mean(axis=1)
    of_row = (more.mean(axis=0) - higher.mean()) / np.where(event, event.sum(), (~event).sum())
    auc = _estimate(higher, of_row, whole.customer)
    return Gain(family, features, log_loss, auc, float(_losses(whole).mean()), left_out)


def _judged(
    data: Judgeable, seeds: Sequence[int], recipe: Recipe, changed: Callable[[int], Judgeable]
) -> Judged:
    """The tested rows as predicted with every seed, each on its own data; fits side by side, a core each."""

    def predict(seed: int) -> Floats:
        return changed(seed).predicted(recipe.classifier(seed, n_threads=1))

    predicted = Parallel(n_jobs=cpu_count(), prefer="threads")(delayed(predict)(seed) for seed in seeds)
    return Judged(np.array(predicted), data.outcome[data.tested], data.customer[data.tested])


def _losses(judged: Judged) -> Floats:
    """Log loss of every prediction; [seeds, rows]."""
    likelihood = np.where(judged.outcome == 1, judged.probability, 1 - judged.probability)
    return np.asarray(-np.log(np.clip(likelihood, 1e-15, None)), np.float64)


def _placements(judged: Judged) -> Floats:
    """Of the rows of the other outcome the share that each row is ranked right with, ties half; [seeds, rows].

    Their mean over the events, or over the others, is the AUC (DeLong, DeLong & Clarke-Pearson 1988).
    """
    event = judged.outcome == 1
    events, others = int(event.sum()), int((~event).sum())
    placed = np.empty_like(judged.probability)
    for own, probability in zip(placed, judged.probability, strict=True):
        ranks = rankdata(probability)
        own[event] = (ranks[event] - rankdata(probability[event])) / others
        own[~event] = 1 - (ranks[~event] - rankdata(probability[~event])) / events
    return placed


def _estimate(by_seed: Floats, of_row: Floats, customer: npt.NDArray[np.int64]) -> Estimate:
    """A statistic as found with every seed, and how far each row moves its mean, to that mean with a 95 % interval.

    The customers' share of the uncertainty is that of drawing them with all their rows; that of the fits is
    Student's, for they are few.
    """
    of_customer = np.bincount(np.unique(customer, return_inverse=True)[1], of_row)
    of_customers = 1.96 * float(np.sqrt((of_customer**2).sum()))
    few = float(stats.t.ppf(0.975, by_seed.size - 1))
    of_fits = few * float(by_seed.std(ddof=1)) / by_seed.size**0.5
    half, value = float(np.hypot(of_customers, of_fits)), float(by_seed.mean())
    return Estimate(value, value - half, value + half)
