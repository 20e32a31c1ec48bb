"""From a draft to the choice: what is known to pay under the budget, what is not known as a test, and lots in both."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from patron.features.facts import Range
from patron.features.outcomes import SPEND
from patron.models.table_columns import numbers

from .allocation import NOBODY, allocate
from .draft import Draft
from .drawing import draw_share
from .experiment import Experiment, customers_for, detectable_effect
from .known_effects import Gains
from .moments import compared_by
from .plan import Choice
from .trial import FEWEST

Places = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

TEST_SHARE = 0.5
"""The share that is left alone while nothing is known: no other tells sooner."""

SILENT = frozenset({"prospect", "lapsed"})
"""Stages of those who have not bought lately, or never."""

_MOST_SEEN = 20_000
"""Customers whose spend says how much profit varies."""

LOSES = "a contact would cost more than it brings"
BEYOND = "beyond the budget, or not needed for a test"


def gains_of(draft: Draft) -> Gains:
    """What each candidate's contact brings by each programme [n, k] that is known to pay; NaN elsewhere."""
    shape = draft.fits.shape
    gains = Gains(*(np.full(shape, np.nan) for _ in range(3)))
    for place in draft.places("pays"):
        known, mine = draft.known[place].gains_of(shape[0]), draft.fits[:, place]
        for name in ("value", "low", "high"):
            getattr(gains, name)[mine, place] = getattr(known, name)[mine]
    return gains


def choose(draft: Draft, gains: Gains) -> tuple[Choice, Mapping[int, Experiment]]:
    """The choice for every candidate, and the experiments that programmes of unknown effect become, by place.

    What is kept for tests and not needed there goes to what pays.
    """
    spread = _spread(draft)
    kept = draft.settings.test_budget if draft.fits[:, draft.places("unknown")].any() else 0.0
    choice, experiments = _chosen(draft, gains, kept, spread)
    used = _cost(draft, choice, choice.tested)
    if used < kept:
        choice, experiments = _chosen(draft, gains, used, spread)
    _say_why_not(draft, gains, choice)
    return choice, experiments


def _chosen(draft: Draft, gains: Gains, kept: float, spread: float) -> tuple[Choice, dict[int, Experiment]]:
    count = draft.candidates.count
    choice = Choice(
        programme=np.full(count, NOBODY),
        moment=np.full(count, draft.candidates.cutoff, np.int64),
        held_out=np.zeros(count, np.bool_),
        tested=np.zeros(count, np.bool_),
        gain=np.full(count, np.nan),
        low=np.full(count, np.nan),
        high=np.full(count, np.nan),
        chance=np.full(count, np.nan),
        reason=draft.reason.copy(),
    )
    budget = draft.settings.budget
    _take_what_pays(draft, gains, choice, budget - kept)
    left = budget - _cost(draft, choice, np.ones(count, np.bool_))
    experiments = _test_the_rest(draft, choice, left, spread)
    planned = np.flatnonzero(choice.programme != NOBODY)
    choice.moment[planned] = draft.moment[planned, choice.programme[planned]]
    return choice, experiments


def _say_why_not(draft: Draft, gains: Gains, choice: Choice) -> None:
    """Why nobody does anything with those whom something fits."""
    waiting = (choice.programme == NOBODY) & (choice.reason == "")
    could = (np.nan_to_num(gains.value, nan=-1.0) > 0).any(axis=1)
    could |= draft.fits[:, draft.places("unknown")].any(axis=1)
    choice.reason[waiting & could] = BEYOND
    choice.reason[waiting & ~could] = LOSES


def _take_what_pays(draft: Draft, gains: Gains, choice: Choice, budget: float) -> None:
    """Those whose contact is known to pay, as far as the budget goes; a part is held out by lot.

    Lots decide who costs, so that the budget is tried a little smaller until what was drawn keeps it.
    """
    places = draft.places("pays")
    share = np.array([1 - draft.known[place].programme.holdout for place in places])
    ties = draft.random("ties").permutation(draft.candidates.count)
    cost = draft.unit_cost[:, places]
    tried = budget
    while places and tried >= 0:
        found = allocate(gains.value[:, places] * share, cost * share, tried, ties).choice
        held = np.zeros(found.size, np.bool_)
        for number, place in enumerate(places):
            mine = np.flatnonzero(found == number)
            programme = draft.known[place].programme
            held[mine] = draw_share(draft.stratum[mine], programme.holdout, draft.random(programme.name))
        taken = np.flatnonzero((found != NOBODY) & ~held)
        over = float(cost[taken, found[taken]].sum()) - budget
        if over <= 1e-9 * max(budget, 1.0):
            _note(choice, gains, np.array(places), share, found, held)
            return
        tried -= max(over, 1e-9)


def _note(choice: Choice, gains: Gains, places: Places, share: Floats, found: Places, held: Flags) -> None:
    who = np.flatnonzero(found != NOBODY)
    place = places[found[who]]
    choice.programme[who], choice.held_out[who] = place, held[who]
    choice.gain[who], choice.low[who], choice.high[who] = (
        each[who, place] for each in (gains.value, gains.low, gains.high)
    )
    choice.chance[who] = np.where(held[who], 1 - share[found[who]], share[found[who]])


