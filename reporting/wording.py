"""The words of a report: what a question asks, what its cases are called, what each metric means."""

from dataclasses import dataclass

from patron.features.question import Purchase, Question
from patron.models.metrics import BETTER

from .formats import count, percent


@dataclass(frozen=True)
class Wording:
    """A question in plain words, and what to call those for whom the answer is yes."""

    question: str
    population: str
    """Who is asked about."""
    cases: str
    """Those whose outcome is 1, in the plural."""
    rate: str
    """The share of them."""

    @classmethod
    def of(cls, question: Question) -> "Wording":
        """A question to its words."""
        span = (
            "the next day" if question.horizon_days == 1 else f"the next {count(question.horizon_days)} days"
        )
        target = question.target
        if isinstance(target, Purchase):
            narrowed = f", counting only {target.where}" if target.where else ""
            asked = f"{_BUYING[question.population]} in {span}{narrowed}?"
            return cls(asked, _population(question), "buyers", "purchase rate")
        asked = f"Whose spend falls below {percent(target.below, 0)} of their own average in {span}?"
        return cls(asked, _population(question), "spend drops", "spend-drop rate")


_BUYING = {
    "active": "Who buys again",
    "lapsed": "Which lapsed customers buy again",
    "all": "Who buys again",
    "prospects": "Which prospects buy for the first time",
}


def _population(question: Question) -> str:
    lookback = f"{count(question.lookback_days)} days before the cutoff"
    return {
        "active": f"Asked of active customers: a purchase in the {lookback}.",
        "lapsed": f"Asked of lapsed customers: they have bought, but not in the {lookback}.",
        "all": "Asked of everyone who has ever bought before the cutoff.",
        "prospects": "Asked of prospects: known before the cutoff, and never bought.",
    }[question.population]


@dataclass(frozen=True)
class Aim:
    """What those do for whom the answer is yes, in the words in which a report asks what leads to it."""

    title: str
    who: str
    deed: str
    all_the_same: str
    shared: str
    """Why evidence of several kinds may tell the same."""


COMING_BACK = Aim(
    "What brings customers back",
    "who comes back",
    "coming back",
    "come back all the same",
    "past buying may itself be the result of past satisfaction",
)
FIRST_PURCHASE = Aim(
    "What brings prospects to their first purchase",
    "who buys for the first time",
    "a first purchase",
    "buy all the same",
    "who has been known for longer has also been contacted and spoken more",
)


def aim_of(population: str) -> Aim:
    """The aim of a question about a population."""
    return FIRST_PURCHASE if population == "prospects" else COMING_BACK


@dataclass(frozen=True)
class MetricWords:
    """What a metric is called and means, with how many decimals it is written."""

    label: str
    meaning: str
    direction: str
    digits: int
    signed: bool = False


def metric_words(cases: str) -> dict[str, MetricWords]:
    """What the cases are called to the words of all metrics, in the order in which a report shows them."""
    return {
        "auc": MetricWords(
            "Ranking (AUC)",
            f"How often one of the {cases} is ranked above one of the others: 0.5 is a coin toss, 1 is perfect.",
            _direction("auc"),
            3,
        ),
        "average_precision": MetricWords(
            "Average precision",
            f"The share of {cases} at the top of the list, averaged over every length of list.",
            _direction("average_precision"),
            3,
        ),
        "lift_at_10": MetricWords(
            "Lift in the top 10%",
            f"How many times more {cases} the best-ranked tenth holds than a random tenth.",
            _direction("lift_at_10"),
            2,
        ),
        "log_loss": MetricWords(
            "Log loss",
            "How surprising what happened was, given the probabilities; confident mistakes cost most.",
            _direction("log_loss"),
            4,
        ),
        "brier": MetricWords(
            "Brier score",
            "The mean squared distance between the probability and what happened (0 or 1).",
            _direction("brier"),
            4,
        ),
        "calibration_error": MetricWords(
            "Calibration error (ECE)",
            "How far promised and observed rates lie apart, averaged over ten groups of equal size.",
            _direction("calibration_error"),
            4,
        ),
        "mean_difference": MetricWords(
            "Mean difference",
            "The average probability minus the observed rate: above zero promises too much.",
            "nearest to 0 is best",
            4,
            signed=True,
        ),
    }


def _direction(metric: str) -> str:
    return "higher is better" if BETTER[metric] > 0 else "lower is better"


def short_name(opponent: str) -> str:
    """An opponent in plain words to its short name: what stands before the colon, without the article."""
    head = opponent.split(":", 1)[0].strip()
    return head.removeprefix("the ").removeprefix("The ") or "opponent"


GLOSSARY = (
    ("cutoff", "The moment a prediction is made. Only what was known before it is used."),
    ("horizon", "The days from the cutoff on in which the answer is observed."),
    ("snapshot", "One customer at one cutoff. A customer may have several."),
    ("mature", "An answer is mature when its horizon is over and late rows have had their days to settle."),
    ("test cutoff", "A cutoff that is judged: nothing that happened at or after it was learned from."),
    ("out of time", "Predicted for a cutoff later than everything learned from."),
    (
        "opponent",
        "A simpler rule on the same snapshots. A model earns its keep only by beating the best of them.",
    ),
    (
        "grade",
        "A: surely better than the best opponent, at every test cutoff, and calibrated. B: better. C: not shown.",
    ),
    ("champion, challenger", "The version that scores customers, and one that waits beside it."),
    (
        "interval",
        (
            "95%, in brackets or as a thin line: where the value would lie with other customers like these. Customers "
            "are resampled with all their snapshots. It does not cover what a different season would bring; the spread "
            "between cutoffs hints at that."
        ),
    ),
    ("calibration", "Whether of all customers given 30%, about 30% are indeed cases."),
    (
        "stage",
        "Where a customer stands: new, repeat, lapsed, prospect, or unknown when history began too late.",
    ),
    ("family", "A group of features on one subject, such as the buying cycle."),
    ("quarantined", "A row left out because it cannot be used, counted with its reason."),
)
