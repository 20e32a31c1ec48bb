"""The page of the check: what goes into it, and the HTML that comes out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from patron.features.advice import Advice
from patron.features.history import HistoryNeed
from patron.features.order_rhythm import OrderRhythm
from patron.features.question import Question
from patron.features.reading import TableAccount
from patron.features.table_facts import TableFacts
from patron.models.separability import Separability

from .page_files import write_page


@dataclass(frozen=True)
class GateLine:
    """A count of the minimum-data gate beside the least that it asks for."""

    what: str
    found: int
    needed: int

    @property
    def is_enough(self) -> bool:
        """Whether it is enough."""
        return self.found >= self.needed


@dataclass(frozen=True)
class CutoffLine:
    """A cutoff with its snapshots, those that met the target, and whether a model would be judged at it."""

    cutoff: datetime
    snapshots: int
    events: int
    is_test: bool


@dataclass(frozen=True, eq=False)
class CheckPage:
    """Everything that the page of the check says.

    `problems` are why no model can be trained, `remedy` is what to do about them; `excluded` counts snapshots left out
    by reason, `quarantine` are the files of rows that were set apart.
    """

    question: Question
    timezone: str
    observed_until: datetime
    customers: int
    problems: tuple[str, ...]
    remedy: str
    provisional: str | None
    notes: tuple[str, ...]
    advice: tuple[Advice, ...]
    history: HistoryNeed
    gate: tuple[GateLine, ...]
    cutoffs: tuple[CutoffLine, ...]
    excluded: Mapping[str, int]
    rhythm: OrderRhythm
    separability: Separability | None
    accounts: tuple[TableAccount, ...]
    tables: tuple[TableFacts, ...]
    quarantine: tuple[Path, ...]


def render_check_page(page: CheckPage) -> str:
    """The page as one HTML document that loads nothing and runs nothing; the same text for the same page."""
    from .check_figures import check_figures
    from .check_view import CheckView
    from .templates import environment, inline_style

    template = environment().get_template("check.html.jinja")
    style = inline_style("page.css") + inline_style("check.css")
    return template.render(page=page, view=CheckView(page), drawings=check_figures(page), style=style)


def write_check_page(page: CheckPage, path: Path) -> Path:
    """Write the page to a file, making its folder; the file's path."""
    return write_page(render_check_page(page), path)
