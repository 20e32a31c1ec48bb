"""Totals in words: promised, the interval, what came, and what that says."""

from patron.models.intervals import Estimate
from patron.models.totals import Total, Totals
from patron.reporting.totals_view import total_sections, totals_sentence

TOTALS = Totals(
    (
        Total("2017-11-06T05:00:00Z", 4_000, Estimate(1_234.4, 1_180.2, 1_290.0), 1_301),
        Total("2017-11-20T05:00:00Z", 4_000, Estimate(1_234.4, 1_180.2, 1_290.0), 1_200),
        Total("2017-12-04T05:00:00Z", 4_000, Estimate(1_234.4, 1_180.2, 1_290.0), 1_100),
    ),
    {
        "stage": (
            Total("new", 500, Estimate(100.0, 80.0, 120.0), 100),
            Total("repeat", 11_500, Estimate(3_603.0, 3_400.0, 3_800.0), 3_501),
        ),
        "category": (Total("not known", 12_000, Estimate(3_703.0, 3_500.0, 3_900.0), 3_601),),
    },
)


def test_each_cutoff_says_what_was_promised_and_what_came() -> None:
    title, rows = total_sections(TOTALS, "America/New_York")[0]
    assert title == "Test cutoff"
    first = rows[0]
    assert (first.name, first.promised, first.ends) == ("2017-11-06", "1,234", "1,180 to 1,290")
    assert (first.came, first.miss) == ("1,301", "−1.7 points")
    assert [row.says for row in rows] == ["more", "as promised", "fewer"]


def test_groupings_of_a_single_group_are_left_out() -> None:
    assert [title for title, _ in total_sections(TOTALS, "UTC")] == ["Test cutoff", "Stage"]
    assert total_sections(None, "UTC") == ()


def test_kept_promises_are_counted() -> None:
    assert totals_sentence(TOTALS) == "What came lies within what was promised at 1 of 3 test cutoffs."
    assert totals_sentence(None) == ""
