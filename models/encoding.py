"""From features in a table to the matrix that the booster reads: one door for training and scoring."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from patron.features.catalogue import FeatureField
from patron.features.errors import ModelError

if TYPE_CHECKING:
    import pandas as pd

_BLOCK_ROWS = 16_384
"""Rows written at a time: whole columns of a row-major matrix would pass the memory once per column."""


def encode(
    table: "pa.Table | pd.DataFrame",
    features: Sequence[FeatureField],
    *,
    needs: Mapping[str, Sequence[str]] | None = None,
) -> NDArray[np.float32]:
    """A table that has the features to a matrix [rows, features], row-major, in the features' order.

    A number is its value and a category its place in `FeatureField.categories`; null and an unseen category
    become NaN. Columns beyond the features are ignored. Raises ModelError for a missing column, or one of a
    wrong type; `needs` (the contract's tables and columns) is then named as what the features are made from.
    """
    arrow = _arrow(table, features, needs)
    dictionaries = [pa.array(field.categories, pa.string()) for field in features]
    matrix = np.empty((arrow.num_rows, len(features)), dtype=np.float32)
    start = 0
    for batch in arrow.to_batches(max_chunksize=_BLOCK_ROWS):
        block = matrix[start : start + batch.num_rows]
        for i, field in enumerate(features):
            if field.kind == "category":
                block[:, i] = _codes(batch.column(i), dictionaries[i])
            else:
                block[:, i] = _numbers(batch.column(i))
        start += batch.num_rows
    return matrix


def unseen_categories(
    table: "pa.Table | pd.DataFrame", features: Sequence[FeatureField]
) -> dict[str, dict[str, int]]:
    """A table that has the features to {feature: {category that training never saw: rows}}, by name."""
    categorical = [field for field in features if field.kind == "category"]
    arrow = _arrow(table, categorical, None)
    unseen: dict[str, dict[str, int]] = {}
    for i, field in enumerate(categorical):
        counts = {entry["values"]: entry["counts"] for entry in pc.value_counts(arrow.column(i)).to_pylist()}
        known = {None, *field.categories}
        strange = {value: counts[value] for value in sorted(counts.keys() - known)}
        if strange:
            unseen[field.name] = strange
    return unseen


def _arrow(
    table: "pa.Table | pd.DataFrame",
    features: Sequence[FeatureField],
    needs: Mapping[str, Sequence[str]] | None,
) -> pa.Table:
    """The features' columns of a table or frame, in order, their types checked."""
    names = [field.name for field in features]
    present = set(table.column_names if isinstance(table, pa.Table) else table.columns)
    missing = [name for name in names if name not in present]
    if missing:
        sources = "; ".join(f"{name}: {', '.join(columns)}" for name, columns in (needs or {}).items())
        raise ModelError(
            f"{len(missing)} of the {len(names)} features that the model reads are missing.",
            where=", ".join(missing),
            found=f"columns {', '.join(sorted(map(str, present)))}",
            remedy="build the features from all tables and columns that the model was trained on"
            + (f" ({sources})" if sources else ""),
        )
    if not isinstance(table, pa.Table):
        return _checked(pa.Table.from_pandas(table[names], preserve_index=False), features)
    return _checked(table.select(names), features)


def _checked(arrow: pa.Table, features: Sequence[FeatureField]) -> pa.Table:
    """The same table; ModelError where a column's type does not fit its feature."""
    for field, column in zip(features, arrow.schema, strict=True):
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        numeric = _is_numeric(kind) and kind is column.type
        textual = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
        if not (pa.types.is_null(kind) or (textual if field.kind == "category" else numeric)):
            raise ModelError(
                f"The feature {field.name} must be a {'text' if field.kind == 'category' else 'number'}.",
                where=field.name,
                found=f"type {column.type}",
                remedy="pass the features as Patron builds them",
            )
    return arrow


def _is_numeric(kind: pa.DataType) -> bool:
    checks = (pa.types.is_floating, pa.types.is_integer, pa.types.is_boolean, pa.types.is_decimal)
    return any(check(kind) for check in checks)


def _numbers(column: pa.Array) -> NDArray[np.float32]:
    if not pa.types.is_float32(column.type):
        column = column.cast(pa.float64(), safe=False).cast(pa.float32(), safe=False)
    values: NDArray[np.float32] = column.to_numpy(zero_copy_only=False)
    return values


def _codes(column: pa.Array, categories: pa.Array) -> NDArray[np.float32]:
    if pa.types.is_dictionary(column.type):
        places = pc.index_in(column.dictionary.cast(pa.string()), value_set=categories)
        return _numbers(places.take(column.indices))
    return _numbers(pc.index_in(column.cast(pa.string()), value_set=categories))
