"""What earlier draws say of a programme: the profit that a contact brings, on average and, if learned, to whom.

The outcome is what the firm earns of a customer within the horizon: the margin of the net spend, less the incentive of
those contacted who bought. Its effect is measured by intention to treat; the cost of the contact itself is certain and
is taken off afterwards.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from patron.features.errors import DataError
from patron.features.outcomes import SPEND
from patron.features.targets import maturity
from patron.models.intervals import Estimate
from patron.models.table_columns import numbers

from .activities import FEWEST_TO_LEARN
from .covariates import encoded
from .draws import Draw
from .effects import Effect
from .extras import statsmodels
from .measuring import drawn_measurement
from .moments import EXPECTED, Ground, covariates_of, rows_with_expectation
from .programme import Programme
from .ranking_gain import ranking_gain
from .scores import Scores, drawn_scores
from .targeting import forest_of, learned_from
from .trial import Trial

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

OUTCOME = "profit"


@dataclass(frozen=True, eq=False)
class Gains:
    """Gains of contacting customers, the cost taken off, with the ends of their 95% intervals, all of one shape."""

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, eq=False)
class KnownEffect:
    """The profit per contacted customer as far as draws tell, and whom it was learned to move.

    `effect` is before the cost of the contact; None, with `why_not`, where nothing was measured. `gain` is what one
    contact brings on average when it is paid. `gains` are those of customers to plan for, where what was learned ranks
    customers whom it has not seen better than lots do; `learned` says from what.
    """

    programme: Programme
    draws: int = 0
    effect: Effect | None = None
    gains: Gains | None = None
    learned: str | None = None
    why_not: str | None = None

    @property
    def gain(self) -> Estimate | None:
        """Profit less the contact's cost; None where it was not measured."""
        if self.effect is None or self.effect.estimate is None:
            return None
        found, cost = self.effect.estimate, self.programme.cost
        return Estimate(found.value - cost, found.low - cost, found.high - cost)

    @property
    def state(self) -> str:
        """What to do with the programme: "pays", "does not pay", or "unknown", which is to be tested."""
        gain = self.gain
        if self.gains is not None:
            return "pays"
        if gain is None or gain.low <= 0 <= gain.high:
            return "unknown"
        return "pays" if gain.low > 0 else "does not pay"

    def gains_of(self, customers: int) -> Gains:
        """The gain of contacting each customer that is planned for: as learned, else the average."""
        if self.gains is not None:
            return self.gains
        gain = self.gain
        assert gain is not None
        return Gains(*(np.full(customers, each) for each in (gain.value, gain.low, gain.high)))

    @property
    def words(self) -> str:
        """What is known, in a sentence."""
        gain = self.gain
        if gain is None:
            return f"Unknown: {self.why_not or 'it was never tested'}."
        ends = f"{gain.value:+.3g} ({gain.low:+.3g} to {gain.high:+.3g})"
        said = f"A contact brought {ends} on average, its cost paid, in a test of {self.draws:,} draws"
        if self.gains is not None:
            return f"{said}; whom it moves more was learned from {self.learned}, and decides."
        meaning = {
            "pays": "it pays",
            "does not pay": "it does not pay",
            "unknown": "whether it pays is not known yet",
        }
        return f"{said}: {meaning[self.state]}."


def known_effect(
    ground: Ground, programme: Programme, draw: Draw | None, margin: float, customer: Places, cutoff: int
) -> KnownEffect:
    """What a programme's draws before a cutoff say, for the customers (codes [n]) that could be contacted at it."""
    if draw is None:
        return KnownEffect(programme)
    usable = maturity(ground.question, ground.store.zone, draw.moment) <= cutoff
    known = KnownEffect(programme, int(usable.sum()))
    arms = sorted(set(draw.arm[usable].tolist()))
    if not usable.any():
        return replace(known, why_not="no horizon after its draw is over yet")
    if draw.control is None or draw.control not in arms or len(arms) != 2:
        return replace(
            known, why_not=f"its test has the arms {', '.join(arms)}, and not one beside its control"
        )
    try:
        return _measured(ground, known, draw, usable, margin, customer, cutoff)
    except DataError as error:
        return replace(known, why_not=f"{error.what.rstrip('.')} ({error.found})")


def _measured(
    ground: Ground,
    known: KnownEffect,
    draw: Draw,
    usable: npt.NDArray[np.bool_],
    margin: float,
    customer: Places,
    cutoff: int,
) -> KnownEffect:
    together = _rows(ground, draw, usable, customer, cutoff)
    frame = together.filter(pc.is_valid(together["arm"]))
    trial = _trial(frame, known.programme, draw, margin)
    scores = drawn_scores(trial, ground.seed)
    effect = drawn_measurement(trial, scores)[trial.arms[1]]
    known = replace(known, effect=effect)
    if trial.rows < FEWEST_TO_LEARN or not trial.covariates.shape[1] or not customer.size:
        return known
    targeting = learned_from(trial, scores, 1, None, ground.seed)
    by_expectation = not targeting.beats_everyone and _expectation_ranks(frame, scores, ground.seed)
    if not (targeting.beats_everyone or by_expectation):
        return known
    learn, source = (
        (_line, "how likely they were to buy") if by_expectation else (_forest, "all that was known of them")
    )
    return replace(
        known,
        gains=_gains_of(trial, together, customer, known.programme.cost, learn, ground.seed),
        learned=source,
    )


