"""Advice on a question before anything is learned: each setting, what the gaps between orders suggest, and why.

Advice is only ever said; nothing is changed by it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from .gap_survival import KEPT, USUAL_WINDOWS, GapSurvival
from .history import HistoryNeed
from .order_rhythm import HORIZONS
from .question import Purchase, Question

TOO_MANY = 0.8
"""Above this rate nearly everyone buys, and a forecast has little to tell apart."""

FEWEST_ROUNDS = 4
"""A horizon that fits so many times into the history leaves room to learn and to judge."""


@dataclass(frozen=True)
class Advice:
    """What is configured, what is recommended, and why."""

    setting: str
    configured: int
    recommended: int
    why: str

    @property
    def verdict(self) -> str:
        """`keep` or `consider`."""
        return "keep" if self.configured == self.recommended else "consider"


@dataclass(frozen=True)
class Findings:
    """What advice rests on.

    `rate` is the share of snapshots with the event, `fewest` the snapshots of the rarer outcome at the thinnest test
    cutoff (None where nothing was built), `late_days` the days after which 99 % of purchases are known.
    """

    survival: GapSurvival
    history: HistoryNeed
    rate: float | None
    fewest: int | None
    late_days: int | None


def advise(question: Question, found: Findings, fewest_outcomes: int) -> tuple[Advice, ...]:
    """Advice on horizon, lookback, cutoffs and settling days of a question."""
    advice = [
        _horizon(question, found, fewest_outcomes),
        _lookback(question, found.survival, found.history),
        _spacing(question, found.history),
        _cutoffs(question, found.history),
    ]
    if found.late_days is not None:
        advice.append(_settling(question, found.late_days))
    return tuple(advice)


def _horizon(question: Question, found: Findings, fewest_outcomes: int) -> Advice:
    days = question.horizon_days
    say = _saying("horizon_days", days)
    fits = _roomy(question, found.history)
    if found.history.days < 3 * days + question.settle_days and fits:
        there = f"{found.history.days} days of history have no room for a past, a label to learn from and one to judge"
        return say(max(fits), f"{there} of {days} days each; they have for {max(fits)}")
    if question.target != Purchase():
        return say(days, "gaps between orders of any kind say little about this target")
    expected = found.survival.rate(question.lookback_days, days)
    rate = expected if found.rate is None else found.rate
    if math.isnan(rate):
        return say(days, "too few customers came back to say what another horizon would do")
    of_active = "active customers buy" if question.population == "active" else "of the population buy"
    says = f"{rate:.0%} of {of_active} within {days} days" if question.population == "active" else (
        f"{rate:.0%} {of_active} within {days} days")  # fmt: skip
    few = found.fewest is not None and found.fewest < fewest_outcomes
    if question.population in ("lapsed", "prospects"):
        # The gaps between orders say nothing of those who have stopped, or not begun.
        enough = [each for each in fits if (found.fewest or 0) * each >= fewest_outcomes * days]
        if few and rate < 0.5 and enough:
            pace = f"at the same pace {min(enough)} days would bring enough"
            return say(min(enough), f"{says}, too few to judge a model; {pace}")
        return say(days, says)
    best = _middling(question, found)
    if best is None and rate > TOO_MANY:
        return say(days, f"{says}: nearly all, but no usual horizon that the history has room for is better")
    if best is None or (rate <= TOO_MANY and not (few and rate < 0.5)):
        return say(days, f"{says}: neither nearly all nor nearly none" if 0.02 <= rate <= TOO_MANY else says)
    if rate > TOO_MANY and best < days:
        return say(best, f"{says}, so there is little to tell apart; {_rate_words(question, found, best)}")
    if few and best > days:
        return say(best, f"{says}, too few to judge a model; {_rate_words(question, found, best)}")
    return say(days, says)


def _rate_words(question: Question, found: Findings, days: int) -> str:
    return f"about {found.survival.rate(question.lookback_days, days):.0%} would within {days}"


def _middling(question: Question, found: Findings) -> int | None:
    """The usual horizon within which nearest to half of the active order, of those for which history has room."""
    room = _roomy(question, found.history)
    rates = {days: found.survival.rate(question.lookback_days, days) for days in room}
    known = [days for days in room if 0 < rates[days] < 1]
    return min(known, key=lambda days: abs(math.log(rates[days] / (1 - rates[days]))), default=None)


def _roomy(question: Question, history: HistoryNeed) -> list[int]:
    """The usual horizons that leave room to learn and to judge."""
    return [days for days in HORIZONS if days * FEWEST_ROUNDS + question.settle_days <= history.days]


def _lookback(question: Question, survival: GapSurvival, history: HistoryNeed) -> Advice:
    lookback, horizon = question.lookback_days, question.horizon_days
    say = _saying("lookback_days", lookback)
    if question.population in ("all", "prospects"):
        return say(lookback, f'the population "{question.population}" does not depend on it')
    if question.population == "lapsed":
        return say(lookback, "after so many days without a purchase a customer has lapsed")
    if lookback > history.days:
        return say(lookback, f"it holds everyone in a history of {history.days} days")
    if lookback + horizon > survival.limit:
        if survival.limit < 2 * horizon:
            return say(lookback, "too few silences can be followed to say what another window would do")
        return say(lookback, "no silence can be followed for longer in this history")
    kept, shortest = survival.kept(lookback, horizon), survival.shortest_window(horizon)
    says = f"holds {kept:.1%} of those who then buy within {horizon} days"
    if kept >= KEPT:
        less = f"; {shortest} days would hold {survival.kept(shortest, horizon):.1%}" if shortest else ""
        return say(lookback, says + (less if shortest and shortest < lookback else ""))
    if math.isnan(kept):
        return say(lookback, "nobody came back, so that no window holds more than another")
    if shortest is None:
        return say(lookback, f"{says}; how much a longer one would hold cannot be seen in this history")
    return say(shortest, f"{lookback} days {says}, {shortest} days {survival.kept(shortest, horizon):.1%}")


def _spacing(question: Question, history: HistoryNeed) -> Advice:
    spacing, horizon = question.spacing_days, question.horizon_days
    say = _saying("cutoff_every_days", spacing)
    if not history.is_enough:
        fits = history.spacing_that_fits
        if fits is not None and fits * 4 >= horizon:
            return say(fits, f"{question.cutoffs} cutoffs {spacing} days apart do not fit into the history")
        return say(spacing, "nearer cutoffs would hardly say anything new")
    if spacing >= horizon:
        return say(spacing, "label windows do not overlap: no purchase is counted twice")
    wider = [d for d in (*USUAL_WINDOWS, horizon) if spacing < d <= horizon and _fits(question, history, d)]
    overlap = f"label windows of {horizon} days overlap"
    if wider:
        return say(
            max(wider), f"{overlap}, and {question.cutoffs} cutoffs also fit with more days between them"
        )
    return say(
        spacing, f"{overlap}, which is what it takes to fit {question.cutoffs} cutoffs into the history"
    )


def _fits(question: Question, history: HistoryNeed, spacing: int) -> bool:
    """Whether the asked cutoffs fit with so many days between them."""
    longer = (question.cutoffs - 1) * (spacing - question.spacing_days)
    return history.asked_days + longer <= history.days


def _cutoffs(question: Question, history: HistoryNeed) -> Advice:
    say = _saying("cutoffs", question.cutoffs)
    if history.is_enough:
        return say(question.cutoffs, f"they take {history.asked_days} of the {history.days} days there are")
    fits = history.spacing_that_fits
    if fits is not None and fits * 4 >= question.horizon_days:
        return say(question.cutoffs, f"they fit when they are {fits} days apart")
    return say(
        history.fitting if history.fitting > 1 else question.cutoffs,
        f"they would take {history.asked_days} days, and there are {history.days}; from"
        f" {history.enough_on} on all would fit",
    )


def _settling(question: Question, late_days: int) -> Advice:
    settle = question.settle_days
    known = (
        f"99% of purchases are known {late_days} {'day' if late_days == 1 else 'days'} after they happened"
    )
    return _saying("settle_days", settle)(max(settle, late_days), known)


def _saying(setting: str, configured: int) -> Callable[[int, str], Advice]:
    return lambda recommended, why: Advice(setting, configured, recommended, why)
