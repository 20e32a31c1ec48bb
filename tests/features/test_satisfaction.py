"""What the answers of one customer say, worked out by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from patron.features.satisfaction import Satisfaction

COLUMNS = "customer_id answered_at score instrument expectation competitor_score category"
ANSWERS = [
    (1, "2019-06-01", 6.0, "nps", "below", None, "tea"),
    (1, "2019-12-01", 5.0, "stars", "met", 3.0, "tea"),
    (1, "2019-12-05", 7.0, "mood", None, None, "milk"),  # on a scale that nobody declared
    (1, "2020-01-10", 1.0, "smiley ", "Met", None, "milk"),
    (1, "2020-02-01", 9.0, "NPS", "exceeded", 10.0, None),
    (1, "2020-03-01", 1.0, "stars", "below", 5.0, "tea"),
]
SMILEYS = {"Smiley": (1.0, 3.0)}
POINTS = [60.0, 100.0, 0.0, 90.0]


def answered(business: Any, names: str = COLUMNS, rows: Any = ANSWERS, **options: Any) -> Any:
    made = business(observed_from="2018-01-01").table(
        "purchases", [(1, "2019-01-01", 5.0), (1, "2020-01-15", 5.0), (2, "2020-01-01", 5.0)]
    )
    wanted = [COLUMNS.split().index(name) for name in names.split()]
    return made.table("satisfaction", [tuple(row[at] for at in wanted) for row in rows], names, **options)


def snapshots(made: Any) -> pd.DataFrame:
    return made.snapshots("2020-03-01", families=(Satisfaction,)).droplevel("cutoff")


@pytest.fixture(scope="module")
def found(business: Any) -> pd.DataFrame:
    made = answered(business, scales=SMILEYS)
    return snapshots(made.table("cases", [(1, "2019-03-01", None), (1, "2019-12-15", None)]))


EXPECTED = {
    "satisfaction_last": 90,
    "satisfaction_first": 60,
    "satisfaction_mean": 62.5,
    "satisfaction_mean_365d": 62.5,
    "satisfaction_lowest": 0,
    "satisfaction_highest": 100,
    "satisfaction_spread": np.std(POINTS, ddof=1),
    "satisfaction_slope": np.polyfit([0, 183, 223, 245], POINTS, 1)[0],
    "satisfaction_change": 27.5,
    "satisfaction_recent_change": 45 - 80,
    "satisfaction_top_share": 0.5,
    "satisfaction_top_streak": 1,
    "satisfaction_low_share": 0.25,
    "days_since_answer": 29,
    "score_nps_last": 9,
    "score_nps_mean": 7.5,
    "answers_nps": 2,
    "score_stars_last": 5,
    "score_stars_mean": 5,
    "answers_stars": 1,
    "score_smiley_last": 1,
    "score_smiley_mean": 1,
    "answers_smiley": 1,
    "score_mood_last": 7,
    "score_mood_mean": 7,
    "answers_mood": 1,
    "satisfaction_competitor_gap": -10,
    "satisfaction_competitor_gap_mean": 20,
    "satisfaction_others_gap": np.nan,  # too few answers to say what is usual
    "expectation_below_share": 0.25,
    "expectation_met_share": 0.5,
    "expectation_exceeded_share": 0.25,
    "expectation_last": 1,
    "expectation_streak": 2,
    "expectation_exceeded_streak": 1,
    "satisfaction_before_case": 80,
    "satisfaction_after_case": 45,
    "satisfaction_case_change": -35,
    "satisfaction_since_order": 90,
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_feature_by_hand(found: pd.DataFrame, name: str):
    assert found.loc[1, name] == pytest.approx(EXPECTED[name], rel=1e-5, nan_ok=True)


def test_every_feature_of_the_family_is_worked_out_by_hand(found: pd.DataFrame):
    assert set(found.columns) - {"customer", "stage", "population"} == set(EXPECTED)


def test_who_was_never_heard_has_no_score_and_no_answers(found: pd.DataFrame):
    counts = ["satisfaction_top_streak", "expectation_streak", "answers_nps"]
    assert found.loc[2, counts].tolist() == [0, 0, 0]
    assert (
        found.loc[
            2,
            [
                name
                for name in EXPECTED
                if name
                not in (
                    *counts,
                    "expectation_exceeded_streak",
                    "answers_stars",
                    "answers_smiley",
                    "answers_mood",
                )
            ],
        ]
        .isna()
        .all()
    )


def test_what_an_own_instrument_says_is_comparable_only_once_its_scale_is_declared(business: Any):
    smiley = [(1, "2020-02-01", 2.0, "smiley", None, None, None)]
    assert np.isnan(snapshots(answered(business, rows=smiley)).loc[1, "satisfaction_last"])
    declared = snapshots(answered(business, rows=smiley, scales=SMILEYS))
    assert declared.loc[1, "satisfaction_last"] == 50


def test_a_declared_scale_comes_before_the_known_one(business: Any):
    stars = [(1, "2020-02-01", 5.0, "stars", None, None, None)]
    assert (
        snapshots(answered(business, rows=stars, scales={"STARS": (0.0, 10.0)})).loc[1, "satisfaction_last"]
        == 50
    )


def test_without_instruments_scores_are_on_their_own_scale_and_boxes_are_what_anyone_had_given(business: Any):
    scores = [(1, f"2020-01-0{day}", score) for day, score in enumerate((2.0, 7.0, 7.0, 3.0), 1)]
    later = [(2, "2020-04-01", 10.0), (2, "2020-04-01", 0.0)]
    rows = [(*row, None, None, None, None) for row in (*scores, *later)]
    made = snapshots(answered(business, "customer_id answered_at score", rows=rows)).loc[1]
    assert (made["satisfaction_top_share"], made["satisfaction_low_share"]) == (0.5, 0.25)
    assert (made["satisfaction_last"], made["satisfaction_mean"]) == (3, 4.75)


def test_others_are_all_who_spoke_of_the_same_category_before_the_cutoff(business: Any):
    others = [(2, "2020-01-01", 3.0, "stars", None, None, "Tea")] * 19  # 50 points each
    own = [
        (1, "2020-01-01", 5.0, "stars", None, None, "tea "),
        (1, "2020-01-02", 1.0, "stars", None, None, "milk"),
    ]
    later = [(2, "2020-03-01", 1.0, "stars", None, None, "tea")] * 50
    made = snapshots(answered(business, rows=[*others, *own, *later]))
    usual = (19 * 50 + 100) / 20
    assert made["satisfaction_others_gap"].tolist() == pytest.approx([50 - usual, 50 - usual])
