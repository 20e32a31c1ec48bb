"""What brings customers back, in words: one-sided, with intervals, and silent where there is no evidence."""

import numpy as np

from patron.models.group_gains import Gain, GroupGain, GroupGains
from patron.models.intervals import Estimate
from patron.reporting.answer_figure import group_gains
from patron.reporting.answer_view import AnswerView


def gain(value, half):
    share = Estimate(value, value - half, value + half)
    return Gain(
        Estimate(*(each / 5 for each in (value, value - half, value + half))),
        Estimate(0.1, 0.05, 0.15),
        share,
    )


def group(name, alone, adds, half=0.01):
    shared = alone - adds
    return GroupGain(
        name, 3, gain(alone, 0.02), gain(adds, half), Estimate(shared, shared - 0.02, shared + 0.02)
    )


def gains(*groups, whole=1.0, customers=400):
    return GroupGains(gain(whole, 0.1), groups, fits=10, rows=1_200, customers=customers, of_customers=400)


def test_the_first_screen_says_what_tells_most_what_satisfaction_adds_and_what_is_shared():
    view = AnswerView(
        gains(group("satisfaction", 0.25, 0.05), group("spend_recency", 0.9, 0.15), group("asking", 0.4, 0.0))
    )

    most, satisfaction, added, missing = view.sentences

    assert most.startswith("Spend and recency alone would tell 90.0% (88.0% to 92.0%)")
    assert "80% is found in more than one kind of evidence" in most
    assert satisfaction == (
        "Satisfaction alone tells 25.0% (23.0% to 27.0%) of what the model tells; on top of everything else: adds 5.0%"
        " (4.0% to 6.0%)."
    )
    assert added == (
        "On top of everything else, a gain is measured for spend and recency 15.0% (14.0% to 16.0%)."
        " No measurable gain: being asked (at most 1.0%)."
    )
    assert (
        missing
        == "There is no evidence here on what they say they value, habit and advocacy: nothing is said of that."
    )


def test_a_group_that_seems_to_harm_is_said_to_add_at_most_nothing():
    view = AnswerView(gains(group("satisfaction", 0.0, -0.05), group("habit", 0.99, 0.2)))

    assert view.sentences[1] == (
        "Satisfaction alone tells nothing measurable; on top of everything else: no measurable gain, at most 0.0%."
    )
    assert view.sentences[0].startswith("Habit alone would tell about as much as everything together")


def test_a_model_that_tells_nothing_is_not_divided_up():
    (said,) = AnswerView(gains(group("habit", 0.0, 0.0), whole=0.05)).sentences

    assert said.startswith("The model tells nothing measurable")


def test_rows_come_with_what_adds_most_first_and_say_when_customers_were_sampled():
    view = AnswerView(gains(group("habit", 0.9, 0.0), group("card", 0.3, 0.1), customers=100))

    assert [row.name for row in view.rows] == ["Card", "Habit"]
    assert view.rows[1].adds.value == "no measurable gain"
    assert view.rows[1].adds.ends == "at most 1.0%"
    assert view.rows[0].holds == "a family of your own"
    assert "100 of 400 customers" in view.how


def test_nothing_undefined_is_written_as_a_number():
    nothing = Estimate(np.nan, np.nan, np.nan)
    whole = Gain(Estimate(-0.1, -0.2, 0.0), Estimate(0.0, -0.1, 0.1), nothing)

    assert len(AnswerView(GroupGains(whole, (), 10, 0, 0, 0)).sentences) == 1


def test_the_figure_says_in_words_what_it_shows():
    drawing = group_gains(gains(group("habit", 0.9, 0.1), group("asking", 0.2, 0.0)))

    assert drawing.alt == (
        "What each kind of evidence tells: Habit 90.0% alone, 10.0% added; Being asked 20.0% alone, nothing measurable"
        " added."
    )
    assert drawing.svg(narrow=True).startswith("<svg")
