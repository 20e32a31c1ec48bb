"""A plain table for a terminal, or the same in Markdown."""

from collections.abc import Sequence


def render(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], *, markdown: bool) -> str:
    """The table as text; the first column to the left, the others to the right."""
    widths = [max(len(row[place]) for row in (heads, *rows)) for place in range(len(heads))]
    lines = [_line(row, widths, markdown=markdown) for row in (heads, *rows)]
    if markdown:
        lines.insert(1, "|" + "|".join("---" if place == 0 else "---:" for place in range(len(heads))) + "|")
    return "\n".join((f"### {title}" if markdown else title, "", *lines, ""))


def _line(row: Sequence[str], widths: Sequence[int], *, markdown: bool) -> str:
    cells = [
        cell.ljust(width) if place == 0 else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return f"| {' | '.join(cells)} |" if markdown else "  ".join(cells).rstrip()


def seconds(value: float) -> str:
    """Seconds with three figures."""
    return f"{value:,.3g} s" if value < 100 else f"{value:,.0f} s"


def gigabytes(value: int) -> str:
    """Bytes as GB (10^9)."""
    return f"{value / 1e9:.2f} GB"
