"""What a training run says in words: how good, against which opponent, with which interval."""

from patron.features.question import Question
from patron.models.evaluation import Evaluation
from patron.models.grade import grade_of
from patron.models.intervals import Estimate
from patron.reporting.segments import headline
from patron.reporting.wording import Wording


def summary_sentences(question: Question, evaluation: Evaluation) -> tuple[str, ...]:
    """Sentences with numbers and 95 % intervals: how good, against whom, what it is good for, and the grade."""
    cases, opponent = Wording.of(question).cases, evaluation.best_opponent
    return (
        _how_good(evaluation, cases),
        _against(evaluation),
        _good_for(question, evaluation, opponent, cases),
        grade_of(evaluation).sentence,
    )


def _how_good(evaluation: Evaluation, cases: str) -> str:
    return (
        f"At {_count(len(evaluation.per_cutoff), 'cutoff')} later than everything it learned from, the model ranks"
        f" {cases} above others in {_interval(evaluation.model['auc'], '.1%')} of pairs (AUC; {evaluation.n:,} cases"
        f" of {evaluation.customers:,} customers, {evaluation.base_rate:.1%} of them {cases})."
    )


def _against(evaluation: Evaluation) -> str:
    model, other = evaluation.model["log_loss"], evaluation.opponent["log_loss"]
    gain = evaluation.improvement["log_loss"]
    verdict = "not distinguishable from"
    if gain.low > 0 or gain.high < 0:
        verdict = "better than" if gain.low > 0 else "worse than"
    improvements = [
        segment.improvement for segment in evaluation.per_cutoff if segment.improvement is not None
    ]
    above = sum(each["log_loss"].value > 0 for each in improvements)
    return (
        f"Its probabilities are {verdict} those of {_best(evaluation)}: a log loss of {model.value:.4f} against"
        f" {other.value:.4f}, a gain of {_interval(gain, '.4f')}, above zero at {above} of"
        f" {_count(len(evaluation.per_cutoff), 'test cutoff')}."
    )


def _good_for(question: Question, evaluation: Evaluation, opponent: str, cases: str) -> str:
    row = headline(evaluation)
    if row is None:
        return "There are too few customers at a cutoff to say what contacting the best of them would find."
    return (
        f"Among the top {row.contacted:,} at a cutoff expect {_interval(row.buyers, ',.0f')} {cases} within"
        f" {_count(question.horizon_days, 'day')}; the {opponent}'s top {row.contacted:,} hold"
        f" {row.opponent_buyers.value:,.0f}, as many at random {row.random_buyers:,.0f}."
    )


def _best(evaluation: Evaluation) -> str:
    """The opponent, and that it is the best of several where it is."""
    others = len(evaluation.opponents)
    return f"the {evaluation.best_opponent}" + (f", the best of {others} opponents" if others > 1 else "")


def _interval(estimate: Estimate, form: str) -> str:
    return f"{estimate.value:{form}} ({estimate.low:{form}} to {estimate.high:{form}})"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
