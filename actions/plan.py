"""The plan: for every scored customer a programme or none, when, what to expect of it, why, and the arm by lot."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from patron.features.partition import CUTOFF_TYPE

from .allocation import NOBODY, BudgetCurve
from .candidates import Candidates
from .economics import PlanSettings
from .experiment import Experiment
from .known_effects import KnownEffect

Places = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

CONTACT, HOLD_OUT = "contact", "hold out"
"""The arms of every programme."""

TESTING = "unknown, testing"


@dataclass(frozen=True, eq=False)
class Choice:
    """What the plan does, by candidate [n]: the place of the programme (`NOBODY`: none), the instant, whether the
    customer is held out, whether the programme is tested, the gain of a contact with its interval (NaN: unknown) and
    the probability of the arm; and `reason` [n] why there is no programme, empty where there is one.
    """

    programme: Places
    moment: Places
    held_out: Flags
    tested: Flags
    gain: Floats
    low: Floats
    high: Floats
    chance: Floats
    reason: npt.NDArray[np.object_]


@dataclass(frozen=True)
class ProgrammePlan:
    """What the plan does with a programme.

    `fits` were in its condition and could be contacted. Costs and gains are those of all contacts together, `expected`
    with the ends that they would have if each contact brought the end of its interval; None where nothing is known.
    """

    known: KnownEffect
    fits: int
    contacted: int
    held_out: int
    cost: float
    expected: tuple[float, float, float] | None
    experiment: Experiment | None
    left_out: str | None = None

    @property
    def name(self) -> str:
        """The programme's name."""
        return self.known.programme.name

    @property
    def words(self) -> str:
        """The programme's part in a sentence or two."""
        if self.left_out is not None:
            return f"{self.name}: left out, as {self.left_out}."
        said = f"{self.name}: {self.fits:,} fit; {self.contacted:,} are contacted, {self.held_out:,} left alone by lot"
        if self.expected is not None:
            value, low, high = self.expected
            return f"{said}; costs {self.cost:,.2f}, expected profit {value:+,.2f} ({low:+,.2f} to {high:+,.2f})."
        if self.contacted:
            told = "" if self.experiment is None else f" {self.experiment.words}"
            return f"{said}; costs {self.cost:,.2f}. {TESTING.capitalize()}.{told}"
        return f"{said}. {self.known.words}"

    def to_dict(self) -> dict[str, Any]:
        """Plain data, without customers."""
        gain = self.known.gain
        return {
            "programme": self.name,
            "state": self.known.state,
            "draws": self.known.draws,
            "gain_per_contact": None if gain is None else gain.to_dict(),
            "fits": self.fits,
            "contacted": self.contacted,
            "held_out": self.held_out,
            "cost": self.cost,
            "expected_profit": None if self.expected is None else list(self.expected),
            "experiment": None if self.experiment is None else self.experiment.to_dict(),
            "left_out": self.left_out,
            "words": self.words,
        }


@dataclass(frozen=True, eq=False)
class Plan:
    """A plan and its accounts: customers in = with a programme + without one, each with a reason.

    `rows` has one row per scored customer, `assignments` those drawn now, `contacts` the planned contacts. `curve` is
    what a budget would bring where effects are known; None where none is. `repeated`: it was made before.
    """

    question: str
    cutoff: str
    scores: str
    settings: PlanSettings
    programmes: tuple[ProgrammePlan, ...]
    rows: pa.Table
    assignments: pa.Table
    contacts: pa.Table
    curve: BudgetCurve | None
    without: Mapping[str, int]
    notes: tuple[str, ...] = ()

    @property
    def customers(self) -> int:
        """Everybody who was scored."""
        return int(self.rows.num_rows)

    @property
    def cost(self) -> float:
        """What all contacts and their incentives are expected to cost."""
        return float(sum(each.cost for each in self.programmes))

    @property
    def words(self) -> list[str]:
        """The plan in sentences."""
        planned = self.customers - sum(self.without.values())
        spent = f"{self.cost:,.2f} of the budget of {self.settings.budget:,.2f} is planned"
        lines = [f"{planned:,} of {self.customers:,} customers are in a programme; {spent}."]
        lines += [each.words for each in self.programmes]
        lines += [f"{count:,} without a programme: {reason}." for reason, count in self.without.items()]
        return [*lines, *self.notes]

    def to_dict(self) -> dict[str, Any]:
        """Plain data, without customers."""
        return {
            "question": self.question,
            "cutoff": self.cutoff,
            "scores": self.scores,
            "settings": vars(self.settings),
            "customers": self.customers,
            "without": dict(self.without),
            "cost": self.cost,
            "programmes": [each.to_dict() for each in self.programmes],
            "curve": None if self.curve is None else vars(self.curve),
            "notes": list(self.notes),
            "words": self.words,
        }


