"""Conditions of programmes: SQL expressions over what is known of a customer, checked before anyone is looked at."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from patron.features.errors import ConfigurationError

_FORBIDDEN = {
    "SUBQUERY": "a query of its own",
    "WINDOW": "a window over other customers",
    "STAR": "all columns at once",
    "PARAMETER": "a parameter",
}
_VOLATILE = (
    "random",
    "uuid",
    "gen_random_uuid",
    "now",
    "today",
    "current_date",
    "current_timestamp",
    "setseed",
)
"""Functions that give another answer on another day."""


@dataclass(frozen=True)
class Condition:
    """An SQL expression over the columns of one customer; `where` says in messages where it is written."""

    code: str
    where: str

    def columns(self) -> tuple[str, ...]:
        """The columns that it speaks of, in the order of the alphabet; ConfigurationError for what is no condition."""
        found: set[str] = set()
        for node in _nodes(self._parsed()):
            kind = str(node.get("class", ""))
            if kind in _FORBIDDEN or _is_volatile(node):
                told = _FORBIDDEN.get(
                    kind, f"the function {node.get('function_name')}, which no rerun repeats"
                )
                raise ConfigurationError(
                    "A condition may only look at one customer's features and scores.",
                    where=self.where,
                    found=f"{self.code}: {told}",
                    remedy="compare columns with values, joined by and, or, not, in, between, is null",
                )
            if kind == "COLUMN_REF":
                found.add(".".join(node["column_names"]))
        return tuple(sorted(found))

    def check(self, known: Iterable[str]) -> None:
        """ConfigurationError for a column that is not known, with the nearest that is."""
        names = sorted(known)
        for column in self.columns():
            if column not in names:
                near = get_close_matches(column, names, 3, cutoff=0.5)
                raise ConfigurationError(
                    f"There is no feature or score {column!r}.",
                    where=self.where,
                    found=self.code,
                    remedy=f"did you mean {' or '.join(near)}?"
                    if near
                    else "see docs/catalogue.md and docs/scores.md",
                )

    def holds(self, table: pa.Table) -> npt.NDArray[np.bool_]:
        """Of which rows of a table it is true, unknown being no; ConfigurationError where it is no yes or no."""
        answer = self._asked(table)
        if not pa.types.is_boolean(answer.type):
            raise self._unfit(f"answers with {answer.type}, not with yes or no")
        return np.asarray(answer.fill_null(False).to_numpy(zero_copy_only=False), np.bool_)

    def numbers(self, table: pa.Table) -> npt.NDArray[np.float64]:
        """The number that it gives for each row [n], NaN for none; ConfigurationError where it gives something else."""
        answer = self._asked(table)
        if not (
            pa.types.is_integer(answer.type)
            or pa.types.is_floating(answer.type)
            or pa.types.is_decimal(answer.type)
        ):
            raise self._unfit(f"gives {answer.type}, not a number")
        values = answer.cast(pa.float64()).to_numpy(zero_copy_only=False)
        return np.where(np.isfinite(values), values, np.nan)

    def _asked(self, table: pa.Table) -> pa.Array:
        with duckdb.connect(config={"enable_external_access": "false", "threads": "1"}) as connection:
            connection.register("customers", table)
            try:
                found: pa.Table = connection.sql(
                    f"SELECT ({self.code}) AS answer FROM customers"
                ).to_arrow_table()
            except duckdb.Error as error:
                raise self._unfit(str(error).splitlines()[0]) from None
        if found.num_rows != table.num_rows:
            raise self._unfit("gives one answer for all customers")
        return found["answer"].combine_chunks()

    def _parsed(self) -> Any:
        with duckdb.connect() as connection:
            row = connection.execute("SELECT json_serialize_sql(?)", [f"SELECT ({self.code})"]).fetchone()
        assert row is not None
        tree = json.loads(row[0])
        if tree["error"]:
            raise self._unfit(tree["error_message"])
        nodes = [statement["node"] for statement in tree["statements"]]
        if len(nodes) != 1 or len(nodes[0].get("select_list", ())) != 1:
            raise self._unfit("more than one expression")
        if nodes[0]["from_table"]["type"] != "EMPTY":
            raise self._unfit("more than an expression")
        return nodes[0]["select_list"][0]

    def _unfit(self, found: str) -> ConfigurationError:
        return ConfigurationError(
            "A condition cannot be read.",
            where=self.where,
            found=f"{self.code}: {found}",
            remedy="write an SQL expression, such as days_since_order > 30 and stage = 'repeat'",
        )


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """All parts of a parsed expression."""
    if isinstance(tree, dict):
        yield tree
        for each in tree.values():
            yield from _nodes(each)
    elif isinstance(tree, list):
        for each in tree:
            yield from _nodes(each)


def _is_volatile(node: Mapping[str, Any]) -> bool:
    return node.get("class") == "FUNCTION" and str(node.get("function_name", "")).lower() in _VOLATILE
