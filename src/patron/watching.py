"""What the monitor leaves behind: a page, and figures in MLflow beside the model's run."""

from dataclasses import replace
from pathlib import Path

from patron.features.tracking import Tracking
from patron.models.registry import ResolvedModel
from patron.models.watched import MonitorReport


def recorded(report: MonitorReport, model: ResolvedModel, tracking: Tracking, page: Path) -> MonitorReport:
    """A report to the same with its page written and its figures logged.

    A tracking server that fails takes nothing away: the verdict and the page stand, and a note says what is missing.
    """
    from patron.reporting.monitoring_page import write_monitoring_page
    from patron.serving.monitor_log import log_watching

    report = replace(report, page=write_monitoring_page(report, page))
    if model.registered is None:
        note = "The model is of no registry, so nothing was logged to MLflow."
        return replace(report, notes=(*report.notes, note))
    try:
        run = log_watching(report, model.registered, tracking, page)
    except Exception as problem:  # noqa: BLE001 - whatever the transport raises: requests, urllib3 or MLflow itself
        said = " ".join(f"{type(problem).__name__}: {problem}".split())[:200]
        note = f"Logging to MLflow broke off ({said}); the next run of the monitor logs what is missing."
        return replace(report, notes=(*report.notes, note))
    return replace(report, tracked=run)
