"""What a budget brings, as pages show it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class BudgetLine:
    """Profit by what is spent, and the budget from which on more only loses; `low` and `high` where they are known."""

    spent: tuple[float, ...]
    profit: tuple[float, ...]
    stops_paying_at: float
    low: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None
