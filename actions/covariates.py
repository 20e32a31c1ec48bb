"""Covariates: what was so before, as a matrix of numbers that any model can read."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from patron.features.errors import ConfigurationError

Floats = npt.NDArray[np.float64]

_FLAG = "missingindicator_"

MOST_WORDS = 30
"""So many words of a text get a column of their own; the rare ones share one."""


def encoded(table: pa.Table) -> tuple[Floats, tuple[str, ...]]:
    """Covariates [n] to a matrix [n, k] and the names of its columns.

    Numbers are in units of their spread, unknown ones at the median and flagged; texts become flags, one for each
    word. Nothing of it looks at arms or outcomes. ConfigurationError for a kind that is neither.
    """
    frame = _frame(table)
    if frame.shape[1] == 0 or not len(frame):
        return np.empty((len(frame), 0)), ()
    texts = [name for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name])]
    numbers = [name for name in frame.columns if name not in texts]
    scaled = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True), StandardScaler()
    )
    words = OneHotEncoder(max_categories=MOST_WORDS, sparse_output=False, drop="if_binary")
    encoder = ColumnTransformer(
        [("numbers", scaled, numbers), ("words", words, texts)], verbose_feature_names_out=False
    )
    matrix = np.asarray(encoder.fit_transform(frame), np.float64)
    names = [str(name) for name in encoder.get_feature_names_out()]
    names = [f"{name.removeprefix(_FLAG)} unknown" if name.startswith(_FLAG) else name for name in names]
    varies = np.ptp(matrix, axis=0) > 0
    return matrix[:, varies], tuple(name for name, keep in zip(names, varies, strict=True) if keep)


def flat(column: pa.ChunkedArray) -> pa.Array:
    """A column in one piece, its dictionary resolved."""
    found = column.combine_chunks()
    return found.dictionary_decode() if pa.types.is_dictionary(found.type) else found


def _frame(table: pa.Table) -> pd.DataFrame:
    """Covariates as numbers (NaN for unknown) and texts ("" for unknown)."""
    columns: dict[str, object] = {}
    for name in table.column_names:
        column = flat(table[name])
        kind = column.type
        if pa.types.is_boolean(kind):
            column, kind = column.cast(pa.int8()), pa.int8()
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            values = np.array(column.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
            columns[name] = np.where(np.isfinite(values), values, np.nan)
        elif pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
            columns[name] = pc.fill_null(column, "").to_pylist()
        else:
            raise ConfigurationError(
                "A covariate must be a number, a flag or a text.",
                where=name,
                found=str(kind),
                remedy="give a time as the days before the moment, anything else as a number or a text",
            )
    return pd.DataFrame(columns, index=range(table.num_rows))
