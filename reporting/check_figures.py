"""The figures of the check: gaps between orders, what windows get wrong, rates by cutoff, train against test."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from patron.features.order_rhythm import Rhythm
from patron.features.question import Question
from patron.models.intervals import Estimate, wilson
from patron.models.separability import Separability

from .canvas import INK, MODEL, MUTED, OPPONENT, PALE, Drawing, quiet_grid
from .check_page import CheckPage, CutoffLine
from .formats import count, decimal, percent, short_day, words

MOST_BARS = 60


def check_figures(page: CheckPage) -> dict[str, Drawing]:
    """The figures that the data allow, by name."""
    overall, question = page.rhythm.overall, page.question
    drawings = []
    if overall.gaps.ended.any():
        drawings.append(gaps(overall, question))
    if overall.survival.limit > overall.follow_days:
        drawings.append(windows(overall, question))
    shown = [(name, each) for name, each in page.rhythm.categories if each.survival.limit > each.follow_days]
    if shown:
        drawings.append(category_windows(shown, question))
    if page.cutoffs:
        drawings.append(rates(page.cutoffs, page.timezone))
    if page.separability is not None:
        drawings.append(separability(page.separability))
    return {drawing.key: drawing for drawing in drawings}


def gaps(rhythm: Rhythm, question: Question) -> Drawing:
    """How many days pass between two days with an order."""
    ended, horizon = rhythm.gaps.ended, question.horizon_days
    last = int(max(rhythm.gaps.quantile(0.98), horizon * 1.2, 10))
    width = -(-last // MOST_BARS)
    edges = np.arange(0.5, last + width, width)
    heights = np.array([ended[int(low + 0.5) : int(low + 0.5) + width].sum() for low in edges]) / ended.sum()
    within = rhythm.survival.ordered_within(horizon)
    median = rhythm.gaps.quantile(0.5)
    beyond = 1 - heights.sum()

    def paint(figure: Figure, _narrow: bool) -> None:
        axes = figure.add_subplot()
        axes.bar(edges, heights, width, align="edge", color=PALE, edgecolor=MODEL, linewidth=0.8)
        axes.axvline(horizon + 0.5, color=INK, linewidth=1.5)
        _mark(axes, horizon + 0.5, f"horizon {horizon}")
        axes.set_xlim(0, edges[-1] + width)
        axes.set_xlabel("days from one order to the next")
        axes.set_ylabel("share of gaps")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
        quiet_grid(axes, "y")

    said = f", {percent(beyond, 1)} are longer than shown" if beyond > 0.0005 else ""
    return Drawing(
        "gaps",
        f"Histogram of {count(ended.sum())} gaps between days with an order. The median is {decimal(median, 0)} days;"
        f" {percent(within, 0)} of orders are followed by another within the horizon of {horizon} days{said}.",
        paint,
        wide=(820, 280),
        narrow=(358, 280),
    )


def windows(rhythm: Rhythm, question: Question) -> Drawing:
    """Both errors of a window, and the buyers that it misses, over its length."""
    curves = _Curves(rhythm, question.horizon_days)
    lookback = question.lookback_days
    configured, follow = rhythm.error(lookback), rhythm.follow_days

    def paint(figure: Figure, narrow: bool) -> None:
        axes = figure.add_subplot()
        curves.draw(axes, is_band=True)
        axes.plot(
            curves.days, 1 - curves.kept, color=MUTED, linestyle=":", label="buyers of the horizon it misses"
        )
        for days, name, style in (
            (lookback, "configured", "-"),
            (rhythm.shortest, "shortest that misses 5%", "--"),
            (rhythm.balanced, "errors equal", ":"),
        ):
            if days is not None and days <= curves.days[-1]:
                label = f"{name}: {days} days"
                axes.axvline(days, color=INK, linewidth=1.2, linestyle=style, label=label)
        axes.set(xlim=(0, curves.days[-1]), ylim=(0, 1))
        axes.set_xlabel("days without an order after which a customer is called lost")
        axes.set_ylabel("share of customers")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.tick_params(length=0)
        figure.legend(loc="outside upper left", ncols=1 if narrow else 2)

    said = ""
    if configured is not None and np.isfinite(configured.came_back):
        said = (
            f" At the configured {lookback} days {percent(configured.came_back, 0)} of those called lost come back,"
            f" {percent(configured.gone, 0)} of those called active are gone."
        )
    return Drawing(
        "windows",
        f"Two errors of a churn window by its length, each followed for {follow} days: called lost, yet came back;"
        f" called active, yet gone.{said}",
        paint,
        wide=(820, 400),
        narrow=(358, 480),
    )


class _Curves:
    """Both errors of every window that can be followed."""

    def __init__(self, rhythm: Rhythm, horizon: int) -> None:
        survival, follow = rhythm.survival, rhythm.follow_days
        self.days = np.unique(np.linspace(1, max(survival.limit - follow, 1), 200).astype(int))
        errors = [survival.errors(int(day), follow, horizon) for day in self.days]
        self.back, self.low, self.high, self.gone, self.kept = (
            np.array([getattr(each, name) for each in errors])
            for name in ("came_back", "came_back_low", "came_back_high", "gone", "kept")
        )

    def draw(self, axes: Axes, *, is_band: bool) -> None:
        """Both curves, with the interval of the first if wanted."""
        if is_band:
            axes.fill_between(self.days, self.low, self.high, color=PALE, linewidth=0)
        axes.plot(self.days, self.back, color=MODEL, label="called lost, yet came back")
        axes.plot(
            self.days, self.gone, color=OPPONENT, linestyle=(0, (5, 2)), label="called active, yet gone"
        )


def category_windows(categories: Sequence[tuple[str, Rhythm]], question: Question) -> Drawing:
    """Both errors of a window for each large category."""

    def paint(figure: Figure, narrow: bool) -> None:
        columns = 2 if narrow else 4
        rows = -(-len(categories) // columns)
        panels = figure.subplots(rows, columns, squeeze=False, sharey=True, sharex=True).ravel()
        for axes, (name, rhythm) in zip(panels, categories, strict=False):
            _Curves(rhythm, question.horizon_days).draw(axes, is_band=False)
            if rhythm.balanced is not None:
                axes.axvline(rhythm.balanced, color=INK, linewidth=1, linestyle=":")
            axes.set_title(_shortened(name, 17 if narrow else 22), fontsize=10.5)
            axes.set(ylim=(0, 1), xlim=(0, None))
            axes.yaxis.set_major_formatter(PercentFormatter(1.0))
            axes.xaxis.set_major_locator(MaxNLocator(3, integer=True))
            axes.tick_params(length=0)
        for axes in panels[len(categories) :]:
            axes.set_visible(False)
        figure.supxlabel("days without a purchase of the category", fontsize=11, color=MUTED)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=1 if narrow else 2)

    said = "; ".join(
        f"{name}: {'nowhere' if each.balanced is None else f'{each.balanced} days'}"
        for name, each in categories
    )
    wide, narrow = (-(-len(categories) // columns) for columns in (4, 2))
    return Drawing(
        "category_windows",
        f"The two errors of a churn window for each large category. They are equal at {said}.",
        paint,
        wide=(820, 110 + 150 * wide),
        narrow=(358, 130 + 140 * narrow),
    )


def _shortened(name: str, most: int) -> str:
    return name if len(name) <= most else f"{name[: most - 1].rstrip()}…"


def rates(cutoffs: Sequence[CutoffLine], timezone: str) -> Drawing:
    """The share of snapshots with the event at each cutoff, with its interval."""
    estimates = [wilson(each.events, each.snapshots) for each in cutoffs]
    labels = [short_day(each.cutoff, timezone) for each in cutoffs]

    def paint(figure: Figure, narrow: bool) -> None:
        axes = figure.add_subplot()
        for is_test, marker, fill, name in (
            (False, "o", "white", "to learn from"),
            (True, "s", MODEL, "to judge at"),
        ):
            places = [i for i, each in enumerate(cutoffs) if each.is_test == is_test and each.snapshots]
            if places:
                chosen = [estimates[i] for i in places]
                axes.errorbar(
                    places, [each.value for each in chosen], yerr=_reach(chosen), fmt=marker, color=MODEL,
                    mfc=fill, markersize=7, elinewidth=1.5, capsize=3, linestyle="none", label=name,
                )  # fmt: skip
        every = max(1, -(-len(labels) // (4 if narrow else 12)))
        axes.set_xticks(range(0, len(labels), every), labels[::every])
        axes.set_xlim(-0.6, len(labels) - 0.4)
        axes.set_ylabel("share with the event")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.margins(y=0.25)
        quiet_grid(axes, "y")
        figure.legend(loc="outside upper left", ncols=2)

    known = [(label, each) for label, each in zip(labels, estimates, strict=True) if np.isfinite(each.value)]
    said = "; ".join(f"{label.replace(chr(10), ' ')} {percent(each.value, 1)}" for label, each in known)
    return Drawing(
        "rates", f"Share of snapshots with the event by cutoff: {said}.", paint, (820, 260), (358, 260)
    )


def separability(told: Separability) -> Drawing:
    """How far earlier and later snapshots can be told apart: by all features, and by each family."""
    rows: list[tuple[str, Estimate]] = [("all features", told.auc)]
    if told.unbounded:
        rows.append(("without those that look\nback to the beginning", told.bounded_auc))
    rows += [(words(name), estimate) for name, estimate in told.families]
    height = 90 + 34 * len(rows)

    def paint(figure: Figure, narrow: bool) -> None:
        axes = figure.add_subplot()
        for place, (_, each) in enumerate(rows):
            is_family = place >= len(rows) - len(told.families)
            axes.errorbar(
                [each.value], [place], xerr=_reach([each]), fmt="o" if is_family else "s",
                color=MODEL if is_family else INK, markersize=7, elinewidth=1.5, capsize=3,
            )  # fmt: skip
            axes.annotate(
                decimal(each.value, 2), (each.value, place), (0, 7), textcoords="offset points", ha="center",
                fontsize=10.5,
            )  # fmt: skip
        axes.axvline(0.5, color=MUTED, linewidth=1, linestyle=":")
        axes.set_yticks(range(len(rows)), [name for name, _ in rows])
        axes.set(xlim=(0.42, 1.02), ylim=(len(rows) - 0.4, -0.8))
        of_what = "AUC" if narrow else "AUC of telling earlier from later"
        axes.set_xlabel(f"{of_what}: 0.5 not at all, 1 always")
        quiet_grid(axes, "x")

    said = ", ".join(f"{name.replace(chr(10), ' ')} {decimal(each.value, 2)}" for name, each in rows)
    return Drawing(
        "separability",
        f"AUC of telling earlier from later snapshots: {said}.",
        paint,
        (820, height),
        (358, height),
    )


def _reach(estimates: Sequence[Estimate]) -> list[list[float]]:
    """How far the intervals reach below and above their values."""
    below = [max(each.value - each.low, 0.0) if np.isfinite(each.low) else 0.0 for each in estimates]
    above = [max(each.high - each.value, 0.0) if np.isfinite(each.high) else 0.0 for each in estimates]
    return [below, above]


def _mark(axes: Axes, place: float, text: str) -> None:
    axes.annotate(
        text, (place, 1), (4, 2), textcoords="offset points", xycoords=("data", "axes fraction"),
        color=MUTED, fontsize=11, annotation_clip=False,
    )  # fmt: skip
