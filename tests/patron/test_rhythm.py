"""What the gaps between orders suggest: horizon, lookback and the number of cutoffs."""

from datetime import date
from pathlib import Path

import duckdb
import pytest

from patron.features.errors import DataError
from patron.guesses import guess_tables
from patron.inspection import inspect
from patron.rhythm import Rhythm, measure_rhythm


def rhythm_of(folder: Path, lines: str) -> Rhythm:
    path = folder / "purchases.csv"
    path.write_text(f"customer_id,purchased_at,amount\n{lines}")
    with duckdb.connect() as connection:
        guesses = guess_tables(connection, inspect(connection, [path], folder))
        return measure_rhythm(connection, guesses.tables["purchases"])


def test_gaps_are_between_days_with_a_purchase_and_returns_do_not_count(tmp_path: Path):
    lines = (
        "a,2017-01-01 09:00:00,5\na,2017-01-01 10:00:00,5\na,2017-01-11 09:00:00,5\na,2017-01-15 09:00:00,-5\n"
        "b,2017-01-02 09:00:00,5\nb,2017-02-01 09:00:00,5\nc,2017-01-01 09:00:00,5\n,2018-01-01 09:00:00,5\n"
    )

    assert rhythm_of(tmp_path, lines) == Rhythm(date(2017, 1, 1), date(2017, 2, 1), gap=20.0, repeaters=2)


def test_a_stray_purchase_far_from_the_others_is_taken_for_a_mistake(tmp_path: Path):
    days = [f"c{number},2017-01-{1 + number % 28:02d},5" for number in range(3000)]
    rhythm = rhythm_of(
        tmp_path, "\n".join([*days, "x,1970-01-01,5", "y,2099-12-31,5", "z,2099-12-31,-5", ""])
    )

    assert (rhythm.first, rhythm.last, rhythm.beyond) == (date(2017, 1, 1), date(2017, 1, 28), 1)


def test_without_a_second_order_there_is_no_gap(tmp_path: Path):
    assert rhythm_of(tmp_path, "a,2017-01-01,5\nb,2017-01-02,5\n").gap is None


def test_without_a_positive_amount_there_is_no_purchase(tmp_path: Path):
    with pytest.raises(DataError, match="amount above zero"):
        rhythm_of(tmp_path, "a,2017-01-01,0\nb,2017-01-02,-5\n")


@pytest.mark.parametrize(
    ("days", "gap", "horizon", "lookback", "cutoffs"),
    [
        (730, 3, 7, 180, 12),
        (730, 31, 30, 180, 12),
        (730, None, 30, 180, 12),
        (730, 100, 90, 365, 7),
        (100, 31, 14, 50, 6),
        (366, 300, 90, 183, 3),
        (20, 300, 7, 10, 2),
        (1, 1, 7, 7, 2),
    ],
)
def test_the_question_fits_the_gap_and_the_span(
    days: int, gap: float | None, horizon: int, lookback: int, cutoffs: int
):
    rhythm = Rhythm(date(2017, 1, 1), date.fromordinal(date(2017, 1, 1).toordinal() + days - 1), gap, 1)

    assert (rhythm.span, rhythm.horizon, rhythm.lookback, rhythm.cutoffs) == (
        days,
        horizon,
        lookback,
        cutoffs,
    )
