"""What a feature is made of: evidence, a window on it, a measure over the window, and arithmetic.

Expressions are descriptions; `evaluation` turns them into numbers. They are frozen and hashable, so that a measure
used by five features is computed once.

>>> orders = Evidence("orders", ("amount", "lines"))
>>> (orders.last(30).count() / orders.last(90).count()).measures()[0].kind
'count'
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

MeasureKind = Literal[
    "count", "sum", "mean", "spread", "minimum", "maximum", "median", "slope", "first", "last", "distinct",
    "days_since_first", "days_since_last", "at_least", "at_most", "streak", "decayed", "category", "mode",
    "concentration", "entropy", "new", "shift", "cycle", "open", "days_open", "usual", "current",
    "days_since",
]  # fmt: skip
Operator = Literal["+", "-", "*", "/", "smaller", "larger", "reaches", "differs", "else"]
FormulaKind = Literal["log", "alive", "buys", "purchases"]
CyclePart = Literal["alive", "due", "soonest", "pace"]
Learner = Literal["mean", "spread", "median", "bgnbd"]

E = TypeVar("E", bound="Expression")


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

    def at_most(self, other: "Expression | float") -> "Expression":
        """The smaller of the two."""
        return Arithmetic("smaller", self, _expression(other))

    def at_least(self, other: "Expression | float") -> "Expression":
        """The larger of the two."""
        return Arithmetic("larger", self, _expression(other))

    def reaches(self, other: "Expression | float") -> "Expression":
        """1 where it is as large as the other or larger, else 0."""
        return Arithmetic("reaches", self, _expression(other))

    def differs_from(self, other: "Expression | float") -> "Expression":
        """1 where the two differ, 0 where they are the same."""
        return Arithmetic("differs", self, _expression(other))

    def or_else(self, other: "Expression | float") -> "Expression":
        """The other where it is not known."""
        return Arithmetic("else", self, _expression(other))

    def log(self) -> "Expression":
        """Natural logarithm; NaN where it is not above zero."""
        return Formula("log", (self,))

    def learned(self, name: str, statistic: Literal["mean", "spread", "median"]) -> "Learned":
        """A statistic of this expression over the customers who were known at the cutoff (a sample of many)."""
        return Learned(name, statistic, statistic, (self,))

    @property
    def parts(self) -> "tuple[Expression, ...]":
        """The expressions it is computed from, for the same snapshot."""
        return ()

    def walk(self) -> "Iterator[Expression]":
        """Every expression within, parts before wholes, itself last."""
        for part in self.parts:
            yield from part.walk()
        yield self

    def within(self, kind: type[E]) -> list[E]:
        """All expressions of a kind within."""
        return [part for part in self.walk() if isinstance(part, kind)]

    def measures(self) -> "list[Measure]":
        """All measures within."""
        return self.within(Measure)


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

    @property
    def parts(self) -> tuple[Expression, ...]:
        """Both sides."""
        return self.left, self.right


@dataclass(frozen=True)
class Formula(Expression):
    """A named function of expressions: see `formulas`."""

    kind: FormulaKind
    operands: tuple[Expression, ...]

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The operands."""
        return self.operands


@dataclass(frozen=True)
class PopulationNumber(Expression):
    """A number learned from the whole population's facts before the cutoff, such as the highest score on the scale."""

    name: str
    timeline: str
    column: str
    statistic: Literal["maximum", "minimum", "mean", "median"]


