"""Calibrators: rising functions from a score to a probability, how each is fitted, and their way through JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from patron.features.errors import ModelError
from patron.features.localtime import to_datetime, to_microseconds

from .logistic import Floats, inside, log_odds, logistic_regression
from .season import TOLERANCE, YEAR, same_window

Cutoffs = int | NDArray[np.int64]
"""A cutoff, or one for each score; instants."""


class Calibrator(Protocol):
    """A rising function from scores in [0, 1] to probabilities; `Seasonal` is another one for each cutoff."""

    def apply(self, probability: Floats, cutoff: Cutoffs | None = None, /) -> Floats:
        """Scores [n] in [0, 1], of a cutoff or of cutoffs [n], to probabilities [n] strictly inside (0, 1)."""

    def to_dict(self) -> dict[str, Any]:
        """The calibrator as plain data, which `calibrator_from_dict` reads."""


@dataclass(frozen=True)
class Identity:
    """Leaves the probability as it is."""

    def apply(self, probability: Floats, _cutoff: Cutoffs | None = None, /) -> Floats:
        """The same probabilities [n], kept inside (0, 1)."""
        return inside(probability)

    def to_dict(self) -> dict[str, Any]:
        """Its kind."""
        return {"kind": "identity"}


@dataclass(frozen=True)
class Platt:
    """A logistic curve over the score's logit: slope 1 and intercept 0 leave it as it is (Platt 1999)."""

    slope: float
    intercept: float

    def apply(self, probability: Floats, _cutoff: Cutoffs | None = None, /) -> Floats:
        """Scores [n] to probabilities [n]."""
        return inside(expit(self.slope * log_odds(probability) + self.intercept))

    def to_dict(self) -> dict[str, Any]:
        """Its kind, slope and intercept."""
        return {"kind": "platt", "slope": self.slope, "intercept": self.intercept}


@dataclass(frozen=True)
class Stretch(Platt):
    """A Platt curve that only sets how far apart scores lie: its intercept keeps their mean (see `stretch`)."""

    def to_dict(self) -> dict[str, Any]:
        """Its kind, slope and intercept."""
        return {**super().to_dict(), "kind": "stretch"}


@dataclass(frozen=True)
class Beta:
    """Beta calibration: log-odds of `a` ln p − `b` ln(1 − p) + `c`, with a and b not negative.

    It bends the low end and the high end by themselves; a = b is Platt, and a = b = 1 with c = 0 leaves everything
    as it is (Kull, Silva Filho & Flach 2017).
    """

    a: float
    b: float
    c: float

    def apply(self, probability: Floats, _cutoff: Cutoffs | None = None, /) -> Floats:
        """Scores [n] to probabilities [n]."""
        low, high = _ends(probability)
        return inside(expit(self.a * low + self.b * high + self.c))

    def to_dict(self) -> dict[str, Any]:
        """Its kind and three parameters."""
        return {"kind": "beta", "a": self.a, "b": self.b, "c": self.c}


@dataclass(frozen=True)
class Isotonic:
    """The rising steps that fit best, joined by straight lines between `scores` and flat beyond them."""

    scores: tuple[float, ...]
    probabilities: tuple[float, ...]

    def apply(self, probability: Floats, _cutoff: Cutoffs | None = None, /) -> Floats:
        """Scores [n] to probabilities [n]."""
        return inside(np.interp(probability, self.scores, self.probabilities))

    def to_dict(self) -> dict[str, Any]:
        """Its kind and knots."""
        return {
            "kind": "isotonic",
            "scores": list(self.scores),
            "probabilities": list(self.probabilities),
        }


@dataclass(frozen=True)
class Seasonal:
    """Moves the level of the scores by the season's log-odds, then applies `base`, fitted on scores moved likewise.

    The season of a cutoff is that of its same window of the year before (see `same_window`: the nearest, not a line
    between two, so that training, judging and scoring look at the very same counts). `shift` is that of the first
    cutoff after training. `windows` holds the cutoff of every window that was mature by then, ascending, and its
    shift. A cutoff whose window is not among them is not moved.
    """

    shift: float
    base: Calibrator
    windows: tuple[tuple[int, float], ...] = ()
    trained_until: int | None = None
    """Of a model kept without `windows`: the end of its training. Its one shift is only known to hold near to it."""
    share: float = 1.0
    """How much of what last year showed is in the shifts."""
    drift: float = 0.0
    """The log-odds in all of them that have nothing to do with the season."""

    def apply(self, probability: Floats, cutoff: Cutoffs | None = None, /) -> Floats:
        """Scores [n] of a cutoff, or of cutoffs [n], to probabilities [n]; of the first after training unless given."""
        shift = self.shift if cutoff is None else self._shifts(cutoff)
        # Log-odds and back would change the last bit of a score that is not to be moved at all.
        return self.base.apply(
            np.where(np.isnan(shift), probability, moved(probability, np.nan_to_num(shift)))
        )

    def _shifts(self, cutoff: Cutoffs) -> Floats:
        """The shift of a cutoff [], or of cutoffs [n]; NaN where the season is unknown."""
        moments, place = np.unique(cutoff, return_inverse=True)
        known = [self.shift_at(moment) for moment in moments.tolist()]
        shifts = np.array([np.nan if shift is None else shift for shift in known], np.float64)
        return np.asarray(shifts[place.reshape(np.shape(cutoff))])

    def shift_at(self, cutoff: int) -> float | None:
        """The shift of a cutoff; None where the season is unknown."""
        windows = dict(self._seen)
        near = same_window(cutoff, windows)
        return None if near is None else windows[near]

    @property
    def known_until(self) -> int | None:
        """The last moment whose season is known; None where none is."""
        return self._seen[-1][0] + YEAR + TOLERANCE if self._seen else None

    @property
    def _seen(self) -> tuple[tuple[int, float], ...]:
        if self.windows or self.trained_until is None:
            return self.windows
        return ((self.trained_until - YEAR, self.shift),)

    def to_dict(self) -> dict[str, Any]:
        """Its kind and shift, the calibrator that follows, what came again, and the windows with their first days."""
        plain = {"kind": "seasonal", "shift": self.shift, "base": self.base.to_dict()}
        windows = [[to_datetime(moment).isoformat(), shift] for moment, shift in self.windows]
        returned = {"share": self.share, "drift": self.drift}
        return {**plain, **returned, "windows": windows} if windows else plain


