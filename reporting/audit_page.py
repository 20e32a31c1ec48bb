"""The audit page: what was proven, on how much, and what to look at."""

from pathlib import Path

from patron.features.audit import AuditReport

from .page_files import write_page


def render_audit_page(report: AuditReport) -> str:
    """The report as one HTML document that loads nothing and runs nothing; the same text for the same report."""
    from .audit_view import AuditView
    from .templates import environment, inline_style

    template = environment().get_template("audit.html.jinja")
    return template.render(report=report, view=AuditView(report), style=inline_style("page.css"))


def write_audit_page(report: AuditReport, path: Path | str) -> Path:
    """Write the page to a file, making its folder; the file's path."""
    return write_page(render_audit_page(report), path)
