"""What brings customers back, in words: one-sided, with intervals, and silent where there is no evidence."""

import numpy as np

from patron.features.catalogue import FeatureField
from patron.models.attribution import Attribution, GroupAttribution
from patron.models.group_gains import Gain, GroupGain, GroupGains
from patron.models.intervals import Estimate
from patron.models.stand_ins import StandIn
from patron.reporting.answer_figure import group_gains
from patron.reporting.answer_view import AnswerView
from patron.reporting.wording import FIRST_PURCHASE


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

    most, satisfaction, added, missing, association = view.sentences

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
    assert association.startswith("All of this is association.")


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


def test_net_spend_and_redundant_groups_are_said_on_the_first_screen():
    spend = gains(group("satisfaction", 0.1, 0.0), group("habit", 0.8, 0.3))
    pairs = [
        StandIn("habit", "spend_recency", Estimate(0.4, 0.3, 0.5)),
        StandIn("habit", "satisfaction", Estimate(0.01, -0.1, 0.1)),
    ]
    view = AnswerView(gains(group("habit", 0.9, 0.1), group("satisfaction", 0.1, 0.0)), spend, pairs)

    assert view.sentences[3] == (
        "These can stand in for each other: habit with spend and recency (40.0%, 30.0% to 50.0%). So much more is lost"
        " without both than the two losses add up to."
    )
    assert view.sentences[4] == (
        "Net spend: habit alone would tell 80.0% (78.0% to 82.0%) of what the model can tell. Satisfaction adds nothing"
        " measurable on top of everything else, at most 1.0%. On top of everything else, a gain is measured for habit"
        " 30.0% (29.0% to 31.0%)."
    )
    assert [row.name for row in view.spend_rows] == ["Habit", "Satisfaction"]


def test_parts_of_the_scores_are_associated_and_never_drive():
    leading = GroupAttribution("habit", Estimate(0.5, 0.4, 0.6), 0.7, "gap_mean", -1)
    other = GroupAttribution("card", Estimate(0.2, 0.1, 0.3), 0.3, "card_points", 0)
    field = FeatureField("gap_mean", "days", "between orders", "buying_cycle")
    view = AnswerView(
        gains(group("habit", 0.9, 0.1)), attribution=Attribution((leading, other), 10), fields=[field]
    )

    assert [(row.name, row.share, row.leading) for row in view.parts] == [
        ("Habit", "70%", "gap_mean: days between orders"),
        ("Card", "30%", "card_points"),
    ]
    assert view.parts[0].way == "more of it is associated with lower scores"


def test_of_prospects_a_first_purchase_is_spoken_of_and_no_habit_is_missed():
    view = AnswerView(
        gains(group("acquaintance", 0.8, 0.2), group("activities", 0.4, 0.1)), aim=FIRST_PURCHASE
    )

    most, *_, missing, association = view.sentences

    assert most.startswith("How long they have been known alone would tell 80.0%")
    assert "about who buys for the first time" in most
    assert missing.startswith(
        "There is no evidence here on satisfaction, what they say they value, being asked and advocacy:"
    )
    assert "associated with a first purchase need not change" in association
    assert not any("back" in each for each in view.sentences)
