"""Label windows in time: where they end, and whether one reaches past a test cutoff."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from patron.reporting.geometry_figure import _lanes, geometry
from patron.reporting.training_page import FoldSpan, Geometry

BERLIN = ZoneInfo("Europe/Berlin")


def at(month: int, day: int) -> datetime:
    return datetime(2017, month, day, tzinfo=BERLIN)


def spans(train: datetime, horizon: int = 14, settle: int = 0) -> Geometry:
    fold = FoldSpan(at(4, 3), (train,), (), at(4, 17))
    return Geometry((fold,), at(4, 3), horizon, settle)


def test_windows_end_after_local_days_even_when_the_clock_changes() -> None:
    end, mature = spans(at(3, 20), settle=3).label_window(at(3, 20), "Europe/Berlin")
    assert (end, mature) == (at(4, 3), at(4, 6))
    assert end - at(3, 20).astimezone(ZoneInfo("UTC")) == timedelta(days=14, hours=-1)


def test_a_label_that_matures_at_the_test_cutoff_does_not_cross_it() -> None:
    assert spans(at(3, 20)).crossings("Europe/Berlin") == ()


def test_a_label_that_matures_a_day_later_crosses_it() -> None:
    assert spans(at(3, 21)).crossings("Europe/Berlin") == ((at(3, 21), at(4, 3)),)


def test_days_to_settle_count() -> None:
    assert spans(at(3, 20), settle=1).crossings("Europe/Berlin") == ((at(3, 20), at(4, 3)),)


def test_the_drawing_says_in_words_whether_labels_cross() -> None:
    until = at(5, 1)
    assert "No label window learned from reaches" in geometry(spans(at(3, 20)), "Europe/Berlin", until).alt
    assert "1 label windows learned from reach" in geometry(spans(at(3, 21)), "Europe/Berlin", until).alt


def test_overlapping_windows_take_lanes_of_their_own_and_free_lanes_are_used_again() -> None:
    weekly = [at(3, 1 + 7 * i) for i in range(4)]
    assert list(_lanes(weekly, Geometry((), at(6, 1), 14), "Europe/Berlin").values()) == [0, 1, 0, 1]
    assert list(_lanes(weekly, Geometry((), at(6, 1), 7), "Europe/Berlin").values()) == [0, 0, 0, 0]


def test_windows_beyond_the_last_lane_share_the_one_that_ends_first() -> None:
    weekly = [at(3, 1 + 7 * i) for i in range(4)]
    assert list(_lanes(weekly, Geometry((), at(6, 1), 90), "Europe/Berlin").values()) == [0, 1, 2, 0]