def _test_the_rest(draft: Draft, choice: Choice, budget: float, spread: float) -> dict[int, Experiment]:
    """Programmes of unknown effect, each on a sample of those whom it fits and who have none; half are left alone."""
    places = draft.places("unknown")
    free = draft.fits[:, places] & (choice.programme == NOBODY)[:, None]
    if not free.any():
        return {}
    lots = np.where(free, draft.random("which test").random(free.shape), -1.0)
    option = np.where(free.any(axis=1), np.argmax(lots, axis=1), NOBODY)
    wanted = {}
    for number, place in enumerate(places):
        pool = np.flatnonzero(option == number)
        cost = draft.unit_cost[pool, place]
        if pool.size:
            needed = _needed(float(cost.mean()), spread, pool.size)
            wanted[place] = (pool, needed, needed * (1 - TEST_SHARE) * float(cost.mean()))
    dear = sum(each for _, _, each in wanted.values())
    scale = 1.0 if dear <= max(budget, 0.0) else max(budget, 0.0) / dear
    experiments = {}
    for place, (pool, needed, cost) in wanted.items():
        part = scale if cost > 0 else 1.0
        tested = _drawn_test(draft, choice, place, pool, min(needed * part / pool.size, 1.0), cost * part)
        if tested >= 2 * FEWEST and np.isfinite(spread):
            held = int((choice.held_out & (choice.programme == place)).sum())
            experiments[place] = Experiment(
                customers=tested,
                treated=tested - held,
                control=held,
                detectable=detectable_effect(spread, tested - held, held),
                outcome="profit per customer",
                days=draft.ground.question.horizon_days,
            )
    return experiments


def _needed(cost: float, spread: float, pool: int) -> int:
    """Customers who show an effect that just pays for the contact; all there are where it costs nothing."""
    if cost <= 0 or not spread > 0:
        return pool
    return min(pool, customers_for(cost, spread, TEST_SHARE))


def _drawn_test(draft: Draft, choice: Choice, place: int, pool: Places, share: float, budget: float) -> int:
    """Draw a share of the pool for a test, half of them to be left alone; how many take part.

    Who takes part is decided before the arms, and again with a smaller share where the arms cost more than the budget.
    """
    name = draft.known[place].programme.name
    cost = draft.unit_cost[pool, place]
    while share * pool.size >= 1:
        taking = np.flatnonzero(draw_share(draft.stratum[pool], share, draft.random(name, "takes part")))
        held = draw_share(draft.stratum[pool[taking]], TEST_SHARE, draft.random(name, "arm"))
        spent = float(cost[taking[~held]].sum())
        if spent <= budget + 1e-9 * max(budget, 1.0):
            who = pool[taking]
            choice.programme[who], choice.held_out[who], choice.tested[who] = place, held, True
            choice.chance[who] = TEST_SHARE
            return int(who.size)
        share *= min(0.999, budget / spent)
    return 0


def _cost(draft: Draft, choice: Choice, whose: Flags) -> float:
    """What the contacts of some of the candidates [n] cost."""
    who = np.flatnonzero((choice.programme != NOBODY) & ~choice.held_out & whose)
    return float(draft.unit_cost[who, choice.programme[who]].sum())


def _silent_stages(draft: Draft) -> list[str]:
    """The stages of the candidates where they are such as say that nothing was bought lately; else none."""
    table = draft.candidates.table
    stages = pc.unique(table["stage"]).to_pylist() if "stage" in table.column_names else []
    return sorted(stages) if stages and set(stages) <= SILENT else []


def _spread(draft: Draft) -> float:
    """The standard deviation of profit within a horizon, among the candidates in the last one; NaN without history.

    Who is a prospect or lapsed now has bought nothing in it: of them those count who were so when it began.
    """
    ground, who = draft.ground, draft.candidates.customer
    days = ground.question.horizon_days + ground.question.settle_days
    before = ground.store.zone.shift_days(np.array([draft.candidates.cutoff]), -days)
    if not ground.earlier_cutoffs(draft.candidates.cutoff).size:
        return float("nan")
    silent = _silent_stages(draft)
    if silent:
        whole = Range(0, ground.store.customers)
        known = ground.store.known_from(whole) < before[0]
        who = np.flatnonzero(known & (ground.store.known_until(whole) >= before[0]))
    if who.size > _MOST_SEEN:
        who = np.sort(draft.random("spread").choice(who, _MOST_SEEN, replace=False))
    table = ground.rows(compared_by(ground, before), who, np.full(who.size, before[0]))
    if SPEND not in table.column_names:
        return float("nan")
    if silent:
        table = table.filter(pc.is_in(table["stage"], pa.array(silent)))
    spend = numbers(table, SPEND)
    spend = spend[np.isfinite(spend)]
    return draft.settings.margin * float(spend.std()) if spend.size > 1 else float("nan")
