"""The page of the monitor: whether the model still holds, run by run."""

from pathlib import Path

from patron.models.watched import MonitorReport

from .page_files import write_page


def render_monitoring_page(report: MonitorReport) -> str:
    """The report as one HTML document that loads nothing and runs nothing; the same text for the same report."""
    from .monitoring_figures import monitoring_figures
    from .monitoring_forecast import ForecastRows
    from .monitoring_view import MonitoringView
    from .templates import environment, inline_style

    template = environment().get_template("monitoring.html.jinja")
    return template.render(
        report=report,
        view=MonitoringView(report),
        forecast=ForecastRows(report),
        figures=monitoring_figures(report),
        style=inline_style("page.css"),
    )


def write_monitoring_page(report: MonitorReport, path: Path | str) -> Path:
    """Write the page to a file, making its folder; the file's path."""
    return write_page(render_monitoring_page(report), path)
