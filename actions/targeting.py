"""Who responds: an effect for each customer, learned from a test and judged on customers it was not learned from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from patron.features.errors import ConfigurationError
from patron.models.intervals import Estimate

from .extras import econml_forest
from .outcome_models import folds
from .ranking_gain import RankingGain, gain_between, ranking_gain
from .scores import Scores, drawn_scores, mean_of
from .trial import Trial

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

_FOREST = {"n_estimators": 200, "max_samples": 0.45}
_SMALLEST_LEAF = 50
_LEAVES = 100
"""A leaf has at least this many rows, and one in so many of all: scores are noisy, and effects differ little."""
_GROUPS = 5

PARTS = 10
FIRST_JUDGED = 3
"""Of ten parts the first three are only learned from, each of the others is judged by all before it."""


@dataclass(frozen=True)
class Cell:
    """Customers alike in one respect: how many, their mean outcome under control, and the arm's effect on them."""

    name: str
    rows: int
    control: Estimate
    effect: Estimate


@dataclass(frozen=True, eq=False)
class Targeting:
    """What a test taught about whom its arm moves; everything is judged out of sample.

    `rows` are judged, each by what was learned of others alone. `gain` is that of treating those first for whom the
    largest effect was predicted; `over_risk` its Qini less that of treating the riskiest first
    (None where no risk was given). `slope` is that of the scores on the predictions: 1 where predicted effects come
    true, 0 where they say nothing. `groups` are fifths by predicted effect, `by_risk` halves by risk. `order` is each
    row's rank by the predicted effect as a share [n], NaN where it is not judged.
    """

    arm: str
    control: str
    outcome: str
    rows: int
    average: Estimate
    gain: RankingGain
    risk_gain: RankingGain | None
    over_risk: Estimate | None
    slope: Estimate
    groups: tuple[Cell, ...]
    by_risk: tuple[Cell, ...]
    order: Floats

    @property
    def beats_everyone(self) -> bool:
        """Whether the learned ranking finds those who respond more: its Qini and AUTOC lie above zero."""
        return self.gain.qini.low > 0 and self.gain.autoc.low > 0

    @property
    def words(self) -> tuple[str, ...]:
        """What was learned, in sentences."""
        qini = self.gain.qini
        ends = f"{qini.value:+.3g} ({qini.low:+.3g} to {qini.high:+.3g}) {self.outcome} per customer"
        if self.beats_everyone:
            first = (
                f"Those expected to respond to {self.arm} do so more than others: treated by that order rather than by"
                f" chance, the gain over all sizes is {ends}."
            )
        else:
            first = (
                f"This test does not show whom {self.arm} moves more than others: ranking by the learned effect gains"
                f" {ends}{self._not_at_the_top}."
            )
        return (first, *self._beside_risk())

    @property
    def _not_at_the_top(self) -> str:
        """What speaks against a gain over all sizes: it does not show among those who are ranked first."""
        top = self.gain.autoc
        if self.gain.qini.low <= 0 or top.low > 0:
            return ""
        return f", but it is not shown among those ranked first ({top.low:+.3g} to {top.high:+.3g} by AUTOC)"

    def _beside_risk(self) -> tuple[str, ...]:
        if self.over_risk is None:
            return ()
        more = self.over_risk
        gap = f"{more.value:+.3g} ({more.low:+.3g} to {more.high:+.3g})"
        if more.low > 0:
            return (f"It is better than treating the riskiest first, by {gap}.",)
        if more.high < 0:
            return (f"Treating the riskiest first is better: the difference is {gap}.",)
        return (f"Beside treating the riskiest first no difference can be shown: {gap}.",)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, without the customers."""

        def cell(each: Cell) -> dict[str, Any]:
            sizes = {"name": each.name, "rows": each.rows}
            return {**sizes, "control": each.control.to_dict(), "effect": each.effect.to_dict()}

        return {
            "arm": self.arm,
            "control": self.control,
            "outcome": self.outcome,
            "rows": self.rows,
            "average": self.average.to_dict(),
            "gain": self.gain.to_dict(),
            "risk_gain": None if self.risk_gain is None else self.risk_gain.to_dict(),
            "over_risk": None if self.over_risk is None else self.over_risk.to_dict(),
            "slope": self.slope.to_dict(),
            "groups": [cell(each) for each in self.groups],
            "by_risk": [cell(each) for each in self.by_risk],
            "words": list(self.words),
        }


def learn_targeting(
    frame: Any,
    treatment: str,
    outcome: str,
    covariates: Sequence[str],
    probability: str | float | Mapping[str, float],
    *,
    risk: str | None = None,
    control: str | None = None,
    seed: int = 7,
) -> tuple[Targeting, ...]:
    """A test, as `measure_effect` takes it, to whom each arm moves: one `Targeting` per arm beside the control.

    Effects are learned by a doubly robust learner (Kennedy 2023) whose last step is econml's honest regression forest,
    and judged on rows that it had not seen. `risk` names a column by which customers would be treated otherwise,
    the highest first, such as the probability not to buy. ConfigurationError without covariates, or without econml.
    """
    if not covariates:
        raise ConfigurationError(
            "Whom an arm moves can only be learned from covariates.",
            where="covariates",
            found="none",
            remedy="name columns that were known before the treatment",
        )
    needed = [*covariates, *([risk] if risk is not None and risk not in covariates else [])]
    trial = Trial.of(frame, treatment, outcome, needed, probability, control)
    dangers = None if risk is None else trial.covariates[:, trial.covariate_names.index(risk)]
    scores = drawn_scores(trial, seed)
    return tuple(learned_from(trial, scores, place, dangers, seed) for place in range(1, len(trial.arms)))


def learned_from(trial: Trial, scores: Scores, place: int, risk: Floats | None, seed: int) -> Targeting:
    """A drawn trial, its scores, an arm's place and each row's risk [n] to whom the arm moves."""
    learned, part = predicted_effects(trial, place, seed)
    judged = part >= 0
    learned, part, effect = learned[judged], part[judged], scores.against_control(place)[judged]
    danger = None if risk is None else risk[judged]
    ranked = _ranked_within(learned, part)
    order = np.full(trial.rows, np.nan)
    order[judged] = ranked
    gain = ranking_gain(ranked, effect, seed)
    control, who = scores.values[judged, 0], trial.customer[judged]
    return Targeting(
        arm=trial.arms[place],
        control=trial.arms[0],
        outcome=trial.outcome_name,
        rows=int(judged.sum()),
        average=mean_of(effect, who),
        gain=gain,
        risk_gain=None if danger is None else ranking_gain(danger, effect, seed),
        over_risk=None if danger is None else gain_between(ranked, danger, effect, seed),
        slope=_slope(learned, part, effect),
        groups=_cells(ranked, control, effect, who, _GROUPS, "of the predicted effect"),
        by_risk=() if danger is None else _cells(danger, control, effect, who, 2, "of the risk"),
        order=order,
    )


def predicted_effects(trial: Trial, place: int, seed: int) -> tuple[Floats, Places]:
    """The effect of an arm that is expected for each row [n], and the part [n] in which it is judged.

    Rows are cut by lot into `PARTS`; from the part `FIRST_JUDGED` on each is told by a forest of the parts before it
    alone, the others are not judged (NaN, -1). Parts that learn from each other would be alike in what they get wrong,
    and intervals too narrow by a third; in a row of parts each adds what the ones before could not know (Wager 2024).
    """
    told, part = np.full(trial.rows, np.nan), np.full(trial.rows, -1)
    parts = [tell for _, tell in folds(trial, seed, PARTS)]
    for number in range(FIRST_JUDGED, PARTS):
        before = np.sort(np.concatenate(parts[:number]))
        rest = trial.rows_at(before)
        target = drawn_scores(rest, seed).against_control(place)
        grown = forest_of(rest.covariates, target, seed)
        told[parts[number]] = grown.predict(trial.covariates[parts[number]]).ravel()
        part[parts[number]] = number
    return told, part


def forest_of(known: Floats, target: Floats, seed: int) -> Any:
    """Covariates [n, k] and scores of the effect [n] to econml's honest forest, grown on all cores.

    It is asked on one, as trees that answer in another order would round differently.
    """
    leaf = max(_SMALLEST_LEAF, len(known) // _LEAVES)
    grown = econml_forest().RegressionForest(**_FOREST, n_jobs=-1, min_samples_leaf=leaf, random_state=seed)
    grown.fit(known, target)
    grown.n_jobs = 1
    return grown


def _ranked_within(learned: Floats, part: Places) -> Floats:
    """Each row's rank within its part as a share: levels differ between parts by who else was there to learn from."""
    ranked = np.empty(learned.size)
    for each in np.unique(part):
        mine = part == each
        ranked[mine] = rankdata(learned[mine]) / mine.sum()
    return ranked


