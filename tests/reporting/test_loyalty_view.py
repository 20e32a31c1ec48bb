"""The loyalty map and kinds in words: beside noise, with too few said so, never a cause."""

from dataclasses import replace

import numpy as np

from patron.features.question import Question
from patron.models.customer_kinds import CustomerKinds, KindRate
from patron.models.intervals import Estimate
from patron.models.loyalty import LOYALTY_TYPES, LoyaltyThresholds
from patron.models.loyalty_map import LoyaltyMap, TypeRow
from patron.models.loyalty_movement import Change, Movement
from patron.models.moments import GroupRate
from patron.models.reason_shifts import ReasonShift, ReasonShifts
from patron.reporting.kinds_figure import customer_kinds
from patron.reporting.kinds_view import KindsView
from patron.reporting.loyalty_figure import loyalty_map
from patron.reporting.loyalty_view import LoyaltyView
from patron.reporting.training_page import TrainingPage, render_training_page
from patron.reporting.wording import Wording

WORDING = Wording.of(Question(horizon_days=30))
NONE = Estimate(np.nan, np.nan, np.nan)


def around(value, half=0.02):
    return Estimate(value, value - half, value + half)


ROWS = tuple(TypeRow(name, 300, around(1 / 6), around(250.0, 10.0), around(0.5)) for name in LOYALTY_TYPES)
MOVED = Movement(
    "2024-01-01",
    "2024-04-01",
    (Change("behaviour", 900, 0.2, around(0.1)), Change("type", 500, 0.21, around(0.2))),
    tuple(tuple(200 if row == column else 20 for column in range(6)) for row in range(6)),
    None,
    1.2,
    80,
)
MAP = LoyaltyMap(LoyaltyThresholds(180, 3.0, 77.5), ROWS, MOVED)
RATE = GroupRate("satisfied, and buying on price", 900, 400, around(0.5), around(0.45), around(0.05))
KINDS = CustomerKinds(
    (KindRate("transactional", RATE, 0.9, is_measurable=True),),
    ("full_price_share", 0.5),
    (("difficult, back", "neither cases nor scores are known"),),
    (
        ReasonShifts(
            "answers",
            ("2024-01-01", "2024-04-01"),
            (300, 300),
            (ReasonShift("price", (around(0.3), around(0.2)), around(-0.1), True),),
        ),
    ),
)


def test_movement_stands_beside_what_noise_alone_would_give():
    first, behaviour, kind = LoyaltyView(MAP, WORDING).sentences
    assert first == (
        "The attitude of 1,200 of 1,800 customers is known: 300 loyalists, 300 mercenaries, 300 hostages,"
        " 300 defectors."
    )
    assert behaviour == (
        "Of 900 customers who bought, 20.0% changed between buying often and seldom from 2024-01-01 to 2024-04-01;"
        " had nobody changed, noise alone would show 10.0% (8.0% to 12.0%): more than noise explains."
    )
    assert kind.endswith("noise alone would show 20.0% (18.0% to 22.0%): no more than noise explains.")


def test_a_corner_with_few_customers_has_no_rate():
    few = replace(ROWS[1], customers=84, spend=NONE, rate=NONE)
    row = LoyaltyView(replace(MAP, rows=(ROWS[0], few, *ROWS[2:]), movement=None), WORDING).rows[1]
    assert (row.customers, row.rate, row.spend, row.stayed) == (
        "84",
        ("–", "too few"),
        ("–", "too few"),
        ("–", ""),
    )


def test_who_stayed_is_told_by_type():
    assert LoyaltyView(MAP, WORDING).rows[0].stayed == ("67%", "")


def test_a_kind_is_associated_with_a_rate_and_shifts_are_controlled_for_chance():
    transactional, reasons = KindsView(KINDS, WORDING).sentences
    assert transactional == (
        "Satisfied, and buying on price: associated with a higher purchase rate, +5.0 (+3.0 to +7.0) percentage points"
        " beside other satisfied customers alike."
    )
    assert reasons == (
        "Of the reasons given with answers, these shifted since 2024-01-01: price from 30% to 20% (at 10% false"
        " discovery)."
    )


def test_a_kind_that_chance_explains_is_no_measurable_difference():
    kinds = replace(KINDS, rates=(replace(KINDS.rates[0], is_measurable=False),))
    assert (
        KindsView(kinds, WORDING)
        .sentences[0]
        .startswith("Satisfied, and buying on price: no measurable difference in the purchase rate, +5.0")
    )


def test_the_figures_say_in_words_what_they_show():
    assert "loyalist: 300 customers, 50.0%" in loyalty_map(MAP, WORDING).alt
    assert "satisfied, and buying on price: +5.0" in customer_kinds(KINDS, WORDING).alt


def test_the_page_has_both_sections_or_one_sentence(page: TrainingPage) -> None:
    html = render_training_page(replace(page, loyalty=MAP, kinds=KINDS))
    assert 'id="loyalty"' in html
    assert 'id="kinds"' in html
    assert "Not told: Neither cases nor scores are known." in html
    without = render_training_page(page)
    assert "the evidence holds no answers and no cases" in without
    assert 'id="kinds"' not in without
