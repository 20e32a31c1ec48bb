"""What a feature is made of: evidence, a window on it, a measure over the window, and arithmetic.

Expressions are descriptions; `Evaluator` turns them into numbers. They are frozen and hashable, so that a measure used
by five features is computed once.

>>> orders = Evidence("orders", ("amount", "lines"))
>>> (orders.last(30).count() / orders.last(90).count()).measures()[0].kind
'count'
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

MeasureKind = Literal[
    "count", "sum", "mean", "spread", "minimum", "maximum", "median", "slope", "first", "last", "distinct",
    "days_since_first", "days_since_last", "at_least", "streak", "decayed", "category",
]  # fmt: skip
Operator = Literal["+", "-", "*", "/"]


class Expression:
    """A number for every snapshot; NaN where it is not known."""

    def __add__(self, other: "Expression | float") -> "Expression":
        return Arithmetic("+", self, _expression(other))

    def __sub__(self, other: "Expression | float") -> "Expression":
        return Arithmetic("-", self, _expression(other))

    def __mul__(self, other: "Expression | float") -> "Expression":
        return Arithmetic("*", self, _expression(other))

    def __truediv__(self, other: "Expression | float") -> "Expression":
        """A ratio; NaN where the divisor is zero or unknown."""
        return Arithmetic("/", self, _expression(other))

    def __neg__(self) -> "Expression":
        return Arithmetic("-", Constant(0.0), self)

    def walk(self) -> "Iterator[Expression]":
        """Every expression within, parts before wholes, itself last."""
        for part in vars(self).values():
            if isinstance(part, Expression):
                yield from part.walk()
        yield self

    def measures(self) -> "list[Measure]":
        """All measures within."""
        return [part for part in self.walk() if isinstance(part, Measure)]


@dataclass(frozen=True)
class Constant(Expression):
    """The same number for all."""

    number: float


@dataclass(frozen=True)
class Arithmetic(Expression):
    """Two expressions combined."""

    operator: Operator
    left: Expression
    right: Expression


@dataclass(frozen=True)
class PopulationNumber(Expression):
    """A number learned from the whole population's facts before the cutoff, such as the highest score on the scale."""

    name: str
    timeline: str
    column: str
    statistic: Literal["maximum", "mean", "median"]


@dataclass(frozen=True)
class Filter:
    """Only rows where a text column says `equals`, in whatever case and punctuation.

    Where `vocabulary` is set the value counts only for cutoffs at which it was
    already one of the population's frequent values; before that, everything measured is NaN.
    """

    column: str
    equals: str
    vocabulary: str | None = None


