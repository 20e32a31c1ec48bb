"""The door from tables to the matrix: order, types, categories, what is missing."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from patron.features.catalogue import FeatureField
from patron.features.engine import with_plain_text
from patron.features.errors import ModelError
from patron.models.encoding import encode, unseen_categories

NUMBER = FeatureField("orders_90d", "orders", "in the last 90 days", "buying")
CATEGORY = FeatureField("channel", "", "last channel", "buying", "category", ("app", "shop"))
FEATURES = (NUMBER, CATEGORY)
EXPECTED = np.array([[1.5, 1], [np.nan, np.nan], [3, 0], [4, np.nan]], dtype=np.float32)
"""Row by row: known values, nulls, known values, and a channel that training never saw."""


def table(channel: pa.Array) -> pa.Table:
    return pa.table(
        {
            "customer_id": ["a", "b", "c", "d"],
            "channel": channel,
            "orders_90d": pa.array([1.5, None, 3, 4], pa.float32()),
        }
    )


TEXT = pa.array(["shop", None, "app", "fax"])


@pytest.mark.parametrize(
    "channel",
    [TEXT, TEXT.cast(pa.large_string()), TEXT.dictionary_encode(), TEXT.cast(pa.string_view())],
    ids=["string", "large_string", "dictionary", "string_view"],
)
def test_a_category_is_its_place_in_the_contract_however_arrow_holds_it(channel: pa.Array) -> None:
    np.testing.assert_array_equal(encode(table(channel), FEATURES), EXPECTED)


def test_a_frame_gives_the_same_matrix_as_the_table() -> None:
    frame = pd.DataFrame({"channel": ["shop", None, "app", "fax"], "orders_90d": [1.5, np.nan, 3.0, 4.0]})
    np.testing.assert_array_equal(encode(frame, FEATURES), EXPECTED)


def test_a_frame_with_categorical_dtype_gives_the_same_matrix() -> None:
    channel = pd.Categorical(["shop", None, "app", "fax"], categories=["shop", "fax", "app"])
    frame = pd.DataFrame({"channel": channel, "orders_90d": [1.5, np.nan, 3.0, 4.0]})
    np.testing.assert_array_equal(encode(frame, FEATURES), EXPECTED)


def test_the_matrix_is_float32_and_row_major() -> None:
    matrix = encode(table(TEXT), FEATURES)
    assert matrix.dtype == np.float32
    assert matrix.flags.c_contiguous


def test_chunks_and_blocks_do_not_change_the_matrix() -> None:
    n = 40_000
    values = np.random.default_rng(7).normal(size=n).astype(np.float32)
    channel = np.tile(["app", "shop"], n // 2)
    whole = pa.table({"orders_90d": values, "channel": channel})
    pieces = pa.concat_tables([whole.slice(0, 17), whole.slice(17, 30_000), whole.slice(30_017)])
    matrix = encode(pieces, FEATURES)
    np.testing.assert_array_equal(matrix[:, 0], values)
    np.testing.assert_array_equal(matrix[:, 1], np.tile([0, 1], n // 2))


def test_chunks_with_dictionaries_of_their_own_agree() -> None:
    one = pa.table({"channel": pa.array(["shop", "app"]).dictionary_encode()})
    other = pa.table({"channel": pa.array(["app", "shop"]).dictionary_encode()})
    matrix = encode(pa.concat_tables([one, other]), (CATEGORY,))
    assert matrix[:, 0].tolist() == [1, 0, 0, 1]


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.bool_()])
def test_numbers_of_any_numeric_type_are_read(kind: pa.DataType) -> None:
    column = pa.array([1, None, 0]).cast(kind)
    np.testing.assert_array_equal(encode(pa.table({"orders_90d": column}), (NUMBER,))[:, 0], [1, np.nan, 0])


def test_a_column_of_nulls_is_all_missing_whatever_the_kind() -> None:
    nulls = pa.table({"orders_90d": pa.nulls(2), "channel": pa.nulls(2)})
    assert np.isnan(encode(nulls, FEATURES)).all()


def test_no_rows_give_no_rows() -> None:
    assert encode(table(TEXT).slice(0, 0), FEATURES).shape == (0, 2)


def test_plain_text_keeps_the_values_and_the_other_columns() -> None:
    plain = with_plain_text(table(TEXT.dictionary_encode()))
    assert plain == table(TEXT)


def test_unseen_categories_are_counted_and_nulls_are_not() -> None:
    channel = pa.array(["fax", "app", "fax", None, "post"])
    assert unseen_categories(pa.table({"channel": channel}), (CATEGORY,)) == {
        "channel": {"fax": 2, "post": 1}
    }


def test_no_unseen_category_is_an_empty_count() -> None:
    assert unseen_categories(pa.table({"channel": ["app"], "orders_90d": [1.0]}), FEATURES) == {}


def test_a_missing_feature_is_named_with_what_it_is_made_from() -> None:
    with pytest.raises(ModelError) as caught:
        encode(
            table(TEXT).drop_columns(["orders_90d"]), FEATURES, needs={"purchases": ("customer_id", "amount")}
        )
    assert caught.value.where == "orders_90d"
    assert "purchases: customer_id, amount" in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ({"orders_90d": ["1.5"], "channel": ["app"]}, "orders_90d must be a number"),
        ({"orders_90d": [1.5], "channel": [3]}, "channel must be a text"),
    ],
)
def test_a_column_of_the_wrong_type_is_refused(columns: dict[str, list[object]], named: str) -> None:
    with pytest.raises(ModelError, match=named):
        encode(pa.table(columns), FEATURES)
