"""What is said of the season."""

from patron.models.calibrators import Identity, Seasonal
from patron.models.season import Season
from patron.training.outlook import Outlook
from patron.training.seasons import UNKNOWN, season_sentences

DAY = 86_400_000_000
BLIND = Outlook(Identity(), Season(0.3), 0.2)
SEEN = Outlook(Identity(), Season(0.373, 0.52, 0.47), 0.2)
WINDOWS = ((0, 0.376), (30 * DAY, 0.16))
USED = Outlook(Seasonal(0.376, Identity(), WINDOWS, share=0.8), SEEN.season, 0.1)
LESS = Outlook(Seasonal(0.285, Identity(), WINDOWS, share=0.5, drift=0.05), SEEN.season, 0.1)


def test_an_unknown_season_is_said_to_be_unknown() -> None:
    assert season_sentences({0: BLIND, DAY: BLIND}, BLIND, "UTC") == (UNKNOWN,)


def test_the_gap_is_named_with_what_was_done_about_it() -> None:
    (said,) = season_sentences({0: BLIND, DAY: USED}, BLIND, "UTC")
    assert said == (
        "Seasonal gap. 1970-01-02: 37.3% in the windows learned from, 52.0% in last year's same window. The level was"
        " moved for it at 1 of 2 test cutoffs, as far as such gaps had come again at earlier cutoffs: by 80.0%. At 1 of"
        " 2 test cutoffs it is unknown."
    )


def test_the_shares_that_came_again_are_told() -> None:
    (said,) = season_sentences({0: USED, DAY: LESS, 2 * DAY: USED}, BLIND, "UTC")
    assert said.endswith(
        "at 3 of 3 test cutoffs, as far as such gaps had come again at earlier cutoffs: by 50.0% to 80.0%."
    )


def test_a_gap_that_was_not_used_is_named_too() -> None:
    (said,) = season_sentences({DAY: SEEN}, SEEN, "UTC")
    assert "at 0 of 1 test cutoffs, as too little of such gaps had come again" in said


def test_scores_that_are_moved_say_so() -> None:
    said = season_sentences({DAY: USED}, USED, "UTC")[1]
    assert said == (
        "Scores from now on: last year's same window had 52.0%, the windows learned from 37.3%; the level is moved as"
        " earlier cutoffs showed it, by 80.0% of that gap. Later cutoffs follow their own window of last year, as far"
        " as it was seen, until 1971-02-15. Train again before scoring beyond."
    )
    assert (
        "by 50.0% of that gap and by +0.05 log-odds of drift."
        in season_sentences({DAY: LESS}, LESS, "UTC")[1]
    )
