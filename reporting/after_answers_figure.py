"""The figure of what followed the answers: repurchase by score, beside that of customers alike."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from patron.models.after_answers import AfterAnswers

from .canvas import MODEL, OPPONENT, Drawing, quiet_grid
from .formats import percent
from .wording import Wording


def after_answers(found: AfterAnswers, wording: Wording) -> Drawing:
    """A point with its interval for each band of scores, and the share expected of customers alike."""
    bands = found.bands
    looks = (("share", -0.08, "o-", MODEL, MODEL, "after the answer"),
             ("expected", 0.08, "s--", OPPONENT, "white", "customers alike"))  # fmt: skip

    def paint(figure: Figure, narrow: bool) -> None:
        axes = figure.add_subplot()
        for what, shift, marker, color, fill, label in looks:
            estimates = [getattr(each, what) for each in bands]
            value, low, high = (
                np.array([getattr(e, end) for e in estimates]) for end in ("value", "low", "high")
            )
            axes.errorbar(
                np.arange(len(bands)) + shift, value, yerr=np.maximum([value - low, high - value], 0.0),
                fmt=marker, color=color, mfc=fill, markersize=6, linewidth=1.5, elinewidth=1.5, capsize=3, label=label,
            )  # fmt: skip
        axes.set_xticks(range(len(bands)), [each.name.replace(" to ", "–") for each in bands])
        axes.set_xlim(-0.5, len(bands) - 0.5)
        axes.set_xlabel(f"score, {found.unit}")
        axes.set_ylabel(wording.rate)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        quiet_grid(axes, "y")
        figure.legend(loc="outside upper left", ncols=1 if narrow else 2)

    said = "; ".join(
        f"{each.name}: {percent(each.share.value)}, customers alike {percent(each.expected.value)}"
        for each in bands
    )
    return Drawing(
        "after_answers",
        f"{wording.rate} after answers by score. {said}.",
        paint,
        wide=(720, 320),
        narrow=(358, 340),
    )
