"""The drawing of how cutoffs and label windows lie in time, and that none crosses a test cutoff."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from .canvas import INK, MODEL, PALE, Drawing, quiet_grid
from .formats import MONTHS, day, short_day
from .training_page import FoldSpan, Geometry

_LOOKS: dict[str, dict[str, Any]] = {
    "learned from": {"facecolor": PALE, "edgecolor": MODEL},
    "learned from; also chose trees and calibration": {
        "facecolor": "white",
        "edgecolor": MODEL,
        "hatch": "/////",
    },
    "judged on": {"facecolor": MODEL, "edgecolor": MODEL},
}
"""Label windows by their use."""

DAY_SECONDS = 86_400

LANES = 3
"""Windows that overlap are drawn on so many lanes."""


def geometry(spans: Geometry, timezone: str, observed_until: datetime) -> Drawing:
    """For each test cutoff the label windows learned from and the one judged, on a common time axis."""
    folds = sorted(spans.folds, key=lambda fold: fold.test_cutoff)
    crossed = len(spans.crossings(timezone))

    def paint(figure: Figure, narrow: bool) -> None:
        axes = figure.add_subplot()
        for row, fold in enumerate(folds):
            _row(axes, spans, fold, row, timezone)
        axes.axvline(_days(observed_until), color=INK, linewidth=1.5)
        axes.annotate(
            "data end", (_days(observed_until), 1), (-4, 3), textcoords="offset points",
            xycoords=("data", "axes fraction"), ha="right", fontsize=11, annotation_clip=False,
        )  # fmt: skip
        axes.set_yticks(range(len(folds)), [short_day(fold.test_cutoff, timezone) for fold in folds])
        axes.set_ylabel("test cutoff")
        axes.set_ylim(len(folds) - 0.4, -0.6)
        axes.margins(x=0.02)
        _months(axes, timezone, narrow)
        quiet_grid(axes, "x")
        handles = [Patch(label=name, linewidth=1, **look) for name, look in _LOOKS.items()]
        figure.legend(handles=handles, loc="outside upper left", ncols=1 if narrow else 3)

    learned = sorted({cutoff for fold in folds for cutoff in fold.learned})
    tests = ", ".join(day(fold.test_cutoff, timezone) for fold in folds)
    crossing = "No label window learned from reaches past its test cutoff." if not crossed else (
        f"{crossed} label windows learned from reach past a test cutoff.")  # fmt: skip
    height = 110 + 52 * len(folds)
    return Drawing(
        "geometry",
        f"Time axis with {len(learned)} cutoffs learned from and the test cutoffs {tests}. {crossing}",
        paint,
        wide=(820, height),
        narrow=(358, height + 50),
    )


def _row(axes: Axes, spans: Geometry, fold: FoldSpan, row: int, timezone: str) -> None:
    """One test cutoff: its line, and the windows before and after it."""
    learned, both, judged = _LOOKS
    lanes = _lanes(fold.learned, spans, timezone)
    height = 0.6 / (max(lanes.values(), default=0) + 1)
    # Drawn first, so that a window which crosses the test cutoff lies on top of it and is seen.
    _window(axes, spans, fold.test_cutoff, timezone, row - 0.3, 0.6, judged)
    for cutoff in fold.learned:
        use = both if cutoff in fold.inner_cutoffs else learned
        _window(axes, spans, cutoff, timezone, row - 0.3 + lanes[cutoff] * height, height, use)
    axes.plot([_days(fold.test_cutoff)] * 2, [row - 0.45, row + 0.45], color=INK, linewidth=2)


def _window(
    axes: Axes, spans: Geometry, cutoff: datetime, timezone: str, bottom: float, height: float, use: str
) -> None:
    """A label window as a box; a thin line after it for the days in which late rows settle."""
    end, mature = spans.label_window(cutoff, timezone)
    start, stop = _days(cutoff), _days(end)
    axes.add_patch(Rectangle((start, bottom), stop - start, height, linewidth=1, **_LOOKS[use]))
    if mature > end:
        axes.plot([stop, _days(mature)], [bottom + height / 2] * 2, color=MODEL, linewidth=1.2)
    axes.update_datalim([(start, bottom), (_days(mature), bottom + height)])


def _lanes(cutoffs: Sequence[datetime], spans: Geometry, timezone: str) -> dict[datetime, int]:
    """For each cutoff the first lane that is free at it, so that overlapping windows stay apart."""
    ends: list[datetime] = []
    lanes = {}
    for cutoff in cutoffs:
        free = next((lane for lane, end in enumerate(ends) if end <= cutoff), None)
        if free is None:
            free = len(ends) if len(ends) < LANES else min(range(LANES), key=lambda lane: ends[lane])
        ends[free : free + 1] = [spans.label_window(cutoff, timezone)[0]]
        lanes[cutoff] = free
    return lanes


def _months(axes: Axes, timezone: str, narrow: bool) -> None:
    """Days or months on the time axis, as many as there is room for; the year below the first and each January."""
    first, last = axes.get_xlim()
    moments = _ticks(first, last, ZoneInfo(timezone), 4 if narrow else 9)
    labels = [
        f"{MONTHS[moment.month - 1]}{'' if moment.day == 1 else f' {moment.day}'}"
        + (f"\n{moment.year}" if i == 0 or (moment.month, moment.day) == (1, 1) else "")
        for i, moment in enumerate(moments)
    ]
    axes.set_xticks([_days(moment) for moment in moments], labels)
    axes.set_xlim(first, last)


def _ticks(first: float, last: float, zone: ZoneInfo, most: int) -> list[datetime]:
    """Local midnights between two numbers of days: firsts of months, or weeks where that is less than two months."""
    start, end = (datetime.fromtimestamp(value * DAY_SECONDS, zone) for value in (first, last))
    day = datetime(start.year, start.month, start.day, tzinfo=zone) + timedelta(days=1)
    days = [day + timedelta(days=i) for i in range((end - day).days + 1)]
    months = [moment for moment in days if moment.day == 1]
    found = months if len(months) > 2 else days[::7]
    return found[:: -(-len(found) // most)] if found else []


def _days(moment: datetime) -> float:
    """A moment as days since 1970 in UTC."""
    return moment.timestamp() / DAY_SECONDS
