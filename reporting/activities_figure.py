"""The chart of what activities changed: every effect with its interval, and those that nobody can tell."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from .activities_page import MeasuredEffect, RankedGain
from .canvas import INK, MODEL, MUTED, OPPONENT, Drawing, quiet_grid
from .formats import estimate_text


def effects_chart(effects: Sequence[MeasuredEffect], key: str) -> Drawing:
    """A line for each effect on one outcome: filled where drawn by lot, hollow where not, a word for none."""
    labels = [f"{each.name}\n{each.arm}" if each.arm != each.name else each.name for each in effects]

    def paint(figure: Figure, narrow: bool) -> None:
        axes = figure.add_subplot()
        axes.axvline(0, color=INK, linewidth=1.0)
        for place, each in enumerate(effects):
            if each.estimate is None:
                axes.annotate(
                    "cannot be told", (0, place), (8, 0), textcoords="offset points", va="center", color=MUTED
                )
                continue
            found = each.estimate
            axes.plot([found.low, found.high], [place, place], color=MODEL, linewidth=2.0)
            face = MODEL if each.drawn else "white"
            axes.plot([found.value], [place], marker="o", markersize=8, color=MODEL, markerfacecolor=face)
        axes.set_yticks(range(len(effects)), labels)
        axes.set_ylim(len(effects) - 0.4, -0.6)
        axes.margins(x=0.15)
        axes.set_xlabel(f"change in {effects[0].outcome} per customer")
        axes.locator_params(axis="x", nbins=4 if narrow else 7)
        quiet_grid(axes, "x")

    said = "; ".join(
        f"{each.name}, {each.arm}: "
        + ("cannot be told" if each.estimate is None else estimate_text(each.estimate, 3, signed=True))
        for each in effects
    )
    height = 90 + 46 * len(effects)
    return Drawing(
        key, f"Change in {effects[0].outcome} per customer. {said}.", paint, (720, height), (358, height)
    )


def gains_chart(gain: RankedGain, key: str) -> Drawing:
    """What treating a share of customers gains, by what was learned, by risk, and by lot."""

    def paint(figure: Figure, narrow: bool) -> None:
        axes = figure.add_subplot()
        share = [each * 100 for each in gain.share]
        everyone = gain.learned[-1].value
        axes.plot([0, 100], [0, everyone], color=MUTED, linestyle=":", label="by lot")
        axes.fill_between(
            share,
            [each.low for each in gain.learned],
            [each.high for each in gain.learned],
            color=MODEL,
            alpha=0.15,
            linewidth=0,
        )
        axes.plot(share, [each.value for each in gain.learned], color=MODEL, label="by what was learned")
        if gain.risk is not None:
            axes.plot(
                share,
                [each.value for each in gain.risk],
                color=OPPONENT,
                linestyle="--",
                label="riskiest first",
            )
        axes.set_xlabel("of customers treated, in percent")
        axes.set_ylabel(f"gain in {gain.outcome}, per customer of all")
        axes.locator_params(axis="y", nbins=5)
        figure.legend(loc="outside upper left", ncols=1 if narrow else 3)

    half = gain.learned[len(gain.learned) // 2 - 1]
    return Drawing(
        key,
        f"Gain in {gain.outcome} by the share treated with {gain.arm}: half of the customers, by what was learned,"
        f" bring {estimate_text(half, 4, signed=True)}, all bring {estimate_text(gain.learned[-1], 4, signed=True)}.",
        paint,
        (720, 360),
        (358, 330),
    )