def knows_season(calibrator: Calibrator, cutoff: int) -> bool:
    """Whether a calibrator is right for a cutoff: it does not look at the season, or knows the cutoff's."""
    return not isinstance(calibrator, Seasonal) or calibrator.shift_at(cutoff) is not None


def moved(probability: Floats, shift: float | Floats) -> Floats:
    """Probabilities [n] with their log-odds moved by a shift, one or [n]."""
    return inside(expit(log_odds(probability) + shift))


def calibrator_from_dict(plain: Mapping[str, Any], trained_until: int | None = None) -> Calibrator:
    """The calibrator that `to_dict` described; ModelError for an unknown kind.

    `trained_until` is the end of its training, for seasons that were kept as a single shift.
    """
    match plain:
        case {"kind": "identity"}:
            return Identity()
        case {"kind": "platt", "slope": float(slope), "intercept": float(intercept)}:
            return Platt(slope, intercept)
        case {"kind": "stretch", "slope": float(slope), "intercept": float(intercept)}:
            return Stretch(slope, intercept)
        case {"kind": "beta", "a": float(a), "b": float(b), "c": float(c)}:
            return Beta(a, b, c)
        case {"kind": "isotonic", "scores": [*scores], "probabilities": [*probabilities]}:
            return Isotonic(tuple(scores), tuple(probabilities))
        case {"kind": "seasonal", "shift": float(shift), "base": dict(base), "windows": [*windows]}:
            known = [(to_microseconds(datetime.fromisoformat(day)), float(off)) for day, off in windows]
            share, drift = float(plain.get("share", 1.0)), float(plain.get("drift", 0.0))
            return Seasonal(shift, calibrator_from_dict(base), tuple(known), share=share, drift=drift)
        case {"kind": "seasonal", "shift": float(shift), "base": dict(base)}:
            return Seasonal(shift, calibrator_from_dict(base), trained_until=trained_until)
    raise ModelError(
        "The calibration cannot be read.",
        found=plain.get("kind"),
        remedy="load the model with the version of Patron that made it",
    )


def fit_platt(outcome: NDArray[Any], probability: Floats) -> Platt:
    """Outcomes and scores [n] to a Platt calibrator; where scores fall as outcomes rise, a constant."""
    target = _smoothed(outcome)
    slope, intercept = logistic_regression(log_odds(probability)[:, None], target).tolist()
    return Platt(slope, intercept) if slope > 0 else Platt(0.0, float(logit(target.mean())))


def fit_beta(outcome: NDArray[Any], probability: Floats) -> Beta:
    """Outcomes and scores [n] to a beta calibrator; where scores fall as outcomes rise, a constant.

    As its authors have it, the column whose slope comes out negative is left out and the other fitted alone.
    """
    target, ends = _smoothed(outcome), np.column_stack(_ends(probability))
    for used in ([0, 1], [0], [1]):
        *slopes, c = logistic_regression(ends[:, used], target).tolist()
        if all(slope >= 0 for slope in slopes):
            found = dict(zip(used, slopes, strict=True))
            return Beta(found.get(0, 0.0), found.get(1, 0.0), c)
    return Beta(0.0, 0.0, float(logit(target.mean())))


def fit_isotonic(outcome: NDArray[Any], probability: Floats) -> Isotonic:
    """Outcomes and scores [n] to an isotonic calibrator that is never surer than its rows allow."""
    from sklearn.isotonic import IsotonicRegression

    rows = len(outcome)
    steps = IsotonicRegression(y_min=1 / (rows + 2), y_max=(rows + 1) / (rows + 2)).fit(probability, outcome)
    scores = steps.X_thresholds_.astype(float).tolist()
    return Isotonic(tuple(scores), tuple(steps.y_thresholds_.astype(float).tolist()))


def _ends(probability: Floats) -> tuple[Floats, Floats]:
    """Ln p and −ln(1 − p), both rising with p."""
    kept = inside(probability)
    return np.log(kept), -np.log1p(-kept)


def _smoothed(outcome: NDArray[Any]) -> Floats:
    """Outcomes [n] to the targets that Platt has, so that separable outcomes give no infinite slope."""
    events = float(np.sum(outcome))
    high, low = (events + 1) / (events + 2), 1 / (len(outcome) - events + 2)
    return np.where(np.asarray(outcome) == 1, high, low)
