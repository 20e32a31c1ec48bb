"""The figures of the training report, each for desks and for phones."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from patron.models.curves import CapacityRow, Gains, ReliabilityBin
from patron.models.evaluation import Evaluation, Segment

from .after_answers_figure import after_answers
from .answer_figure import group_gains
from .canvas import INK, MODEL, MUTED, OPPONENT, PALE, Drawing, quiet_grid
from .forecast_figure import expected_by_tenth
from .formats import decimal, estimate_text, percent, short_day, words
from .geometry_figure import geometry
from .kinds_figure import customer_kinds
from .loyalty_figure import loyalty_map
from .segments import cutoff_of, headline
from .training_page import FamilyWeight, TrainingPage
from .wording import Wording, short_name


def training_figures(page: TrainingPage) -> dict[str, Drawing]:
    """All figures of a training report by name."""
    wording, opponent = Wording.of(page.question), short_name(page.opponent)
    judged = page.evaluation
    drawings = [
        gains(judged.gains, headline(judged), _at_a_cutoff(judged), wording, opponent),
        lift(judged, wording, opponent),
        calibration(judged, opponent),
        per_cutoff(judged, page.timezone, opponent),
        families(page.families),
        geometry(page.geometry, page.timezone, page.observed_until),
    ]
    if page.answer is not None and page.answer.groups:
        drawings.append(group_gains(page.answer))
    if page.after_answers is not None:
        drawings.append(after_answers(page.after_answers, wording))
    if page.loyalty is not None:
        drawings.append(loyalty_map(page.loyalty, wording))
    if page.kinds is not None and page.kinds.rates:
        drawings.append(customer_kinds(page.kinds, wording))
    if page.forecast.amounts:
        drawings.append(expected_by_tenth(page.forecast.amounts))
    return {drawing.key: drawing for drawing in drawings}


def _at_a_cutoff(judged: Evaluation) -> float:
    """Snapshots at a test cutoff on average."""
    return judged.n / max(len(judged.per_cutoff), 1)


def gains(
    curve: Gains, row: CapacityRow | None, customers: float, wording: Wording, opponent: str
) -> Drawing:
    """How much of all buyers is found among the best-ranked customers, with one list length marked."""
    share = 0.2 if row is None else min(row.contacted / customers, 1.0)
    found = [float(np.interp(share, curve.shares, line)) for line in (curve.model, curve.opponent)]
    labels = [
        f"{name}: {percent(value, 0)}"
        for name, value in (("model", found[0]), (opponent, found[1]), ("random", share))
    ]
    mark = f"top {percent(share, 0)}" if row is None else f"top {decimal(row.contacted, 0)}"

    def paint(figure: Figure, _narrow: bool) -> None:
        axes = figure.add_subplot()
        axes.axvline(share, color=MUTED, linewidth=1)
        axes.plot(curve.shares, curve.shares, color=MUTED, linewidth=1.5, linestyle=":")
        axes.plot(curve.shares, curve.opponent, color=OPPONENT, linestyle=(0, (5, 2)))
        axes.plot(curve.shares, curve.model, color=MODEL)
        lines = [
            axes.plot(share, found[0], "o-", color=MODEL, markersize=7)[0],
            axes.plot(share, found[1], "s", color=OPPONENT, markersize=6, linestyle=(0, (5, 2)), mfc="white")[
                0
            ],
            axes.plot(share, share, ":", color=MUTED, linewidth=1.5)[0],
        ]
        title = f"share of {wording.cases} in the {mark}"
        axes.legend(lines, labels, title=title, loc="lower right", alignment="left", title_fontsize=12)
        axes.annotate(
            mark, (share, 1), (4, 2), textcoords="offset points", xycoords=("data", "axes fraction"),
            color=MUTED, fontsize=11, annotation_clip=False,
        )  # fmt: skip
        _percentages(axes, "x", "y")
        axes.set(xlim=(0, 1), ylim=(0, 1))
        axes.set_xlabel("customers contacted, best-ranked first")
        axes.set_ylabel(f"{wording.cases} found")

    return Drawing(
        "gains",
        f"Gains curve. Share of {wording.cases} found in the {mark}: {', '.join(labels)}.",
        paint,
        wide=(580, 345),
        narrow=(358, 340),
    )


def lift(judged: Evaluation, wording: Wording, opponent: str) -> Drawing:
    """For each tenth of the ranking, how many times the average rate it holds."""
    model, other = (judged.lift_by_decile[name] for name in ("model", "opponent"))

    def paint(figure: Figure, narrow: bool) -> None:
        axes = figure.add_subplot()
        place = np.arange(1, len(model) + 1)
        axes.bar(place - 0.2, model, 0.38, color=MODEL, label="model")
        axes.bar(place + 0.2, other, 0.38, color="white", edgecolor=OPPONENT, hatch="////", label=opponent)
        axes.axhline(1, color=INK, linewidth=1, linestyle=":", label="average of all")
        axes.set_xticks(place)
        axes.set_xlabel("tenth of the ranking, best first")
        axes.set_ylabel(f"{wording.rate} ÷ average")
        quiet_grid(axes, "y")
        _legend(figure, axes, narrow)

    return Drawing(
        "lift",
        f"Lift by tenth of the ranking. Best tenth: model {decimal(model[0], 2)}, {opponent} "
        f"{decimal(other[0], 2)}; last tenth: model {decimal(model[-1], 2)}, {opponent} {decimal(other[-1], 2)}.",
        paint,
        wide=(760, 300),
        narrow=(358, 320),
    )


def calibration(judged: Evaluation, opponent: str) -> Drawing:
    """Promised against observed rates, with the interval of each observed rate."""
    groups, others = judged.reliability, judged.opponent_reliability
    ends = [bin_.high for bin_ in groups] + [bin_.predicted for bin_ in (*groups, *others)]
    top = min(1.0, max(ends) * 1.06)

    def paint(figure: Figure, _narrow: bool) -> None:
        axes = figure.add_subplot()
        axes.plot([0, top], [0, top], color=MUTED, linewidth=1, linestyle=":", label="as promised")
        axes.errorbar(
            [bin_.predicted for bin_ in groups],
            [bin_.observed for bin_ in groups],
            yerr=_reach(groups),
            fmt="o-", color=MODEL, linewidth=1.5, elinewidth=1.5, capsize=4, markersize=6, label="model",
        )  # fmt: skip
        axes.plot(
            [bin_.predicted for bin_ in others],
            [bin_.observed for bin_ in others],
            "s", color=OPPONENT, markersize=6, mfc="white", label=opponent,
        )  # fmt: skip
        _percentages(axes, "x", "y")
        axes.set(xlim=(0, top), ylim=(0, top), aspect="equal")
        axes.set_xlabel("promised probability")
        axes.set_ylabel("observed rate")
        axes.legend(loc="upper left", borderaxespad=0.6)

    farthest = max(groups, key=lambda bin_: abs(bin_.predicted - bin_.observed))
    return Drawing(
        "calibration",
        f"Calibration curve of {len(groups)} groups. Farthest apart: promised {percent(farthest.predicted)}, "
        f"observed {percent(farthest.observed)} ({percent(farthest.low)} to {percent(farthest.high)}).",
        paint,
        wide=(470, 450),
        narrow=(358, 350),
    )


def _reach(groups: Sequence[ReliabilityBin]) -> list[list[float]]:
    """How far the intervals reach below and above the observed rates."""
    below = [max(bin_.observed - bin_.low, 0.0) for bin_ in groups]
    above = [max(bin_.high - bin_.observed, 0.0) for bin_ in groups]
    return [below, above]


_PANELS = (
    ("auc", "Ranking (AUC)", "higher is better"),
    ("log_loss", "Log loss", "lower is better"),
    ("mean_difference", "Promised − observed", "0 is right"),
)


def per_cutoff(judged: Evaluation, timezone: str, opponent: str) -> Drawing:
    """Three metrics at each test cutoff, model beside opponent, with intervals."""
    segments = judged.per_cutoff
    labels = [short_day(cutoff_of(segment), timezone) for segment in segments]

    def paint(figure: Figure, narrow: bool) -> None:
        shape = (len(_PANELS), 1) if narrow else (1, len(_PANELS))
        panels = figure.subplots(*shape, squeeze=False).ravel()
        for axes, (metric, title, direction) in zip(panels, _PANELS, strict=True):
            _panel(axes, segments, metric, opponent)
            axes.set_title(title)
            axes.set_ylabel(direction)
            every = max(1, -(-len(labels) // 5))
            axes.set_xticks(range(0, len(labels), every), labels[::every])
            axes.set_xlim(-0.5, len(labels) - 0.5)
        _legend(figure, panels[0], narrow)

    judged_segments = [segment for segment in segments if segment.model is not None]
    said = "; ".join(
        f"{label.replace(chr(10), ' ')} {estimate_text(segment.model['auc'], 3)}"
        for label, segment in zip(labels, segments, strict=True)
        if segment.model is not None
    )
    return Drawing(
        "per_cutoff",
        f"Metrics at {len(judged_segments)} of {len(segments)} test cutoffs. AUC of the model: {said or 'none'}.",
        paint,
        wide=(820, 310),
        narrow=(358, 760),
    )


def _panel(axes: Axes, segments: Sequence[Segment], metric: str, opponent: str) -> None:
    """One metric: a point with its interval for model and opponent at each cutoff."""
    if metric == "mean_difference":
        axes.axhline(0, color=MUTED, linewidth=1, linestyle=":")
    looks = ((-0.12, "o", MODEL, MODEL), (0.12, "s", OPPONENT, "white"))
    both = ([segment.model for segment in segments], [segment.opponent for segment in segments])
    for name, estimates, (shift, marker, color, fill) in zip(("model", opponent), both, looks, strict=True):
        known = [(i, found[metric]) for i, found in enumerate(estimates) if found is not None]
        axes.errorbar(
            [i + shift for i, _ in known],
            [estimate.value for _, estimate in known],
            yerr=[
                [max(estimate.value - estimate.low, 0.0) for _, estimate in known],
                [max(estimate.high - estimate.value, 0.0) for _, estimate in known],
            ],
            fmt=marker, color=color, mfc=fill, markersize=6, elinewidth=1.5, capsize=3, label=name,
        )  # fmt: skip
    for i, segment in enumerate(segments):
        if segment.model is None:
            axes.annotate(
                "too few\nto judge", (i, 0.5), xycoords=("data", "axes fraction"),
                ha="center", va="center", color=MUTED, fontsize=10,
            )  # fmt: skip
    if any(segment.model is not None for segment in segments):
        axes.yaxis.set_major_locator(MaxNLocator(5))
    else:
        axes.set_yticks([])
    quiet_grid(axes, "y")


def families(weights: Sequence[FamilyWeight]) -> Drawing:
    """The share of the model's contributions that each family makes up."""
    shown = sorted(weights, key=lambda weight: (-weight.share, weight.family))
    labels = [words(weight.family) for weight in shown]

    def paint(figure: Figure, _narrow: bool) -> None:
        axes = figure.add_subplot()
        place = range(len(shown))
        bars = axes.barh(place, [weight.share for weight in shown], color=PALE, edgecolor=MODEL)
        axes.bar_label(bars, [percent(weight.share) for weight in shown], padding=4, fontsize=11)
        axes.set_yticks(place, labels)
        axes.invert_yaxis()
        axes.margins(x=0.14)
        axes.set_xlabel("share of the mean absolute contribution")
        _percentages(axes, "x")
        quiet_grid(axes, "x")

    said = ", ".join(f"{label} {percent(weight.share)}" for label, weight in zip(labels, shown, strict=True))
    height = 70 + 30 * len(shown)
    return Drawing("families", f"Families the model leans on: {said}.", paint, (720, height), (358, height))


def _percentages(axes: Axes, *sides: str) -> None:
    for side in sides:
        axis = axes.xaxis if side == "x" else axes.yaxis
        axis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    axes.tick_params(length=0)


def _legend(figure: Figure, axes: Axes, narrow: bool) -> None:
    """One legend above all panels."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=1 if narrow else len(labels))
