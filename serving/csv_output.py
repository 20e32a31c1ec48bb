"""Scores as CSV: whole or not at all, and harmless where a spreadsheet takes a text for a formula."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, dataset

from .durable import make_folder, sync_file
from .publishing import Publication, published
from .staging import remove, staging_of

DANGEROUS = "^['=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
"""How a text begins that a spreadsheet may run as a formula (the last four are wide forms of = + - @), and the mark
itself, so that it can be taken back.
"""

TABLES = ("scores", "excluded")


def escaped(table: pa.Table) -> pa.Table:
    """Rows with an apostrophe before each text that begins like a formula, or like that apostrophe."""
    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            column = table.column(place)
            marked = pc.binary_join_element_wise("'", column, "")
            column = pc.if_else(pc.match_substring_regex(column, DANGEROUS), marked, column)
            table = table.set_column(place, field, column)
    return table


def restored(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts as they were before `escaped`: without the one apostrophe that some begin with."""
    return pc.replace_substring_regex(texts, "^'", "")


def write_csv(run: Path, folder: Path, facts: Mapping[str, Any]) -> bool:
    """Bring a published run to `folder`, as scores.csv and excluded.csv in a folder of its own; False if it was there.

    The folder appears when both are complete. OSError where it cannot be written.
    """
    final = folder / run.parent.name / run.name
    if published(final) is not None:
        return False
    final.parent.mkdir(parents=True, exist_ok=True)
    staging = staging_of(final)
    remove(staging)
    make_folder(staging)
    ready = Publication(final, staging)
    for name in TABLES:
        file = ready.folder / f"{name}.csv"
        _write(run / name, file)
        sync_file(file)
        with file.open("rb") as opened:
            ready.digests[file.name] = hashlib.file_digest(opened, "sha256").hexdigest()
    ready.publish(facts)
    remove(staging)
    return True


def _write(parts: Path, file: Path) -> None:
    source = dataset.dataset(sorted(map(str, parts.glob("*.parquet"))))
    options = csv.WriteOptions(quoting_style="needed")
    schema = pa.schema([pa.field(field.name, _plain(field.type)) for field in source.schema])
    with csv.CSVWriter(str(file), schema, write_options=options) as writer:
        for table in _tables(source, schema):
            writer.write_table(escaped(table))


def _tables(source: dataset.Dataset, schema: pa.Schema) -> Iterator[pa.Table]:
    for batch in source.to_batches():
        yield with_plain_ids(pa.Table.from_batches([batch])).cast(schema)


def with_plain_ids(table: pa.Table) -> pa.Table:
    """UUIDs as their text, which CSV and databases take; other ids as they are."""
    column = table["customer_id"]
    if column.type == pa.uuid():
        texts = pa.chunked_array([[str(each) for each in column.to_pylist()]], pa.string())
        table = table.set_column(table.column_names.index("customer_id"), "customer_id", texts)
    return table


def _plain(kind: pa.DataType) -> pa.DataType:
    return pa.string() if kind == pa.uuid() else kind
