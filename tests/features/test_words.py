"""Words that mean the same have the same name."""

import pytest

from patron.features.words import name_part


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("E-Mail", "e_mail"),
        ("  e mail ", "e_mail"),
        ("Straße 5", "straße_5"),
        ("日本", "日本"),
        ("-", "blank"),
        ("a__b", "a__b"),
    ],
)
def test_names(word: str, name: str):
    assert name_part(word) == name
    assert name_part(name) == name
