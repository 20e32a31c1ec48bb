"""The figures of the monitor, each for desks and for phones: totals, ranking and drift run by run, and tenths."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from patron.models.drift import MODERATE, SCORES_MOVED
from patron.models.watched import MonitorReport, WatchedRun

from .canvas import INK, MODEL, OPPONENT, PALE, Drawing, quiet_grid
from .formats import count, decimal, percent, short_day
from .wording import Wording


def monitoring_figures(report: MonitorReport) -> dict[str, Drawing]:
    """The figures that there is something to draw in, by name."""
    drawings = [drift(report)] if report.runs else []
    if report.judged:
        drawings += [totals(report), ranking(report), tenths(report)]
    return {drawing.key: drawing for drawing in drawings}


def totals(report: MonitorReport) -> Drawing:
    """The rate promised, with its interval, and the rate that came, at each judged cutoff."""
    wording = Wording.of(report.question)
    runs = [run for run in report.judged if run.everyone is not None]
    parts = [run.everyone.total for run in runs if run.everyone is not None]

    def paint(figure: Figure, narrow: bool) -> None:
        axes = figure.add_subplot()
        for place, total in enumerate(parts):
            ends = total.promised
            axes.bar(place, (ends.high - ends.low) / total.n, 0.5, ends.low / total.n, color=PALE, edgecolor=MODEL,
                     linewidth=0.8, label="promised, 95%" if not place else None)  # fmt: skip
            axes.plot([place - 0.25, place + 0.25], [ends.value / total.n] * 2, color=MODEL, linewidth=2)
        came = [total.came / total.n for total in parts]
        axes.plot(range(len(parts)), came, "D", color=OPPONENT, markersize=7, label="came")
        axes.set_ylabel(wording.rate)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
        _days(axes, runs, report.timezone, narrow)
        quiet_grid(axes, "y")
        figure.legend(loc="outside upper left", ncols=2)

    said = "; ".join(
        f"{run.day}: {count(total.came)} came, {count(total.promised.value)} promised"
        for run, total in zip(runs, parts, strict=True)
    )
    return Drawing("totals", f"Promised and came at each cutoff. {said}.", paint, (580, 340), (358, 320))


def ranking(report: MonitorReport) -> Drawing:
    """The live AUC at each judged cutoff with its interval, beside what was promised."""
    known = [
        (run, run.everyone.metrics["auc"]) for run in report.judged if run.everyone and run.everyone.metrics
    ]
    promise = report.promise.next_cutoff.get("auc")

    def paint(figure: Figure, narrow: bool) -> None:
        axes = figure.add_subplot()
        if promise is not None:
            label = "seen in training" if promise.is_range else "promised for a next cutoff"
            axes.axhspan(promise.low, promise.high, color=PALE, label=label)
        axes.errorbar(
            range(len(known)),
            [each.value for _, each in known],
            yerr=[
                [max(each.value - each.low, 0.0) for _, each in known],
                [max(each.high - each.value, 0.0) for _, each in known],
            ],
            fmt="o", color=MODEL, markersize=6, elinewidth=1.5, capsize=3, label="live, 95%",
        )  # fmt: skip
        axes.set_ylabel("ranking (AUC)")
        _days(axes, [run for run, _ in known], report.timezone, narrow)
        quiet_grid(axes, "y")
        figure.legend(loc="outside upper left", ncols=1 if narrow else 2)

    said = (
        "; ".join(f"{run.day}: {decimal(each.value, 3)}" for run, each in known) or "too few people to judge"
    )
    return Drawing("ranking", f"Live AUC at each cutoff. {said}.", paint, (720, 300), (358, 320))


def drift(report: MonitorReport) -> Drawing:
    """How far inputs and scores of each run lie from training's, with the sizes from which they are spoken of."""
    runs = report.runs
    panels = (
        ("Inputs: stability index, weighted", [run.drift.weighted for run in runs], MODERATE),
        ("Scores: distance in spreads", [run.drift.scores for run in runs], SCORES_MOVED),
    )

    def paint(figure: Figure, narrow: bool) -> None:
        shape = (2, 1) if narrow else (1, 2)
        for axes, (title, values, limit) in zip(figure.subplots(*shape).ravel(), panels, strict=True):
            axes.plot(range(len(runs)), values, "o-", color=MODEL, markersize=5, linewidth=1.5)
            axes.axhline(limit, color=OPPONENT, linewidth=1.2, linestyle=(0, (5, 2)))
            axes.annotate("look from here on", (0, limit), (2, 3), textcoords="offset points", color=OPPONENT,
                          fontsize=10)  # fmt: skip
            axes.set_title(title)
            axes.set_ylim(0, 1.15 * max(limit * 1.2, *values))
            _days(axes, runs, report.timezone, True)
            quiet_grid(axes, "y")

    said = "; ".join(
        f"{run.day}: inputs {decimal(run.drift.weighted, 2)}, scores {decimal(run.drift.scores, 2)}"
        for run in runs
    )
    return Drawing("drift", f"Distance from training at each cutoff. {said}.", paint, (820, 290), (358, 520))


def tenths(report: MonitorReport) -> Drawing:
    """The newest judged run in tenths, the likeliest first: promised, came, and the share contacted."""
    wording, run = Wording.of(report.question), report.judged[-1]
    shown = [each for each in run.tenths if each.came is not None]
    contacted = [each.contacted for each in shown if each.contacted is not None]

    def paint(figure: Figure, narrow: bool) -> None:
        axes = figure.add_subplot()
        place = range(1, len(shown) + 1)
        axes.bar(place, [each.came or 0.0 for each in shown], 0.62, color=PALE, edgecolor=MODEL, label="came")
        axes.plot(
            place, [each.promised for each in shown], "_", color=INK, markersize=18, mew=2.5, label="promised"
        )
        if len(contacted) == len(shown):
            axes.plot(place, contacted, "s--", color=OPPONENT, mfc="white", markersize=5, linewidth=1.3,
                      label="contacted within the horizon")  # fmt: skip
        axes.set_xticks(list(place))
        axes.set_xlabel(f"tenth of the scores of {run.day}, likeliest first")
        axes.set_ylabel(f"{wording.rate}, share")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
        quiet_grid(axes, "y")
        figure.legend(loc="outside upper left", ncols=1 if narrow else 3)

    best, last = shown[0], shown[-1]
    return Drawing(
        "tenths",
        f"Tenths of the scores of {run.day}. Likeliest: promised {percent(best.promised)}, came"
        f" {percent(best.came or 0.0)}; last: promised {percent(last.promised)}, came {percent(last.came or 0.0)}.",
        paint,
        (720, 320),
        (358, 360),
    )


def _days(axes: Axes, runs: Sequence[WatchedRun], timezone: str, narrow: bool) -> None:
    """The cutoffs below an axis, as many as there is room for."""
    every = max(1, -(-len(runs) // (4 if narrow else 6)))
    labels = [short_day(run.cutoff, timezone) for run in runs]
    axes.set_xticks(list(range(0, len(runs), every)), labels[::every])
    axes.set_xlim(-0.6, max(len(runs), 1) - 0.4)
    axes.yaxis.set_major_locator(MaxNLocator(5))
