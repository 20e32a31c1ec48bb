"""What a group of features predicts alone, adds to all others, and shares with them.

Everything is a difference of losses on the same rows, so that its uncertainty has two parts: which customers were
observed, and how the models happened to be fitted. Both are in every interval. The reference of what a group adds is
the same model fitted again with the group permuted between the customers of a cutoff, in training and in test.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from .intervals import Estimate
from .losses import LOG_LOSS, Loss

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Fits:
    """Predictions by several fits of one model, [fits, rows]: probabilities, or amounts to expect."""

    prediction: Floats


@dataclass(frozen=True, eq=False)
class LaterRows:
    """The test rows: their outcomes and their customers, [rows], and the mean that is known without a model.

    Outcomes are 0 or 1, or amounts; `loss` is by which predictions of them are judged.
    """

    outcome: npt.NDArray[np.int8] | Floats
    customer: npt.NDArray[np.int64]
    prevalence: float
    loss: Loss = LOG_LOSS
    code: npt.NDArray[np.intp] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "code", np.unique(self.customer, return_inverse=True)[1])

    @property
    def known(self) -> Fits:
        """The prediction of someone who knows the mean alone."""
        return Fits(np.full((1, self.outcome.size), self.prevalence))

    def losses(self, fits: Fits) -> Floats:
        """The loss of each row, [fits, rows]."""
        return self.loss.of(fits.prediction, self.outcome.astype(np.float64))


@dataclass(frozen=True)
class Gain:
    """By how much one model is better than another: less loss per snapshot, more AUC; 95 % intervals.

    The loss is log loss in nats for probabilities, deviance for amounts, whose AUC is not defined. `share` is the loss
    as a share of what the whole model has over knowing the mean alone.
    """

    loss: Estimate
    auc: Estimate
    share: Estimate

    def to_dict(self) -> dict[str, Any]:
        """The gain as plain data."""
        return {"loss": self.loss.to_dict(), "auc": self.auc.to_dict(), "share": self.share.to_dict()}

    @property
    def is_measurable(self) -> bool:
        """Whether the whole interval of the loss is above zero."""
        return self.loss.low > 0

    @property
    def at_most(self) -> float:
        """The share that the gain does not exceed; zero where even the upper end is below."""
        return max(self.share.high, 0.0)


@dataclass(frozen=True)
class GroupGain:
    """What a group predicts alone, what it adds to all others, and what others would say in its place.

    `shared` is alone less adds, as a share: it belongs to the group and to others, and cannot be told apart.
    """

    group: str
    features: int
    alone: Gain
    adds: Gain
    shared: Estimate


@dataclass(frozen=True)
class GroupGains:
    """All groups beside the whole model: `whole` over the rate alone, and how they were measured.

    `customers` are those that the models learned from, of `of_customers`; `fits` is how often each was fitted.
    `measure` is the name of the loss.
    """

    whole: Gain
    groups: tuple[GroupGain, ...]
    fits: int
    rows: int
    customers: int
    of_customers: int
    measure: str = LOG_LOSS.name

    def to_dict(self) -> dict[str, Any]:
        """The gains as plain data for JSON; None for what is not defined."""
        return {
            "measure": self.measure,
            "whole": self.whole.to_dict(),
            "groups": [
                {
                    "group": each.group,
                    "features": each.features,
                    "alone": each.alone.to_dict(),
                    "adds": each.adds.to_dict(),
                    "shared": each.shared.to_dict(),
                }
                for each in self.groups
            ],
            "fits": self.fits,
            "rows": self.rows,
            "customers": self.customers,
            "of_customers": self.of_customers,
        }

    @property
    def unassigned(self) -> float:
        """The share of what the whole model predicts that no group adds by itself: between 0 and 1."""
        return float(min(max(1 - sum(max(each.adds.share.value, 0.0) for each in self.groups), 0.0), 1.0))


@dataclass(frozen=True, eq=False)
class GroupFits:
    """The fits of one group of so many features.

    `alone` is of the group only, `by_chance` the same with its rows permuted; `without` is of the whole model with the
    group permuted, paired with the whole model's fits by seed.
    """

    features: int
    alone: Fits
    by_chance: Fits
    without: Fits


def compare(
    tested: LaterRows, whole: Fits, groups: Mapping[str, GroupFits]
) -> tuple[Gain, tuple[GroupGain, ...]]:
    """The fits of the whole model and of its groups to what each is worth.

    What a group tells alone is measured against knowing the rate, or against the group permuted where that does
    better: lasting values recognise customers, and this is no merit of what they say.
    """
    total = _Difference.of(tested, better=whole, worse=tested.known)
    found = []
    for name, fits in groups.items():
        by_itself = _Difference.of(tested, better=fits.alone, worse=_harder(tested, fits.by_chance))
        on_top = _Difference.of(tested, better=whole, worse=fits.without, permuted=True)
        common = _Difference(
            by_itself.rows - on_top.rows,
            float(np.hypot(by_itself.of_fits, on_top.of_fits)),
            by_itself.ranks - on_top.ranks,
            0.0,
            0.0,
        )
        shared = common.share_of(total, tested)
        found.append(
            GroupGain(name, fits.features, by_itself.gain(total, tested), on_top.gain(total, tested), shared)
        )
    return total.gain(total, tested), tuple(found)


def _harder(tested: LaterRows, by_chance: Fits) -> Fits:
    """The reference that loses less."""
    losses = [tested.losses(each).mean() for each in (tested.known, by_chance)]
    return tested.known if losses[0] <= losses[1] else by_chance


@dataclass(frozen=True, eq=False)
class _Difference:
    """One model less another, averaged over fits: by row for the log loss, as influence by row for the AUC."""

    rows: Floats
    of_fits: float
    """Half width of the interval of the mean loss that is due to the fits."""
    ranks: Floats
    auc: float
    auc_of_fits: float

    @classmethod
    def of(cls, tested: LaterRows, *, better: Fits, worse: Fits, permuted: bool = False) -> "_Difference":
        """`permuted` says that `worse` is the same model, fitted with the same seeds to permuted features."""
        good, bad = _Scores.of_losses(better, tested), _Scores.of_losses(worse, tested)
        good_auc, bad_auc = _Scores.of_auc(better, tested), _Scores.of_auc(worse, tested)
        half_width = _of_permuted_fits if permuted else _of_fits
        return cls(
            tested.losses(worse).mean(axis=0) - tested.losses(better).mean(axis=0),
            half_width(bad, good, tested),
            good_auc.influence.mean(axis=0) - bad_auc.influence.mean(axis=0),
            float(good_auc.value.mean() - bad_auc.value.mean()),
            half_width(bad_auc, good_auc, tested),
        )

    def gain(self, total: "_Difference", tested: LaterRows) -> Gain:
        value = float(self.rows.mean())
        loss = _interval(value, _customers_error(self.rows - value, tested), self.of_fits)
        ranking = _interval(self.auc, _customers_error(self.ranks, tested), self.auc_of_fits)
        return Gain(loss, ranking, self.share_of(total, tested))

    def share_of(self, total: "_Difference", tested: LaterRows) -> Estimate:
        """The mean loss as a share of another's, by the delta method; NaN where the other is not above zero."""
        whole, value = float(total.rows.mean()), float(self.rows.mean())
        if whole <= 0:
            return Estimate(np.nan, np.nan, np.nan)
        share = value / whole
        error = _customers_error((self.rows - share * total.rows) / whole, tested)
        return _interval(share, error, self.of_fits / whole)


