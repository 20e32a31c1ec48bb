"""The tests that the evidence holds: who was drawn to which arm, when, and with which chance."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from patron.features.localtime import FOREVER
from patron.features.sql import quoted
from patron.features.store import EvidenceStore
from patron.features.words import name_part

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

_LEFT_ALONE = ("control", "holdout", "hold_out")
"""Arms that are the control where none is declared."""


@dataclass(frozen=True, eq=False)
class Draw:
    """One test: customers' codes, instants and arms [n], and the chance of each one's own arm [n] (NaN: not told).

    `control` is None where nobody says which arm was left alone. A customer may be drawn several times, once each
    horizon at most. `set_apart` counts draws that are not used, by reason: rows of a test = draws used + draws set
    apart + repeated rows.
    """

    test: str
    control: str | None
    customer: Places
    moment: Places
    arm: npt.NDArray[np.str_]
    chance: Floats
    set_apart: Mapping[str, int] = field(default_factory=dict)


def draws_of(store: EvidenceStore, horizon_days: int) -> tuple[Draw, ...]:
    """The tests of the table of assignments, by name; none where there is no such table.

    Who is drawn again once the horizon of `horizon_days` after a draw is over counts as drawn anew; until then what is
    said again repeats it, or puts the customer into several arms.
    """
    if "assignments" not in store.columns:
        return ()
    known = store.columns["assignments"]
    optional = {
        "probability": "CAST(NULL AS DOUBLE)",
        "control_arm": "CAST(NULL AS VARCHAR)",
    }
    columns = [
        quoted(name) if name in known else f"{instead} AS {name}" for name, instead in optional.items()
    ]
    table = store.connection.sql(
        f"SELECT customer, happened, test, arm, {', '.join(columns)} FROM assignments"
        f" WHERE until = {FOREVER} AND test IS NOT NULL ORDER BY test, customer, happened, arm NULLS LAST, probability"
    ).to_arrow_table()
    tests = np.array(table["test"].to_pylist(), object)
    over = store.zone.shift_days(np.asarray(table["happened"], np.int64), horizon_days)
    return tuple(
        _draw(str(name), table.filter(pa.array(tests == name)), over[tests == name])
        for name in sorted(set(tests.tolist()))
    )


def _draw(test: str, rows: pa.Table, over: Places) -> Draw:
    customer = np.asarray(rows["customer"], np.int64)
    moment = np.asarray(rows["happened"], np.int64)
    arms = np.array([arm if arm is None else str(arm) for arm in rows["arm"].to_pylist()], object)
    chance = np.array(rows["probability"].to_pylist(), np.float64)
    named = np.array([arm is not None for arm in arms], np.bool_)
    place = _place_of_draw(customer, moment, over)
    kinds = _kinds_per_draw(place[named], arms[named])
    several = np.isin(place, np.flatnonzero(kinds > 1))
    used = named & ~several & _first_of_each(place, named)
    apart = {
        "in several arms of the test": int(np.unique(place[several]).size),
        "no arm named": int(np.unique(place).size - np.unique(place[named]).size),
    }
    return Draw(
        test,
        _control(rows, arms[named]),
        customer[used],
        moment[used],
        arms[used].astype(np.str_),
        chance[used],
        {reason: count for reason, count in apart.items() if count},
    )


def _place_of_draw(customer: Places, moment: Places, over: Places) -> Places:
    """Which draw each row belongs to, counted from 0; rows are sorted by customer and moment.

    A customer's first row begins one, and so does the first after the horizon of the draw before it.
    """
    place = np.empty(customer.size, np.int64)
    number, who, until = -1, -1, 0
    for row, (code, when, end) in enumerate(
        zip(customer.tolist(), moment.tolist(), over.tolist(), strict=True)
    ):
        if code != who or when >= until:
            number, who, until = number + 1, code, end
        place[row] = number
    return place


def _kinds_per_draw(place: Places, arms: npt.NDArray[np.object_]) -> Places:
    """How many different arms each draw names."""
    pairs = sorted(set(zip(place.tolist(), arms.tolist(), strict=True)))
    return np.bincount([each for each, _ in pairs]) if pairs else np.empty(0, np.int64)


def _first_of_each(place: Places, named: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The first named row of each draw."""
    found = np.zeros(place.size, np.bool_)
    _, first = np.unique(place[named], return_index=True)
    found[np.flatnonzero(named)[first]] = True
    return found


def _control(rows: pa.Table, arms: npt.NDArray[np.object_]) -> str | None:
    """The arm that is left alone: as declared, else one that is called so; None where it is not clear."""
    declared = sorted({str(name) for name in rows["control_arm"].to_pylist() if name is not None})
    if not declared:
        declared = sorted({arm for arm in arms.tolist() if name_part(arm) in _LEFT_ALONE})
    return declared[0] if len(declared) == 1 else None
