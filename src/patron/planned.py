"""What earlier plans add to the evidence, without being asked to: their assignments."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from patron.features.tables import TableSpec

ASSIGNMENTS = "assignments"


def with_assignments(
    tables: Mapping[str, TableSpec], plans: Path, observed_until: datetime, zone: str
) -> dict[str, TableSpec]:
    """The tables with the assignments of all plans below a folder that were made before the evidence ends."""
    last = observed_until.astimezone(ZoneInfo(zone)).date()
    files = tuple(
        str(file)
        for file in sorted(plans.glob(f"*/[!.]*/{ASSIGNMENTS}/*.parquet"))
        if _is_before(file.parent.parent.name, last)
    )
    if not files:
        return dict(tables)
    own = tables.get(ASSIGNMENTS, TableSpec(ASSIGNMENTS))
    return {**tables, ASSIGNMENTS: replace(own, further=files)}


def _is_before(name: str, last: date) -> bool:
    try:
        return date.fromisoformat(name) < last
    except ValueError:  # not one of ours
        return False
