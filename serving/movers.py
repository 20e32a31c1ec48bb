"""Who moved most since the run before, and why: a small file beside the runs, the same for the same two runs."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from patron.features.engine import Prepared, chosen_partition
from patron.features.errors import ConfigurationError
from patron.features.localtime import to_microseconds
from patron.features.sql import literal
from patron.features.store import EvidenceStore
from patron.models.artefact import Artefact
from patron.models.contributions import Contributions
from patron.models.encoding import encode
from patron.models.logistic import log_odds
from patron.models.reasons import Reason, Reasons

from .durable import make_folder, write_file
from .publishing import manifests, published

FOLDER = "movers"
MOST_MOVERS = 20
TEN_POINTS = 0.10


@dataclass(frozen=True)
class Mover:
    """A customer with a score in both runs: `before`, `now`, and what of the change comes from where, in log-odds.

    The `groups` of features, `calibration` (the season among it) and `remainder` sum to `change`. The remainder is what
    the earlier score would be otherwise today: facts came late or were corrected, or another model said it.
    """

    customer: str
    before: float
    now: float
    change: float
    reasons: tuple[Reason, ...]
    groups: Mapping[str, float]
    calibration: float
    remainder: float

    def __str__(self) -> str:
        why = " | ".join(map(str, self.reasons)) or "no feature that stands out"
        return f"{self.customer}: {self.before:.1%} to {self.now:.1%}, {why}"

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            **vars(self),
            "reasons": [dict(vars(each)) for each in self.reasons],
            "groups": dict(self.groups),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What `to_dict` described."""
        return cls(**{**plain, "reasons": tuple(Reason(**each) for each in plain["reasons"])})


@dataclass(frozen=True)
class Movers:
    """A run beside the run before: who is in both, who is new or gone, how scores moved, and who moved most."""

    since: str
    """The name of the earlier run."""
    day: str
    """Its cutoff as a day of the business."""
    same_model: bool
    compared: int
    new: int
    gone: int
    mean_change: float
    up: int
    """Customers whose probability rose by ten points or more; `down` likewise."""
    down: int
    most: tuple[Mover, ...]

    def lines(self, shown: int = 3) -> list[str]:
        """The comparison in a few lines."""
        model = "" if self.same_model else ", which another model scored"
        mean = f"{100 * self.mean_change:+.1f} points"
        first = (
            f"since {self.day}{model}: {self.compared:,} customers have a score again, {mean} on average,"
            f" {self.up:,} rose and {self.down:,} fell by ten points or more; {self.new:,} are new, {self.gone:,} gone"
        )
        return [first, *(f"  {mover}" for mover in self.most[:shown])]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {**vars(self), "most": [each.to_dict() for each in self.most]}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """What `to_dict` described."""
        return cls(**{**plain, "most": tuple(Mover.from_dict(each) for each in plain["most"])})


def movers_of(
    final: Path, store: EvidenceStore, prepared: Prepared, artefact: Artefact, cutoff: int
) -> Movers | None:
    """A published run beside the one before; written down once as `movers/<run>.json` beside the runs, then read.

    None where there is no earlier cutoff, or its run is not as it was published.
    """
    file = final.parent / FOLDER / f"{final.name}.json"
    kept = _kept(file)
    if kept is not None:
        return kept
    before = _before(final, cutoff)
    if before is None:
        return None
    found = _compare(final, before, store, prepared, artefact, cutoff)
    make_folder(file.parent)
    write_file(file, _text(found))
    return found


def forget_in_movers(folder: Path, ids: Collection[str]) -> int:
    """Take customers out of the comparisons beside the runs of a question; how many entries went."""
    gone = 0
    for file in sorted((folder / FOLDER).glob("*.json")):
        found = _kept(file)
        if found is None:  # nothing that is read: it is written anew with the next run
            file.unlink()
            continue
        most = tuple(each for each in found.most if each.customer not in ids)
        if len(most) < len(found.most):
            gone += len(found.most) - len(most)
            write_file(file, _text(replace(found, most=most)))
    return gone


def _text(movers: Movers) -> bytes:
    return (json.dumps(movers.to_dict(), indent=1, ensure_ascii=False) + "\n").encode()


def _kept(file: Path) -> Movers | None:
    try:
        return Movers.from_dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError):
        return None


@dataclass(frozen=True)
class _Earlier:
    """The run before: its folder, cutoff and model."""

    folder: Path
    cutoff: int
    model: str


def _before(final: Path, cutoff: int) -> _Earlier | None:
    """The newest run of an earlier cutoff, the one published last of several."""
    runs = {
        name: (to_microseconds(datetime.fromisoformat(facts["cutoff"])), facts.get("sequence", 0), name)
        for name, facts in manifests(final.parent).items()
    }
    earlier = [found for found in runs.values() if found[0] < cutoff]
    if not earlier:
        return None
    moment, _, name = max(earlier)
    folder = final.parent / name
    try:
        facts = published(folder)
    except ConfigurationError:
        return None
    return None if facts is None else _Earlier(folder, moment, str(facts["model_digest"]))


