"""When the next purchase comes: only from a rhythm, never against the probabilities, and as often as it says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patron.models.next_purchase import BECAUSE, FEWEST_SNAPSHOTS, HIGH, LOW, Rhythm, Timing, whole_days


def timing_of(*rows: tuple[float, float, float, float]) -> Timing:
    """Timings from rows of days since the last purchase, gap, variation, purchases."""
    return Timing(*np.array(rows, float).T)


def simulated(seed: int, size: int) -> tuple[Timing, np.ndarray]:
    """Customers with gamma gaps, seen at a random moment of one, and the days to their next purchase."""
    random = np.random.default_rng(seed)
    gap = random.choice([10.0, 20.0, 40.0], size)
    between = random.gamma(8.0, gap[:, None] / 8, (size, 12))
    begins = np.cumsum(between, axis=1)
    moment = gap * 6 * random.random(size)
    place = (begins <= moment[:, None]).sum(axis=1)
    rows = np.arange(size)
    end = begins[rows, place]
    start = end - between[rows, place]
    return Timing(moment - start, gap, np.full(size, 0.35), np.full(size, 9.0)), end - moment


@pytest.fixture(scope="module")
def rhythm() -> Rhythm:
    """What 20,000 customers show within 15 days of the cutoff."""
    timing, days = simulated(1, 20_000)
    found = Rhythm.fit(timing, np.where(days < 15, days, np.nan), 15.0)
    assert found is not None
    return found


def own_probability(rhythm: Rhythm, timing: Timing, days: float) -> np.ndarray:
    """The probability of a purchase within the days for customers who are just like all."""
    ends = [rhythm.accumulated((timing.since + each) / timing.gap) for each in (0.0, days)]
    return -np.expm1(ends[0] - ends[1])


def test_eight_of_ten_customers_with_a_rhythm_buy_within_their_range(rhythm: Rhythm) -> None:
    timing, days = simulated(2, 5_000)
    found = rhythm.ranges(timing, (15,), own_probability(rhythm, timing, 15.0)[:, None])
    told = found.reason < 0
    assert told.mean() > 0.4  # the others are likelier not to buy within 15 days
    low, high, day = found.low[told], found.high[told], np.floor(days[told])
    assert ((day >= low) & (day <= high)).mean() == pytest.approx(0.8, abs=0.03)
    assert (day < low).mean() == pytest.approx(0.1, abs=0.03)
    assert (day > high).mean() == pytest.approx(0.1, abs=0.03)
    assert (day <= found.middle[told]).mean() == pytest.approx(0.5, abs=0.03)


def test_the_curve_rises_where_purchases_are_due(rhythm: Rhythm) -> None:
    hazard = np.array(rhythm.hazards)
    assert hazard[4] < 0.05  # a fifth of a gap after the last
    assert hazard[24] > 1.5  # a fifth of a gap late


RHYTHMIC = timing_of(
    (5.0, 20.0, 0.3, 9.0), (18.0, 20.0, 0.3, 9.0), (0.0, 7.0, 0.5, 30.0), (9.0, 7.0, 0.5, 30.0)
)


@given(st.lists(st.floats(0.001, 0.999), min_size=4, max_size=4), st.floats(0.001, 0.999))
def test_dates_never_contradict_the_probabilities(
    rhythm: Rhythm, chances: list[float], hazard: float
) -> None:
    first = np.array(chances)
    both = np.column_stack([first, first + (1 - first) * hazard])
    found = rhythm.ranges(RHYTHMIC, (14, 30), both)
    told = found.reason < 0
    assert (found.low[told] <= found.middle[told]).all()
    assert (found.middle[told] <= found.high[told]).all()
    for level, days in (
        (LOW, found.low),
        (HIGH, found.high + 1),
    ):  # the midnights at which a range begins and ends
        for place, horizon in enumerate((14, 30)):
            sooner = both[told, place] > level + 1e-9
            later = both[told, place] < level - 1e-9
            assert (days[told][sooner] <= horizon).all()
            assert (days[told][later] >= horizon).all()


def test_who_is_likelier_to_buy_is_expected_sooner(rhythm: Rhythm) -> None:
    timing = timing_of(*[(5.0, 20.0, 0.3, 9.0)] * 3)
    found = rhythm.ranges(timing, (14,), np.array([[0.5], [0.7], [0.9]]))
    assert (np.diff(found.middle) < 0).all()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ((5.0, 20.0, 0.3, 5.0), -1),
        ((5.0, 20.0, 0.3, 4.0), 0),
        ((np.nan, 20.0, np.nan, 0.0), 0),
        ((5.0, 20.0, 0.81, 9.0), 1),
        ((5.0, np.nan, 0.3, 9.0), 1),
        ((61.0, 20.0, 0.3, 9.0), 2),
    ],
)
def test_a_range_takes_a_rhythm(rhythm: Rhythm, row: tuple[float, float, float, float], reason: int) -> None:
    found = rhythm.ranges(timing_of(row), (14,), np.array([[0.7]]))
    assert found.reason.tolist() == [reason]
    assert np.isnan(found.high[0]) == (reason >= 0)


@pytest.mark.parametrize(("chances", "told"), [((0.6, 0.9), True), ((0.4, 0.9), True), ((0.4, 0.49), False)])
def test_who_is_likelier_to_stay_away_for_the_longest_horizon_gets_no_date(
    rhythm: Rhythm, chances: tuple[float, float], told: bool
) -> None:
    found = rhythm.ranges(timing_of((5.0, 20.0, 0.3, 9.0)), (14, 30), np.array([chances]))
    assert (found.reason[0] < 0) == told
    assert told or BECAUSE[found.reason[0]].startswith("likely to stay away for longer than the longest")


@pytest.mark.parametrize(
    ("moments", "days"),
    [
        ((1.4, 3.6, 6.6), (1, 3, 6)),
        ((1.6, 3.4, 6.4), (2, 2, 5)),
        ((0.1, 0.2, 0.4), (0, 0, 0)),  # today
        ((4.6, 4.7, 4.9), (4, 4, 4)),  # a range holds a day at least
    ],
)
def test_the_ends_of_a_range_are_the_nearest_midnights(
    moments: tuple[float, float, float], days: tuple[int, int, int]
) -> None:
    assert whole_days(*(np.array([each]) for each in moments)).ravel().tolist() == list(days)


def test_too_few_customers_with_a_rhythm_give_no_curve() -> None:
    timing, days = simulated(3, FEWEST_SNAPSHOTS - 1)
    assert Rhythm.fit(timing, days, 400.0) is None
    many, _ = simulated(3, 400)
    assert Rhythm.fit(many, np.full(400, np.nan), 15.0) is None


def test_the_order_of_customers_changes_no_bit() -> None:
    timing, days = simulated(4, 1_000)
    back = timing.chosen(np.ones(1_000, np.bool_))
    turned = Timing(*(each[::-1] for each in vars(back).values()))
    one, other = Rhythm.fit(timing, days, 400.0), Rhythm.fit(turned, days[::-1], 400.0)
    assert one is not None
    assert one == other