@dataclass(frozen=True, eq=False)
class _Scores:
    """What each fit scores on the test rows, `value` [fits], and how each row moves it, `influence` [fits, rows]."""

    value: Floats
    influence: Floats

    @classmethod
    def of_losses(cls, fits: Fits, tested: LaterRows) -> "_Scores":
        """The mean losses."""
        losses = tested.losses(fits)
        value = losses.mean(axis=1)
        return cls(value, losses - value[:, None])

    @classmethod
    def of_auc(cls, fits: Fits, tested: LaterRows) -> "_Scores":
        """The AUCs with DeLong's influence (1988); NaN for amounts."""
        shape = (len(fits.prediction), tested.outcome.size)
        found = cls(np.full(shape[0], np.nan), np.zeros(shape))
        if not tested.loss.ranks:
            return found
        events = tested.outcome == 1
        positives, negatives = int(events.sum()), int((~events).sum())
        for place, probability in enumerate(fits.prediction):
            rank, own = stats.rankdata(probability), np.empty(events.size)
            own[events] = (rank[events] - stats.rankdata(probability[events])) / negatives
            own[~events] = 1 - (rank[~events] - stats.rankdata(probability[~events])) / positives
            found.value[place] = own[events].mean()
            weight = np.where(events, own.size / positives, own.size / negatives)
            found.influence[place] = weight * (own - found.value[place])
        return found

    def less(self, other: "_Scores") -> "_Scores":
        """Each fit less the other's of the same seed."""
        return _Scores(self.value - other.value, self.influence - other.influence)

    def sampled(self, tested: LaterRows) -> float:
        """By how much fits would differ for the customers tested alone: the variance of a fit around the mean fit."""
        apart = self.influence - self.influence.mean(axis=0)
        errors = [_customers_error(each, tested) ** 2 for each in apart]
        return float(np.sum(errors)) / max(len(errors) - 1, 1)


