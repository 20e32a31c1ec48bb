"""`${NAME}` in texts: replaced, hidden, and escapable."""

import pickle

import pytest

from patron.environment import Undisclosed, fill
from patron.features.errors import ConfigurationError


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


def test_an_undisclosed_text_works_as_text_and_survives_a_pickle():
    text = pickle.loads(pickle.dumps(Undisclosed("secret", "${S}")))  # noqa: S301 - our own bytes

    assert text == "secret"
    assert repr(text) == "'${S}'"
