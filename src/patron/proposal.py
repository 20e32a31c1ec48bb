"""A configuration proposed from data files: what was guessed, why, and what else it might be."""

import json
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from patron.features.contracts import TABLES
from patron.features.errors import ConfigurationError, DataError

from .config import load_config
from .guesses import ColumnGuess, Guesses, TableGuess, guess_tables
from .inspection import FileProfile, find_files, inspect
from .overrides import apply_texts
from .rhythm import FEWEST_CUTOFFS, Rhythm, measure_rhythm, sql_of

FAR_DAYS = 31
"""Facts of other tables that lie further beyond the last purchase do not move `observed_until`."""
_SHOWN = 6


@dataclass(frozen=True)
class Proposal:
    """The text of a `patron.toml`, and what it says in a few sentences."""

    text: str
    summary: tuple[str, ...]
    tables: dict[str, str]
    """The path by table."""


def write_proposal(
    places: Sequence[Path], config: Path, *, overrides: Sequence[str] = (), replace: bool = False
) -> Proposal:
    """Write a proposal for the data files at `places` to the file `config`, which is only replaced on request.

    ConfigurationError where the file is there already, a place holds no data, or an override does not fit.
    """
    if config.exists() and not replace:
        raise ConfigurationError(
            "There is a configuration already.",
            where=str(config),
            remedy="name another file with --config, or replace it with --force",
        )
    folder = config.absolute().parent
    proposal = propose(find_files(places, folder), folder)
    text = with_settings(proposal.text, overrides)
    load_config(tomllib.loads(text))
    folder.mkdir(parents=True, exist_ok=True)
    config.write_text(text, encoding="utf-8")
    return proposal


def propose(files: Sequence[Path], folder: Path) -> Proposal:
    """A commented configuration, for `folder`, that reads the files.

    DataError where a file cannot be read or none looks like purchases.
    """
    folder = folder.absolute()
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        profiles = inspect(connection, files, folder)
        guesses = guess_tables(connection, profiles)
        if "purchases" not in guesses.tables:
            raise _no_purchases(profiles)
        rhythm = measure_rhythm(connection, guesses.tables["purchases"])
        last = _last_day(connection, guesses, rhythm)
    text = "\n".join(_lines(guesses, rhythm, last))
    paths = {table: guess.file.path for table, guess in guesses.tables.items()}
    found = [f"[{table}] {path}" for table, path in paths.items()]
    return Proposal(text, (*found, f"horizon: {rhythm.horizon} days; {_gap_sentence(rhythm)}"), paths)


def _no_purchases(profiles: Sequence[FileProfile]) -> DataError:
    columns = "; ".join(
        f"{profile.path} ({', '.join(column.name for column in profile.columns)})" for profile in profiles
    )
    return DataError(
        "No file looks like purchases: a column that names customers, one of times, and one of amounts.",
        found=columns,
        remedy="name the file to patron init, or write the [purchases] section yourself",
    )


def _last_day(connection: duckdb.DuckDBPyConnection, guesses: Guesses, rhythm: Rhythm) -> date:
    """The last day with a fact, in any table that does not run far beyond the purchases."""
    days = [rhythm.last]
    for table, guess in guesses.tables.items():
        for name in TABLES[table].happened:
            if name not in {column.column for column in guess.columns}:
                continue
            moment = f"TRY_CAST({sql_of(guess.column(name).source)} AS TIMESTAMP)"
            row = connection.execute(
                f"SELECT max(CAST({moment} AS DATE)) FROM {guess.file.source.relation}"
            ).fetchone()
            if row is not None and row[0] is not None and row[0] <= rhythm.last + timedelta(FAR_DAYS):
                days.append(row[0])
    return max(days)


