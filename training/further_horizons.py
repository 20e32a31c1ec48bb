"""Further horizons: for each, boosters that learn from those who had not bought by the horizon before it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from patron.features.catalogue import FeatureField
from patron.features.errors import GateError
from patron.features.localtime import LocalTime
from patron.features.outcomes import horizon_maturity, target_name
from patron.features.progress import Progress, silent
from patron.features.question import Question
from patron.models.hazard import HazardStep

from .folds import Fold, FoldPlan, plan_folds
from .outlook import outlook
from .recipe import TREES_WITHOUT_INNER_FOLDS, Recipe
from .rolling import FittedFold, Grower, RollingBoosters, TrainingSet

FEWEST_OUTCOMES = 50
"""Of either outcome between one horizon and the next, in all mature snapshots; below it the horizon is refused."""


def trimmed(fold: Fold, plan: FoldPlan) -> Fold | None:
    """A fold with those inner cutoffs for which the plan has boosters; None where it has none for the fold itself."""
    grown = {each.cutoff for each in plan.rolling}
    if fold.cutoff not in grown:
        return None
    return replace(fold, inner=tuple(cutoff for cutoff in fold.inner if cutoff in grown))


@dataclass(frozen=True)
class FurtherHorizon:
    """The hazard between the horizon before and this one, at every cutoff at which it can be predicted out of time.

    `data` are the snapshots that had not bought by the horizon before; `plan` is None where history is too short to
    judge the horizon on later time: there is the production fold alone.
    """

    horizon_days: int
    data: TrainingSet
    plan: FoldPlan | None
    boosters: RollingBoosters | None
    production: FittedFold

    def step(self) -> HazardStep:
        """The step that scoring takes, from everything that was mature."""
        return _step(self.horizon_days, self.production)

    def step_at(self, cutoff: int) -> HazardStep | None:
        """The step as it was known at a cutoff; None where it was not."""
        if self.plan is None or self.boosters is None:
            return None
        own = [fold for fold in self.plan.rolling if fold.cutoff == cutoff]
        fold = trimmed(own[0], self.plan) if own else None
        return None if fold is None else _step(self.horizon_days, self.boosters.fitted(fold))

    @property
    def tests(self) -> tuple[int, ...]:
        """The cutoffs that judge the horizon."""
        return () if self.plan is None else tuple(fold.cutoff for fold in self.plan.tests)


def _step(horizon_days: int, fitted: FittedFold) -> HazardStep:
    return HazardStep(horizon_days, fitted.model.to_text(fitted.n_trees), fitted.calibrator, fitted.fields)


def fit_further_horizons(
    data: TrainingSet,
    question: Question,
    zone: LocalTime,
    observed_until: int,
    fields: Sequence[FeatureField],
    recipe: Recipe,
    seed: int,
    test_cutoffs: int,
    progress: Progress = silent,
) -> tuple[FurtherHorizon, ...]:
    """Each further horizon of the question, its folds by its own maturity; `fields` are the most that it may read.

    GateError where too few bought, or stayed away, between one horizon and the next.
    """
    names = {field.name for field in fields}
    catalogue = tuple(field for field in data.catalogue if field.name in names)
    before = ("target", *map(target_name, question.further_horizons))
    found = []
    for days, earlier in zip(question.further_horizons, before, strict=False):
        part = _not_before(data, earlier, target_name(days), catalogue)
        _require_enough(part, days)
        cutoffs = np.unique(data.cutoff)
        mature = horizon_maturity(question, zone, cutoffs, days)
        known = mature <= observed_until
        schedule = (cutoffs[known].tolist(), mature[known].tolist())
        found.append(_fit(days, part, schedule, recipe, seed, test_cutoffs, progress))
    return tuple(found)


def _not_before(
    data: TrainingSet, earlier: str, target: str, catalogue: tuple[FeatureField, ...]
) -> TrainingSet:
    """The snapshots that had not bought by the earlier horizon and whose later target is known, as the target."""
    keep = pc.and_(pc.equal(data.table[earlier], pa.scalar(0, pa.int8())), pc.is_valid(data.table[target]))
    table = data.table.filter(pc.fill_null(keep, False))
    place = table.column_names.index("target")
    return TrainingSet(table.set_column(place, "target", table[target]), catalogue)


def _require_enough(part: TrainingSet, days: int) -> None:
    events = int(part.outcome.sum())
    others = part.outcome.size - events
    if min(events, others) < FEWEST_OUTCOMES:
        raise GateError(
            f"There is too little to learn the horizon of {days} days from.",
            where="[question] horizon_days",
            found=f"of those who had not bought by the horizon before it, {events:,} then did and {others:,} did not,"
            f" in all snapshots that are mature; at least {FEWEST_OUTCOMES:,} each are needed",
            remedy="leave this horizon out, choose one further from the others, or bring more history",
        )


def _fit(
    days: int,
    part: TrainingSet,
    schedule: tuple[list[int], list[int]],
    recipe: Recipe,
    seed: int,
    test_cutoffs: int,
    progress: Progress,
) -> FurtherHorizon:
    def shows_both(chosen: Sequence[int]) -> bool:
        outcome = part.outcome[part.rows(chosen)]
        return bool(outcome.size) and bool(0 < outcome.sum() < outcome.size)

    try:
        plan = plan_folds(*schedule, test_cutoffs, shows_both)
    except GateError:
        return FurtherHorizon(days, part, None, None, _unjudged(part, schedule, recipe, seed))
    if not shows_both(plan.tests[0].train):
        return FurtherHorizon(days, part, None, None, _unjudged(part, schedule, recipe, seed))
    boosters = RollingBoosters(part, recipe, seed, plan, progress)
    return FurtherHorizon(days, part, plan, boosters, boosters.fitted(plan.production))


def _unjudged(
    part: TrainingSet, schedule: tuple[list[int], list[int]], recipe: Recipe, seed: int
) -> FittedFold:
    """A booster of all that is mature, where no earlier fold could choose its trees or its calibration."""
    cutoffs, mature = schedule
    fold = Fold(max(mature), tuple(cutoffs), ())
    horizon = max(end - cutoff for cutoff, end in zip(cutoffs, mature, strict=True))
    rows: npt.NDArray[np.bool_] = part.rows(recipe.recent(fold.train))
    fields = part.fields(rows)
    model = Grower(part, seed, horizon).grow(recipe, fold, fields, watched=False)
    n_trees = min(TREES_WITHOUT_INNER_FOLDS, recipe.n_trees)
    learned = recipe.recent(fold.train)
    uncorrected = outlook(fold.cutoff, {fold.cutoff: learned}, None, ())
    return FittedFold(fold, model, fields, n_trees, uncorrected, learned)