def _slope(learned: Floats, part: Places, effect: Floats) -> Estimate:
    """The best linear predictor of effects by the learned ones (Chernozhukov, Demirer, Duflo & Fernández-Val 2018).

    Both are centred within parts.
    """
    centred, left = (
        each - (np.bincount(part, each) / np.maximum(np.bincount(part), 1))[part]
        for each in (learned, effect)
    )
    length = float(centred @ centred)
    if length <= 1e-12 * max(1.0, float(effect.var())) * learned.size:
        return Estimate(np.nan, np.nan, np.nan)
    slope = float(centred @ left) / length
    error = np.sqrt(np.sum((centred * (left - slope * centred)) ** 2)) / length
    return Estimate.around(slope, float(error))


def _cells(
    priority: Floats, control: Floats, effect: Floats, who: Places, parts: int, of_what: str
) -> tuple[Cell, ...]:
    """Parts of equal size by priority, the lowest first; ties are kept together, so that there may be fewer."""
    edges = np.unique(np.quantile(priority, np.linspace(0, 1, parts + 1)[1:-1]))
    part = np.searchsorted(edges, priority, side="right")
    names = ("lowest", *(f"part {number + 1}" for number in range(1, len(edges))), "highest")
    return tuple(
        Cell(
            f"{names[number]} {of_what}",
            int((part == number).sum()),
            mean_of(control[part == number], who[part == number]),
            mean_of(effect[part == number], who[part == number]),
        )
        for number in range(len(edges) + 1)
        if (part == number).any()
    )
