"""CSV files: their delimiter, the types of their columns, and the lines that are no rows of the table."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from .sql import first_row, literal, quoted

REJECTED = "rejected lines"
_DELIMITERS = (",", ";", "\t", "|")
_STRUCTURE = ("TOO MANY COLUMNS", "MISSING COLUMNS", "INVALID ENCODING")
"""What DuckDB says of a line that is no row; whether its values can be read is asked later."""


@dataclass(frozen=True)
class CsvFiles:
    """CSV files read as one table: quotes are double, the delimiter is that of the header.

    The delimiter is taken from the header, because DuckDB's own search gives up on a file with one malformed row, or
    finds a dialect in which all of a line is a single column.
    """

    paths: tuple[str, ...]
    delimiter: str

    @classmethod
    def of(cls, connection: duckdb.DuckDBPyConnection, paths: Sequence[str]) -> "CsvFiles":
        """The files with the delimiter that the first header holds most often."""
        row = first_row(
            connection,
            f"SELECT line FROM read_csv({literal(paths[0])}, columns = {{line: 'VARCHAR'}}, header = false,"
            " auto_detect = false, delim = e'\\x01', quote = '', escape = '', ignore_errors = true) LIMIT 1",
        )
        header = str(row[0]) if row else ""
        return cls(tuple(paths), max(_DELIMITERS, key=header.count))

    def relation(self, texts: Sequence[str] = ()) -> str:
        """All rows, the columns `texts` as they stand in the file, the others with types found from all rows."""
        files = "[" + ", ".join(map(literal, self.paths)) + "]"
        types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in texts)
        typed = f", types = {{{types}}}" if types else ""
        return f"read_csv({files}, {self._dialect}, union_by_name = true, ignore_errors = true{typed})"

    @property
    def _dialect(self) -> str:
        delimiter = literal(self.delimiter)
        return f"header = true, sample_size = -1, delim = {delimiter}, quote = '\"', escape = '\"'"

    def keep_rejected(self, connection: duckdb.DuckDBPyConnection, table: str) -> int:
        """How many lines are no rows; they are kept in the table "rejected lines <table>" (file, line, text)."""
        kept = quoted(f"{REJECTED} {table}")
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {kept} (file VARCHAR, line BIGINT, text VARCHAR)")
        for path in self.paths:
            connection.execute("DROP TABLE IF EXISTS reject_errors")
            connection.execute("DROP TABLE IF EXISTS reject_scans")
            rejecting = "all_varchar = true, store_rejects = true, rejects_limit = 0"
            first_row(
                connection, f"SELECT count(*) FROM read_csv({literal(path)}, {self._dialect}, {rejecting})"
            )
            connection.execute(
                f"INSERT INTO {kept} SELECT {literal(path)}, line, any_value(csv_line) FROM reject_errors"
                f" WHERE error_type IN {_STRUCTURE} GROUP BY line ORDER BY line"
            )
        row = first_row(connection, f"SELECT count(*) FROM {kept}")
        assert row is not None
        return int(row[0])
