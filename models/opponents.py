"""Opponents: simpler rules on the same snapshots, which a model has to beat.

Each is fitted on snapshots whose targets were mature at a fold's training end and on nothing else, and says a
probability. What it cannot say of a customer it replaces by the rate of the past.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from patron.features.errors import ModelError
from patron.features.question import Purchase, Question, SpendDrop

from .calibration import Shifts, choose_calibrator
from .calibrators import Calibrator, Identity, Seasonal
from .logistic import Floats
from .opponent_season import at_level, learned_shift, refitted, rule_at_level

MOST_ROWS = 200_000
"""A regression on three numbers learns nothing more from further snapshots: so many are drawn by a fixed seed."""


PROSPECT_NUMBERS = ("days_since_known", "contacts_ever", "contacts_30d", "mentions_ever", "referred_ever")
"""What the opponent of prospects reads, beside marks for the words of attributes."""

MARK = "="
"""Stands between an attribute and its word in the name of a mark, 1 for who has it and 0 for others."""


@dataclass(frozen=True, eq=False)
class History:
    """What opponents see, one row for each snapshot [n].

    `features` are those of the snapshots by name, as they were known at each cutoff; NaN where unknown. `mature` says
    when the outcomes of a cutoff were known; at the next cutoff unless given. `season` says what last year says of the
    level of these cutoffs, and of the one that will be asked about.
    """

    customer: NDArray[Any]
    cutoff: NDArray[np.int64]
    outcome: NDArray[Any]
    features: Mapping[str, Floats]
    mature: Mapping[int, int] | None = None
    season: Shifts | None = None

    def __len__(self) -> int:
        return len(self.outcome)

    def where(self, mask: NDArray[np.bool_]) -> Self:
        """The rows [n] for which the mask is true."""
        features = {name: values[mask] for name, values in self.features.items()}
        return type(self)(
            self.customer[mask], self.cutoff[mask], self.outcome[mask], features, self.mature, self.season
        )

    def calibrated(self, scores: Floats, *, required: bool = False) -> Calibrator:
        """The calibrator of scores [n] that proved itself, each tried by what was mature when it was asked about."""
        return self._chosen(scores, None, required)

    def calibrated_with_season(self, scores: Floats) -> Calibrator:
        """The same for out-of-time scores that may be moved by last year's level, as the model's."""
        return self._chosen(scores, self.season, False)

    def _chosen(self, scores: Floats, season: Shifts | None, required: bool) -> Calibrator:
        return choose_calibrator(
            scores,
            self.outcome,
            self.cutoff,
            self.customer,
            required=required,
            mature=self.mature,
            shifts=season,
        )


class Opponent(Protocol):
    """A rule that is fitted on mature snapshots and then says the probability of others."""

    name: str
    needs: tuple[str, ...]
    """The features it reads."""

    @property
    def rule(self) -> str:
        """What it does, in a few words."""

    def fit(self, known: History, earlier: Mapping[int, Sequence[int]]) -> Self:
        """Mature snapshots, and for some of their cutoffs those that were mature by then, to the fitted rule."""

    def predict(self, asked: History) -> Floats:
        """Whole cutoffs of snapshots to probabilities [n]; their outcomes are not looked at."""


class BaseRate:
    """Everybody gets the rate of the training cutoffs: what knowing nothing of anybody is worth."""

    name = "base rate"
    needs: tuple[str, ...] = ()
    rate: float
    """Set by `fit`."""
    shift: float = 0.0
    """Set by `fit`: the season's log-odds, as far as they came again."""

    @property
    def rule(self) -> str:
        """What it does."""
        return rule_at_level("everybody gets the rate of the past", self.shift)

    def fit(self, known: History, _earlier: Mapping[int, Sequence[int]]) -> Self:
        """The rate, smoothed by Laplace's rule so that it is neither 0 nor 1."""
        _refuse_nothing(known, self.name)
        self.rate = _rate(known.outcome)
        self.shift = learned_shift(known, lambda before, at: np.full(len(at), _rate(before.outcome)))
        return self

    def predict(self, asked: History) -> Floats:
        """The same probability for each of the snapshots [n]."""
        return at_level(np.full(len(asked), self.rate), self.shift)