@dataclass(frozen=True)
class Window:
    """The rows of the last days before the cutoff: [cutoff - start_days, cutoff - end_days), in local days.

    Without `start_days` it reaches back to the first row. Negative `end_days` reach beyond the cutoff, which only
    targets may do.
    """

    evidence: "Evidence"
    start_days: int | None
    end_days: int = 0

    def _measure(self, kind: MeasureKind, column: str | None = None, **options: object) -> "Measure":
        return replace(Measure(self, kind, column), **options)  # type: ignore[arg-type]

    def count(self) -> "Measure":
        """How many rows; zero where there are none."""
        return self._measure("count")

    def sum(self, column: str) -> "Measure":
        """Sum of the known values; zero where there are none. Money in whole currency."""
        return self._measure("sum", column)

    def mean(self, column: str) -> "Measure":
        """Mean of the known values."""
        return self._measure("mean", column)

    def spread(self, column: str) -> "Measure":
        """Standard deviation (n - 1) of the known values; needs two."""
        return self._measure("spread", column)

    def minimum(self, column: str) -> "Measure":
        """Smallest known value."""
        return self._measure("minimum", column)

    def maximum(self, column: str) -> "Measure":
        """Largest known value."""
        return self._measure("maximum", column)

    def median(self, column: str) -> "Measure":
        """Median of the known values."""
        return self._measure("median", column)

    def slope(self, column: str) -> "Measure":
        """Least-squares slope of the known values, per day; needs two moments."""
        return self._measure("slope", column)

    def first(self, column: str) -> "Measure":
        """Value of the first row."""
        return self._measure("first", column)

    def last(self, column: str) -> "Measure":
        """Latest known value."""
        return self._measure("last", column)

    def distinct(self, column: str) -> "Measure":
        """How many different values of a text column."""
        return self._measure("distinct", column)

    def days_since_first(self) -> "Measure":
        """Days from the first row to the cutoff."""
        return self._measure("days_since_first")

    def days_since_last(self) -> "Measure":
        """Days from the last row to the cutoff."""
        return self._measure("days_since_last")

    def at_least(self, column: str, threshold: Expression | float) -> "Measure":
        """How many values reach the threshold."""
        return self._measure("at_least", column, threshold=_expression(threshold))

    def streak(self, column: str, threshold: Expression | float) -> "Measure":
        """How many of the latest values in a row reach the threshold."""
        return self._measure("streak", column, threshold=_expression(threshold))

    def decayed(self, half_life_days: float, column: str | None = None) -> "Measure":
        """Sum of the values (of ones without a column), halved for every half-life that has passed since."""
        if self.start_days is not None or self.end_days:
            raise ValueError("decayed() needs the whole history: use ever()")
        return self._measure("decayed", column, half_life=float(half_life_days))

    def category(self, column: str) -> "Measure":
        """The text of the last row, as a categorical feature."""
        return self._measure("category", column)


@dataclass(frozen=True)
class Measure(Expression):
    """One number over the rows of a window."""

    window: Window
    kind: MeasureKind
    column: str | None = None
    threshold: Expression | None = None
    half_life: float = 0.0


@dataclass(frozen=True)
class Evidence:
    """The rows of one timeline that a snapshot may see; `columns` are those that this business has."""

    timeline: str
    columns: tuple[str, ...]
    filters: tuple[Filter, ...] = ()
    vocabularies: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def has(self, column: str) -> bool:
        """Whether the column is there."""
        return column in self.columns

    def ever(self) -> Window:
        """Everything before the cutoff."""
        return Window(self, None)

    def last(self, days: int) -> Window:
        """The last days before the cutoff; NaN where they were not wholly observed."""
        if days < 1:
            raise ValueError(f"a window needs at least a day, not {days}")
        return Window(self, days)

    def between(self, start_days: int, end_days: int) -> Window:
        """From so many days before the cutoff to so many; NaN where they were not wholly observed."""
        if not start_days > end_days >= 0:
            raise ValueError(
                f"a window ends after it starts and not after the cutoff: {start_days} to {end_days}"
            )
        return Window(self, start_days, end_days)

    def where(self, column: str, equals: str) -> "Evidence":
        """Only rows where the text column says this, whether or not anyone had said it yet."""
        return replace(self, filters=(*self.filters, Filter(column, equals)))

    def among(self, column: str) -> "Iterator[tuple[str, Evidence]]":
        """For each of the population's frequent values of a text column, the rows that have it.

        Which values are frequent is learned from facts before each cutoff; for a cutoff at which a value was not yet
        one of them its measures are NaN.
        """
        for name, words in self.vocabularies:
            if name == column:
                for word in words:
                    chosen = Filter(column, word, vocabulary=f"{self.timeline}.{column}")
                    yield word, replace(self, filters=(*self.filters, chosen))

    def population(self, column: str, statistic: Literal["maximum", "mean", "median"]) -> PopulationNumber:
        """A statistic of all customers' values that were known before the cutoff."""
        return PopulationNumber(f"{self.timeline}.{column}.{statistic}", self.timeline, column, statistic)


def _expression(value: Expression | float) -> Expression:
    return value if isinstance(value, Expression) else Constant(float(value))
