"""What followed cases, in words: only what is measurable is said to differ, and small groups get a reason."""

from dataclasses import replace

import pytest

from patron.features.question import Question
from patron.models.after_cases import AfterCases, CaseGroup, CasePart, Contrast
from patron.models.intervals import Estimate
from patron.models.moments import GroupRate
from patron.reporting.after_cases_view import AfterCasesView
from patron.reporting.wording import Wording

WORDING = Wording.of(Question(horizon_days=30))


def around(value, half=0.02):
    return Estimate(value, value - half, value + half)


def group(name, difference, measurable=False):
    rate = GroupRate(name, 900, 800, around(0.5), around(0.5 - difference), around(difference))
    return CaseGroup(name, 800, rate, None, "", measurable)


def said(*parts):
    return AfterCasesView(AfterCases(parts, 1.0, 4, 4.2), WORDING).sentences


@pytest.mark.parametrize(
    ("change", "measurable", "words"),
    [
        (
            -0.1,
            True,
            "Just after the case, the purchase rate is lower than that of customers alike who had no case: −10.0",
        ),
        (0.1, False, "Just after the case, the purchase rate is no lower than"),
        (-0.01, False, "Just after the case, no measurable difference in the purchase rate"),
    ],
)
def test_what_followed_a_case_is_said_only_where_it_is_measurable(change, measurable, words):
    (sentence,) = said(CasePart("just after the case", (group("all cases", change, measurable),)))
    assert sentence.startswith(words)


def test_a_higher_rate_after_a_case_is_no_sign_that_cases_bring_anybody_back():
    (sentence,) = said(CasePart("just after the case", (group("all cases", 0.1),)))
    assert sentence.endswith("a higher rate is no sign that cases bring anybody back.")


def test_too_few_cases_get_a_reason_and_no_number():
    part = CasePart("just after the case", (CaseGroup("all cases", 12, reason="fewer than 50 customers"),))

    assert said(part) == ("Just after the case: no number, fewer than 50 customers.",)
    ((_, rows, missing),) = AfterCasesView(AfterCases((part,), 1.0), WORDING).parts
    assert (rows, missing) == ((), ("All cases: no number, fewer than 50 customers (12)",))


@pytest.mark.parametrize(
    ("contrast", "words"),
    [
        (
            Contrast("few", "many", around(0.1), True),
            "Customers with more earlier purchases fall less behind",
        ),
        (
            Contrast("few", "many", around(-0.1), True),
            "Customers with more earlier purchases fall more behind",
        ),
        (
            Contrast("few", "many", around(0.1)),
            "That earlier purchases buffer a case is not measurable here: +10.0",
        ),
        (None, "Whether earlier purchases buffer a case cannot be told"),
    ],
)
def test_that_earlier_purchases_buffer_is_a_hypothesis(contrast, words):
    (sentence,) = said(CasePart("by earlier orders", (group("few", -0.1), group("many", 0.0)), contrast))
    assert sentence.startswith(words)


def test_other_contrasts_are_said_where_they_are_measurable():
    contrast = Contrast("severity 1", "severity 3", around(-0.2), True)
    part = CasePart("by severity", (group("severity 1", 0.0), group("severity 3", -0.2)), contrast)

    (sentence,) = said(part)
    assert sentence.startswith("By severity: the difference to customers alike is −20.0 (−22.0 to −18.0)")
    assert sentence.endswith("apart between severity 1 and severity 3.")
    assert said(replace(part, contrast=replace(contrast, is_measurable=False))) == ()
