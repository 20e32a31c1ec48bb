"""Text as codes whose order is that of the words."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def in_word_order(column: pa.Array) -> pa.DictionaryArray:
    """Text, or a dictionary of it, as a dictionary of its words in sorted order.

    One that is sorted is given back as it is, so that the ranges of a table sort its words once between them.
    """
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    words = encoded.dictionary
    if _is_sorted(words):
        return encoded
    order = pc.array_sort_indices(words)
    rank = np.empty(len(words), np.int32)
    rank[np.asarray(order)] = np.arange(len(words), dtype=np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(rank).take(encoded.indices), words.take(order))


def _is_sorted(words: pa.Array) -> bool:
    return len(words) < 2 or bool(pc.all(pc.less(words[:-1], words[1:])).as_py())
