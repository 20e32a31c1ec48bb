"""What a training run says in words: how good, against which opponent, with which interval."""

from patron.features.question import Question
from patron.models.evaluation import CapacityRow, Evaluation
from patron.models.intervals import Estimate


def summary_sentences(question: Question, evaluation: Evaluation, opponent: str) -> tuple[str, str, str]:
    """Three sentences with numbers and 95 % intervals: ranking, comparison, and what it is good for."""
    return (
        _how_good(question, evaluation),
        _against(evaluation, opponent),
        _good_for(question, evaluation, opponent),
    )


def _how_good(question: Question, evaluation: Evaluation) -> str:
    auc = evaluation.model["auc"]
    return (
        f"At {_count(len(evaluation.per_cutoff), 'later cutoff')} ({evaluation.n:,} snapshots of"
        f" {evaluation.customers:,} customers, {evaluation.base_rate:.1%} with the event in {question.horizon_days}"
        f" days) the model ranks with an AUC of {_interval(auc, '.3f')}."
    )


def _against(evaluation: Evaluation, opponent: str) -> str:
    model, other = evaluation.model["log_loss"], evaluation.opponent["log_loss"]
    gain = evaluation.improvement["log_loss"]
    verdict = "not distinguishable from"
    if gain.low > 0 or gain.high < 0:
        verdict = "better than" if gain.low > 0 else "worse than"
    better_at = sum(
        segment.improvement is not None and segment.improvement["log_loss"].value > 0
        for segment in evaluation.per_cutoff
    )
    return (
        f"Its log loss of {model.value:.4f} is {verdict} the {opponent}'s {other.value:.4f}: a gain of"
        f" {_interval(gain, '.4f')}, above zero at {better_at} of {_count(len(evaluation.per_cutoff), 'test cutoff')}."
    )


def _good_for(question: Question, evaluation: Evaluation, opponent: str) -> str:
    row = headline_capacity(evaluation)
    if row is None:
        return "There are too few customers at a cutoff to say what contacting the best of them would find."
    return (
        f"Of the top {row.contacted:,} at a cutoff expect {_interval(row.buyers, ',.0f')} to meet the target within"
        f" {question.horizon_days} days; the {opponent}'s top {row.contacted:,} hold {row.opponent_buyers.value:,.0f},"
        f" as many at random {row.random_buyers:,.0f}."
    )


def headline_capacity(evaluation: Evaluation) -> CapacityRow | None:
    """The row of the capacity table nearest to a fifth of the customers at a cutoff."""
    fifth = evaluation.n / max(len(evaluation.per_cutoff), 1) / 5
    return min(evaluation.capacity, key=lambda row: abs(row.contacted - fifth), default=None)


def _interval(estimate: Estimate, form: str) -> str:
    return f"{estimate.value:{form}} [{estimate.low:{form}} to {estimate.high:{form}}]"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