def _lines(guesses: Guesses, rhythm: Rhythm, last: date) -> Iterator[str]:
    until = last + timedelta(1)
    yield "# Proposed by `patron init` from the data: read it, correct it, then run `patron check`."
    yield "# docs/configuration.md lists every key."
    yield ""
    yield "[data]"
    yield f'observed_until = "{until}"    # the day after the last fact; if that day is incomplete, "{last}"'
    if rhythm.beyond:
        yield f"# {rhythm.beyond:,} of the purchases lie more than a year later and would be quarantined: look at them."
    yield 'timezone = "UTC"                 # set your business\'s own, such as "Europe/London": it defines days'
    for table, guess in guesses.tables.items():
        yield ""
        yield from _table_lines(guess, guesses.runners_up.get(table, ()))
    yield ""
    yield from _question_lines(rhythm)
    if guesses.left_out:
        yield ""
        yield "# Files that are not used:"
        for path, why in guesses.left_out.items():
            yield f"# - {toml(path)}: {why}"
    yield ""


def _table_lines(guess: TableGuess, runners_up: tuple[str, ...]) -> Iterator[str]:
    yield f"[{guess.table}]"
    others = f"; it might also be {_some(runners_up)}" if runners_up else ""
    yield f"path = {toml(guess.file.path)}    # {guess.file.rows:,} rows{others}"
    for column in guess.columns:
        yield _column_line(column)
    if guess.attributes:
        yield f"attributes = [{', '.join(map(toml, guess.attributes))}]"
    if guess.table == "profile" and "valid_from" not in {column.column for column in guess.columns}:
        yield "# Today's attributes leak into the past: name those that never change, the others are left aside."
        yield f"# static = [{toml(guess.attributes[0])}]"
    if guess.unused:
        yield f"# not used: {_some(guess.unused)}"


def _column_line(guess: ColumnGuess) -> str:
    source = guess.source
    value = toml(source.name) if source.name is not None else f"{{ sql = {toml(str(source.sql))} }}"
    doubt = " a guess:" if guess.score < 0.5 and guess.alternatives else ""
    others = f"; or {_some(guess.alternatives)}" if guess.alternatives else ""
    return f"{guess.column} = {value}    #{doubt} {guess.why}{others}"


def _question_lines(rhythm: Rhythm) -> Iterator[str]:
    yield "[question]"
    yield f"horizon_days = {rhythm.horizon}    # {_gap_sentence(rhythm)}"
    yield f"lookback_days = {rhythm.lookback}    # who has bought within so many days is active"
    few = (
        "" if rhythm.cutoffs >= FEWEST_CUTOFFS else "; few: a longer history or a shorter horizon gives more"
    )
    yield f"cutoffs = {rhythm.cutoffs}    # what fits into {rhythm.span:,} days of purchases{few}"
    if rhythm.cutoffs <= 3:
        yield ""
        yield "[training]"
        yield f"test_cutoffs = {max(rhythm.cutoffs - 1, 1)}"


def _gap_sentence(rhythm: Rhythm) -> str:
    if rhythm.gap is None:
        return "no customer came back, so this is only a start"
    return f"{rhythm.repeaters:,} customers came back, the median gap between their orders is {rhythm.gap:g} days"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(toml(name) for name in names[:_SHOWN])
    return shown + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def toml(text: str) -> str:
    """The text as a TOML string in one line; `${` is kept from being read as an environment variable."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f").replace("${", "$${")


def with_settings(text: str, overrides: Sequence[str]) -> str:
    """The proposed text with each "section.key=value" in place of the guess, or added to its section.

    ConfigurationError where an override is malformed.
    """
    for override in overrides:
        apply_texts({}, [override])
        key, _, value = override.partition("=")
        section, _, name = key.strip().rpartition(".")
        line = f"{name} = {_as_toml(value.strip())}    # as given"
        text = _with_line(text, section, name, line)
    return text


def _as_toml(value: str) -> str:
    try:
        tomllib.loads(f"value = {value}")
    except tomllib.TOMLDecodeError:
        return toml(value)
    return value


def _with_line(text: str, section: str, name: str, line: str) -> str:
    lines = text.splitlines()
    header = f"[{section}]"
    if header not in lines:
        return "\n".join([*lines, "", header, line, ""])
    start = lines.index(header) + 1
    end = next((place for place in range(start, len(lines)) if not lines[place].strip()), len(lines))
    for place in range(start, end):
        if lines[place].startswith(f"{name} = "):
            return "\n".join([*lines[:place], line, *lines[place + 1 :], ""])
    return "\n".join([*lines[:end], line, *lines[end:], ""])
