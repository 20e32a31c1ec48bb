"""How numbers and days are written."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from patron.models.intervals import Estimate
from patron.reporting.formats import (
    count,
    day,
    day_of,
    decimal,
    estimate_text,
    percent,
    sentence,
    short_day,
    spread,
    words,
)


@pytest.mark.parametrize(
    ("value", "digits", "signed", "text"),
    [
        (0.78512, 3, False, "0.785"),
        (-0.0121, 4, False, "−0.0121"),
        (0.05, 2, True, "+0.05"),
        (-0.0004, 3, True, "0.000"),  # neither sign for what rounds to nothing
        (1234567.8, 0, False, "1,234,568"),
        (np.nan, 3, True, "–"),
        (np.inf, 0, False, "–"),
    ],
)
def test_decimals(value: float, digits: int, signed: bool, text: str) -> None:
    assert decimal(value, digits, signed=signed) == text


def test_counts_and_shares() -> None:
    assert (count(1_469_307), percent(0.4333), percent(0.5, 0), percent(np.nan)) == (
        "1,469,307",
        "43.3%",
        "50%",
        "–",
    )


def test_an_estimate_comes_with_its_interval() -> None:
    assert estimate_text(Estimate(0.0764, 0.0678, 0.0844), 4, signed=True) == "+0.0764 (0.0678 to 0.0844)"
    assert spread(Estimate(-0.01, -0.02, 0.003), 3) == "−0.020 to 0.003"


def test_an_undefined_interval_is_left_out() -> None:
    assert estimate_text(Estimate(0.5, np.nan, np.nan), 2) == "0.50"


def test_days_are_those_of_the_business() -> None:
    midnight = datetime(2017, 8, 17, 4, tzinfo=ZoneInfo("UTC"))
    assert day(midnight, "America/New_York") == "2017-08-17"
    assert day(midnight, "UTC") == "2017-08-17 04:00"
    assert short_day(midnight, "America/Los_Angeles") == "Aug 16\n2017"
    assert day_of(1_502_942_400_000_000, "America/New_York") == "2017-08-17"


@pytest.mark.parametrize("instant", [None, -(2**62)])
def test_what_holds_from_ever_on_has_no_day(instant: int | None) -> None:
    assert day_of(instant, "UTC") == "–"


def test_names_become_words() -> None:
    assert (words("buying_cycle"), words("_"), sentence("BG/NBD"), sentence("none")) == (
        "buying cycle",
        "–",
        "BG/NBD",
        "None",
    )
