"""The figure of what brings customers back: what each group tells alone, and what it adds to all others."""

from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator, PercentFormatter

from patron.models.feature_groups import words_of
from patron.models.group_gains import GroupGains

from .canvas import INK, MODEL, MUTED, PALE, Drawing, quiet_grid
from .formats import percent, sentence


def group_gains(gains: GroupGains) -> Drawing:
    """Two bars for each group, as shares of what the whole model tells, the added one with its interval."""
    shown = sorted(gains.groups, key=lambda each: -each.alone.share.value)
    labels = [sentence(words_of(each.group)) for each in shown]
    alone = [max(each.alone.share.value, 0.0) for each in shown]
    added = [max(each.adds.share.value, 0.0) if each.adds.is_measurable else 0.0 for each in shown]

    def paint(figure: Figure, narrow: bool) -> None:
        axes = figure.add_subplot()
        place = range(len(shown))
        axes.barh(place, alone, height=0.62, color=PALE, edgecolor=MUTED, linewidth=0.6, label="alone")
        axes.barh(place, added, height=0.62, color=MODEL, label="added to all others")
        for at, each in enumerate(shown):
            ends = each.adds.share
            axes.plot([max(ends.low, 0.0), max(ends.high, 0.0)], [at, at], color=INK, linewidth=1.5)
            said = percent(ends.value) if each.adds.is_measurable else f"at most {percent(each.adds.at_most)}"
            axes.annotate(
                f"adds {said}", (max(alone[at], ends.high, 0.0), at), (6, 0), textcoords="offset points",
                va="center", color=INK, fontsize=11,
            )  # fmt: skip
        axes.set_yticks(place, labels)
        axes.invert_yaxis()
        axes.set_xlim(0, (1.75 if narrow else 1.35) * max(*alone, 0.01))
        axes.xaxis.set_major_locator(MultipleLocator(0.25 if max(alone) > 0.3 else 0.05))
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.set_xlabel("of what the model tells")
        quiet_grid(axes, "x")
        figure.legend(loc="outside upper left", ncols=2)

    said = "; ".join(
        f"{label} {percent(each.alone.share.value)} alone, "
        + (percent(each.adds.share.value) if each.adds.is_measurable else "nothing measurable")
        + " added"
        for label, each in zip(labels, shown, strict=True)
    )
    height = 110 + 34 * len(shown)
    return Drawing(
        "answer", f"What each kind of evidence tells: {said}.", paint, (720, height), (358, height)
    )
