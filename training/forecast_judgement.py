"""Judging an forecast: at each test cutoff the forecast as it was known then, beside what happened after it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from patron.features.localtime import DAY
from patron.features.outcomes import PURCHASES, SEEN_DAYS, SPEND, horizon_maturity, target_name
from patron.features.question import Purchase
from patron.models.forecast import Forecast
from patron.models.forecast_evaluation import (
    AmountQuality,
    ForecastEvaluation,
    HorizonQuality,
    RangeQuality,
    judge_amount,
    judge_horizon,
    judge_ranges,
)
from patron.models.gamma_gamma import fit_gamma_gamma
from patron.models.next_purchase import BECAUSE
from patron.models.opponents import HiatusRule, History

from .folds import FoldPlan
from .forecast_maker import ForecastMaker, numbers
from .further_horizons import FurtherHorizon, trimmed
from .judgement import Judgement
from .rolling import FittedFold, RollingBoosters

Floats = npt.NDArray[np.float64]

UNJUDGED = "the history is too short to judge it on later time; it is scored all the same"
_HISTORY = ("orders_ever", "days_since_first_order", "spend_ever")
_BGNBD = ("expected_orders", "order_value_mean", "orders_ever")


@dataclass(frozen=True)
class ForecastJudge:
    """Judges the forecasts of a run's test folds; `observed_until` is the end of the evidence."""

    maker: ForecastMaker
    plan: FoldPlan
    tests: Sequence[FittedFold]
    boosters: RollingBoosters
    observed_until: int

    def evaluation(self) -> ForecastEvaluation:
        """What all test cutoffs together say."""
        known = [(fitted, self.maker.at(fitted)) for fitted in self.tests]
        horizons = tuple(self._horizon(place) for place in range(len(self.maker.further)))
        if any(forecast.spend is None for _, forecast in known):
            return ForecastEvaluation((), horizons, self._ranges(known))
        amounts = [("purchases", PURCHASES)]
        if SPEND in self.maker.data.table.column_names and all(_expects_spend(each) for _, each in known):
            amounts.append(("spend", SPEND))
        found = tuple(self._amount(what, column, known) for what, column in amounts)
        return ForecastEvaluation(found, horizons, self._ranges(known))

    def _amount(self, what: str, column: str, known: Sequence[tuple[FittedFold, Forecast]]) -> AmountQuality:
        data = self.maker.data
        rows = [data.rows([fitted.fold.cutoff]) for fitted, _ in known]
        said = [self._expected(what, *each, at) for each, at in zip(known, rows, strict=True)]
        names = [name for name in said[0] if all(name in each for each in said)]
        expected = {name: np.concatenate([each[name] for each in said]) for name in names}
        amount = np.concatenate([numbers(data.table, column)[at] for at in rows])
        customer = np.concatenate([data.customer[at] for at in rows])
        return judge_amount(what, amount, expected, customer, self.maker.seed)

    def _expected(
        self, what: str, fitted: FittedFold, forecast: Forecast, at: npt.NDArray[np.bool_]
    ) -> dict[str, Floats]:
        """What the model and its opponents expect at a test cutoff, by name."""
        data, spend = self.maker.data, forecast.spend
        assert spend is not None
        table = data.table.filter(pa.array(at))
        expect = spend.expected_purchases if what == "purchases" else spend.expected_spend
        found = {"model": expect(data.matrix(at, fitted.fields), fitted.predict(data, at))}
        present = set(table.column_names)
        days = float(self.maker.question.horizon_days)
        if present.issuperset(_HISTORY):
            ever = numbers(table, "orders_ever" if what == "purchases" else "spend_ever")
            found["own average"] = ever * days / np.maximum(numbers(table, "days_since_first_order"), days)
        if present.issuperset(_BGNBD):
            orders = numbers(table, "expected_orders")
            found["BG/NBD" if what == "purchases" else "BG/NBD and Gamma-Gamma"] = (
                orders if what == "purchases" else orders * _worth(table)
            )
        if len(found) == 1:
            found["all alike"] = np.ones(int(at.sum()))
        return found

    def _horizon(self, place: int) -> HorizonQuality:
        """A further horizon at those of its test cutoffs where the first horizon was predicted out of time as well."""
        maker = self.maker
        own = maker.further[place]
        days, table = own.horizon_days, maker.data.table
        parts = []
        for cutoff in own.tests:
            first = self._first(cutoff)
            steps = [each.step_at(cutoff) for each in maker.further[: place + 1]]
            if first is None or any(step is None for step in steps):
                continue
            at = maker.data.rows([cutoff])
            forecast = Forecast(
                maker.question.horizon_days, tuple(step for step in steps if step is not None)
            )
            said = forecast.probabilities(table.filter(pa.array(at)), first.predict(maker.data, at))[:, -1]
            outcome = numbers(table, target_name(days))[at].astype(np.int8)
            parts.append((outcome, said, self._recency(own, cutoff, at), maker.data.customer[at]))
        if not parts:
            return HorizonQuality(days, reason=UNJUDGED)
        outcome, said, opponent, customer = (np.concatenate(each) for each in zip(*parts, strict=True))
        if outcome.min() == outcome.max():
            return HorizonQuality(days, reason="everybody had the same outcome at its test cutoffs")
        return judge_horizon(days, outcome, said, opponent, customer, len(parts), maker.seed)

    def _first(self, cutoff: int) -> FittedFold | None:
        """The first horizon's booster of a cutoff that was predicted out of time."""
        folds = [fold for fold in self.plan.rolling if fold.cutoff == cutoff]
        fold = trimmed(folds[0], self.plan) if folds else None
        return None if fold is None else self.boosters.fitted(fold)

    def _recency(self, own: FurtherHorizon, cutoff: int, at: npt.NDArray[np.bool_]) -> Floats:
        """The recency rule for a further horizon, fitted on what was mature by the cutoff."""
        maker = self.maker
        cutoffs = np.unique(maker.data.cutoff)
        mature = horizon_maturity(maker.question, maker.zone, cutoffs, own.horizon_days)
        known = maker.data.rows(cutoffs[mature <= cutoff].tolist())
        table = maker.data.table
        names = [name for name in ("days_since_order", "gap_mean") if name in table.column_names]
        outcome = np.nan_to_num(numbers(table, target_name(own.horizon_days))).astype(np.int8)
        features = {name: numbers(table, name) for name in names}
        at_end = dict(zip(cutoffs.tolist(), mature.tolist(), strict=True))
        history = History(maker.data.customer, maker.data.cutoff, outcome, features, at_end)
        return HiatusRule().fit(history.where(known), {}).predict(history.where(at))

    def _ranges(self, known: Sequence[tuple[FittedFold, Forecast]]) -> RangeQuality | None:
        data, parts = self.maker.data, []
        counts = np.zeros(len(BECAUSE), np.int64)
        for fitted, forecast in known:
            at = data.rows([fitted.fold.cutoff])
            table = data.table.filter(pa.array(at))
            probabilities = forecast.probabilities(table, fitted.predict(data, at))
            found = forecast.next_purchase(table, probabilities)
            if found is None:
                continue
            counts += np.bincount(found.reason[found.reason >= 0], minlength=len(BECAUSE))
            observed = np.full(found.low.size, (self.observed_until - fitted.fold.cutoff) // DAY, np.float64)
            day = numbers(table, SEEN_DAYS)
            parts.append((found.low, found.middle, found.high, day, observed, data.customer[at]))
        if not parts:
            return None
        low, middle, high, day, observed, customer = (
            np.concatenate(each) for each in zip(*parts, strict=True)
        )
        reasons = dict(zip(BECAUSE, counts.tolist(), strict=True))
        return judge_ranges(low, middle, high, day, observed, customer, reasons, self.maker.seed)


def _expects_spend(forecast: Forecast) -> bool:
    return forecast.spend is not None and forecast.spend.spend is not None


def _worth(table: pa.Table) -> Floats:
    """What an order of each customer is worth by Gamma-Gamma, learned from all their orders before the cutoff."""
    orders, mean = numbers(table, "orders_ever"), numbers(table, "order_value_mean")
    model = fit_gamma_gamma(orders, mean)
    everybody = float(np.nanmean(mean)) if np.isfinite(mean).any() else 0.0
    return np.nan_to_num(model.expected_value(orders, mean), nan=everybody)


def judge_forecast(
    maker: ForecastMaker, plan: FoldPlan, judgement: Judgement, observed_until: int
) -> ForecastEvaluation:
    """What the test cutoffs say of a run's forecast; nothing for a target that is no purchase."""
    if judgement.boosters is None or not isinstance(maker.question.target, Purchase):
        return ForecastEvaluation()
    return ForecastJudge(maker, plan, judgement.tests, judgement.boosters, observed_until).evaluation()
