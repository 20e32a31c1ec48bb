"""How figures look, and how they become inline SVG and PNG: the same bytes for the same drawing."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK = "#1b1f24"
MUTED = "#5a636d"
RULE = "#d5dade"
MODEL = "#14508c"
OPPONENT = "#a8480a"
PALE = "#c9d9ea"
"""Each colour is always joined by a line style, marker or hatch, so that the figures read without colour."""

STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": MUTED,
    "axes.formatter.useoffset": False,
    "axes.grid": True,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 12,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "figure.constrained_layout.use": True,
    "font.family": "DejaVu Sans",
    "font.size": 12,
    "grid.color": RULE,
    "grid.linewidth": 0.7,
    "hatch.linewidth": 0.8,
    "legend.borderaxespad": 0.0,
    "legend.fontsize": 12,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    "lines.linewidth": 2.0,
    "path.simplify": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "patron",
    "text.color": INK,
    "text.parse_math": False,  # a name may hold dollar signs
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 11,
    "xtick.major.pad": 6,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 11,
    "ytick.major.pad": 6,
}
UNITS = 72
"""One unit of the drawing is one CSS pixel at full size."""

PNG_SCALE = 2


@dataclass(frozen=True)
class Drawing:
    """A figure for desks and, in a layout of its own, for phones; `alt` says in words what it shows.

    `paint` fills an empty figure; its second argument asks for the narrow layout. Sizes are CSS pixels.
    """

    key: str
    alt: str
    paint: Callable[[Figure, bool], None]
    wide: tuple[int, int]
    narrow: tuple[int, int]

    def svg(self, *, narrow: bool = False) -> str:
        """An `svg` element to stand inside a page: text kept as text, ids of its own, nothing to load."""
        with mpl.rc_context(STYLE):
            target = io.StringIO()
            nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
            self._figure(narrow=narrow).savefig(target, format="svg", metadata=nothing)
        return _inline(target.getvalue(), f"{self.key}-{'narrow' if narrow else 'wide'}-")

    def png(self) -> bytes:
        """The wide layout as a PNG image."""
        with mpl.rc_context(STYLE):
            target = io.BytesIO()
            self._figure(narrow=False).savefig(
                target, format="png", dpi=UNITS * PNG_SCALE, metadata={"Software": None}
            )
        return target.getvalue()

    def _figure(self, *, narrow: bool) -> Figure:
        width, height = self.narrow if narrow else self.wide
        figure = Figure(figsize=(width / UNITS, height / UNITS), dpi=UNITS)
        self.paint(figure, narrow)
        return figure


def _inline(document: str, prefix: str) -> str:
    """An SVG document to an element: no prolog, metadata or style sheet, and ids of its own on the page."""
    element = document[document.index("<svg") :]
    for left_out in ("metadata", "style"):
        element = re.sub(rf"<{left_out}\b.*?</{left_out}>", "", element, flags=re.DOTALL)
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', element))

    def renamed(tag: re.Match[str]) -> str:
        text = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", tag[0]).replace("xlink:href", "href")
        text = re.sub(r'\sid="([^"]*)"', lambda found: found[0] if found[1] in used else "", text)
        return re.sub(r'(\sid="|href="#|url\(#)', rf"\g<1>{prefix}", text)

    element = re.sub(r"<[^<>]+>", renamed, element)
    element = re.sub(r'(width|height)="([\d.]+)pt"', r'\1="\2"', element, count=2)
    return re.sub(r"\s*\n\s*", "\n", element).strip()


def quiet_grid(axes: Axes, axis: str) -> None:
    """Keep the grid lines of one axis only (x or y), and no tick marks."""
    axes.grid(visible=False, axis="x" if axis == "y" else "y")
    axes.tick_params(length=0)
