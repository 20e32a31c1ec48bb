"""Who is champion, and why: the alias changes hands one process at a time, and its history stays with the model.

The history is kept as tags of the registered model, one for each change, so that MLflow's page shows it as well.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from patron.features.errors import ConfigurationError, ModelError, PatronError
from patron.features.tracking import Tracking

from .registry import (
    CHALLENGER,
    CHAMPION,
    RegisteredVersion,
    address_of,
    champion,
    client_of,
    delete_alias,
    resolve,
    set_alias,
    versions,
)
from .tracking_store import local_file, tracking_to

_TAG = "patron.champion."
"""Tags of the registered model that hold its history: the prefix, then a number that counts up."""

LONGEST_WAIT = 60.0
"""Seconds to wait for another process that is changing the champion, which takes it moments."""


@dataclass(frozen=True)
class Change:
    """The champion changed hands: to which version, from which, by whom, why, and when (ISO 8601, UTC).

    `by` is "gate" (the end of a training), "promote" or "rollback" (both by hand).
    """

    version: int
    replaced: int | None
    by: str
    reason: str
    at: str

    def to_dict(self) -> dict[str, Any]:
        """The change as plain data."""
        return asdict(self)


class LostRaceError(PatronError):
    """Another process made its version champion in the meantime; `winner` is that version, None if there is none."""

    def __init__(self, winner: int | None, tracking: Tracking) -> None:
        self.winner = winner
        super().__init__(
            "The champion changed in the meantime, so nothing was changed here.",
            where=tracking.uri,
            found=f"{tracking.model_name}: version {winner}"
            if winner
            else f"{tracking.model_name}: no champion",
            remedy="look at the new champion with patron compare, and decide again",
        )


def history(tracking: Tracking) -> tuple[Change, ...]:
    """Every change of the champion that Patron made, oldest first."""
    return tuple(change for _, change in _entries(tracking))


def crown(tracking: Tracking, version: int, *, instead_of: int | None, by: str, reason: str) -> Change:
    """Make a version champion if `instead_of` (None: nobody) still is; LostRaceError where another one came first.

    Beside a local store a lock lets one process in at a time. A server has none: the alias is read back, and whoever
    set it last has it. The alias is the last thing that changes: what fails before it leaves the champion as it was.
    """
    with _alone(tracking):
        current = _number(champion(tracking))
        if current != instead_of:
            raise LostRaceError(current, tracking)
        change = Change(version, instead_of, by, reason, datetime.now(UTC).isoformat(timespec="seconds"))
        key = _remember(tracking, change)
        try:
            set_alias(tracking, CHAMPION, version)
            current = _number(champion(tracking))
            if current != version:
                raise LostRaceError(current, tracking)
        except BaseException:
            with suppress(Exception):  # what went wrong first is what is told
                _forget(tracking, key)
            raise
    if any(known.version == version and CHALLENGER in known.aliases for known in versions(tracking)):
        delete_alias(tracking, CHALLENGER)
    return change


def promote(tracking: Tracking, wanted: str, reason: str) -> Change:
    """Make a version champion by hand: its number, `models:/name/3`, or an alias; the model is verified first.

    ModelError for a version that is not there, is damaged, or is champion already; ConfigurationError without reason.
    """
    why = _stated(reason)
    target = resolve(address_of(wanted, tracking), tracking).registered
    current = champion(tracking)
    if target is None or target.name != tracking.model_name:
        raise ModelError(
            "Only a version of the configured model can become its champion.",
            where="[tracking] model_name",
            found=wanted,
            remedy=f"name a version of {tracking.model_name}, such as 1",
        )
    if current is not None and current.version == target.version:
        raise ModelError(
            "This version is champion already.",
            where=tracking.uri,
            found=f"version {target.version} of {target.name}",
            remedy="name another version, or leave it as it is",
        )
    return crown(tracking, target.version, instead_of=_number(current), by="promote", reason=why)


def rollback(tracking: Tracking, reason: str) -> Change:
    """Make the previous champion champion again, the next time the one before it; ModelError if there is none."""
    why = _stated(reason)
    current = champion(tracking)
    there = {known.version for known in versions(tracking)}
    earlier = [number for number in predecessors(history(tracking), _number(current)) if number in there]
    if not earlier:
        raise ModelError(
            "There is no earlier champion to go back to.",
            where=tracking.uri,
            found=f"{tracking.model_name}: {f'version {current.version}' if current else 'no champion'}"
            f", {len(history(tracking))} changes known",
            remedy='name a version: patron promote 1 --reason "…"',
        )
    resolve(f"models:/{tracking.model_name}/{earlier[0]}", tracking)  # a damaged model never comes back
    return crown(tracking, earlier[0], instead_of=_number(current), by="rollback", reason=why)


def predecessors(changes: Sequence[Change], current: int | None) -> list[int]:
    """The versions that were champion before the current one, latest first; a rollback takes back what it undid.

    >>> first, second = Change(1, None, "gate", "", ""), Change(2, 1, "gate", "", "")
    >>> predecessors([first, second], 2)
    [1]
    >>> predecessors([first, second, Change(1, 2, "rollback", "", "")], 1)
    []
    """
    line: list[int] = []
    for change in changes:
        if change.by == "rollback" and change.version in line:
            line = line[: _last(line, change.version) + 1]
        else:
            if change.replaced is not None and (not line or line[-1] != change.replaced):
                line.append(change.replaced)  # made champion by other hands
            line.append(change.version)
    if current in line:
        line = line[: _last(line, current)]
    return [version for version in dict.fromkeys(reversed(line)) if version != current]


def _last(line: Sequence[int], version: int | None) -> int:
    return max(place for place, each in enumerate(line) if each == version)


def _stated(reason: str) -> str:
    if not reason.strip():
        raise ConfigurationError(
            "A change of the champion by hand needs a reason, which is kept with the model.",
            where="--reason",
            found="nothing",
            remedy='say why in a few words: --reason "agreed with marketing on 3 May"',
        )
    return " ".join(reason.split())


def _number(known: RegisteredVersion | None) -> int | None:
    return None if known is None else known.version


@contextmanager
def _alone(tracking: Tracking) -> Iterator[None]:
    """One process at a time beside a local store; a lock that dies with its process."""
    store = local_file(tracking.uri)
    if store is None:
        yield
        return
    from filelock import FileLock, Timeout

    lock = FileLock(f"{store}.lock", timeout=LONGEST_WAIT)
    try:
        lock.acquire()
    except Timeout:
        raise PatronError(
            "Another process has been changing the champion for too long.",
            where=f"{store}.lock",
            found=f"still held after {LONGEST_WAIT:.0f} seconds",
            remedy="wait for it or end it, and decide again",
        ) from None
    try:
        yield
    finally:
        lock.release()


def _entries(tracking: Tracking) -> list[tuple[str, Change]]:
    if not versions(tracking):
        return []
    with tracking_to(tracking.uri) as mlflow:
        tags = client_of(mlflow, tracking).get_registered_model(tracking.model_name).tags
    found = sorted((key, value) for key, value in tags.items() if key.startswith(_TAG))
    return [(key, Change(**json.loads(value))) for key, value in found]


def _remember(tracking: Tracking, change: Change) -> str:
    """Write a change down after all others; the key under which it stands."""
    taken = [int(key.removeprefix(_TAG)) for key, _ in _entries(tracking)]
    key = f"{_TAG}{max(taken, default=0) + 1:06d}"
    with tracking_to(tracking.uri) as mlflow:
        value = json.dumps(change.to_dict(), ensure_ascii=False)
        client_of(mlflow, tracking).set_registered_model_tag(tracking.model_name, key, value)
    return key


def _forget(tracking: Tracking, key: str) -> None:
    with tracking_to(tracking.uri) as mlflow:
        client_of(mlflow, tracking).delete_registered_model_tag(tracking.model_name, key)
