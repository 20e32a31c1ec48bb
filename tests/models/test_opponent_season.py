"""The season of an opponent: it moves as much as came again at earlier cutoffs, and nothing where it did not."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from patron.models.calibration import Shifts
from patron.models.calibrators import Identity, Platt, Stretch
from patron.models.opponent_season import at_level, learned_shift, refitted
from patron.models.opponents import BaseRate, BgNbdRule, HiatusRule, History, RfmRegression, _rate

ROWS, CUTOFFS = 600, 6
SWING = np.array([0.0, 0.8, -0.6, 0.9, -0.7, 0.8])
AHEAD = 0.75


def swinging(seed: int = 3) -> History:
    """Customers whose level swings from cutoff to cutoff, known in advance by what last year showed."""
    random = np.random.default_rng(seed)
    cutoff = np.repeat(np.arange(CUTOFFS), ROWS)
    days = random.exponential(20.0, cutoff.size)
    chance = expit(0.5 - days / 15 + SWING[cutoff])
    features = {
        "days_since_order": days,
        "gap_mean": np.full(cutoff.size, 20.0),
        "orders_ever": 1.0 + random.poisson(5, cutoff.size),
        "spend_ever": random.gamma(2.0, 20.0, cutoff.size),
        "order_probability": expit(0.5 - days / 15),
    }
    outcome = (random.random(cutoff.size) < chance).astype(np.int8)
    learned = np.array([SWING[:moment].mean() if moment else 0.0 for moment in range(CUTOFFS)])
    season = Shifts({moment: float(SWING[moment] - learned[moment]) for moment in range(1, CUTOFFS)}, AHEAD)
    return History(np.tile(np.arange(ROWS), CUTOFFS), cutoff, outcome, features, season=season)


@pytest.mark.parametrize("rule", [BaseRate, HiatusRule, RfmRegression, BgNbdRule])
def test_a_season_that_came_again_moves_every_opponent(rule: type) -> None:
    known = swinging()
    earlier = {moment: list(range(moment)) for moment in range(2, CUTOFFS)}
    seasonal, plain = rule().fit(known, earlier), rule().fit(replace(known, season=None), earlier)
    asked = known.where(known.cutoff == CUTOFFS - 1)
    moved = logit(seasonal.predict(asked)) - logit(plain.predict(asked))
    assert moved.mean() == pytest.approx(AHEAD, abs=0.25)
    assert "last year's level" in seasonal.rule
    assert "last year's level" not in plain.rule


@pytest.mark.parametrize("rule", [BaseRate, HiatusRule, RfmRegression, BgNbdRule])
def test_a_season_that_did_not_come_again_changes_no_bit(rule: type) -> None:
    known = swinging()
    assert known.season is not None
    wrong = Shifts({moment: -2 * shift for moment, shift in known.season.earlier.items()}, AHEAD)
    earlier = {moment: list(range(moment)) for moment in range(2, CUTOFFS)}
    asked = known.where(known.cutoff == CUTOFFS - 1)
    misled, plain = (
        rule().fit(replace(known, season=each), earlier).predict(asked).tobytes() for each in (wrong, None)
    )
    assert misled == plain


def test_each_cutoff_is_said_from_what_was_mature_by_then() -> None:
    known = replace(swinging(), mature={moment: moment + 2 for moment in range(CUTOFFS)})
    heard = []

    def say(before: History, at: History) -> np.ndarray:
        heard.append((int(at.cutoff[0]), int(before.cutoff.max())))
        return np.full(len(at), _rate(before.outcome))

    learned_shift(known, say)
    assert heard == [(moment, moment - 2) for moment in range(2, CUTOFFS)]


def test_a_single_later_cutoff_shows_nothing() -> None:
    known = swinging()
    assert known.season is not None
    once = replace(known, season=Shifts({1: known.season.earlier[1]}, AHEAD))
    assert BaseRate().fit(once, {}).shift == 0


def test_no_shift_is_the_very_same() -> None:
    said = np.array([0.1, 0.3, 1 / 3])
    assert at_level(said, 0.0).tobytes() == said.tobytes()
    assert at_level(said, 0.5) == pytest.approx(expit(logit(said) + 0.5))


def test_a_stretched_opponent_is_stretched_again_as_far_as_earlier_cutoffs_show_it() -> None:
    """Scores whose log-odds are two thirds of what they should be: shown by six cutoffs, and not by two."""
    known = swinging()
    shrunk = expit(logit(known.features["order_probability"]) / 1.5)

    again = refitted(Stretch(1.5, 0.0), shrunk, known)
    two = known.cutoff < 2
    assert isinstance(again, Stretch)
    assert again.slope == pytest.approx(1.5, abs=0.15)
    assert refitted(Stretch(1.5, 0.0), shrunk[two], known.where(two)) == Identity()
    assert type(refitted(Platt(1.5, 0.0), shrunk, known)) is Platt


def test_a_season_is_tried_on_an_opponent_that_is_stretched() -> None:
    known = swinging()
    shrunk = expit(logit(known.features["order_probability"]) / 1.5)
    known = replace(known, features={**known.features, "order_probability": shrunk})
    rule = BgNbdRule().fit(known, {})
    assert isinstance(rule.calibrator, Stretch)
    assert np.isfinite(rule.predict(known)).all()
