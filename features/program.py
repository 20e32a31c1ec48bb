"""A program: what it takes to compute a set of expressions, each step once, in an order in which it can be done."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self

from .expressions import Evidence, Expression, Filter, Measure, Window


@dataclass(frozen=True)
class Seen:
    """The rows of a timeline that each snapshot sees, of which some words are chosen."""

    timeline: str
    filters: tuple[Filter, ...] = ()

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """The rows of the evidence; a vocabulary does not change them."""
        return cls(evidence.timeline, tuple(replace(each, vocabulary=None) for each in evidence.filters))


@dataclass(frozen=True)
class Edge:
    """The first of the rows seen that happened at or after so many days before the cutoff."""

    rows: Seen
    days: int


@dataclass(frozen=True)
class Numbers:
    """A column of numbers, money in whole currency."""

    rows: Seen
    column: str


@dataclass(frozen=True)
class Codes:
    """A column of words as codes."""

    rows: Seen
    column: str


@dataclass(frozen=True)
class Totals:
    """Sums and counts of a column up to each row, from which those of any window are differences."""

    rows: Seen
    column: str


@dataclass(frozen=True)
class FirstTimes:
    """How many rows up to each have a word that the customer never had before."""

    rows: Seen
    column: str


@dataclass(frozen=True)
class Cycles:
    """The words of a column that repeat, and when they are due."""

    window: Window
    column: str
    within_days: float


Step = Seen | Edge | Numbers | Codes | Totals | FirstTimes | Cycles | Window | Expression

_NUMBERS = {
    "minimum",
    "maximum",
    "median",
    "spread",
    "slope",
    "first",
    "last",
    "at_least",
    "at_most",
    "streak",
    "current",
}
_CODES = {"distinct", "category", "mode", "concentration", "entropy", "shift", "usual"}


def needs(step: Step) -> tuple[Step, ...]:
    """What must be computed before a step, in the order in which `evaluation` takes it."""
    match step:
        case Seen(timeline, filters):
            return (Seen(timeline, filters[:-1]),) if filters else ()
        case Edge() | Numbers() | Codes() | Totals() | FirstTimes():
            return (step.rows,)
        case Window():
            return (Seen.of(step.evidence), *_edges(step), *step.parts)
        case Cycles(window, column):
            rows = Seen.of(window.evidence)
            return (rows, window, Codes(rows, column))
        case Measure():
            return _measure_needs(step)
        case _:
            return step.parts


def _edges(window: Window) -> Iterator[Edge]:
    """Where a window ends before all that is seen, and where it begins after the first row."""
    rows = Seen.of(window.evidence)
    if window.end_days:
        yield Edge(rows, window.end_days)
    if window.start_days is not None:
        yield Edge(rows, window.start_days)


def _nearer(expressions: Sequence[Expression]) -> dict[Step, tuple[Step, ...]]:
    """For each edge that is needed the one that lies next to it towards the cutoff: from there it is soon found."""
    steps: dict[Step, None] = {}

    def visit(step: Step) -> None:
        if step not in steps:
            steps[step] = None
            for each in needs(step):
                visit(each)

    for expression in expressions:
        visit(expression)
    by_rows: dict[Seen, list[Edge]] = {}
    for step in steps:
        if isinstance(step, Edge):
            by_rows.setdefault(step.rows, []).append(step)
    found: dict[Step, tuple[Step, ...]] = {}
    for edges in by_rows.values():
        edges.sort(key=lambda edge: edge.days)
        found |= {edge: (near,) for near, edge in pairwise(edges)}
    return found


def _measure_needs(measure: Measure) -> tuple[Step, ...]:
    """The rows, the window, then what the kind takes."""
    rows, kind, column = Seen.of(measure.window.evidence), measure.kind, measure.column
    found: list[Step] = [rows, measure.window]
    if column is not None:
        if kind in _NUMBERS or kind == "decayed":
            found.append(Numbers(rows, column))
        elif kind in _CODES:
            found.append(Codes(rows, column if measure.by is None else measure.by))
        elif kind in ("sum", "mean"):
            found.append(Totals(rows, column))
        elif kind == "new":
            found.append(FirstTimes(rows, column))
        elif kind == "cycle":
            found.append(Cycles(measure.window, column, measure.number))
    if kind == "decayed":
        found.append(Measure(measure.window, "days_since_last"))
    if measure.threshold is not None:
        found.append(measure.threshold)
    if measure.recent is not None:
        found.append(measure.recent)
    return tuple(found)


@dataclass(frozen=True)
class Program:
    """Steps in order: `inputs` are their places in `steps`, `freed` what nothing needs once a step is done.

    `outputs` are the places of the expressions that were asked for, in their order.
    """

    steps: tuple[Step, ...]
    inputs: tuple[tuple[int, ...], ...]
    outputs: tuple[int, ...]
    freed: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, expressions: Sequence[Expression]) -> Self:
        """The program that computes the expressions."""
        nearer = _nearer(expressions)
        places: dict[Step, int] = {}
        inputs: list[tuple[int, ...]] = []

        def place(step: Step) -> int:
            if step not in places:
                before = tuple(place(each) for each in (*needs(step), *nearer.get(step, ())))
                places[step] = len(inputs)
                inputs.append(before)
            return places[step]

        outputs = tuple(place(expression) for expression in expressions)
        last = {each: at for at, before in enumerate(inputs) for each in (at, *before)}
        freed: list[list[int]] = [[] for _ in inputs]
        for each, at in last.items():
            freed[at].append(each)
        return cls(tuple(places), tuple(inputs), outputs, tuple(tuple(each) for each in freed))
