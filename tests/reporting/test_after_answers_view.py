"""What followed the answers, in words: rising, flat or falling, and where the step is."""

from dataclasses import replace

import pytest

from patron.features.question import Question
from patron.models.after_answers import AfterAnswers, Step
from patron.models.answers_by_category import CategoryGap
from patron.models.answers_over_time import OverTime, Period
from patron.models.intervals import Estimate
from patron.models.moments import GroupRate
from patron.reporting.after_answers_figure import after_answers
from patron.reporting.after_answers_view import AfterAnswersView
from patron.reporting.wording import Wording

WORDING = Wording.of(Question(horizon_days=30))


def around(value, half=0.02):
    return Estimate(value, value - half, value + half)


def rate(name, share, expected):
    return GroupRate(name, 80, 60, around(share), around(expected), around(share - expected))


RISING = AfterAnswers(
    "points of csat",
    (rate("1 to 3", 0.4, 0.45), rate("4", 0.45, 0.45), rate("5", 0.5, 0.45)),
    around(0.1),
    Step("4", "5", around(0.05)),
    matched=0.9,
)


def said(found):
    return AfterAnswersView(found, WORDING).sentences


def test_a_rising_curve_is_an_association_with_its_interval_and_its_step():
    shape, step = said(RISING)

    assert shape == (
        "A higher score is associated with a higher purchase rate: from the lowest scores (1 to 3) to the highest (5)"
        " it changes by +10.0 (+8.0 to +12.0) percentage points, measured beside customers alike who were not asked."
    )
    assert (
        step
        == "The largest step is from 4 to 5, the top of the scale: +5.0 (+3.0 to +7.0) percentage points."
    )


def test_a_flat_curve_is_said_to_be_flat():
    (shape,) = said(replace(RISING, slope=around(0.01), step=None))
    assert shape.startswith("No measurable association between the score and the purchase rate: ")


def test_no_step_that_can_be_told_from_chance_is_said_too():
    assert said(replace(RISING, step=None))[1].startswith("No single step between neighbouring scores")


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        (0.05, "Answering at all is associated with a higher purchase rate: +5.0 (+3.0 to +7.0)"),
        (-0.05, "Answering at all is associated with a lower purchase rate: −5.0 (−7.0 to −3.0)"),
        (0.01, "Whether somebody answered at all has no measurable association"),
    ],
)
def test_those_who_answered_are_compared_with_the_silent(difference, words):
    assert said(replace(RISING, answered_less_silent=around(difference)))[-1].startswith(words)


def test_the_table_has_every_band_and_says_who_is_left_out():
    view = AfterAnswersView(replace(RISING, response=(rate("asked, no answer", 0.4, 0.4),)), WORDING)

    assert [row.name for row in view.rows] == ["Score 1 to 3", "Score 4", "Score 5", "Asked, no answer"]
    assert view.rows[0].difference == ("−5.0", "−7.0 to −3.0")
    assert view.rows[2].share == ("50.0%", "48.0% to 52.0%")
    assert "For 10.0% of the answers there are no customers alike" in view.how


def test_the_figure_says_its_shares_and_does_not_rest_on_colour():
    drawing = after_answers(RISING, WORDING)

    assert drawing.alt.endswith("5: 50.0%, customers alike 45.0%.")
    assert "stroke-dasharray" in drawing.svg(narrow=True)


def test_segments_say_their_difference_raw_and_pooled_and_whether_it_is_measurable():
    found = replace(
        RISING,
        segments={
            "category": (
                CategoryGap("coffee", 1_200, around(0.1), True, around(0.09)),
                CategoryGap("paper", 300, around(0.01), False, around(0.03)),
            )
        },
    )

    ((title, rows),) = AfterAnswersView(found, WORDING).segments

    assert title == "Main category"
    assert rows == (
        ("coffee", "1,200", "+10.0", "+8.0 to +12.0", "+9.0", "+7.0 to +11.0", "measurable"),
        ("paper", "300", "+1.0", "−1.0 to +3.0", "+3.0", "+1.0 to +5.0", "no measurable difference"),
    )


DAY = 86_400_000_000
PARTS = (Period(0, 9 * DAY, 400, around(0.2)), Period(10 * DAY, 20 * DAY, 300, around(0.05)))


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (
            OverTime(PARTS, around(-0.15)),
            "Over time this changed from +20.0 to +5.0 percentage points, first to last of",
        ),
        (
            OverTime(PARTS, around(-0.01)),
            "No change over time is measurable between 2 parts of it: −1.0 (−3.0 to +1.0)",
        ),
        (OverTime(), "Whether this changes over time cannot be told"),
    ],
)
def test_a_change_over_time_is_said_only_where_it_is_measurable(time, words):
    found = AfterAnswersView(replace(RISING, over_time=time), WORDING)
    assert any(each.startswith(words) for each in found.sentences)


def test_a_change_that_may_have_gone_unseen_has_its_size():
    view = AfterAnswersView(replace(RISING, over_time=OverTime(PARTS, around(-0.01))), WORDING)
    assert view.sentences[-1].endswith("one of up to 3.0 may have gone unseen.")
    assert view.periods("UTC")[0] == ("1970-01-01 to 1970-01-10", "400", "+20.0", "+18.0 to +22.0")


@pytest.mark.parametrize(
    ("slope", "words"),
    [
        (
            Estimate(4.0, 1.0, 7.0),
            "Higher scores come with more net spend in the horizon: +4.00 (+1.00 to +7.00)",
        ),
        (Estimate(-4.0, -7.0, -1.0), "Higher scores come with less net spend"),
        (Estimate(1.0, -2.0, 4.0), "No measurable association between the score and net spend"),
    ],
)
def test_net_spend_is_an_association_of_its_own(slope, words):
    found = replace(RISING, spend_slope=slope, spend_cap=500.0)
    assert said(found)[1].startswith(words)
    assert "Net spend beyond 500.00 counts as that much." in AfterAnswersView(found, WORDING).how


def test_where_everybody_answers_they_are_said_to_be_compared_with_each_other():
    view = AfterAnswersView(replace(RISING, is_among_answers=True), WORDING)
    assert view.sentences[0].endswith("measured beside customers alike who answered too.")
    assert "those who answered are compared with each other" in view.how