@dataclass(frozen=True)
class Learned(Expression):
    """A number learned from customers known at the cutoff: `part` of what `learner` makes of the expressions `of`.

    They are not parts: they are evaluated for a sample of customers as of the cutoff's day, not for the snapshot.
    """

    name: str
    part: str
    learner: Learner
    of: tuple[Expression, ...]

    @property
    def key(self) -> str:
        """Its name among the population's numbers."""
        return f"{self.name}.{self.part}"


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
    targets may do. `since` and `before` bound it by a moment of the snapshot's own, as elapsed days before the cutoff:
    rows at or after `since`, rows earlier than `before`. Of what is left only the `latest` rows count, if that is set.
    """

    evidence: "Evidence"
    start_days: int | None = None
    end_days: int = 0
    since: Expression | None = None
    before: Expression | None = None
    latest: int | None = None

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The moments that bound it."""
        return tuple(bound for bound in (self.since, self.before) if bound is not None)

    def count(self) -> "Measure":
        """How many rows; zero where there are none."""
        return Measure(self, "count")

    def sum(self, column: str) -> "Measure":
        """Sum of the known values; zero where there are none. Money in whole currency."""
        return Measure(self, "sum", column)

    def mean(self, column: str) -> "Measure":
        """Mean of the known values."""
        return Measure(self, "mean", column)

    def spread(self, column: str) -> "Measure":
        """Standard deviation (n - 1) of the known values; needs two."""
        return Measure(self, "spread", column)

    def minimum(self, column: str) -> "Measure":
        """Smallest known value."""
        return Measure(self, "minimum", column)

    def maximum(self, column: str) -> "Measure":
        """Largest known value."""
        return Measure(self, "maximum", column)

    def median(self, column: str) -> "Measure":
        """Median of the known values."""
        return Measure(self, "median", column)

    def slope(self, column: str) -> "Measure":
        """Least-squares slope of the known values, per day; needs two moments."""
        return Measure(self, "slope", column)

    def first(self, column: str) -> "Measure":
        """Value of the first row."""
        return Measure(self, "first", column)

    def last(self, column: str) -> "Measure":
        """Latest known value."""
        return Measure(self, "last", column)

    def current(self, column: str) -> "Measure":
        """Value of the last row, whether it is known or not."""
        return Measure(self, "current", column)

    def days_since(self, column: str) -> "Measure":
        """Days from the time in a column of the last row to the cutoff; NaN where that lies ahead."""
        return Measure(self, "days_since", column)

    def distinct(self, column: str) -> "Measure":
        """How many different values of a text column."""
        return Measure(self, "distinct", column)

    def new(self, column: str) -> "Measure":
        """How many rows have a word that the customer never had before."""
        return Measure(self, "new", column)

    def concentration(self, column: str) -> "Measure":
        """Sum of the squared shares of the words: 1 where it is always the same one."""
        return Measure(self, "concentration", column)

    def entropy(self, column: str) -> "Measure":
        """Shannon entropy of the words' shares, in nats: 0 where it is always the same one."""
        return Measure(self, "entropy", column)

    def days_since_first(self) -> "Measure":
        """Days from the first row to the cutoff."""
        return Measure(self, "days_since_first")

    def days_since_last(self) -> "Measure":
        """Days from the last row to the cutoff."""
        return Measure(self, "days_since_last")

    def at_least(self, column: str, threshold: Expression | float) -> "Measure":
        """How many values reach the threshold."""
        return Measure(self, "at_least", column, threshold=_expression(threshold))

    def at_most(self, column: str, threshold: Expression | float) -> "Measure":
        """How many values are the threshold or less."""
        return Measure(self, "at_most", column, threshold=_expression(threshold))

    def streak(self, column: str, threshold: Expression | float) -> "Measure":
        """How many of the latest values in a row reach the threshold."""
        return Measure(self, "streak", column, threshold=_expression(threshold))

    def decayed(self, half_life_days: float, column: str | None = None) -> "Measure":
        """Sum of the values (of ones without a column), halved for every half-life that has passed since."""
        if self != Window(self.evidence):
            raise ValueError("decayed() needs the whole history: use ever()")
        return Measure(self, "decayed", column, number=float(half_life_days))

    def category(self, column: str) -> "Measure":
        """The text of the last row, as a categorical feature."""
        return Measure(self, "category", column, vocabulary=self.evidence.vocabulary(column))

    def mode(self, column: str) -> "Measure":
        """The most frequent text, of several the latest, as a categorical feature."""
        return Measure(self, "mode", column, vocabulary=self.evidence.vocabulary(column))

    def shift(self, column: str, recent: "Window") -> "Measure":
        """How far the words of recent rows are from those before: 0 the same shares, 1 nothing in common."""
        return Measure(self, "shift", column, recent=recent)

    def cycle(self, part: CyclePart, column: str, within_days: int) -> "Measure":
        """Of the words that repeat and are still alive (not silent for three of their cycles), by their own cycles.

        `alive`: how many; `due`: how many are due within so many days after the cutoff, one mean cycle after their
        last time; `soonest`: days until the first is due, negative where it is overdue; `pace`: how many times in
        so many days all of them together come.
        """
        return Measure(self, "cycle", column, number=float(within_days), part=part)

    def open(self, end: str) -> "Measure":
        """How many rows have not ended by the cutoff."""
        return Measure(self, "open", end)

    def days_open(self, end: str) -> "Measure":
        """Days since the first row that has not ended by the cutoff."""
        return Measure(self, "days_open", end)

    def usual(self, column: str, by: str) -> "Measure":
        """What is usual in the population for the words `by` of the rows: the mean of their means of a column.

        Of the rows whose word was frequent enough for a mean before the cutoff.
        """
        return Measure(self, "usual", column, by=by)


