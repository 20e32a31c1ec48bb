"""The contacts of an activity by its name, however written: what became of them, whom they reached, what they cost."""

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from patron.features.columns import MONEY_UNITS
from patron.features.localtime import FOREVER
from patron.features.words import name_part

from .draws import Draw
from .moments import Ground
from .results import Objective

Flags = npt.NDArray[np.bool_]


def objective_of(ground: Ground, name: str) -> Objective | None:
    """What became of the contacts of an activity of this name; None where there were none."""
    columns = ground.store.columns.get("activities", ())
    if not columns:
        return None
    asked = [each if each in columns else "NULL" for each in ("objective", "result", "responded_at")]
    mine = _contacts_called(ground, _spellings(ground, name), ", ".join(asked)).fetchall()
    if not mine:
        return None
    goals = Counter(str(goal) for goal, _, _ in mine if goal is not None)
    results = Counter(str(result) for _, result, _ in mine if result is not None)
    return Objective(
        goals.most_common(1)[0][0] if goals else "",
        len(mine),
        sum(responded is not None for _, _, responded in mine) if "responded_at" in columns else None,
        dict(sorted(results.items(), key=lambda each: (-each[1], each[0]))),
    )


def _spellings(ground: Ground, name: str) -> list[str]:
    """How the activities write a name, as far as it means the same."""
    rows = ground.store.connection.sql(
        "SELECT DISTINCT activity FROM activities WHERE activity IS NOT NULL ORDER BY ALL"
    ).fetchall()
    return [str(each) for (each,) in rows if name_part(str(each)) == name_part(name)]


def _contacts_called(ground: Ground, spellings: list[str], columns: str) -> Any:
    """The columns of the contacts of an activity, as a query that is still to be fetched."""
    return ground.store.connection.execute(
        f"SELECT {columns} FROM activities WHERE until = ? AND list_contains(?, activity)"
        " ORDER BY happened, customer",
        [FOREVER, spellings],
    )


def compliance(ground: Ground, draw: Draw, mature: Flags) -> list[str]:
    """Who of each arm was contacted by the activity of the test's name, after the draw and within the horizon."""
    if "activities" not in ground.store.columns:
        return []
    mine = _spellings(ground, draw.test)
    if not mine:
        return []
    reached = _reached(ground, draw, mine)[mature]
    found = []
    for arm in sorted(set(draw.arm[mature].tolist())):
        share = float(reached[draw.arm[mature] == arm].mean())
        alone = arm == draw.control
        if (alone and share > 0) or (not alone and share < 1):
            found.append(f"{share:.1%} of the arm {arm} were contacted by {mine[0]} within the horizon.")
    return found


def _reached(ground: Ground, draw: Draw, spellings: list[str]) -> Flags:
    """Whether each draw [n] was followed by a contact of these names within the horizon."""
    found = np.zeros(draw.moment.size, np.bool_)
    found[np.asarray(_after_draws(ground, draw, spellings)["place"], np.int64)] = True
    return found


def cost_per_customer(ground: Ground, draw: Draw, mature: Flags) -> dict[str, float]:
    """What the contacts of the test's name cost within the horizon, per customer drawn, by arm.

    Nothing where there were none, or where the cost of one is not known.
    """
    if "cost" not in ground.store.columns.get("activities", ()):
        return {}
    found = _after_draws(ground, draw, _spellings(ground, draw.test))
    if not found["place"].size or found["unknown"].any():
        return {}
    costs = np.zeros(draw.moment.size)
    costs[np.asarray(found["place"], np.int64)] = np.asarray(found["spent"], np.float64) / MONEY_UNITS
    return {str(arm): float(costs[mature & (draw.arm == arm)].mean()) for arm in np.unique(draw.arm[mature])}


def _after_draws(ground: Ground, draw: Draw, spellings: list[str]) -> dict[str, Any]:
    """The places of draws [n] that contacts of these names followed within the horizon, what these cost, in units of
    money as the store has them, and how many of them have no known cost.
    """
    ends = ground.store.zone.shift_days(draw.moment, ground.question.horizon_days)
    asked = pa.table(
        {"place": np.arange(draw.moment.size), "who": draw.customer, "begin": draw.moment, "ends": ends}
    )
    cost = "cost" if "cost" in ground.store.columns["activities"] else "CAST(NULL AS BIGINT)"
    connection = ground.store.connection
    connection.register("drawn", asked)
    try:
        found: dict[str, Any] = connection.execute(
            f"SELECT place, coalesce(sum({cost}), 0) AS spent, count(*) - count({cost}) AS unknown"
            " FROM drawn JOIN activities ON customer = who AND happened >= begin AND happened < ends"
            " WHERE until = ? AND list_contains(?, activity) GROUP BY place ORDER BY place",
            [FOREVER, spellings],
        ).fetchnumpy()
    finally:
        connection.unregister("drawn")
    return found
