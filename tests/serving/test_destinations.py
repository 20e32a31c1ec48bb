"""Where scores go, as a user writes it."""

from pathlib import Path

import pytest

from patron.features.errors import ConfigurationError
from patron.features.undisclosed import Undisclosed
from patron.serving.destinations import Destination, destinations

HERE = Path("/home/business")


def test_the_folder_of_the_runs_is_the_one_that_is_named_or_scores() -> None:
    assert destinations([], HERE) == (HERE / "scores", ())
    assert destinations(["today"], HERE) == (HERE / "today", ())
    assert destinations([Path("/elsewhere")], HERE) == (Path("/elsewhere"), ())


def test_other_places_come_beside_it() -> None:
    home, places = destinations(["csv:lists", "delta:lake", "delta:s3://bucket/lake", "today"], HERE)
    assert home == HERE / "today"
    assert places == (
        Destination("csv", "/home/business/lists"),
        Destination("delta", "/home/business/lake"),
        Destination("delta", "s3://bucket/lake"),
    )
    assert [place.told for place in places] == [
        "csv:/home/business/lists", "delta:/home/business/lake", "delta:s3://bucket/lake",
    ]  # fmt: skip


def test_a_password_works_and_is_not_shown() -> None:
    url = Undisclosed("postgresql://u:s3cret@h/db#crm", "postgresql://u:${PG}@h/db#crm", ("s3cret",))
    home, (place,) = destinations([url], HERE)
    assert home == HERE / "scores"
    assert (str(place.place), place.schema) == ("postgresql://u:s3cret@h/db", "crm")
    assert place.told == "postgresql://u:${PG}@h/db"
    assert "s3cret" not in repr(place)
    _, (plain,) = destinations(["postgresql://u:s3cret@h/db"], HERE)
    assert "s3cret" not in plain.told + repr(plain)


@pytest.mark.parametrize(
    "texts",
    [
        [""],
        ["s3://bucket/scores"],
        ["csv:s3://bucket/x"],
        ["a", "b"],
        ["postgresql://h:x/db"],
        ["mysql://h/db"],
    ],
)
def test_what_is_no_place_is_refused(texts: list[str]) -> None:
    with pytest.raises(ConfigurationError):
        destinations(texts, HERE)
