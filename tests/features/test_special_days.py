"""Holidays, closures and weekends, as days since 1970."""

from datetime import date

import pytest

from patron.features.errors import ConfigurationError
from patron.features.special_days import SpecialDays


def day(written: str) -> int:
    return (date.fromisoformat(written) - date(1970, 1, 1)).days


def test_the_holidays_of_a_country_in_a_span_of_days():
    found = SpecialDays("DE").holidays(day("2016-12-25"), day("2017-01-02"))
    assert found == (day("2016-12-25"), day("2016-12-26"), day("2017-01-01"))


def test_a_subdivision_adds_its_own():
    epiphany = (day("2017-01-06"), day("2017-01-07"))
    assert SpecialDays("DE").holidays(*epiphany) == ()
    assert SpecialDays("DE", "BY").holidays(*epiphany) == (day("2017-01-06"),)


def test_without_a_country_there_are_no_holidays():
    assert SpecialDays().holidays(day("2016-01-01"), day("2018-01-01")) == ()


def test_closures_include_both_ends_and_count_once():
    special = SpecialDays(closures=("2017-07-03/2017-07-05", "2017-07-05", "2016-02-29"))
    found = special.closed(day("2016-01-01"), day("2017-07-05"))
    assert found == (day("2016-02-29"), day("2017-07-03"), day("2017-07-04"))


def test_closures_of_later_years_are_added():
    special = SpecialDays(closures=("2017-12-25",)).with_closures(["2018-12-25", "2017-12-25"])
    assert special.closures == ("2017-12-25", "2018-12-25")


@pytest.mark.parametrize(("country", "weekend"), [(None, (5, 6)), ("US", (5, 6)), ("IL", (4, 5))])
def test_the_weekend_is_the_countrys(country: str | None, weekend: tuple[int, ...]):
    assert SpecialDays(country).weekend() == weekend


@pytest.mark.parametrize(
    ("special", "where", "found", "cure"),
    [
        ({"country": "Germany"}, "[calendar] country", "Germany", "use an ISO 3166 code such as"),
        ({"country": "us"}, "[calendar] country", "us", "such as US"),
        (
            {"country": "DE", "subdivision": "BV"},
            "[calendar] subdivision",
            "BV",
            "use an ISO 3166 code such as",
        ),
        (
            {"subdivision": "BY"},
            "[calendar] subdivision",
            "BY",
            'add the country, for example country = "US"',
        ),
        ({"closures": ("25.12.2017",)}, "[calendar] closures", "'25.12.2017'", 'write a day as "2017-12-25"'),
        (
            {"closures": ("2017-12-25/2017-12-24",)},
            "[calendar] closures",
            "'2017-12-25/2017-12-24'",
            "write a day",
        ),
        ({"closures": ("2017-12-25/",)}, "[calendar] closures", "'2017-12-25/'", "write a day"),
        (
            {"closures": ("0001-01-01/9999-12-31",)},
            "[calendar] closures",
            "'0001-01-01/9999-12-31'",
            "write a day",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_cure(
    special: dict[str, object], where: str, found: str, cure: str
):
    with pytest.raises(ConfigurationError) as error:
        SpecialDays(**special)  # type: ignore[arg-type]
    assert (error.value.where, error.value.found) == (where, found)
    assert cure in str(error.value.remedy)