class HiatusRule:
    """Whoever ordered more recently is likelier to order again: a serious opponent (Wübben & von Wangenheim 2008).

    Recency counts in days, or in the customer's own mean gaps (a first order has none: the typical gap of training
    stands in). The ordering with the lower log loss in training is taken. Customers are ranked within each cutoff, and
    the ranks are calibrated on cutoffs whose targets are known. With `reversed_order` the most recent come last, for
    targets such as a drop of spend.
    """

    name = "recency rule"
    needs: tuple[str, ...] = ("days_since_order",)
    calibrator: Calibrator
    """Set by `fit`: from a rank in (0, 1) to a probability."""
    by_own_gap: bool
    """Set by `fit`: whether recency counts in own gaps."""
    typical_gap: float
    """Set by `fit`, in days; NaN where nobody has ordered twice."""
    shift: float = 0.0
    """Set by `fit`: the season's log-odds, as far as they came again."""

    def __init__(self, *, reversed_order: bool = False) -> None:
        self.reversed_order = reversed_order

    @property
    def rule(self) -> str:
        """Who comes first."""
        who = "is least overdue by the own gaps" if self.by_own_gap else "bought last"
        order = "last" if self.reversed_order else "first"
        return rule_at_level(f"whoever {who} comes {order}", self.shift)

    def fit(self, known: History, _earlier: Mapping[int, Sequence[int]]) -> Self:
        """The better ordering with its calibration. Ranks know no outcome: all mature cutoffs calibrate them."""
        _refuse_nothing(known, self.name)
        gaps = known.features.get("gap_mean", np.array([]))
        gaps = gaps[gaps > 0]
        self.typical_gap = float(np.median(gaps)) if gaps.size else np.nan
        found = []
        for by_own_gap in (False, True) if gaps.size else (False,):
            self.by_own_gap = by_own_gap
            ranks = self._ranks(known)
            calibrator = known.calibrated(ranks, required=True)
            found.append((_mean_loss(calibrator.apply(ranks), known.outcome), by_own_gap, calibrator))
        _, self.by_own_gap, self.calibrator = min(found, key=lambda each: each[0])
        self.shift = learned_shift(known, self._learned_before)
        return self

    def predict(self, asked: History) -> Floats:
        """Probabilities [n]."""
        return at_level(self.calibrator.apply(self._ranks(asked)), self.shift)

    def _learned_before(self, before: History, at: History) -> Floats:
        return refitted(self.calibrator, self._ranks(before), before).apply(self._ranks(at))

    def _ranks(self, history: History) -> Floats:
        waited = history.features["days_since_order"]
        if self.by_own_gap:
            gap = history.features["gap_mean"]
            waited = waited / np.where(gap > 0, gap, self.typical_gap)
        ranks = recency_ranks(waited, history.cutoff)
        return 1 - ranks if self.reversed_order else ranks


class RfmRegression:
    """A logistic regression on recency, frequency and money, logarithms standardised on training alone.

    What is unknown gets the median of training and a mark that it was unknown. Its calibration is chosen on inner
    cutoffs, each predicted by a regression that knew only what was mature by then.
    """

    name = "RFM regression"
    needs: tuple[str, ...] = ("days_since_order", "orders_ever", "spend_ever")
    says = "a logistic regression on recency, frequency and money"
    calibrator: Calibrator
    """Set by `fit`; with the season as far as it came again."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The features that it is a regression on."""
        return self.needs

    @property
    def rule(self) -> str:
        """What it does."""
        shift = self.calibrator.shift if isinstance(self.calibrator, Seasonal) else 0.0
        return rule_at_level(self.says, shift)

    def fit(self, known: History, earlier: Mapping[int, Sequence[int]]) -> Self:
        """The regression on all mature snapshots, and its calibration."""
        _refuse_nothing(known, self.name)
        self._score = _logistic(known, self.columns)
        self.calibrator = _calibrated(known, earlier, self.columns)
        return self

    def predict(self, asked: History) -> Floats:
        """Probabilities [n]."""
        return self.calibrator.apply(self._score(asked))


class ProspectRegression(RfmRegression):
    """The like for who has never bought: time since known, contacts, mentions, referrals, and attributes.

    It takes those of its numbers that the snapshots have; an attribute is a mark for each of its words.
    """

    name = "prospect regression"
    needs: tuple[str, ...] = ("days_since_known",)
    says = "a logistic regression on the time since known, contacts, mentions, referrals and attributes"

    def __init__(self, features: Sequence[str]) -> None:
        self.features = tuple(features)

    @property
    def columns(self) -> tuple[str, ...]:
        """The features that it is a regression on."""
        return tuple(name for name in self.features if name in PROSPECT_NUMBERS or MARK in name)


class BgNbdRule:
    """The probability of an order within the horizon by BG/NBD (Fader, Hardie & Lee 2005).

    At each cutoff its four parameters are fitted to the orders that everybody had made before it; it needs no
    outcome. It cannot speak of who never ordered: they get the rate of such customers in training. It may be too sure
    of who bought once, whom it takes to be alive; the calibration corrects its level, not that.
    """

    name = "BG/NBD model"
    needs: tuple[str, ...] = ("order_probability",)
    calibrator: Calibrator
    """Set by `fit`: `Identity` unless another proved better on later cutoffs."""
    silent_rate: float
    """Set by `fit`: what those get of whom it cannot speak."""
    shift: float = 0.0
    """Set by `fit`: the season's log-odds, as far as they came again."""

    @property
    def rule(self) -> str:
        """What it does."""
        said = "the probability of an order from the number, the last and the first of the orders"
        return rule_at_level(said, self.shift)

    def fit(self, known: History, _earlier: Mapping[int, Sequence[int]]) -> Self:
        """The calibration. The parameters of every cutoff knew only what came before it: all cutoffs serve."""
        _refuse_nothing(known, self.name)
        said = np.isfinite(known.features["order_probability"])
        self.silent_rate = _rate(known.outcome if said.all() else known.outcome[~said])
        told = known.where(said)
        self.calibrator = Identity()
        if len(told):
            self.calibrator = told.calibrated(told.features["order_probability"])
            self.shift = learned_shift(told, self._learned_before)
        return self

    def _learned_before(self, before: History, at: History) -> Floats:
        earlier, asked = (each.features["order_probability"] for each in (before, at))
        return refitted(self.calibrator, earlier, before).apply(asked)

    def predict(self, asked: History) -> Floats:
        """Probabilities [n]."""
        probability = asked.features["order_probability"]
        said = np.isfinite(probability)
        told = np.where(said, self.calibrator.apply(np.where(said, probability, 0.5)), self.silent_rate)
        return at_level(told, self.shift)


