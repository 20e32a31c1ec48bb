"""The figure of kinds of customers: how each differs from customers alike, with its interval."""

import numpy as np
from matplotlib.figure import Figure

from patron.models.customer_kinds import CustomerKinds

from .canvas import MODEL, MUTED, Drawing, quiet_grid
from .formats import decimal, sentence
from .wording import Wording


def customer_kinds(found: CustomerKinds, wording: Wording) -> Drawing:
    """A point with its interval for each kind, beside the line of no difference."""
    rates = [each.rate for each in found.rates]

    def paint(figure: Figure, narrow: bool) -> None:
        axes = figure.add_subplot()
        value, low, high = (
            100 * np.array([getattr(each.difference, end) for each in rates])
            for end in ("value", "low", "high")
        )
        axes.axvline(0.0, color=MUTED, linestyle="--", linewidth=1.2)
        axes.errorbar(
            value, np.arange(len(rates)), xerr=np.array([value - low, high - value]),
            fmt="o", color=MODEL, markersize=7, elinewidth=1.5, capsize=3,
        )  # fmt: skip
        labels = [sentence(each.name.replace(", ", ",\n")) for each in rates]
        axes.set_yticks(range(len(rates)), labels)
        axes.set_ylim(len(rates) - 0.5, -0.5)
        axes.set_xlabel(
            "points beside customers alike" if narrow else f"{wording.rate}, points beside customers alike"
        )
        quiet_grid(axes, "x")

    said = "; ".join(f"{each.name}: {decimal(100 * each.difference.value, 1, signed=True)}" for each in rates)
    alt = f"{sentence(wording.rate)} of kinds of customers beside customers alike, in points. {said}."
    height = 90 + 48 * len(rates)
    return Drawing("kinds", alt, paint, wide=(720, height), narrow=(358, height + 20))
