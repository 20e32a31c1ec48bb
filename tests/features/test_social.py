"""What the mentions of one customer say, worked out by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

COLUMNS = "customer_id mentioned_at network sentiment reach recorded_at"
SAID = [
    (1, "2019-02-01", "Instagram", 0.5, 100.0, None),
    (1, "2019-12-31", "instagram ", -0.5, 1000.0, None),
    (1, "2020-02-10", "Forum", None, None, None),
    (1, "2020-02-20", "Forum", 0.3, 50.0, "2020-02-25"),
    (1, "2020-02-28", "Forum", -1.0, 9999.0, "2020-03-01"),  # found too late
]


def social(business: Any, names: str = COLUMNS) -> Any:
    made = business(observed_from="2018-01-01").table(
        "purchases", [(1, "2020-01-01", 5.0), (2, "2020-01-01", 5.0)]
    )
    wanted = [COLUMNS.split().index(name) for name in names.split()]
    return made.table("mentions", [tuple(row[place] for place in wanted) for row in SAID], names)


@pytest.fixture(scope="module")
def customer(business: Any) -> pd.Series:
    return social(business).snapshots("2020-03-01").xs(1, level="customer_id").iloc[0]


EXPECTED = {
    "mentions_30d": 2,
    "mentions_90d": 3,
    "mentions_365d": 3,
    "mentions_ever": 4,
    "days_since_mention": 10,
    "mentions_network_instagram_365d": 1,
    "mentions_network_forum_365d": 2,
    "sentiment_last": 0.3,
    "sentiment_mean": 0.1,
    "sentiment_mean_365d": -0.1,
    "sentiment_lowest": -0.5,
    "sentiment_slope": np.polyfit([0, 333, 384], [0.5, -0.5, 0.3], 1)[0],
    "sentiment_change": 0.2,
    "negative_mentions_90d": 1,
    "negative_mentions_365d": 1,
    "negative_mention_share": 1 / 3,
    "mention_reach_90d": 1050,
    "mention_reach_365d": 1050,
    "mention_reach_largest": 1000,
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_feature_by_hand(customer: pd.Series, name: str):
    assert customer[name] == pytest.approx(EXPECTED[name], rel=1e-6)


def test_who_is_never_mentioned_has_none_and_no_sentiment(business: Any):
    found = social(business).snapshots("2020-03-01").xs(2, level="customer_id").iloc[0]
    assert found[["mentions_ever", "negative_mentions_365d", "mention_reach_90d"]].tolist() == [0, 0, 0]
    unknown = ["days_since_mention", "sentiment_last", "negative_mention_share", "mention_reach_largest"]
    assert found[unknown].isna().all()


def test_without_optional_columns_only_counts_remain(business: Any):
    found = social(business, "customer_id mentioned_at").snapshots("2020-03-01")
    names = {name for name in found.columns if "mention" in name or "sentiment" in name}
    assert names == {"mentions_30d", "mentions_90d", "mentions_365d", "mentions_ever", "days_since_mention"}