@dataclass(frozen=True)
class Measure(Expression):
    """One number over the rows of a window."""

    window: Window
    kind: MeasureKind
    column: str | None = None
    threshold: Expression | None = None
    number: float = 0.0
    recent: Window | None = None
    by: str | None = None
    part: CyclePart | None = None
    vocabulary: str | None = None

    @property
    def is_category(self) -> bool:
        """Whether its values are codes of words."""
        return self.kind in ("category", "mode")

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The moments that bound its windows, and its threshold."""
        found = self.window.parts
        if self.recent is not None:
            found += self.recent.parts
        return found if self.threshold is None else (*found, self.threshold)


@dataclass(frozen=True)
class Evidence:
    """The rows of one timeline that a snapshot may see; `columns` are those that this business has."""

    timeline: str
    columns: tuple[str, ...]
    filters: tuple[Filter, ...] = ()
    vocabularies: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def has(self, *columns: str) -> bool:
        """Whether the columns are there."""
        return set(columns) <= set(self.columns)

    def ever(self) -> Window:
        """Everything before the cutoff."""
        return Window(self)

    def last(self, days: int) -> Window:
        """The last days before the cutoff; NaN where they were not wholly observed."""
        if days < 1:
            raise ValueError(f"a window needs at least a day, not {days}")
        return Window(self, days)

    def latest(self, rows: int) -> Window:
        """The latest rows before the cutoff, so many at most."""
        if rows < 1:
            raise ValueError(f"a window needs at least a row, not {rows}")
        return Window(self, latest=rows)

    def between(self, start_days: int, end_days: int) -> Window:
        """From so many days before the cutoff to so many; NaN where they were not wholly observed."""
        if not start_days > end_days >= 0:
            raise ValueError(
                f"a window ends after it starts and not after the cutoff: {start_days} to {end_days}"
            )
        return Window(self, start_days, end_days)

    def earlier(self, days: int) -> Window:
        """Everything until so many days before the cutoff."""
        return Window(self, end_days=days)

    def since(self, days: Expression) -> Window:
        """From a moment so many days before the cutoff on, such as another timeline's `days_since_last()`."""
        return Window(self, since=days)

    def before(self, days: Expression) -> Window:
        """Everything before a moment so many days before the cutoff."""
        return Window(self, before=days)

    def where(self, column: str, equals: str) -> "Evidence":
        """Only rows where the text column says this, whether or not anyone had said it yet."""
        return replace(self, filters=(*self.filters, Filter(column, equals)))

    def among(self, column: str) -> "Iterator[tuple[str, Evidence]]":
        """For each of the population's frequent values of a text column, the rows that have it.

        Which values are frequent is learned from facts before each cutoff; for a cutoff at which a value was not yet
        one of them its measures are NaN.
        """
        for word in self.words(column):
            chosen = Filter(column, word, vocabulary=self.vocabulary(column))
            yield word, replace(self, filters=(*self.filters, chosen))

    def words(self, column: str) -> tuple[str, ...]:
        """The frequent values of a text column whose vocabulary the family asked for; else none."""
        return dict(self.vocabularies).get(column, ())

    def vocabulary(self, column: str) -> str | None:
        """The name of the column's vocabulary, where the family asked for one."""
        return f"{self.timeline}.{column}" if column in dict(self.vocabularies) else None

    def population(
        self, column: str, statistic: Literal["maximum", "minimum", "mean", "median"]
    ) -> PopulationNumber:
        """A statistic of all customers' values that were known before the cutoff."""
        return PopulationNumber(f"{self.timeline}.{column}.{statistic}", self.timeline, column, statistic)


def _expression(value: Expression | float) -> Expression:
    return value if isinstance(value, Expression) else Constant(float(value))
