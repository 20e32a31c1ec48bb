"""What was expected beside what came, for each tenth of the customers."""

import numpy as np
from matplotlib.figure import Figure

from patron.models.forecast_evaluation import AmountQuality

from .canvas import INK, MODEL, Drawing, quiet_grid
from .formats import decimal


def expected_by_tenth(amounts: tuple[AmountQuality, ...]) -> Drawing:
    """One panel for each amount: means by tenth of what was expected, with the intervals of what came."""

    def paint(figure: Figure, narrow: bool) -> None:
        shape = (len(amounts), 1) if narrow else (1, len(amounts))
        panels = figure.subplots(*shape, squeeze=False).ravel()
        for axes, judged in zip(panels, amounts, strict=True):
            place = np.arange(1, len(judged.deciles) + 1)
            value, low, high = (
                np.array([getattr(each.realised, end) for each in judged.deciles])
                for end in ("value", "low", "high")
            )
            reach = np.maximum([value - low, high - value], 0.0)
            axes.bar(
                place, [each.expected for each in judged.deciles], color=MODEL, alpha=0.35, label="expected"
            )
            axes.errorbar(
                place, value, yerr=reach, fmt="o", color=INK, markersize=5, elinewidth=1.5, capsize=3, label="came",
            )  # fmt: skip
            axes.set_xticks(place)
            axes.set_title("Purchases" if judged.what == "purchases" else "Net spend")
            axes.set_xlabel("tenth by what was expected, lowest first")
            quiet_grid(axes, "y")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=len(labels))

    said = "; ".join(
        f"{judged.what}: highest tenth expected {decimal(judged.deciles[-1].expected, 2)}, "
        f"came {decimal(judged.deciles[-1].realised.value, 2)}"
        for judged in amounts
    )
    height = 330 * len(amounts)
    return Drawing(
        "expected", f"Expected and realised means by tenth. {said}.", paint, (820, 320), (358, height)
    )
