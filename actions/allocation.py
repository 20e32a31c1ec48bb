"""Who gets what under a budget: at most one programme each, and as much profit in all as the budget allows."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

NOBODY = -1
CURVE_POINTS = 100


@dataclass(frozen=True, eq=False)
class Allocation:
    """`choice` [n] is the place of each customer's option, `NOBODY` for none; `price` is what a further unit of the
    budget would bring in profit: 0 where the budget is enough for all that pays.
    """

    choice: Places
    spent: float
    price: float


def allocate(gain: Floats, cost: Floats, budget: float, ties: Places) -> Allocation:
    """Gains and costs of options [n, k] (gain NaN: not on offer) to the choice of each customer.

    Only options with a gain above zero are taken. Each customer gets the option with the largest gain less price times
    cost, at the smallest price that keeps the budget (Sinha & Zoltners 1979, the linear relaxation of the
    multiple-choice knapsack: no more than one customer's option from the best there is); who is left is
    taken by gain per cost as long as the budget lasts. Equal ones come by `ties` [n], the lowest first.
    """
    offered = np.where(np.isnan(gain) | (gain <= 0), -np.inf, gain)
    high = 1.0
    best = _best(offered, cost, 0.0)
    if _spent(best, cost) <= budget:
        return Allocation(best, _spent(best, cost), 0.0)
    while _spent(_best(offered, cost, high), cost) > budget:
        high *= 2
    low = 0.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if _spent(_best(offered, cost, middle), cost) > budget else (low, middle)
    choice = _best(offered, cost, high)
    choice = _filled(choice, _best(offered, cost, low), offered, cost, budget, ties)
    return Allocation(choice, _spent(choice, cost), high)


def _best(offered: Floats, cost: Floats, price: float) -> Places:
    """Each customer's best option at a price; none where all would lose."""
    if not offered.size:
        return np.full(offered.shape[0], NOBODY)
    worth = offered - price * cost
    best = np.argmax(worth, axis=1)
    return np.where(worth[np.arange(best.size), best] > 0, best, NOBODY)


def _spent(choice: Places, cost: Floats) -> float:
    taken = np.flatnonzero(choice != NOBODY)
    return float(cost[taken, choice[taken]].sum())


def _filled(
    choice: Places, wider: Places, offered: Floats, cost: Floats, budget: float, ties: Places
) -> Places:
    """The choice with those added who come in at a hair's breadth lower price, in the order of gain per cost."""
    filled, left = choice.copy(), budget - _spent(choice, cost)
    waiting = np.flatnonzero((choice == NOBODY) & (wider != NOBODY))
    per_cost = offered[waiting, wider[waiting]] / cost[waiting, wider[waiting]]
    waiting = waiting[np.lexsort([ties[waiting], -per_cost])]
    running = np.cumsum(cost[waiting, wider[waiting]])
    fits = waiting[running <= left]
    filled[fits] = wider[fits]
    return filled


@dataclass(frozen=True)
class BudgetCurve:
    """What a budget brings: `profit` for `spent`, customers in the order of gain per cost, at most `CURVE_POINTS`."""

    spent: tuple[float, ...]
    profit: tuple[float, ...]

    @property
    def stops_paying_at(self) -> float:
        """The budget from which on more only loses."""
        return self.spent[int(np.argmax(self.profit))]


def budget_curve(gain: Floats, cost: Floats) -> BudgetCurve:
    """Gains and costs of options [n, k] (gain NaN: not on offer) to what each budget would bring, best option first."""
    known = ~np.isnan(gain)
    has = known.any(axis=1)
    place = np.argmax(np.where(known, gain, -np.inf), axis=1)
    rows = np.flatnonzero(has)
    best, price = gain[rows, place[rows]], cost[rows, place[rows]]
    order = np.lexsort([rows, -best / np.maximum(price, 1e-12)])
    spent, profit = (np.concatenate([[0.0], np.cumsum(each[order])]) for each in (price, best))
    shown = np.unique(
        np.concatenate([np.linspace(0, rows.size, CURVE_POINTS).astype(int), [int(np.argmax(profit))]])
    )
    return BudgetCurve(tuple(spent[shown].tolist()), tuple(profit[shown].tolist()))
