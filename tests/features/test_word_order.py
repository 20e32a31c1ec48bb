"""Text as codes in the order of its words."""

import pyarrow as pa

from patron.features.word_order import in_word_order


def test_codes_are_the_places_of_words_in_sorted_order_and_missing_text_has_none():
    found = in_word_order(pa.array(["pear", None, "apple", "pear"]))
    assert found.dictionary.to_pylist() == ["apple", "pear"]
    assert found.indices.to_pylist() == [1, None, 0, 1]


def test_a_dictionary_keeps_words_that_nobody_has():
    given = pa.DictionaryArray.from_arrays(pa.array([0, 2], pa.int32()), ["pear", "fig", "apple"])
    found = in_word_order(given)
    assert found.dictionary.to_pylist() == ["apple", "fig", "pear"]
    assert found.to_pylist() == ["pear", "apple"]


def test_a_sorted_dictionary_is_not_sorted_again():
    given = pa.DictionaryArray.from_arrays(pa.array([1, 0], pa.int32()), ["apple", "pear"])
    assert in_word_order(given) is given


def test_there_may_be_no_text_at_all():
    assert in_word_order(pa.array([None, None], pa.string())).to_pylist() == [None, None]
    assert len(in_word_order(pa.array([], pa.string()))) == 0
