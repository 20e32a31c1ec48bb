"""Judging a forecast: at each test cutoff the forecast as it was known then, beside what happened after it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from patron.features.bgnbd import BgNbd
from patron.features.localtime import DAY
from patron.features.outcomes import PURCHASES, SEEN_DAYS, SPEND, horizon_maturity, target_name
from patron.features.population import PopulationHistory
from patron.features.question import Purchase
from patron.models.forecast import Forecast
from patron.models.forecast_evaluation import (
    AmountQuality,
    ForecastEvaluation,
    HorizonQuality,
    judge_amount,
    judge_horizon,
)
from patron.models.gamma_gamma import fit_gamma_gamma
from patron.models.next_purchase import BECAUSE, NextPurchase
from patron.models.opponents import BaseRate, HiatusRule, History
from patron.models.range_evaluation import Days, Followed, RangeQuality, judge_ranges
from patron.models.range_opponents import BuyingHistory, bgnbd_ranges, own_gap_ranges
from patron.models.table_columns import numbers

from .folds import FoldPlan
from .forecast_maker import ForecastMaker
from .further_horizons import FurtherHorizon, trimmed
from .judgement import Judgement
from .rolling import FittedFold, RollingBoosters

Floats = npt.NDArray[np.float64]

UNJUDGED = "the history is too short to judge it on later time; it is scored all the same"
_HISTORY = ("orders_ever", "days_since_first_order", "spend_ever")
_OWN_GAP = ("days_since_order", "gap_mean", "gap_variation")
_BUYING = ("orders_ever", "days_since_first_order", "days_since_order")
_BGNBD = ("expected_orders", "order_value_mean", "orders_ever")


@dataclass(frozen=True)
class ForecastJudge:
    """Judges the forecasts of a run's test folds; `observed_until` is the end of the evidence.

    `population` holds what each cutoff knew of everybody: BG/NBD's parameters, without which it tells no dates.
    """

    maker: ForecastMaker
    plan: FoldPlan
    tests: Sequence[FittedFold]
    boosters: RollingBoosters
    observed_until: int
    population: PopulationHistory | None = None

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
        cutoff = np.concatenate([data.cutoff[at] for at in rows])
        return judge_amount(what, amount, expected, customer, cutoff, self.maker.seed)

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
            learned = data.rows(fitted.learned_from)
            past = numbers(data.table, PURCHASES if what == "purchases" else SPEND)[learned]
            found["all alike"] = np.full(int(at.sum()), past.mean())
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
        """The recency rule for a further horizon, fitted on what was mature by the cutoff; of prospects the rate."""
        maker = self.maker
        cutoffs = np.unique(maker.data.cutoff)
        mature = horizon_maturity(maker.question, maker.zone, cutoffs, own.horizon_days)
        known = maker.data.rows(cutoffs[mature <= cutoff].tolist())
        table = maker.data.table
        names = [name for name in ("days_since_order", "gap_mean") if name in table.column_names]
        rule = HiatusRule() if HiatusRule.needs[0] in names else BaseRate()
        outcome = np.nan_to_num(numbers(table, target_name(own.horizon_days))).astype(np.int8)
        features = {name: numbers(table, name) for name in names}
        at_end = dict(zip(cutoffs.tolist(), mature.tolist(), strict=True))
        history = History(maker.data.customer, maker.data.cutoff, outcome, features, at_end)
        return rule.fit(history.where(known), {}).predict(history.where(at))

    def _ranges(self, known: Sequence[tuple[FittedFold, Forecast]]) -> RangeQuality | None:
        told = [each for each in (self._ranges_at(*pair) for pair in known) if each is not None]
        if not told:
            return None
        counts = sum(
            np.bincount(found.reason[found.reason >= 0], minlength=len(BECAUSE)) for found, *_ in told
        )
        names = [name for name in told[0][1] if all(name in others for _, others, _ in told)]
        return judge_ranges(
            _together([(found.low, found.middle, found.high) for found, *_ in told]),
            {name: _together([others[name] for _, others, _ in told]) for name in names},
            Followed(
                *(
                    np.concatenate([getattr(rows, each.name) for *_, rows in told])
                    for each in fields(Followed)
                )
            ),
            dict(zip(BECAUSE, np.asarray(counts).tolist(), strict=True)),
            self.maker.seed,
        )

    def _ranges_at(
        self, fitted: FittedFold, forecast: Forecast
    ) -> tuple[NextPurchase, dict[str, Days], Followed] | None:
        """The ranges of a test cutoff, those of the opponents, and what came; None without a rhythm."""
        data, moment = self.maker.data, fitted.fold.cutoff
        at = data.rows([moment])
        table = data.table.filter(pa.array(at))
        found = forecast.next_purchase(table, forecast.probabilities(table, fitted.predict(data, at)))
        if found is None:
            return None
        observed = np.full(found.low.size, (self.observed_until - moment) // DAY, np.float64)
        rows = Followed(numbers(table, SEEN_DAYS), observed, data.customer[at], data.cutoff[at])
        return found, self._range_opponents(table, moment), rows

    def _range_opponents(self, table: pa.Table, moment: int) -> dict[str, Days]:
        """When simpler rules expect the next purchase, from what was known at the cutoff."""
        present, found = set(table.column_names), {}
        if present.issuperset(_OWN_GAP):
            found["own mean gap ± spread"] = own_gap_ranges(*(numbers(table, name) for name in _OWN_GAP))
        if present.issuperset(_BUYING) and self.population is not None:
            r, alpha, a, b = (
                self.population.numbers(f"bgnbd.{part}", np.array([moment]))
                for part in ("r", "alpha", "a", "b")
            )
            orders, age, since = (numbers(table, name) for name in _BUYING)
            history = BuyingHistory(orders - 1, age - since, age)
            found["BG/NBD"] = bgnbd_ranges(BgNbd(r, alpha, a, b), history)
        return found


def _together(ranges: Sequence[Days]) -> Days:
    low, middle, high = (np.concatenate(each) for each in zip(*ranges, strict=True))
    return low, middle, high


def _expects_spend(forecast: Forecast) -> bool:
    return forecast.spend is not None and forecast.spend.spend is not None


def _worth(table: pa.Table) -> Floats:
    """What an order of each customer is worth by Gamma-Gamma, learned from all their orders before the cutoff."""
    orders, mean = numbers(table, "orders_ever"), numbers(table, "order_value_mean")
    model = fit_gamma_gamma(orders, mean)
    everybody = float(np.nanmean(mean)) if np.isfinite(mean).any() else 0.0
    return np.nan_to_num(model.expected_value(orders, mean), nan=everybody)


def judge_forecast(
    maker: ForecastMaker,
    plan: FoldPlan,
    judgement: Judgement,
    observed_until: int,
    population: PopulationHistory | None = None,
) -> ForecastEvaluation:
    """What the test cutoffs say of a run's forecast; nothing for a target that is no purchase."""
    if judgement.boosters is None or not isinstance(maker.question.target, Purchase):
        return ForecastEvaluation()
    judge = ForecastJudge(maker, plan, judgement.tests, judgement.boosters, observed_until, population)
    return judge.evaluation()
