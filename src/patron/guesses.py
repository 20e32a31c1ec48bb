"""Which file is which evidence table and which column is which: guesses, each with its reason and alternatives."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import duckdb

from patron.features.contracts import TABLES, Column, TableContract
from patron.features.sources import Source
from patron.features.sql import literal, quoted
from patron.features.tables import ColumnSource

from .inspection import SAMPLED_ROWS, ColumnProfile, FileProfile
from .vocabulary import COLUMNS, PRICES, Words, name_score, speaks_for

LEAST_COLUMN = 0.35
"""A column whose name fits less is not proposed."""
LEAST_TABLE = 0.6
"""A file that fits a table less, its name included, is not proposed."""

_FORMATS = (
    *("%Y%m%d", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M"),
    *(
        "%m/%d/%Y",
        "%d.%m.%Y %H:%M:%S",
        "%d.%m.%Y %H:%M",
        "%d.%m.%Y",
        "%m/%d/%y %H:%M",
        "%m/%d/%y",
        "%d-%m-%Y",
    ),
)
_READABLE = 0.95
"""The share of values that a way of reading times must read."""


@dataclass(frozen=True)
class ColumnGuess:
    """A column of the contract, where it is taken from, why, and what else it might be."""

    column: str
    source: ColumnSource
    why: str
    alternatives: tuple[str, ...] = ()
    score: float = 1.0


@dataclass(frozen=True)
class TableGuess:
    """A file as an evidence table; `unused` are its columns that nothing was guessed for."""

    table: str
    file: FileProfile
    columns: tuple[ColumnGuess, ...]
    score: float
    unused: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()

    def column(self, name: str) -> ColumnGuess:
        """The guess for a column of the contract; KeyError where there is none."""
        for guess in self.columns:
            if guess.column == name:
                return guess
        raise KeyError(name)


@dataclass(frozen=True)
class Guesses:
    """One file per table, the runners-up by table, and why the remaining files are no evidence."""

    tables: dict[str, TableGuess]
    runners_up: dict[str, tuple[str, ...]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def guess_tables(connection: duckdb.DuckDBPyConnection, files: Sequence[FileProfile]) -> Guesses:
    """The best file for every table: greedily, the best fit of all first, more rows before fewer."""
    fits = [fit for file in files for fit in _fits(connection, file)]
    fits.sort(key=lambda fit: (-fit.score, -fit.file.rows, fit.table, fit.file.path))
    chosen: dict[str, TableGuess] = {}
    runners: dict[str, tuple[str, ...]] = {}
    used: set[str] = set()
    for fit in fits:
        if fit.table not in chosen and fit.file.path not in used:
            chosen[fit.table] = fit
            used.add(fit.file.path)
        elif fit.table in chosen and fit.file.path not in used:
            runners[fit.table] = (*runners.get(fit.table, ()), fit.file.path)
    fitting = {fit.file.path: fit.table for fit in reversed(fits)}
    left_out = {
        file.path: f"another file fits [{fitting[file.path]}] better"
        if file.path in fitting
        else _why_not(file)
        for file in files
        if file.path not in used
    }
    tables = {name: chosen[name] for name in TABLES if name in chosen}
    return Guesses(tables, runners, left_out)


def _fits(connection: duckdb.DuckDBPyConnection, file: FileProfile) -> Iterator[TableGuess]:
    times = {
        column.name: reading
        for column in file.columns
        if (reading := read_time(connection, file, column)) is not None
    }
    dated = [fit for table in TABLES if table != "profile" and (fit := _fit(file, TABLES[table], times))]
    yield from dated
    if not dated and (profile := _profile_fit(file, times)) is not None:
        yield profile


def _fit(file: FileProfile, contract: TableContract, times: dict[str, ColumnSource]) -> TableGuess | None:
    guesses = _match(file, contract, times)
    if contract.name == "purchases":
        guesses = _with_amount(file, guesses)
    if any(name not in guesses for name in contract.required):
        return None
    telling = [guesses[name].score for name in contract.required if name != "customer_id"]
    optional = len(guesses) - len(contract.required)
    score = sum(telling) / len(telling) + 0.05 * optional
    if speaks_for(file.stem, contract.name):
        score += 0.5
    if score < LEAST_TABLE:
        return None
    ordered = tuple(guesses[name] for name in contract.column_names if name in guesses)
    taken = {guess.source.name for guess in ordered}
    unused = tuple(
        column.name
        for column in file.columns
        if column.name not in taken and not any(quoted(column.name) in (g.source.sql or "") for g in ordered)
    )
    return TableGuess(contract.name, file, ordered, score, unused)


def _match(
    file: FileProfile, contract: TableContract, times: dict[str, ColumnSource]
) -> dict[str, ColumnGuess]:
    """The best source column for every column of the contract, none used twice, the surest pair first."""
    names = COLUMNS[contract.name]
    pairs = [
        (name_score(profile.name, names[column.name]), column, profile)
        for column in contract.columns
        for profile in file.columns
        if _suits(column, profile, times)
    ]
    pairs = [pair for pair in pairs if pair[0] >= LEAST_COLUMN]
    pairs.sort(key=lambda pair: -pair[0])
    guesses: dict[str, ColumnGuess] = {}
    used: set[str] = set()
    for score, column, profile in pairs:
        if column.name in guesses or profile.name in used:
            continue
        used.add(profile.name)
        others = tuple(p.name for _, c, p in pairs if c is column and p is not profile)
        source = _source(column, profile, times)
        guesses[column.name] = ColumnGuess(column.name, source, _reason(profile), others, score)
    return guesses


def _suits(column: Column, profile: ColumnProfile, times: dict[str, ColumnSource]) -> bool:
    if column.kind == "time":
        return profile.name in times
    if column.kind in ("money", "number"):
        return profile.is_number
    if column.kind == "flag":
        return profile.type == "BOOLEAN" or (profile.is_number and profile.distinct <= 2)
    if column.kind == "id":
        whole = profile.is_number and ("INT" in profile.type or profile.whole_floats)
        return (whole or profile.type in ("VARCHAR", "UUID")) and profile.distinct > 1
    return not profile.is_time and "[" not in profile.type and "STRUCT" not in profile.type


def _source(column: Column, profile: ColumnProfile, times: dict[str, ColumnSource]) -> ColumnSource:
    if column.kind == "time":
        return times[profile.name]
    if column.kind == "id" and profile.whole_floats:
        return ColumnSource(sql=f"CAST({quoted(profile.name)} AS BIGINT)")
    return ColumnSource(name=profile.name)


def _reason(profile: ColumnProfile) -> str:
    parts = [f"about {_rounded(profile.distinct):,} values"]
    if (profile.is_time or profile.is_number) and profile.low is not None:
        parts = [f"{profile.low} to {profile.high}"]
    if profile.empty > 0:
        parts.append(f"{max(profile.empty, 0.0001):.2%} empty")
    return ", ".join(parts)


def _rounded(count: int) -> int:
    """Two leading digits: distinct values are counted approximately."""
    return round(count, 2 - len(str(count)))


def _with_amount(file: FileProfile, guesses: dict[str, ColumnGuess]) -> dict[str, ColumnGuess]:
    """The guesses with the amount as quantity times price, where the file has a price but no amount."""
    priced = sorted(
        (profile for profile in file.columns if profile.is_number and name_score(profile.name, PRICES) > 0),
        key=lambda profile: -name_score(profile.name, PRICES),
    )
    if not priced:
        return guesses
    price, quantity = priced[0], guesses.get("quantity")
    if quantity is None or quantity.source.name is None:
        alone = ColumnGuess("amount", ColumnSource(name=price.name), "no quantity was found", score=0.8)
        return {"amount": alone, **guesses}
    factors = [quoted(quantity.source.name), quoted(price.name)]
    if file.is_text:
        # A column of a CSV that is mapped by its name is text in expressions too.
        factors = [f"TRY_CAST({factor} AS DOUBLE)" for factor in factors]
    product = ColumnSource(sql=" * ".join(factors))
    if "amount" in guesses:
        found = guesses["amount"]
        others = (*found.alternatives, str(product.sql))
        return {**guesses, "amount": ColumnGuess("amount", found.source, found.why, others, found.score)}
    why = "no amount was found; the price of a piece times their number"
    return {**guesses, "amount": ColumnGuess("amount", product, why, score=0.9)}


def _profile_fit(file: FileProfile, times: dict[str, ColumnSource]) -> TableGuess | None:
    """The file as profile: about one row per customer, and attributes."""
    guesses = _match(file, TABLES["profile"], times)
    if "customer_id" not in guesses:
        return None
    key = next(c for c in file.columns if quoted(c.name) in str(guesses["customer_id"].source))
    attributes = tuple(c.name for c in file.columns if c is not key and c.name not in times)
    if key.distinct < 0.8 * file.rows or not attributes:
        return None
    return TableGuess("profile", file, tuple(guesses.values()), LEAST_TABLE, attributes=attributes)


def _why_not(file: FileProfile) -> str:
    if not any(name_score(column.name, _ANY_CUSTOMER) >= LEAST_COLUMN for column in file.columns):
        return "no column names customers"
    if not any(column.is_time for column in file.columns):
        return "no column of times"
    return "like no evidence table"


_ANY_CUSTOMER = Words(COLUMNS["purchases"]["customer_id"].sure)


def read_time(
    connection: duckdb.DuckDBPyConnection, file: FileProfile, column: ColumnProfile
) -> ColumnSource | None:
    """How a column is read as times: itself, an expression, or None where it holds none."""
    name = quoted(column.name)
    if column.is_time and not file.is_text:
        return ColumnSource(name=column.name)
    if column.is_time or column.type == "VARCHAR":
        if _reads(connection, file.texts, f"TRY_CAST(trim({name}) AS TIMESTAMP)", name):
            return ColumnSource(name=column.name)
        if column.is_time:
            # A CSV's dates that are not year-month-day: an expression sees what DuckDB made of them. The interval
            # keeps a later cast from reaching down to the text, which DuckDB would then read as year-month-day.
            return ColumnSource(sql=f"{name} + INTERVAL 0 SECOND")
        return _formatted(connection, file.source, name, name)
    if column.is_number and column.low is not None:
        return _numbered(connection, file.source, column)
    return None


def _numbered(
    connection: duckdb.DuckDBPyConnection, source: Source, column: ColumnProfile
) -> ColumnSource | None:
    name = quoted(column.name)
    low, high = float(column.low or 0), float(column.high or 0)
    if 19_000_101 <= low <= high <= 21_001_231:
        digits = name if "INT" in column.type else f"CAST({name} AS BIGINT)"
        return _formatted(connection, source, f"CAST({digits} AS VARCHAR)", name)
    for unit in (1, 1000):
        if 5e8 * unit <= low <= high <= 4e9 * unit and name_score(column.name, _TIMES) > 0:
            return ColumnSource(sql=f"to_timestamp({name}{'' if unit == 1 else ' / 1000'})")
    return None


_TIMES = Words(("date", "time", "timestamp", "at", "ts", "epoch"))


def _formatted(
    connection: duckdb.DuckDBPyConnection, source: Source, text: str, name: str
) -> ColumnSource | None:
    for pattern in _FORMATS:
        expression = f"try_strptime({text}, {literal(pattern)})"
        if _reads(connection, source, expression, name):
            return ColumnSource(sql=expression)
    return None


def _reads(connection: duckdb.DuckDBPyConnection, source: Source, expression: str, name: str) -> bool:
    """Whether the expression reads nearly all of the column's first values."""
    row = connection.execute(
        f"SELECT count({expression}), count({name})"
        f" FROM (SELECT {name} FROM {source.relation} WHERE {name} IS NOT NULL LIMIT {SAMPLED_ROWS})"
    ).fetchone()
    assert row is not None
    return bool(row[1]) and row[0] >= _READABLE * row[1]