def _of_fits(one: _Scores, other: _Scores, _tested: LaterRows) -> float:
    """Half a 95 % interval of the difference of two means of independent fits; one fit alone is taken as exact."""
    several = [each.value for each in (one, other) if each.value.size > 1]
    if not several:
        return 0.0
    variance = sum(float(np.var(each, ddof=1)) / each.size for each in several)
    return _student(min(each.size for each in several)) * float(np.sqrt(variance))


def _of_permuted_fits(without: _Scores, whole: _Scores, tested: LaterRows) -> float:
    """Half a 95 % interval of the mean difference of fits paired by seed, beyond which customers were tested.

    How pairs differ falls with the number of fits. What does not fall is that the whole model learned from its features
    in a single arrangement, which may have been a lucky one. By how much arrangements differ is bounded in two ways,
    each noisy with ten fits, so that the lower one is taken: how pairs differ, and by how much more than the whole
    model's the permuted fits do. What fits differ by for the customers tested is in the customers' error already.
    """
    fits, pairs = whole.value.size, without.less(whole)
    of_pairs = max(float(np.var(pairs.value, ddof=1)) - pairs.sampled(tested), 0.0)
    permuted, plain = (float(np.var(each.value, ddof=1)) - each.sampled(tested) for each in (without, whole))
    of_arrangements = min(of_pairs, max(permuted - plain, 0.0))
    return _student(fits) * float(np.sqrt(of_pairs / fits + of_arrangements))


def _student(fits: int) -> float:
    return float(stats.t.ppf(0.975, fits - 1))


def _customers_error(influence: Floats, tested: LaterRows) -> float:
    """The standard error of a mean over rows whose customers were drawn, each with all of its rows.

    `influence` is each row's distance from the mean [rows].
    """
    of_customer = np.bincount(tested.code, influence)
    customers = of_customer.size
    return float(np.sqrt((of_customer**2).sum() * customers / max(customers - 1, 1)) / influence.size)


def _interval(value: float, of_customers: float, of_fits: float) -> Estimate:
    half = float(np.hypot(float(stats.norm.ppf(0.975)) * of_customers, of_fits))
    return Estimate(value, value - half, value + half)


def covered_share(
    tested: LaterRows, whole: Fits, without_one: Fits, without_other: Fits, both: Fits
) -> Estimate:
    """What is lost without both of two groups beyond what is lost without either, as a share of what the whole tells.

    Fits are paired by seed, as far as there are fits without both. NaN where the whole model tells nothing.
    """
    fits = len(both.prediction)
    losses = [tested.losses(each)[:fits] for each in (both, without_one, without_other, whole)]
    beyond = losses[0] - losses[1] - losses[2] + losses[3]
    rows = beyond.mean(axis=0)
    by_fit = beyond.mean(axis=1)
    of_fits = _student(fits) * float(np.std(by_fit, ddof=1) / np.sqrt(fits)) if fits > 1 else 0.0
    total = _Difference.of(tested, better=whole, worse=tested.known)
    return _Difference(rows, of_fits, np.zeros_like(rows), 0.0, 0.0).share_of(total, tested)
