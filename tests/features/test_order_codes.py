"""Codes of order ids: the same as sorting everybody's ids would give, as far as a customer's rows are told apart."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from patron.features.order_codes import order_codes


def test_a_customers_codes_are_in_the_order_of_the_words_and_start_anew_with_the_next():
    ids = pa.array(["b", "a", "b", None, "ab", "a", "é", "z"])
    starts = np.array([0, 4, 4, 8])
    assert order_codes(ids, starts, None).tolist() == [1, 0, 1, -1, 1, 0, 3, 2]


def test_rows_may_lie_anywhere():
    ids = pa.array(["x", "b", "w", "a"])  # the first customer's are the second and the fourth
    assert order_codes(ids, np.array([0, 2, 4]), np.array([1, 3, 0, 2])).tolist() == [1, 1, 0, 0]


def test_a_slice_is_read_where_it_begins():
    ids = pa.array(["zz", "b", "a", "b"]).slice(1)
    assert order_codes(ids, np.array([0, 3]), None).tolist() == [1, 0, 1]


@pytest.mark.parametrize("ids", [pa.nulls(2, pa.string()), pa.array(["", ""]), pa.array([], pa.string())])
def test_no_letters_at_all(ids):
    expected = [-1 if each is None else 0 for each in ids.to_pylist()]
    assert order_codes(ids, np.array([0, len(ids)]), None).tolist() == expected


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_many_lines_and_all_kinds_of_text_are_told_apart_alike(kind):
    random = np.random.default_rng(3)
    words = [None if each == 0 else f"order {each:x}" for each in random.integers(0, 80, 700)]
    starts = np.array([0, 5, 262, 262, 300, 430, 700])  # few, too many, none, few, and again
    places = random.permutation(700)
    codes = order_codes(pa.array(words, pa.string()).cast(kind), starts, places)
    for low, high in pairwise(starts.tolist()):
        mine = [(words[row], int(codes[row])) for row in places[low:high]]
        known = sorted({pair for pair in mine if pair[0] is not None})
        assert len({word for word, _ in known}) == len({code for _, code in known}) == len(known)
        assert [code for _, code in known] == sorted(code for _, code in known)
        assert {code for word, code in mine if word is None} <= {-1}
