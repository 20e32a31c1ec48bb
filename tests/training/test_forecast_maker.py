"""The forecast of a run: time is sacred for every horizon by its own maturity, and what is missing is left out."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from patron.features.catalogue import FeatureField
from patron.features.errors import GateError
from patron.features.localtime import DAY, LocalTime
from patron.features.outcomes import DAYS, PURCHASES, SPEND, target_name
from patron.features.question import Purchase, Question, SpendDrop
from patron.training.folds import FoldPlan, plan_folds
from patron.training.forecast_maker import ForecastMaker
from patron.training.recipe import Recipe
from patron.training.rolling import RollingBoosters, TrainingSet

EVERY, FURTHER = 10, 25
RECIPE = Recipe(n_trees=12, min_child=20)
QUESTION = Question(horizon_days=EVERY, further_horizons=(FURTHER,), population="all")
ZONE = LocalTime("UTC")
CATALOGUE = tuple(
    FeatureField(name, "", "", "buying_cycle")
    for name in ("days_since_order", "gap_shrunk", "gap_variation", "orders_ever")
)


def make(cutoffs: Sequence[int], customers: int = 300) -> TrainingSet:
    """Customers who buy at random, some more often, with everything that is known after each cutoff."""
    random = np.random.default_rng(5)
    customer = np.repeat(np.arange(customers), len(cutoffs))
    cutoff = np.tile(np.array(cutoffs), customers)
    gap = random.choice([6.0, 15.0, 40.0], customers)[customer]
    wait = random.exponential(gap)
    within = wait < EVERY
    purchases = np.where(within, 1 + random.poisson(EVERY / gap), 0)
    days = np.where(wait < FURTHER, wait, np.nan)
    table = pa.table(
        {
            "customer": customer,
            "cutoff": pa.array(cutoff * DAY).cast(pa.timestamp("us", tz="UTC")),
            "target": within.astype(np.int8),
            target_name(FURTHER): pa.array((wait < FURTHER).astype(np.int8)),
            PURCHASES: purchases.astype(np.int32),
            SPEND: purchases * random.gamma(2.0, 5.0, customer.size),
            DAYS: pa.array(days, mask=np.isnan(days)),
            "days_since_order": random.exponential(gap).astype(np.float32),
            "gap_shrunk": gap.astype(np.float32),
            "gap_variation": random.uniform(0.2, 0.9, customer.size).astype(np.float32),
            "orders_ever": random.integers(4, 30, customer.size).astype(np.float32),
        }
    )
    return TrainingSet(table, CATALOGUE)


def corrupted(data: TrainingSet, moment: int) -> TrainingSet:
    """The same with other outcomes wherever they were not mature at the moment, each by its own horizon."""
    random = np.random.default_rng(9)
    table = data.table
    reaches = {"target": EVERY, PURCHASES: EVERY, SPEND: EVERY, target_name(FURTHER): FURTHER, DAYS: FURTHER}
    for name, reach in reaches.items():
        late = data.cutoff + reach * DAY > moment
        values = np.asarray(table[name].combine_chunks().fill_null(0), float)
        other = (
            1 - values if name.startswith("target") and values.max() <= 1 else random.random(late.size) * 9
        )
        kind = table[name].type
        changed = pa.array(np.where(late, other, values)).cast(kind, safe=False)
        known = np.asarray(table[name].is_valid()) | late
        place = table.column_names.index(name)
        table = table.set_column(
            place, name, pa.array(changed.to_numpy(zero_copy_only=False), kind, mask=~known)
        )
    return TrainingSet(table, data.catalogue)


def cutoffs_of(count: int) -> list[int]:
    return [EVERY * (place + 1) for place in range(count)]


def plan_of(cutoffs: Sequence[int]) -> FoldPlan:
    return plan_folds([day * DAY for day in cutoffs], [(day + EVERY) * DAY for day in cutoffs], 3)


def maker_of(
    data: TrainingSet, cutoffs: Sequence[int], question: Question = QUESTION
) -> tuple[ForecastMaker, Any]:
    plan = plan_of(cutoffs)
    boosters = RollingBoosters(data, RECIPE, 7, plan)
    judgement: Any = SimpleNamespace(
        production=boosters.fitted(plan.production),
        tests=tuple(boosters.fitted(fold) for fold in plan.tests),
    )
    until = (cutoffs[-1] + EVERY) * DAY
    maker = ForecastMaker.of(data, question, ZONE, until, judgement, RECIPE, 7, 3)
    return maker, judgement


@pytest.mark.parametrize("test", [0, 1])
def test_what_was_not_mature_at_a_test_cutoff_changes_no_byte_there(test: int) -> None:
    days = cutoffs_of(9)
    data = make(days)
    maker, judgement = maker_of(data, days)
    moment = judgement.tests[test].fold.cutoff
    before = maker.at(judgement.tests[test]).files()
    late, late_judgement = maker_of(corrupted(data, moment), days)
    assert late.at(late_judgement.tests[test]).files() == before
    assert {"forecast.json", "purchases.txt", "spend.txt"} <= set(before)


def test_a_further_horizon_is_not_known_where_its_own_targets_were_not_mature() -> None:
    days = cutoffs_of(9)
    maker, judgement = maker_of(make(days), days)
    # At the end, on day 100, targets of 25 days are mature for the first seven cutoffs. On day 70 they were for four,
    # one of which could be predicted in turn; earlier there was none to choose trees by.
    assert maker.further[0].tests == (70 * DAY,)
    assert maker.further[0].production.fold.train == tuple(day * DAY for day in days[:7])
    assert maker.at(judgement.tests[-1]).steps == ()
    assert len(maker.at(judgement.tests[0]).steps) == 1  # the cutoff of day 70


def test_production_knows_all_that_is_mature_and_scores_rise() -> None:
    days = cutoffs_of(9)
    data = make(days)
    maker, judgement = maker_of(data, days)
    forecast = maker.production(judgement.production)
    assert forecast is not None
    assert forecast.horizons == (EVERY, FURTHER)
    assert forecast.rhythm is not None
    first = judgement.production.predict(data, np.ones(data.outcome.size, np.bool_))
    found = forecast.probabilities(data.table, first)
    assert found[:, 0].tobytes() == first.tobytes()
    assert (np.diff(found, axis=1) > 0).all()
    rate = np.asarray(data.table[target_name(FURTHER)]).mean()
    assert found[:, 1].mean() == pytest.approx(rate, abs=0.03)


def test_a_horizon_that_no_later_time_can_judge_is_fitted_and_says_so() -> None:
    days = cutoffs_of(5)
    maker, judgement = maker_of(make(days), days)
    assert maker.further[0].plan is None
    assert maker.further[0].tests == ()
    assert maker.further[0].step_at(days[-1] * DAY) is None
    forecast = maker.production(judgement.production)
    assert forecast is not None
    assert forecast.steps[0].calibrator.to_dict() == {"kind": "identity"}


def test_too_few_between_two_horizons_are_refused_with_the_count() -> None:
    days = cutoffs_of(9)
    data = make(days)
    place = data.table.column_names.index(target_name(FURTHER))
    same = TrainingSet(
        data.table.set_column(place, target_name(FURTHER), data.table["target"]), data.catalogue
    )
    with pytest.raises(GateError, match="horizon of 25 days") as caught:
        maker_of(same, days)
    assert "0 then did" in str(caught.value)


def test_a_narrowed_question_has_no_dates_and_a_drop_no_forecast() -> None:
    days = cutoffs_of(9)
    data = make(days)
    narrowed = Question(horizon_days=EVERY, target=Purchase(where="category = 'TEA'"))
    maker, judgement = maker_of(data, days, narrowed)
    forecast = maker.production(judgement.production)
    assert forecast is not None
    assert forecast.rhythm is None
    maker, judgement = maker_of(data, days, Question(horizon_days=EVERY, target=SpendDrop()))
    assert maker.production(judgement.production) is None
