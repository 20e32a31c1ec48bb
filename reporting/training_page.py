"""The training report: what goes into it, and the page, figures and notebook fragment that come out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from patron.features.catalogue import FeatureField
from patron.features.localtime import LocalTime, to_datetime, to_microseconds
from patron.features.question import Question
from patron.features.reading import TableAccount
from patron.models.after_answers import AfterAnswers
from patron.models.after_cases import AfterCases
from patron.models.ageing import AgeCurve
from patron.models.attribution import Attribution
from patron.models.customer_kinds import CustomerKinds
from patron.models.evaluation import Evaluation
from patron.models.forecast_evaluation import ForecastEvaluation
from patron.models.group_gains import GroupGains
from patron.models.loyalty_map import LoyaltyMap
from patron.models.stand_ins import StandIn
from patron.models.totals import Totals

from .page_files import write_page


@dataclass(frozen=True)
class FoldSpan:
    """What one test cutoff was judged with: the cutoffs learned from, and when its own answers were known.

    The out-of-time predictions for `inner_cutoffs` chose the tree count and the calibration; `label_end` is when
    the test cutoff's labels are mature.
    """

    test_cutoff: datetime
    train_cutoffs: tuple[datetime, ...]
    inner_cutoffs: tuple[datetime, ...]
    label_end: datetime

    @property
    def learned(self) -> tuple[datetime, ...]:
        """All cutoffs whose labels were used, in order."""
        return tuple(sorted({*self.train_cutoffs, *self.inner_cutoffs}))


@dataclass(frozen=True)
class Geometry:
    """How the cutoffs lie in time.

    `judged_until` is when the judged model's labels were mature. `production_cutoffs` are those that the production
    model, the same recipe once more, was refit on.
    """

    folds: tuple[FoldSpan, ...]
    judged_until: datetime
    horizon_days: int
    settle_days: int = 0
    production_cutoffs: tuple[datetime, ...] = ()

    def label_window(self, cutoff: datetime, timezone: str) -> tuple[datetime, datetime]:
        """A cutoff to the end of its label window and the moment its label is mature, in local days."""
        zone, start = LocalTime(timezone), np.array([to_microseconds(cutoff)], np.int64)
        ends = (zone.shift_days(start, self.horizon_days + days)[0] for days in (0, self.settle_days))
        end, mature = (to_datetime(int(instant)) for instant in ends)
        return end, mature

    def crossings(self, timezone: str) -> tuple[tuple[datetime, datetime], ...]:
        """All (learned cutoff, test cutoff) where a label was not mature before the test cutoff: none, in order."""
        return tuple(
            (cutoff, fold.test_cutoff)
            for fold in self.folds
            for cutoff in fold.learned
            if self.label_window(cutoff, timezone)[1] > fold.test_cutoff
        )


@dataclass(frozen=True)
class FamilyWeight:
    """How much the model leans on a family: its share of the mean absolute contribution, and its features."""

    family: str
    share: float
    features: int


@dataclass(frozen=True)
class FeatureWeight:
    """How much the model leans on a feature: its share of the mean absolute contribution."""

    name: str
    share: float
    field: FeatureField


@dataclass(frozen=True)
class TrainingPage:
    """Everything that the training report says.

    `customers` are the distinct customers in the training set, `excluded` the snapshots left out by reason;
    `provisional` says why a verdict is provisional; `opponent` and `calibration` are in plain words, the opponent's
    short name before a colon; `season` says what is known of it; `answer` is what each kind of evidence is worth, None
    where it was not asked.
    """

    question: Question
    timezone: str
    observed_until: datetime
    model_name: str
    version: str | None
    alias: str | None
    decision: str
    provisional: str | None
    summary: tuple[str, ...]
    accounts: tuple[TableAccount, ...]
    excluded: Mapping[str, int]
    customers: int
    geometry: Geometry
    evaluation: Evaluation
    opponent: str
    families: tuple[FamilyWeight, ...]
    features: tuple[FeatureWeight, ...]
    calibration: str
    n_trees: int
    opponent_rules: Mapping[str, str] = field(default_factory=dict)
    """What each opponent does, by its name."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Why an opponent could not be had, by its name."""
    ageing: AgeCurve = field(default_factory=AgeCurve)
    answer: GroupGains | None = None
    spend_answer: GroupGains | None = None
    """The same for net spend."""
    stand_ins: tuple[StandIn, ...] = ()
    attribution: Attribution | None = None
    """How the judged booster comes to its scores."""
    after_answers: AfterAnswers | None = None
    """What followed the answers; None where nobody answered, or too few."""
    after_cases: AfterCases | None = None
    """What followed support cases; None where there are none."""
    loyalty: LoyaltyMap | None = None
    """Who stands where on the loyalty map; None where nobody answered."""
    kinds: CustomerKinds | None = None
    """Kinds of customers and their reasons; None where the evidence tells nothing of any."""
    warnings: tuple[str, ...] = ()
    totals: Totals | None = None
    forecast: ForecastEvaluation = field(default_factory=ForecastEvaluation)
    season: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


def render_training_page(page: TrainingPage) -> str:
    """The report as one HTML document that loads nothing and runs nothing; the same text for the same page."""
    from .figures import training_figures
    from .templates import environment, inline_style
    from .training_view import TrainingView

    template = environment().get_template("training.html.jinja")
    return template.render(
        page=page, view=TrainingView(page), drawings=training_figures(page), style=inline_style("page.css")
    )


def write_training_page(page: TrainingPage, path: Path | str) -> Path:
    """Write the report to a file, making its folder; the file's path."""
    return write_page(render_training_page(page), path)


def figures(page: TrainingPage) -> dict[str, bytes]:
    """The report's figures as PNG images by name, such as `calibration`."""
    from .figures import training_figures

    return {name: drawing.png() for name, drawing in training_figures(page).items()}


def summary_html(page: TrainingPage) -> str:
    """A small HTML fragment for notebooks: question, standing, the sentences and the main metrics."""
    from .templates import environment
    from .training_view import TrainingView

    return environment().get_template("summary.html.jinja").render(page=page, view=TrainingView(page))
