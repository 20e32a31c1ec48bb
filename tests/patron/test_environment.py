"""`${NAME}` in texts: replaced, hidden, and escapable."""

import pickle

import pytest

from patron.environment import fill
from patron.features.errors import ConfigurationError
from patron.features.undisclosed import Undisclosed


def test_names_are_replaced_wherever_texts_stand():
    filled = fill({"a": ["${X}/b", 1], "c": {"d": "${X}${Y}"}}, "", {"X": "1", "Y": "2"})

    assert filled == {"a": ["1/b", 1], "c": {"d": "12"}}


def test_a_doubled_dollar_stands_for_itself():
    assert fill("price > $${limit}", "", {}) == "price > ${limit}"
    assert not isinstance(fill("$${limit}", "", {}), Undisclosed)


def test_other_objects_pass_untouched():
    frame = object()

    assert fill({"frame": frame}, "", {})["frame"] is frame


def test_an_unset_name_is_an_error_with_its_place():
    with pytest.raises(ConfigurationError, match=r"where: \[tracking\] uri"):
        fill({"tracking": {"uri": "${PASSWORD}"}}, "", {})


def test_only_the_user_and_password_of_a_url_are_percent_encoded():
    filled = fill("https://${U}:${P}@${H}/${D}", "", {"U": "a b", "P": "p/@", "H": "host:5432", "D": "x/y"})

    assert filled == "https://a%20b:p%2F%40@host:5432/x/y"
    assert fill("${URL}", "", {"URL": "https://u:p%40@host"}) == "https://u:p%40@host"


def test_an_undisclosed_text_works_as_text_and_survives_a_pickle():
    text = pickle.loads(pickle.dumps(Undisclosed("secret", "${S}")))  # noqa: S301 - our own bytes

    assert text == "secret"
    assert repr(text) == "'${S}'"
