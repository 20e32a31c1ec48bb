"""Levels: those of the cutoffs, and of a year before them, from which nothing is learned."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from patron.features.families import FAMILIES
from patron.features.question import Question
from patron.features.store import EvidenceStore
from patron.features.tables import DataSpec, TableSpec
from patron.training.levels import with_levels
from patron.training.snapshots import BuiltTrainingSet, build_training_set

QUESTION = Question(horizon_days=30, cutoff_every_days=30, cutoffs=3, lookback_days=60)
MONTH = 30 * 86_400_000_000
END = date(2017, 6, 1)
FAMILY = [family for family in FAMILIES if family.__name__ == "BuyingCycle"]


def built(days: int) -> BuiltTrainingSet:
    """Forty customers who buy every thirty days; the odd ones only until three hundred days before the end."""
    rows = [
        (customer, (END - timedelta(days=back)).isoformat())
        for customer in range(40)
        for back in range(customer % 10 + 1, days, 30)
        if customer % 2 == 0 or back > 300
    ]
    customers, times = zip(*rows, strict=True)
    frame = pa.table({"customer_id": customers, "purchased_at": times, "amount": [10.0] * len(rows)})
    until = datetime(END.year, END.month, END.day, tzinfo=UTC)
    data = DataSpec({"purchases": TableSpec("purchases", frame=frame)}, until, "UTC")
    with EvidenceStore(data, QUESTION, memory=1 << 30) as store:
        found = build_training_set(store, QUESTION, FAMILY, 1 << 30)
        return with_levels(found, store, QUESTION, FAMILY, 1 << 30)


@pytest.fixture(scope="module")
def two_years() -> BuiltTrainingSet:
    return built(730)


def test_a_year_before_is_counted_and_not_learned_from(two_years: BuiltTrainingSet) -> None:
    levels, cutoffs = two_years.data.levels, two_years.cutoffs
    assert [each.cutoff for each in levels[-3:]] == cutoffs.tolist()
    assert (
        sum(each.cutoff < cutoffs[0] for each in levels) == 4
    )  # of the three, and of the day when scoring begins
    assert np.unique(two_years.data.cutoff).tolist() == cutoffs.tolist()


def test_windows_that_later_cutoffs_will_meet_again_are_counted_beside_them(
    two_years: BuiltTrainingSet,
) -> None:
    """From a year before the last cutoff on, every thirty days up to the first one that is learned from."""
    data, cutoffs = two_years.data, two_years.cutoffs
    counted = sorted(each.cutoff for each in (*data.levels, *data.ahead))
    assert {counted[place + 1] - counted[place] for place in range(len(counted) - 1)} == {MONTH}
    assert len({*counted}) == len(counted)
    assert counted[-1] == cutoffs[-1]
    assert len(data.ahead) == 8
    assert all(each.mature == each.cutoff + MONTH for each in data.ahead)


def test_levels_are_those_of_the_population_at_their_cutoff(two_years: BuiltTrainingSet) -> None:
    """A year before everybody buys; now only the even customers are left, and all of them buy."""
    before, now = two_years.data.levels[0], two_years.data.levels[-1]
    assert (sum(before.snapshots), sum(before.events)) == (40, 40)
    assert (sum(now.snapshots), sum(now.events)) == (20, 20)
    assert now.mature == two_years.mature[-1]


def test_where_no_year_was_observed_only_the_cutoffs_are_counted() -> None:
    found = built(200)
    assert [each.cutoff for each in found.data.levels] == found.cutoffs.tolist()
    assert found.data.ahead == ()
