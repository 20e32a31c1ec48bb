"""The minimum-data gate: below it no model is trained, and the counts say why."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from patron.features.errors import GateError
from patron.features.question import Question

FEWEST_CUSTOMERS = 500
FEWEST_OUTCOMES = 100
"""At least so many distinct customers, and of either outcome at every test cutoff and in all training snapshots."""

REMEDY = (
    "ask about a horizon in which some buy and some do not, widen the population"
    ' (population = "all", a longer lookback), or bring more customers'
)
OF_LAPSED = (
    "ask about a longer horizon, a shorter lookback (customers are lapsed sooner), or bring more customers"
)
OF_PROSPECTS = "ask about a longer horizon, or bring more people who are known before they buy"
UNDATED = (
    "map [profile] valid_from, the day since which a row holds: without it the profile does not say when people became"
    " known, and prospects are only those whom another table names before their first purchase"
)


def remedy_for(question: Question, columns: Mapping[str, Collection[str]]) -> str:
    """What to do where there is too little: a question and the columns of the tables there are."""
    if question.population == "prospects":
        return OF_PROSPECTS if "valid_from" in columns.get("profile", ()) else UNDATED
    return OF_LAPSED if question.population == "lapsed" else REMEDY


@dataclass(frozen=True)
class CutoffCount:
    """How many snapshots a cutoff has, and at how many of them the target was met; `cutoff` is its local day."""

    cutoff: str
    snapshots: int
    events: int

    @property
    def rarer(self) -> int:
        """Snapshots of the rarer outcome."""
        return min(self.events, self.snapshots - self.events)


@dataclass(frozen=True)
class GateRow:
    """One of the gate's counts beside the least that it asks for."""

    what: str
    found: int
    needed: int

    @property
    def is_enough(self) -> bool:
        """Whether it is enough."""
        return self.found >= self.needed


def gate_rows(customers: int, train: Sequence[CutoffCount], tests: Sequence[CutoffCount]) -> list[GateRow]:
    """Everything that the gate counts, in the order in which `data_problems` complains."""
    events = sum(each.events for each in train)
    others = sum(each.snapshots for each in train) - events
    rows = [
        GateRow("customers of the population", customers, FEWEST_CUSTOMERS),
        GateRow("snapshots with the event to learn from", events, FEWEST_OUTCOMES),
        GateRow("snapshots without the event to learn from", others, FEWEST_OUTCOMES),
    ]
    for each in tests:
        place = f"the event at the test cutoff {each.cutoff}"
        rows.append(GateRow(f"with {place}", each.events, FEWEST_OUTCOMES))
        rows.append(GateRow(f"without {place}", each.snapshots - each.events, FEWEST_OUTCOMES))
    return rows


def data_problems(customers: int, train: Sequence[CutoffCount], tests: Sequence[CutoffCount]) -> list[str]:
    """What is too little to train and judge a model, each with its count; empty where there is enough."""
    problems = []
    if customers < FEWEST_CUSTOMERS:
        problems.append(f"{customers:,} customers, of at least {FEWEST_CUSTOMERS:,}")
    events = sum(each.events for each in train)
    others = sum(each.snapshots for each in train) - events
    if min(events, others) < FEWEST_OUTCOMES:
        problems.append(
            f"{events:,} snapshots with the event and {others:,} without to learn from,"
            f" of at least {FEWEST_OUTCOMES:,} each"
        )
    problems += [
        f"{each.events:,} with the event and {each.snapshots - each.events:,} without at the test cutoff"
        f" {each.cutoff}, of at least {FEWEST_OUTCOMES:,} each"
        for each in tests
        if each.rarer < FEWEST_OUTCOMES
    ]
    return problems


def require_enough(
    customers: int, train: Sequence[CutoffCount], tests: Sequence[CutoffCount], remedy: str = REMEDY
) -> None:
    """GateError with the counts where there is too little to train and judge a model."""
    problems = data_problems(customers, train, tests)
    if problems:
        raise GateError(
            "There is too little to learn from, so no model is trained.",
            where="the snapshots of the question",
            found="; ".join(problems),
            remedy=remedy,
        )
