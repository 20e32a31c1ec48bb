"""The figure of the loyalty map: the purchase rate after, by type, with how many customers stand there."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from patron.models.loyalty_map import LoyaltyMap

from .canvas import MODEL, MUTED, OPPONENT, Drawing, quiet_grid
from .formats import count, percent, sentence
from .wording import Wording

_OFTEN = ("loyalist", "hostage", "attitude unknown, buys often")


def loyalty_map(found: LoyaltyMap, wording: Wording) -> Drawing:
    """A point with its interval for each type: filled circles buy often, open squares seldom."""
    rows = found.rows

    def paint(figure: Figure, narrow: bool) -> None:
        axes = figure.add_subplot()
        for place, row in enumerate(rows):
            if not np.isfinite(row.rate.value):
                axes.text(
                    0.01,
                    place,
                    "too few to say",
                    va="center",
                    color=MUTED,
                    transform=axes.get_yaxis_transform(),
                )
                continue
            often = row.name in _OFTEN
            value, low, high = row.rate.value, row.rate.low, row.rate.high
            axes.errorbar(
                value, place, xerr=np.array([[value - low], [high - value]]), fmt="o" if often else "s", markersize=7,
                color=MODEL if often else OPPONENT, mfc=MODEL if often else "white", elinewidth=1.5, capsize=3,
            )  # fmt: skip
        axes.set_yticks(range(len(rows)), [_label(row.name, row.customers, narrow) for row in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(0, 1)
        axes.set_xlabel(wording.rate)
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        quiet_grid(axes, "x")

    said = "; ".join(
        f"{row.name}: {count(row.customers)} customers, "
        + (percent(row.rate.value) if np.isfinite(row.rate.value) else "too few for a rate")
        for row in rows
    )
    alt = f"{sentence(wording.rate)} after the last training cutoff by loyalty type. {said}."
    return Drawing("loyalty", alt, paint, wide=(720, 320), narrow=(358, 360))


def _label(name: str, customers: int, narrow: bool) -> str:
    shown = sentence(name.replace(", ", ",\n")) if narrow or "," in name else sentence(name)
    return f"{shown} ({count(customers)})"