def _rows(
    ground: Ground, draw: Draw, usable: npt.NDArray[np.bool_], customer: Places, cutoff: int
) -> pa.Table:
    """The draws, with arm and chance, and the customers at the cutoff, without; sorted by customer and moment."""
    who = np.concatenate([draw.customer[usable], customer])
    moment = np.concatenate([draw.moment[usable], np.full(customer.size, cutoff, np.int64)])
    order = np.lexsort([moment, who])
    table = rows_with_expectation(ground, who, moment)
    empty = [None] * customer.size
    arm = np.array([*draw.arm[usable].tolist(), *empty], object)[order]
    told = np.isfinite(draw.chance[usable]).all()
    shares = _shares(draw.arm[usable])
    chances = draw.chance[usable] if told else np.array([shares[each] for each in draw.arm[usable].tolist()])
    chance = np.concatenate([chances, np.full(customer.size, 0.5)])[order]
    return table.append_column("arm", pa.array(arm.tolist(), pa.string())).append_column(
        "chance", pa.array(chance)
    )


def _shares(arm: npt.NDArray[np.str_]) -> dict[str, float]:
    names, counts = np.unique(arm, return_counts=True)
    return {str(name): count / arm.size for name, count in zip(names, counts, strict=True)}


def _trial(frame: pa.Table, programme: Programme, draw: Draw, margin: float) -> Trial:
    spend = numbers(frame, SPEND)
    bought = numbers(frame, "target")
    contacted = np.array([each not in (None, draw.control) for each in frame["arm"].to_pylist()], np.bool_)
    profit = margin * spend - programme.incentive * contacted * bought
    named = frame.append_column(OUTCOME, pa.array(profit, from_pandas=True))
    return Trial.of(named, "arm", OUTCOME, covariates_of(frame), "chance", draw.control, "customer")


def _gains_of(
    trial: Trial, together: pa.Table, customer: Places, cost: float, learn: "Learn", seed: int
) -> Gains:
    """What is learned from all draws, for each customer [n] in the order in which they were given.

    Covariates of those drawn and of those to plan for (`together`) are coded alike.
    """
    tested = np.asarray(pc.is_valid(together["arm"]))
    matrix, names = encoded(together.select(covariates_of(together)))
    scores = drawn_scores(replace(trial, covariates=matrix[tested], covariate_names=names), seed)
    if learn is _line:
        matrix = _chance(together)[:, None]
    found = learn(matrix[tested], scores, matrix[~tested], seed)
    back = np.argsort(np.argsort(customer, kind="stable"), kind="stable")
    return Gains(*(np.asarray(each).ravel()[back] - cost for each in found))


Learn = Callable[[Floats, Scores, Floats, int], tuple[Floats, Floats, Floats]]
"""Rows that were drawn, their scores, and rows to tell of, to what the arm brings these: value, low, high."""


def _forest(known: Floats, scores: Scores, asked: Floats, seed: int) -> tuple[Floats, Floats, Floats]:
    """An honest forest of all covariates."""
    value, low, high = forest_of(known, scores.against_control(1), seed).predict(
        asked, interval=True, alpha=0.05
    )
    return value, low, high


def _line(known: Floats, scores: Scores, asked: Floats, _: int) -> tuple[Floats, Floats, Floats]:
    """A straight line in one covariate, its error by customers: the best linear predictor of the effect."""
    regression = statsmodels()
    fitted = regression.OLS(
        scores.against_control(1), regression.add_constant(known, has_constant="add")
    ).fit(cov_type="cluster", cov_kwds={"groups": scores.customer})
    told = fitted.get_prediction(regression.add_constant(asked, has_constant="add"))
    low, high = told.conf_int(alpha=0.05).T
    return told.predicted_mean, low, high


def _expectation_ranks(frame: pa.Table, scores: Scores, seed: int) -> bool:
    """Whether those likelier to buy respond more: none of it was learned from the test, so that all rows judge it."""
    if EXPECTED not in frame.column_names:
        return False
    gain = ranking_gain(_chance(frame), scores.against_control(1), seed)
    return gain.qini.low > 0 and gain.autoc.low > 0


def _chance(frame: pa.Table) -> Floats:
    return np.asarray(1 / (1 + np.exp(-numbers(frame, EXPECTED))))
