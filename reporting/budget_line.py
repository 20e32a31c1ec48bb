"""What a budget brings, as pages show it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class BudgetLine:
    """Profit by what is spent; `low` and `high` where they are known."""

    spent: tuple[float, ...]
    profit: tuple[float, ...]
    low: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None

    @property
    def stops_paying_at(self) -> float:
        """The budget from which on more only loses."""
        return self.spent[self.profit.index(max(self.profit))]
