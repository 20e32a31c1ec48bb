"""How much of a season comes again is what is usual, as far as earlier cutoffs do not show otherwise."""

import numpy as np
import pytest

from patron.models.season_return import DRIFT_SPREAD, SHARE_SPREAD, USUAL_SHARE, season_return

SWING = np.array([0.8, -0.8, 0.8, -0.8])


@pytest.mark.parametrize("share", [1.0, 0.4])
def test_large_swings_show_their_share(share: float) -> None:
    found = season_return(SWING, share * SWING)
    assert found is not None
    assert found.share == pytest.approx(share, abs=0.06)
    assert found.drift == pytest.approx(0.0, abs=0.01)
    assert found.level(0.5) == found.drift + 0.5 * found.share


def test_without_a_swing_the_share_is_the_usual_one() -> None:
    found = season_return(np.zeros(4), np.zeros(4))
    assert found is not None
    assert found.share == pytest.approx(USUAL_SHARE)
    assert found.error(1.0) > SHARE_SPREAD


def test_a_level_that_is_off_all_the_same_is_drift_and_not_season() -> None:
    found = season_return(SWING, 0.2 + SWING)
    assert found is not None
    assert found.share == pytest.approx(1.0, abs=0.06)
    assert 0.1 < found.drift < 0.2  # held back a little, as four cutoffs are few


def test_later_cutoffs_count_more() -> None:
    late, early = (season_return(np.zeros(4), np.array(miss)) for miss in ([0, 0, 0, 0.3], [0.3, 0, 0, 0]))
    assert late is not None
    assert early is not None
    assert late.drift > 3 * early.drift > 0


def test_errors_shrink_with_cutoffs() -> None:
    two, four = season_return(SWING[:2], SWING[:2]), season_return(SWING, SWING)
    assert two is not None
    assert four is not None
    assert four.error(0.5) < two.error(0.5) < np.hypot(DRIFT_SPREAD, 0.5 * SHARE_SPREAD)


@pytest.mark.parametrize("share", [0.0, -1.0])
def test_no_season_is_none(share: float) -> None:
    assert season_return(SWING, share * SWING) is None


def test_a_single_cutoff_shows_nothing() -> None:
    assert season_return(SWING[:1], SWING[:1]) is None
    assert season_return(SWING[:0], SWING[:0]) is None
