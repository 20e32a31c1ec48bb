"""Plans on the disk: published whole or not at all, found again by the next one, read as evidence by the next run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from patron.features.errors import ConfigurationError
from patron.features.store import EvidenceStore
from patron.features.words import name_part
from patron.serving.locking import only_one
from patron.serving.publishing import Publication, published
from patron.serving.staging import remove

from .contactable import Contacts
from .plan import Plan

ASSIGNMENTS = "assignments"
CONTACTS = "planned_activities"
ROWS = "plan"


def folder_of(out: Path, question: str, cutoff: str) -> Path:
    """Where the plan of a question at a cutoff (a local day) is."""
    return out / name_part(question) / cutoff


@dataclass(frozen=True)
class PublishedPlan:
    """A plan in its folder: what its manifest says, and the rows of its files. `repeated`: it was there before."""

    folder: Path
    facts: Mapping[str, Any]
    page: Path | None = None
    repeated: bool = False

    @property
    def rows(self) -> pa.Table:
        """One row per scored customer."""
        return parquet.read_table(self.folder / ROWS)

    @property
    def assignments(self) -> pa.Table:
        """Who was drawn to which arm of which programme, as rows of the table of assignments."""
        return parquet.read_table(self.folder / ASSIGNMENTS)

    @property
    def contacts(self) -> pa.Table:
        """The contacts to make, with the columns of the table of activities."""
        return parquet.read_table(self.folder / CONTACTS)

    def __str__(self) -> str:
        return "\n".join(self.facts["words"])

    def to_dict(self) -> dict[str, Any]:
        """Plain data, without customers."""
        page = None if self.page is None else str(self.page)
        return {**self.facts, "folder": str(self.folder), "page": page, "repeated": self.repeated}


def planned_before(folder: Path, identity: Mapping[str, Any]) -> PublishedPlan | None:
    """The same plan where it was published before, None where there is none.

    ConfigurationError where another plan of the same cutoff is there: its assignments may have been acted on.
    """
    facts = published(folder)
    if facts is None:
        return None
    if facts.get("identity") != json.loads(json.dumps(identity)):
        raise ConfigurationError(
            "There is another plan of this cutoff, and customers may have been contacted by it.",
            where=str(folder),
            found="made from other scores, programmes or settings",
            remedy="keep it; or, if nobody was contacted yet, make it anew with --replace",
        )
    return PublishedPlan(folder, facts, repeated=True)


def latest_plan(out: Path, question: str) -> PublishedPlan | None:
    """The plan of a question with the latest cutoff; None where there is none."""
    folders = sorted(each for each in (out / name_part(question)).glob("[!.]*") if each.is_dir())
    facts = published(folders[-1]) if folders else None
    return None if facts is None else PublishedPlan(folders[-1], facts, repeated=True)


def publish_plan(
    plan: Plan, folder: Path, identity: Mapping[str, Any], *, replacing: bool = False
) -> PublishedPlan:
    """Write a plan into its folder, which appears in one step; one that is there stays unless it is to be replaced.

    BusyError where another process is writing a plan of the same cutoff, ConfigurationError where one has written
    another plan in the meantime.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = folder.with_name(f".{folder.name}.staging")
    with only_one(folder.with_name(f".{folder.name}.lock"), f"the plan of {folder.name}"):
        there = None if replacing else planned_before(folder, identity)
        if there is not None:
            return there
        remove(staging)
        staging.mkdir()
        try:
            return PublishedPlan(folder, _published(plan, folder, staging, identity))
        finally:
            remove(staging)


def _published(plan: Plan, folder: Path, staging: Path, identity: Mapping[str, Any]) -> dict[str, Any]:
    publication = Publication(folder, staging)
    for name, table in ((ROWS, plan.rows), (ASSIGNMENTS, plan.assignments), (CONTACTS, plan.contacts)):
        publication.write_parts(name, [table], table.schema)
    if folder.exists():
        folder.rename(staging / "old")
    return publication.publish({**plan.to_dict(), "identity": dict(identity)})


def earlier_contacts(out: Path, store: EvidenceStore, own: Path, cutoff: str) -> Contacts:
    """What all other plans below `out` have planned for a local day and later; unknown ids are left out."""
    from_day = np.datetime64(cutoff)
    who, when = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for folder in sorted(out.glob(f"*/[!.]*/{CONTACTS}")):
        if folder.parent == own:
            continue
        table = parquet.read_table(folder, columns=["customer_id", "occurred_at"])
        moment = np.asarray(table["occurred_at"].cast(pa.int64()), np.int64)
        code = store.codes(table["customer_id"].combine_chunks())
        midnight = store.zone.midnight(from_day.astype(object))
        kept = (code >= 0) & (moment >= midnight)
        who.append(code[kept])
        when.append(moment[kept])
    return Contacts(np.concatenate(who), np.concatenate(when))
