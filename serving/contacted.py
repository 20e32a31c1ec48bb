"""Who was contacted within a horizon, and whom lots left alone."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from patron.features.store import EvidenceStore

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Window:
    """A label window [cutoff, end) and until when facts about it count, all instants."""

    cutoff: int
    end: int
    known_at: int


def contacted_within(store: EvidenceStore, window: Window) -> Codes | None:
    """Codes of customers with a contact within the window, ascending; None where no contacts are kept.

    Contacts that the customer began are none of the firm's.
    """
    if "activities" not in store.columns:
        return None
    return _codes(
        store,
        "SELECT DISTINCT customer FROM activities WHERE happened >= ? AND happened < ? AND recorded < ? AND until > ?"
        f" AND {by_the_firm(store)} ORDER BY customer",
        (window.cutoff, window.end, window.known_at, window.known_at),
    )


def by_the_firm(store: EvidenceStore) -> str:
    """The SQL condition on activities that the firm began; where nobody is named, the firm did."""
    told = "initiated_by" in store.columns["activities"]
    return "coalesce(lower(trim(initiated_by)), '') <> 'customer'" if told else "true"


@dataclass(frozen=True)
class Control:
    """Customers whom lots left alone before the cutoff, and who were in no other arm until the window ended."""

    customers: Codes
    tests: tuple[str, ...]


def control_of(store: EvidenceStore, window: Window) -> Control | None:
    """The customers in a control arm at the cutoff; None where `assignments` names no control arm or nobody is in it.

    Who is also in another arm of any test by the end of the window was not left alone.
    """
    if "control_arm" not in store.columns.get("assignments", ()):
        return None
    left_alone = "lower(trim(arm)) = lower(trim(control_arm))"
    known = "recorded < ? AND until > ?"
    customers = _codes(
        store,
        f"SELECT customer FROM assignments WHERE happened < ? AND {known} GROUP BY customer"
        f" HAVING bool_or(coalesce({left_alone}, false)) AND customer NOT IN (SELECT customer FROM assignments"
        f" WHERE happened < ? AND {known} AND NOT coalesce({left_alone}, false)) ORDER BY customer",
        (window.cutoff, window.known_at, window.known_at, window.end, window.known_at, window.known_at),
    )
    if not customers.size:
        return None
    tests = store.connection.execute(
        f"SELECT DISTINCT test FROM assignments WHERE happened < ? AND {known} AND {left_alone} ORDER BY test",
        [window.cutoff, window.known_at, window.known_at],
    ).fetchall()
    return Control(customers, tuple(str(test) for (test,) in tests))


def _codes(store: EvidenceStore, query: str, values: tuple[int, ...]) -> Codes:
    found = store.connection.execute(query, list(values)).fetchnumpy()["customer"]
    return np.asarray(found, np.int64)
