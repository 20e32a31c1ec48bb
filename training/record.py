"""Everything about a finished training that is worth keeping."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from patron.features.question import Question
from patron.features.reading import TableAccount
from patron.features.tables import DataSpec
from patron.models.after_answers import AfterAnswers
from patron.models.after_cases import AfterCases
from patron.models.artefact import Artefact
from patron.models.customer_kinds import CustomerKinds
from patron.models.forecast_evaluation import ForecastEvaluation
from patron.models.loyalty_map import LoyaltyMap

from .answer import Answer
from .folds import FoldPlan
from .judgement import Judgement
from .recipe import Recipe
from .settings import TrainingSettings
from .snapshots import BuiltTrainingSet
from .tuning import Tuning


@dataclass(frozen=True)
class Record:
    """A finished training: what it was told, what it saw, what it found, and the model."""

    data: DataSpec
    question: Question
    settings: TrainingSettings
    recipe: Recipe
    model_name: str
    plan: FoldPlan
    built: BuiltTrainingSet
    judgement: Judgement
    answer: Answer
    artefact: Artefact
    accounts: tuple[TableAccount, ...]
    digests: Mapping[str, str]
    summary: tuple[str, ...]
    tuning: Tuning | None = None
    forecast: ForecastEvaluation = field(default_factory=ForecastEvaluation)
    after_answers: AfterAnswers | None = None
    after_cases: AfterCases | None = None
    loyalty: LoyaltyMap | None = None
    kinds: CustomerKinds | None = None