def plan_rows(candidates: Candidates, choice: Choice) -> pa.Table:
    """One row per candidate, by its id: what the plan does with it."""
    names = np.array([each.name for each in candidates.programmes], object)
    channels = np.array([each.channel for each in candidates.programmes], object)
    planned = choice.programme != NOBODY
    return pa.table(
        {
            "customer_id": candidates.table["customer_id"],
            "programme": _text(planned, names, choice.programme),
            "planned_at": _times(choice.moment, planned),
            "channel": _text(planned, channels, choice.programme),
            "arm": pa.array(
                [_arm(*each) for each in zip(planned, choice.held_out, strict=True)], pa.string()
            ),
            "expected_gain": pa.array(choice.gain, from_pandas=True),
            "gain_low": pa.array(choice.low, from_pandas=True),
            "gain_high": pa.array(choice.high, from_pandas=True),
            "gain": pa.array(_gains(choice), pa.string()),
            "why": pa.array(_reasons(candidates, choice), pa.string()),
        }
    )


def assignment_rows(candidates: Candidates, choice: Choice) -> pa.Table:
    """Who was drawn to which arm of which programme, as rows of the table of assignments."""
    who = np.flatnonzero(choice.programme != NOBODY)
    names = [candidates.programmes[place].name for place in choice.programme[who].tolist()]
    arms = [HOLD_OUT if held else CONTACT for held in choice.held_out[who].tolist()]
    return assigned(candidates, who, names, arms, choice.chance[who], [HOLD_OUT] * who.size)


def assigned(
    candidates: Candidates,
    who: Places,
    tests: Sequence[str],
    arms: Sequence[str],
    chance: Floats,
    control: Sequence[str],
) -> pa.Table:
    """Rows of the table of assignments, for candidates by their places, drawn at the cutoff."""
    return pa.table(
        {
            "customer_id": candidates.table["customer_id"].combine_chunks().take(pa.array(who)),
            "test": pa.array(list(tests), pa.string()),
            "arm": pa.array(list(arms), pa.string()),
            "assigned_at": _times(np.full(who.size, candidates.cutoff), np.ones(who.size, np.bool_)),
            "probability": pa.array(chance, pa.float64()),
            "control_arm": pa.array(list(control), pa.string()),
        }
    )


def contact_rows(candidates: Candidates, choice: Choice) -> pa.Table:
    """The contacts that are planned, with the columns of the table of activities."""
    who = np.flatnonzero((choice.programme != NOBODY) & ~choice.held_out)
    chosen = [candidates.programmes[place] for place in choice.programme[who].tolist()]
    return pa.table(
        {
            "customer_id": candidates.table["customer_id"].combine_chunks().take(pa.array(who)),
            "occurred_at": _times(choice.moment[who], np.ones(who.size, np.bool_)),
            "activity": pa.array([each.name for each in chosen], pa.string()),
            "channel": pa.array([each.channel for each in chosen], pa.string()),
            "initiated_by": pa.array(["firm"] * who.size, pa.string()),
            "objective": pa.array([each.objective for each in chosen], pa.string()),
            "cost": pa.array([each.cost for each in chosen], pa.float64()),
        }
    )


def without_programme(choice: Choice) -> dict[str, int]:
    """How many customers have no programme, by reason, the most frequent first."""
    counts = Counter(choice.reason[choice.programme == NOBODY].tolist())
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def _text(planned: Flags, words: npt.NDArray[np.object_], place: Places) -> pa.Array:
    said = [words[each] if there else None for there, each in zip(planned, place, strict=True)]
    return pa.array(said, pa.string())


def _times(moment: Places, known: Flags) -> pa.Array:
    return pa.array(moment, mask=~known).cast(CUTOFF_TYPE)


def _arm(planned: bool, held_out: bool) -> str | None:
    return None if not planned else HOLD_OUT if held_out else CONTACT


def _gains(choice: Choice) -> list[str | None]:
    said: list[str | None] = []
    for place, tested, gain, low, high in zip(
        choice.programme, choice.tested, choice.gain, choice.low, choice.high, strict=True
    ):
        if place == NOBODY:
            said.append(None)
        else:
            said.append(TESTING if tested else f"{gain:+.2f} ({low:+.2f} to {high:+.2f})")
    return said


def _reasons(candidates: Candidates, choice: Choice) -> list[str]:
    said = choice.reason.copy()
    for place, programme in enumerate(candidates.programmes):
        rows = np.flatnonzero(choice.programme == place)
        said[rows] = candidates.said_of(programme, rows)
    return [str(each) for each in said]