def _compare(
    final: Path, before: _Earlier, store: EvidenceStore, prepared: Prepared, artefact: Artefact, cutoff: int
) -> Movers:
    both = (
        f"(SELECT id, earlier.probability AS before, later.probability AS now FROM {_scores(before.folder)} AS earlier"
        f" FULL JOIN {_scores(final)} AS later USING (id))"
    )
    counted = store.connection.execute(
        "SELECT count(before) FILTER (now IS NOT NULL), count(*) FILTER (before IS NULL),"
        " count(*) FILTER (now IS NULL), coalesce(avg(now - before), 0),"
        " count(*) FILTER (now - before >= ?), count(*) FILTER (before - now >= ?)"
        f" FROM {both}",
        [TEN_POINTS, TEN_POINTS],
    ).fetchone()
    assert counted is not None
    compared, new, gone, mean_change, up, down = counted
    most = store.connection.execute(
        f"SELECT known.customer AS code, CAST(known.id AS VARCHAR) AS customer, before, now FROM {both} AS scored"
        " JOIN customers AS known ON CAST(known.id AS VARCHAR) = scored.id WHERE before IS NOT NULL AND now IS NOT NULL"
        " AND now <> before ORDER BY abs(now - before) DESC, code LIMIT ?",
        [MOST_MOVERS],
    ).fetchall()
    return Movers(
        since=before.folder.name,
        day=store.zone.day_of(before.cutoff).isoformat(),
        same_model=before.model == artefact.digest,
        compared=int(compared),
        new=int(new),
        gone=int(gone),
        mean_change=round(float(mean_change), 6),
        up=int(up),
        down=int(down),
        most=_why(most, store, prepared, artefact, (before.cutoff, cutoff)),
    )


def _scores(folder: Path) -> str:
    """The scores of a run in SQL, ids as text."""
    files = ", ".join(literal(str(file)) for file in sorted((folder / "scores").glob("*.parquet")))
    return f"(SELECT CAST(customer_id AS VARCHAR) AS id, probability FROM read_parquet([{files}]))"


def _why(
    most: list[tuple[Any, ...]],
    store: EvidenceStore,
    prepared: Prepared,
    artefact: Artefact,
    cutoffs: tuple[int, int],
) -> tuple[Mover, ...]:
    """Those who moved most with the difference of their contributions between two cutoffs."""
    codes = np.unique(np.array([code for code, *_ in most], np.int64))
    if not codes.size:
        return ()
    then, now = (_Look.at(store, prepared, artefact, cutoff, codes) for cutoff in cutoffs)
    reasons = Reasons.of(artefact.contract)
    told = reasons.changed(then.matrix, now.matrix, now.parts.features - then.parts.features)
    fields = artefact.contract.features
    groups = [look.parts.by_group(fields) for look in (then, now)]
    found = []
    for code, customer, before, after in most:
        at = int(np.searchsorted(codes, code))
        moved = float(log_odds(np.array([after]))[0] - log_odds(np.array([before]))[0])
        parts = {name: float(groups[1][name][at] - groups[0][name][at]) for name in groups[0]}
        calibration = float(now.parts.calibration[at] - then.parts.calibration[at])
        known = bool(then.known[at] and now.known[at])
        if not known:
            parts, calibration = dict.fromkeys(parts, 0.0), 0.0
        found.append(
            Mover(
                customer=str(customer),
                before=before,
                now=after,
                change=moved,
                reasons=told[at] if known else (),
                groups=parts,
                calibration=calibration,
                remainder=moved - sum(parts.values()) - calibration,
            )
        )
    return tuple(found)


@dataclass(frozen=True)
class _Look:
    """Chosen customers at a cutoff: encoded features [n, k], contributions, and who was known by then."""

    matrix: npt.NDArray[np.float32]
    parts: Contributions
    known: npt.NDArray[np.bool_]

    @classmethod
    def at(
        cls,
        store: EvidenceStore,
        prepared: Prepared,
        artefact: Artefact,
        cutoff: int,
        codes: npt.NDArray[np.int64],
    ) -> Self:
        built = chosen_partition(store, prepared, cutoff, codes, everyone=True).snapshots
        places = np.asarray(built["customer"], np.int64)
        known = np.zeros(codes.size, np.bool_)
        known[places] = True
        matrix = np.full((codes.size, len(artefact.contract.features)), np.nan, np.float32)
        matrix[places] = encode(built, artefact.contract.features, needs=artefact.contract.tables)
        return cls(matrix, artefact.contributions(matrix, cutoff), known)
