"""The forecast of a run: further horizons, purchases, spend and dates, each from what was mature by a moment."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from patron.features.localtime import LocalTime
from patron.features.outcomes import DAYS, PURCHASES, SPEND, horizon_maturity
from patron.features.progress import Progress, silent
from patron.features.question import Purchase, Question
from patron.models.forecast import Forecast
from patron.models.next_purchase import COLUMNS, Rhythm, Timing
from patron.models.spend import SpendModel, fit_spend
from patron.models.table_columns import numbers

from .further_horizons import FurtherHorizon, fit_further_horizons
from .judgement import Judgement
from .recipe import Recipe
from .rolling import MOST_VALUES_AT_ONCE, FittedFold, TrainingSet

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ForecastMaker:
    """Fits forecasts of folds of one training set; every fold knows what was mature by its cutoff and no more."""

    data: TrainingSet
    question: Question
    zone: LocalTime
    further: tuple[FurtherHorizon, ...]
    seed: int

    @classmethod
    def of(
        cls,
        data: TrainingSet,
        question: Question,
        zone: LocalTime,
        observed_until: int,
        judgement: Judgement,
        recipe: Recipe,
        seed: int,
        test_cutoffs: int,
        progress: Progress = silent,
    ) -> "ForecastMaker":
        """With the boosters of the further horizons; GateError where there is too little for one of them."""
        fields = judgement.production.fields
        further = fit_further_horizons(
            data, question, zone, observed_until, fields, recipe, seed, test_cutoffs, progress
        )
        return cls(data, question, zone, further, seed)

    def production(self, fitted: FittedFold) -> Forecast | None:
        """The forecast that scoring uses; None for a target that is no purchase."""
        if not isinstance(self.question.target, Purchase):
            return None
        steps = tuple(each.step() for each in self.further)
        found = Forecast(self.question.horizon_days, steps, self.spend(fitted), self.rhythm(fitted))
        return None if found.is_empty else found

    def at(self, fitted: FittedFold) -> Forecast:
        """The forecast as it was known at a test cutoff; without further horizons where those were not all known."""
        steps = [each.step_at(fitted.fold.cutoff) for each in self.further]
        known = tuple(step for step in steps if step is not None)
        return Forecast(
            self.question.horizon_days,
            known if len(known) == len(steps) else (),
            self.spend(fitted),
            self.rhythm(fitted),
        )

    def spend(self, fitted: FittedFold) -> SpendModel | None:
        """What those who buy do, from the cutoffs that the fold's booster learned from."""
        rows = self.data.rows(fitted.learned_from)
        table = self.data.table
        purchases = numbers(table, PURCHASES)[rows]
        bought = rows.copy()
        bought[rows] = purchases > 0
        values = self.data.table.num_rows * len(self.data.catalogue)
        return fit_spend(
            self.data.matrix(bought, fitted.fields),
            purchases,
            numbers(table, SPEND)[rows] if SPEND in table.column_names else None,
            categorical=[place for place, field in enumerate(fitted.fields) if field.kind == "category"],
            seed=self.seed,
            threads=1 if values < MOST_VALUES_AT_ONCE else None,
        )

    def rhythm(self, fitted: FittedFold) -> Rhythm | None:
        """When purchases come, from the cutoffs whose longest horizon was mature by the fold's.

        None where a condition narrows what counts as a purchase: the gaps that are known are those of all.
        """
        target = self.question.target
        names = {field.name for field in fitted.fields}
        if not isinstance(target, Purchase) or target.where is not None or not names.issuperset(COLUMNS):
            return None
        longest = self.question.horizons[-1]
        cutoffs = np.unique(self.data.cutoff)
        mature = horizon_maturity(self.question, self.zone, cutoffs, longest) <= fitted.fold.cutoff
        rows = self.data.rows(cutoffs[mature].tolist())
        timing = Timing.of(self.data.table).chosen(rows)
        return Rhythm.fit(timing, numbers(self.data.table, DAYS)[rows], float(longest))
