"""A programme: whom to contact, when, through what, for what, at which cost, and how many are left alone by lot."""

import math
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from patron.features.errors import ConfigurationError

from .conditions import Condition

_READY = "programmes"
"""The folder of this package with the ready-made ones."""

_KEYS: Mapping[str, tuple[str, ...]] = {
    "": ("title", "objective", "whom", "when", "contact", "test"),
    "whom": ("code", "words"),
    "when": ("code", "words"),
    "contact": ("channel", "cost", "incentive", "most", "within_days"),
    "test": ("holdout",),
}


@dataclass(frozen=True)
class Programme:
    """One programme. `name`, that of its file, is the test's in `assignments` and the activity's in `activities`.

    `when` gives the days after the plan's cutoff. `cost` is that of one contact, `incentive` what each buyer among the
    contacted costs besides, both in the currency of the amounts. With this contact the firm contacts nobody more than
    `most` times in `within_days`. `holdout` is the share that is left alone by lot.
    """

    name: str
    title: str
    objective: str
    whom: Condition
    whom_in_words: str
    when: Condition
    when_in_words: str
    channel: str
    cost: float
    incentive: float
    most: int
    within_days: int
    holdout: float

    @property
    def columns(self) -> tuple[str, ...]:
        """The features and scores that it looks at."""
        return tuple(sorted({*self.whom.columns(), *self.when.columns()}))

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {**vars(self), "whom": self.whom.code, "when": self.when.code}


def read_programmes(folder: Path) -> tuple[Programme, ...]:
    """The programmes of a folder, one for each file that ends in .toml, by name.

    ConfigurationError for a folder without any, an unknown key, a cost that is not there, or a value out of its range.
    """
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        raise ConfigurationError(
            "There are no programmes to plan.",
            where=str(folder),
            found="no file that ends in .toml" if folder.is_dir() else "no such folder",
            remedy="copy the ready-made ones there with patron plan --copy-programmes, and keep those that you want",
        )
    return tuple(_programme(path) for path in paths)


def copy_programmes(folder: Path) -> list[Path]:
    """Copy the ready-made programmes to a folder; those that are there already stay as they are. The new files."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    with as_file(files(__package__).joinpath(_READY)) as ready:
        for source in sorted(ready.glob("*.toml")):
            target = folder / source.name
            if not target.exists():
                shutil.copyfile(source, target)
                made.append(target)
    return made


def _programme(path: Path) -> Programme:
    values = _read(path)
    contact, where = values["contact"], str(path)
    return Programme(
        name=path.stem,
        title=_text(values, "title", where),
        objective=_text(values, "objective", where),
        whom=Condition(_text(values["whom"], "code", where, "whom"), f"{where} [whom] code"),
        whom_in_words=_text(values["whom"], "words", where, "whom"),
        when=Condition(_text(values["when"], "code", where, "when"), f"{where} [when] code"),
        when_in_words=_text(values["when"], "words", where, "when"),
        channel=_text(contact, "channel", where, "contact"),
        cost=_number(contact, "cost", where, low=0),
        incentive=_number(contact, "incentive", where, low=0),
        most=_whole(contact, "most", where),
        within_days=_whole(contact, "within_days", where),
        holdout=_number({**values["test"]}, "holdout", where, low=0.01, high=0.99, section="test"),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as reason:
        raise ConfigurationError("A programme cannot be read.", where=str(path), found=str(reason)) from None
    for section in ("whom", "when", "contact", "test"):
        if not isinstance(values.get(section), dict):
            raise ConfigurationError(
                f"A programme needs a section [{section}].",
                where=str(path),
                remedy="copy a ready-made one with patron plan --copy-programmes and edit it",
            )
    for section, known in _KEYS.items():
        inside = values[section] if section else values
        for key in inside:
            if key not in known:
                near = get_close_matches(key, known, 1)
                raise ConfigurationError(
                    f"There is no key {key!r} in a programme.",
                    where=f"{path} [{section}]" if section else str(path),
                    found=key,
                    remedy=f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}",
                )
    return values


def _given(values: Mapping[str, Any], key: str, where: str, section: str) -> Any:
    if key not in values:
        remedy = f"fill in {key} = ... under [{section}]" if section else f"fill in {key} = ..."
        if key in ("cost", "incentive"):
            remedy += "; only you know what it costs, so that there is no default"
        raise ConfigurationError(f"A programme has no {key}.", where=where, remedy=remedy)
    return values[key]


def _text(values: Mapping[str, Any], key: str, where: str, section: str = "") -> str:
    given = _given(values, key, where, section)
    if not isinstance(given, str) or not given.strip():
        raise ConfigurationError(f"The {key} of a programme must be a text.", where=where, found=repr(given))
    return given


def _number(
    values: Mapping[str, Any],
    key: str,
    where: str,
    low: float,
    high: float = math.inf,
    section: str = "contact",
) -> float:
    given = _given(values, key, where, section)
    fits = isinstance(given, int | float) and not isinstance(given, bool)
    if not fits or not low <= given <= high or math.isinf(given):
        ends = f"at least {low:g}" if high == math.inf else f"between {low:g} and {high:g}"
        raise ConfigurationError(
            f"The {key} of a programme must be a number, {ends}.",
            where=f"{where} [{section}]",
            found=repr(given),
        )
    return float(given)


def _whole(values: Mapping[str, Any], key: str, where: str) -> int:
    given = _given(values, key, where, "contact")
    if not isinstance(given, int) or isinstance(given, bool) or given < 1:
        raise ConfigurationError(
            f"{key} of a programme must be a whole number, at least 1.",
            where=f"{where} [contact]",
            found=repr(given),
        )
    return given
