"""Activities of the evidence, on a simulated retailer whose truth is known, and on evidence that cannot tell."""

import json
from dataclasses import replace

import numpy as np
import pytest

import patron
from patron.actions.activities import measure_activities
from patron.features.question import Purchase
from patron.simulator import simulate

from .businesses import ground_of, purchases, store_of


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    simulate(3000, seed=11).write(folder)
    report = patron.activities(patron.load_config(folder / "patron.toml"))
    return report, report.page.read_text(encoding="utf-8")


def test_the_planted_effect_is_found_and_the_other_is_not(told):
    report, _ = told
    letter, newsletter = report["coupon by letter"], report["redesigned newsletter"]
    assert letter.draw.doubts == newsletter.draw.doubts == ()
    assert letter.expectation
    purchases_of_letter = next(each for each in letter.effects if each.outcome == "purchases")
    assert purchases_of_letter.estimate.low > 0
    assert purchases_of_letter.width < 0.9
    for effect in newsletter.effects:
        assert effect.estimate.low <= 0 <= effect.estimate.high


def test_what_nobody_drew_lots_for_has_no_number_that_misleads(told):
    """Win-back letters go to the silent and have no effect: by the plain difference they would seem to do harm."""
    report, _ = told
    winback = report["win-back letter"]
    assert not winback.drawn
    assert winback.effects[0].plain.high < 0
    for effect in winback.effects:
        assert effect.estimate is None or effect.estimate.low <= 0 <= effect.estimate.high


def test_each_test_is_told_once(told):
    report, _ = told
    names = [each.name for each in report.results]
    assert len(names) == len(set(names))
    assert report["coupon by letter"].objective.objective == "sell"


def test_the_report_is_plain_data_and_a_page(told):
    report, page = told
    assert json.loads(json.dumps(report.to_dict()))["results"][0]["name"] == "coupon by letter"
    assert "What did the activities change?" in page
    assert "cannot be told" in page
    assert "<script" not in page


def test_evidence_without_either_says_so():
    with store_of({"purchases": purchases(range(50))}) as store:
        report = measure_activities(ground_of(store))
    assert report.results == ()
    assert "neither tests" in str(report)


def mailed(arms, day="2020-03-01", **more):
    return [
        {"customer_id": each, "test": "mail", "arm": arm, "assigned_at": day, **more}
        for each, arm in enumerate(arms)
    ]


@pytest.mark.parametrize(
    ("rows", "why_not"),
    [
        (mailed(["a", "b"] * 60), "nobody says which arm was left alone"),
        (mailed(["a"] * 120, control_arm="control"), "the control arm has no customers"),
        (mailed(["a"] * 100 + ["control"] * 20), "an arm has too few customers"),
        (mailed(["a", "control"] * 60, day="2020-12-20"), "no horizon after the draw is over yet"),
    ],
)
def test_a_test_that_cannot_tell_says_why(rows, why_not):
    with store_of({"purchases": purchases(range(120)), "assignments": rows}) as store:
        (found,) = measure_activities(ground_of(store)).results
    assert why_not in found.why_not
    assert "Nothing can be said" in "\n".join(found.lines)


def test_chances_that_do_not_sum_are_told():
    rows = [{**row, "probability": 0.4} for row in mailed(["a", "control"] * 60)]
    with store_of({"purchases": purchases(range(120)), "assignments": rows}) as store:
        (found,) = measure_activities(ground_of(store)).results
    assert "probabilities of the arms do not sum to 1" in found.why_not


def test_control_customers_who_were_contacted_are_told():
    random = np.random.default_rng(1)
    bought = [
        {"customer_id": each, "purchased_at": "2020-03-10", "amount": 10.0}
        for each in range(120)
        if random.random() < 0.5
    ]
    contact = [{"customer_id": each, "occurred_at": "2020-03-02", "activity": "Mail"} for each in range(30)]
    frames = {
        "purchases": [*purchases(range(120)), *bought],
        "assignments": mailed(["a", "control"] * 60),
        "activities": contact,
    }
    with store_of(frames) as store:
        found = measure_activities(ground_of(store)).results[0]
    assert "25.0% of the arm a were contacted by Mail within the horizon." in found.notes
    assert "25.0% of the arm control were contacted by Mail within the horizon." in found.notes


def letters(random, size=3000):
    """Letters of 1 June go to those who like stamps and coffee; orders of both follow, whatever the letters do."""
    likes = random.random(size) < 0.5
    sent = random.random(size) < np.where(likes, 0.6, 0.3)
    rows = [{**each, "category": "tea"} for each in purchases(range(size), "2020-01-05")]
    for day in ("2020-02-10", "2020-03-20", "2020-05-12", "2020-06-10"):
        for kind, chance in (("coffee", 0.3), ("stamps", np.where(likes & (day > "2020-06"), 0.5, 0.2))):
            bought = np.flatnonzero(random.random(size) < chance)
            rows += [
                {"customer_id": int(w), "purchased_at": day, "amount": 5.0, "category": kind} for w in bought
            ]
    contacts = [
        {"customer_id": int(w), "occurred_at": "2020-06-01 10:00", "activity": "letter"}
        for w in np.flatnonzero(sent)
    ]
    return {"purchases": rows, "activities": contacts}


def test_purchases_that_cannot_have_changed_take_a_number_away_where_they_move():
    """What decided on the letters begins to matter only then, so that no earlier placebo can see it."""
    frames = letters(np.random.default_rng(5))
    with store_of(frames) as store, store_of(frames, where="category = 'stamps'") as beside:
        ground = ground_of(store)
        control = replace(
            ground_of(beside), question=replace(ground.question, target=Purchase(where="category = 'stamps'"))
        )
        (plain,) = measure_activities(ground).results
        (told,) = measure_activities(ground, negative_control=control).results
    assert plain.effects[0].estimate.low > 0
    assert told.effects[0].estimate is None
    assert "purchases that it is said not to concern" in told.effects[0].why_not
