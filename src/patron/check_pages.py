"""From a check report to its page."""

from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from patron.features.localtime import LocalTime, to_datetime
from patron.reporting.check_page import CheckPage, CutoffLine, GateLine, write_check_page

from .checkup import CheckReport

if TYPE_CHECKING:
    from .config import Config


def with_page(report: CheckReport, config: "Config", path: Path) -> CheckReport:
    """The report with its page written; where that cannot be, with a note instead."""
    try:
        return replace(report, page=write_check_page(check_page(report, config), path))
    except OSError as error:
        note = f"the page cannot be written to {path}: {error.strerror}"
        return replace(report, notes=(*report.notes, note))


def check_page(report: CheckReport, config: "Config") -> CheckPage:
    """What the page shows of a report."""
    zone = LocalTime(report.timezone)
    return CheckPage(
        question=report.question,
        timezone=report.timezone,
        observed_until=config.data.observed_until,
        customers=report.customers,
        problems=report.problems,
        remedy=report.remedy,
        provisional=report.provisional,
        notes=report.notes,
        advice=report.advice,
        history=report.history,
        gate=tuple(GateLine(**asdict(row)) for row in report.gate),
        cutoffs=tuple(
            CutoffLine(
                to_datetime(zone.midnight(date.fromisoformat(each.cutoff))),
                each.snapshots,
                each.events,
                each.cutoff in report.tests,
            )
            for each in report.cutoffs
        ),
        excluded=report.excluded,
        rhythm=report.rhythm,
        separability=report.separability,
        accounts=report.accounts,
        tables=report.tables,
        quarantine=report.quarantine,
    )
