"""Values in plain words: as one says them, beside what is usual."""

import numpy as np
import pytest

from patron.features.catalogue import FeatureField
from patron.models.contract import InputReference
from patron.models.reason_words import Usual, change_in_words, in_words, topic_of


def field(name: str, unit: str, description: str, kind: str = "number") -> FeatureField:
    return FeatureField(name, unit, description, "family", kind)  # type: ignore[arg-type]


SINCE = field("days_since_order", "days", "since the last order")
ORDERS = field("orders_30d", "orders", "in the last 30 days")
CATEGORIES = field("categories_90d", "categories", "bought from in the last 90 days")
SPEND = field("spend_90d", "currency", "net of returns, in the last 90 days")
SHARE = field("discount_share", "share", "of the regular price that was taken off")
SPREAD = field("hour_concentration", "share", "of hours of the day: 1 is always the same one")
RATIO = field("gap_variation", "ratio", "spread of the gaps over their mean: 0 is clockwork, 1 is chance")
FLAG = field("bought_since_case", "1 or 0", "whether there was an order since the last case was opened")
CHANNEL = field("last_order_channel", "channel", "of the last order", "category")
LONGEST = field("gap_longest", "days", "longest time between orders")
ALIVE = field(
    "alive_probability", "probability", "of still being a customer, by BG/NBD; unknown after one order"
)
DIFFERENT = field("products_90d", "products", "different ones in the last 90 days")
PACE = field("orders_per_30d", "orders per 30 days", "since the first order seen")
DECAYED = field("orders_decayed_7d", "orders", "each counting half as much for every 7 days that have passed")
FIRST = field("days_since_first_order", "days", "since the first order seen: at least this long a customer")
OVERDUE = field("overdue_days", "days", "beyond the usual gap; negative while not yet due")


@pytest.mark.parametrize(
    ("feature", "value", "usual", "said"),
    [
        (SINCE, 63.0, 28.0, "9 weeks since the last order; usually 4"),
        (SINCE, 1.0, 12.4, "1 day since the last order; usually 12"),
        (SINCE, 22.0, 5.5, "3.1 weeks since the last order; usually 5.5 days"),
        (PACE, 8.0, 4.0, "orders per 30 days 8 (since the first order seen); usually 4"),
        (
            DECAYED,
            2.9,
            1.0,
            "2.9 orders, each counting half as much for every 7 days that have passed; usually 1",
        ),
        (SINCE, 200.0, 45.0, "6.6 months since the last order; usually 1.5"),
        (SINCE, None, 28.0, "days since order not known; usually 4 weeks"),
        (ORDERS, 1.0, 4.0, "1 order in the last 30 days; usually 4"),
        (ORDERS, 0.0, 2.5, "no orders in the last 30 days; usually 2.5"),
        (CATEGORIES, 1.0, 3.0, "1 category bought from in the last 90 days; usually 3"),
        (SPEND, 1234.5, 80.0, "spend 1,234 (net of returns, in the last 90 days); usually 80"),
        (SHARE, 0.347, 0.1, "35% of the regular price that was taken off; usually 10%"),
        (SHARE, -0.09, 0.0, "−9% of the regular price that was taken off; usually 0%"),
        (FIRST, 240.0, 30.0, "7.9 months since the first order seen; usually 4.3 weeks"),
        (SPREAD, 0.5, 0.25, "hour concentration 50% (of hours of the day); usually 25%"),
        (RATIO, 0.456, 1.0, "gap variation 0.46 (spread of the gaps over their mean); usually 1"),
        (FLAG, 0.0, 1.0, "there was an order since the last case was opened: no; usually yes"),
        (OVERDUE, -3.0, 0.5, "−3 days beyond the usual gap; usually 0.5"),
        (CHANNEL, "web", "app", "last order channel: web; usually app (60%)"),
        (LONGEST, 40.0, 28.0, "gap longest 5.7 weeks (longest time between orders); usually 4"),
        (ALIVE, 0.9, 0.5, "90% probability of still being a customer, by BG/NBD; usually 50%"),
        (DIFFERENT, 1.0, 4.0, "products 1 (different ones in the last 90 days); usually 4"),
        (ORDERS, 3.0, None, "3 orders in the last 30 days; usually not known"),
    ],
)
def test_a_value_stands_beside_what_is_usual(
    feature: FeatureField, value: float | str | None, usual: float | str | None, said: str
) -> None:
    share = 0.6 if feature is CHANNEL else None
    assert in_words(feature, value, Usual(usual, share)) == said


def test_what_is_not_a_number_is_unknown() -> None:
    assert in_words(ORDERS, float("nan")) == "orders not known"


def test_usual_is_the_median_or_the_most_frequent_word() -> None:
    assert Usual.of(InputReference(0.0, tuple(np.linspace(0, 20, 21).tolist()))) == Usual(10.0)
    assert Usual.of(InputReference(0.0, shares={"app": 0.3, "web": 0.7})) == Usual("web", 0.7)
    assert Usual.of(InputReference(1.0)) == Usual(None)


@pytest.mark.parametrize(
    ("feature", "before", "now", "said"),
    [
        (SINCE, 14.0, 63.0, "9 weeks since the last order, 2 before"),
        (ORDERS, 4.0, 0.0, "no orders in the last 30 days, 4 before"),
        (ORDERS, None, 2.0, "2 orders in the last 30 days, not known before"),
        (SINCE, 63.0, None, "days since order not known, 9 weeks before"),
        (ORDERS, None, None, "orders not known"),
        (CHANNEL, "app", "web", "last order channel: web, app before"),
        (FLAG, 0.0, 1.0, "there was an order since the last case was opened: yes, no before"),
    ],
)
def test_a_change_says_what_is_and_what_was(
    feature: FeatureField, before: float | str | None, now: float | str | None, said: str
) -> None:
    assert change_in_words(feature, before, now) == said


def test_windows_and_measures_of_one_thing_are_one_topic() -> None:
    same = [field(name, "", "") for name in ("orders_30d", "orders_365d", "orders_ever", "orders_decayed_7d")]
    assert len({topic_of(each) for each in same}) == 1
    others = [
        field(name, "", "") for name in ("orders_30d", "spend_30d", "days_since_order", "days_since_case")
    ]
    assert len({topic_of(each) for each in others}) == 4
    assert topic_of(FeatureField("orders_30d", "", "", "mine")) != topic_of(
        FeatureField("orders_30d", "", "", "other")
    )
