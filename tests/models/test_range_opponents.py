"""When simpler rules expect the next purchase: own gaps, and BG/NBD by its own probability."""

import numpy as np
import pytest

from patron.features.bgnbd import BgNbd, purchase_probability
from patron.models.range_opponents import BuyingHistory, bgnbd_ranges, own_gap_ranges


@pytest.mark.parametrize(
    ("since", "gap", "variation", "days"),
    [
        (10.0, 30.0, 0.3, (8, 19, 31)),  # due in 20 days, ± 11.5
        (35.0, 30.0, 0.3, (0, 0, 6)),
        (90.0, 30.0, 0.3, (0, 0, 0)),  # was due long ago: today
    ],
)
def test_own_gaps_are_counted_from_the_last_purchase(
    since: float, gap: float, variation: float, days: tuple[int, int, int]
) -> None:
    found = own_gap_ranges(*(np.array([each]) for each in (since, gap, variation)))
    assert [each.item() for each in found] == list(days)


def test_without_a_gap_there_is_no_range() -> None:
    found = own_gap_ranges(np.array([3.0]), np.array([np.nan]), np.array([np.nan]))
    assert np.isnan(found).all()


def test_bgnbd_ends_its_range_where_its_probability_is_reached() -> None:
    model = BgNbd(0.243, 4.414 * 7, 0.793, 2.426)  # the paper's, in days
    frequency, recency, age = np.array([12.0, 1.0]), np.array([250.0, 20.0]), np.array([256.0, 250.0])
    low, middle, high = bgnbd_ranges(model, BuyingHistory(frequency, recency, age))
    assert np.isnan([low[1], middle[1], high[1]]).all()  # may have left for good
    for day, level in ((low[0], 0.1), (middle[0] + 1, 0.5), (high[0] + 1, 0.9)):
        either = [
            purchase_probability(day + step, model, frequency[:1], recency[:1], age[:1]).item()
            for step in (-0.5, 0.5)
        ]
        assert either[0] <= level <= either[1]