def opponents_of(question: Question, features: Sequence[str]) -> tuple[list[Opponent], dict[str, str]]:
    """Unfitted opponents for a question and the features there are, and why others are left out, by name."""
    is_drop = isinstance(question.target, SpendDrop)
    everybody: list[Opponent] = [
        BaseRate(),
        HiatusRule(reversed_order=is_drop),
        RfmRegression(),
        BgNbdRule(),
    ]
    missing = {each.name: [name for name in each.needs if name not in features] for each in everybody}
    left_out = {name: f"the snapshots have no {', '.join(names)}" for name, names in missing.items() if names}
    if is_drop:
        left_out[BgNbdRule.name] = "it speaks of orders, and the question asks for a drop of spend"
    elif isinstance(question.target, Purchase) and question.target.where:
        left_out[BgNbdRule.name] = "it speaks of any order, and the question counts only some"
    if question.population == "prospects":
        reason = "it speaks of who has ordered, and the question asks about who never has"
        left_out |= {each.name: reason for each in everybody if each.needs}
        if set(ProspectRegression.needs) <= set(features):
            everybody.append(ProspectRegression(features))
    return [each for each in everybody if each.name not in left_out], left_out


def recency_ranks(days_since: NDArray[Any], cutoff: NDArray[np.int64]) -> Floats:
    """Days since the last order and cutoffs [n] to ranks in (0, 1) within each cutoff, the most recent highest.

    Ties share the middle of their ranks; a customer who never ordered (NaN) comes last.
    """
    recency = -np.nan_to_num(np.asarray(days_since, np.float64), nan=np.inf, posinf=np.inf)
    ranks = np.empty(len(recency))
    for moment in np.unique(cutoff):
        at = cutoff == moment
        ranks[at] = (rankdata(recency[at]) - 0.5) / at.sum()
    return ranks


def _calibrated(known: History, earlier: Mapping[int, Sequence[int]], columns: Sequence[str]) -> Calibrator:
    """The calibration that proved itself on out-of-time scores of the earlier cutoffs."""
    scores = np.full(len(known), np.nan)
    for moment, before in earlier.items():
        at = known.cutoff == moment
        scores[at] = _logistic(known.where(np.isin(known.cutoff, before)), columns)(known.where(at))
    told = np.isfinite(scores)
    if not told.any():
        return Identity()
    return known.where(told).calibrated_with_season(scores[told])


class _Regression:
    """A fitted regression; the constant rate where training showed a single outcome."""

    def __init__(self, pipeline: Pipeline | None, rate: float, columns: Sequence[str]) -> None:
        self.pipeline = pipeline
        self.rate = rate
        self.columns = columns

    def __call__(self, asked: History) -> Floats:
        if self.pipeline is None or not len(asked):
            return np.full(len(asked), self.rate)
        with threadpool_limits(1, "blas"):
            return np.asarray(self.pipeline.predict_proba(_logarithms(asked, self.columns))[:, 1], np.float64)


def _logistic(known: History, columns: Sequence[str]) -> _Regression:
    if len(known) > MOST_ROWS:
        chosen = np.random.default_rng(0).choice(len(known), MOST_ROWS, replace=False)
        mask = np.zeros(len(known), np.bool_)
        mask[chosen] = True
        known = known.where(mask)
    rate = _rate(known.outcome)
    if np.unique(known.outcome).size < 2:
        return _Regression(None, rate, columns)
    pipeline = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(),
    )
    # Three numbers are no work for threads.
    with threadpool_limits(1, "blas"):
        return _Regression(pipeline.fit(_logarithms(known, columns), known.outcome), rate, columns)


def _logarithms(history: History, columns: Sequence[str]) -> Floats:
    """log(1 + x) of features, each at least 0: returns may have taken more money than purchases brought."""
    values = [np.maximum(history.features[name], 0) for name in columns]
    return np.asarray(np.log1p(np.column_stack(values)))


def _rate(outcome: NDArray[Any]) -> float:
    return float((np.sum(outcome) + 1) / (len(outcome) + 2))


def _mean_loss(probability: Floats, outcome: NDArray[Any]) -> float:
    return float(-np.log(np.where(outcome == 1, probability, 1 - probability)).mean())


def _refuse_nothing(known: History, name: str) -> None:
    if not len(known):
        raise ModelError(
            f"The opponent ({name}) has nothing to learn from.",
            found="no mature snapshots",
            remedy="give it the snapshots of the cutoffs before the test cutoffs",
        )
