"""Why a row of an evidence table is refused: conditions in SQL with their reasons."""

from collections.abc import Sequence
from dataclasses import dataclass

from .columns import EARLIEST, money_problems
from .contracts import Column, TableContract
from .errors import DataError
from .sql import literal, quoted
from .tables import ColumnSource, TableSpec

ALWAYS = -(2**62)
"""When an undated attribute became true: before everything."""

REFUSAL = '"refused because"'
"""The column that numbers why a row is refused, null for good rows; no contract has one of that name."""

REPEATS = "repeats a key and its recorded_at"


@dataclass(frozen=True)
class Part:
    """A mapped column on its way: the contract's column, its source, and the name and type of what stands there."""

    column: Column
    source: ColumnSource
    raw: str
    source_type: str

    @property
    def value(self) -> str:
        """The name under which what was read from it stands."""
        return quoted("value " + self.column.name)

    @property
    def missing(self) -> str:
        """Whether the source holds nothing, or nothing but blanks."""
        if self.source_type == "VARCHAR":
            return f"({self.raw} IS NULL OR trim({self.raw}) = '')"
        return f"{self.raw} IS NULL"


@dataclass(frozen=True)
class Judge:
    """What is asked of a row: by the contract of its table, by what the user says of it, and by the time it is told."""

    contract: TableContract
    spec: TableSpec
    observed_until: int
    parts: Sequence[Part]

    @property
    def happened(self) -> str:
        """When a row happened, as SQL."""
        present = self._values
        names = [present[name] for name in self.contract.happened if name in present]
        return f"coalesce({', '.join(names)})" if names else f"CAST({ALWAYS} AS BIGINT)"

    def problems(self) -> list[tuple[str, str]]:
        """Why a row is refused: SQL conditions with their reasons, the first that holds counts."""
        problems = [problem for part in self.parts for problem in _value_problems(part)]
        return [*problems, *self._time_problems(), *self._pair_problems(), *self._currency_problems()]

    @property
    def _values(self) -> dict[str, str]:
        return {part.column.name: part.value for part in self.parts}

    @property
    def _dated(self) -> str | None:
        """The first column that says when a row happened."""
        return next((name for name in self.contract.happened if name in self._values), None)

    def _time_problems(self) -> list[tuple[str, str]]:
        until, happened, dated = self.observed_until, self.happened, self._dated
        problems = []
        if dated is not None:
            problems.append((f"{happened} IS NULL", f"no {self.contract.happened[-1]}"))
            problems.append((f"{happened} < {EARLIEST}", f"{dated} before 1900"))
            problems.append((f"{happened} >= {until}", f"{dated} at or after observed_until"))
        if "recorded_at" in self._values:
            recorded = self._values["recorded_at"]
            problems.append((f"{recorded} >= {until}", "recorded at or after observed_until"))
        return problems

    def _pair_problems(self) -> list[tuple[str, str]]:
        """What can be wrong with one column beside another."""
        present, dated = self._values, self._dated
        problems = [
            (f"{present[first]} IS NOT NULL AND {present[second]} IS NULL", f"{first} without {second}")
            for first, second in self.contract.pairs
        ]
        if self.contract.either:
            absent = [f"{present[name]} IS NULL" for name in self.contract.either if name in present]
            problems.append((" AND ".join(absent), f"neither {' nor '.join(self.contract.either)}"))
        problems += [
            (f"{present[first]} = {present[second]}", f"{first} is the {second}")
            for first, second in self.contract.others
        ]
        ends = [end for end in self.contract.ends if end in present and end != dated]
        return problems + [(f"{present[end]} < {self.happened}", f"{end} before {dated}") for end in ends]

    def _currency_problems(self) -> list[tuple[str, str]]:
        stated = self.spec.currency
        if stated is None or "currency" not in self._values:
            return []
        differs = f"{self._values['currency']} IS DISTINCT FROM {literal(stated)}"
        return [(differs, f"currency is not {stated}")]

    def without_repeats(self, judged: str, number: int) -> str:
        """Rows with their refusals, where of those with the same key that became known at the same moment one counts.

        It is the last recorded; the others are refused by the number. DataError where the key cannot be used.
        """
        if not self.spec.key:
            return judged
        values = self._values
        missing = [name for name in (*self.spec.key, "recorded_at") if name not in values]
        if missing:
            raise DataError(
                f"The key of {self.contract.name} cannot be used.",
                where=f"[{self.contract.name}] key",
                found=f"not mapped: {', '.join(missing)}",
                remedy="map every column of the key, and recorded_at, by which versions supersede each other",
            )
        keys = [values[name] for name in self.spec.key]
        complete = " AND ".join(f"{key} IS NOT NULL" for key in keys)
        known = f"greatest({self.happened}, {values['recorded_at']})"
        order = ", ".join([f"{values['recorded_at']} DESC NULLS LAST", *values.values()])
        place = f"row_number() OVER (PARTITION BY {REFUSAL}, {', '.join([*keys, known])} ORDER BY {order})"
        repeats = f"{REFUSAL} IS NULL AND {complete} AND {place} > 1"
        return f"(SELECT * REPLACE (CASE WHEN {repeats} THEN {number} ELSE {REFUSAL} END AS {REFUSAL}) FROM {judged})"


def _value_problems(part: Part) -> list[tuple[str, str]]:
    """What can be wrong with the value of one column."""
    name, kind, required = part.column.name, part.column.kind, part.column.required
    if part.column.is_attribute:
        return []  # whatever is wrong with it, the others still hold
    unreadable = f"NOT {part.missing} AND {part.value} IS NULL"
    if kind == "id":
        return [(part.missing, f"no {name}")]
    if kind == "time":
        return [(unreadable, f"unreadable {name}")]
    if kind == "money" and required:
        return money_problems(part.raw, part.missing, part.value, name)
    if kind == "text" and required:
        return [(part.missing, f"no {name}")]
    if kind == "number" and required:
        return [(unreadable, f"{name} is not a finite number")]
    return []
