"""What came of many worlds' estimates beside their truths: a row for each estimate, a column for each outcome."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from table import render

Record = dict[str, Any]
OUTCOMES = ("repurchase", "purchases", "net spend")


def tables(worlds: Sequence[Sequence[Record]], *, markdown: bool) -> list[str]:
    """Coverage of every estimate, and what placebos said of contacts that nobody drew lots for."""
    contacts = [record for world in worlds for record in judged(world)]
    drawn = [record for world in worlds for record in world if "placebo" not in record]
    means = [
        {**each, "case": each["case"].replace(_NOTHING, "difference of means"), **_plain(each)}
        for each in drawn
        if each["case"].endswith(_NOTHING)
    ]
    title = f"{len(worlds)} worlds; covered, % (mean error and spread of errors, in standard errors)"
    return [
        render(f"Drawn by lot: {title}", _HEADS, coverage([*drawn, *means]), markdown=markdown),
        render(f"Not drawn by lot, before placebos: {title}", _HEADS, coverage(contacts), markdown=markdown),
        render("What is told of contacts not drawn by lot", _TOLD, told(contacts), markdown=markdown),
    ]


def judged(world: Sequence[Record]) -> list[Record]:
    """One world's contacts that nobody drew lots for; what is `given` are numbers where no outcome's placebo moves."""
    contacts = [record for record in world if "placebo" in record]
    moved = {each["case"] for each in contacts if each["placebo"] is not None and _alarms(each)}
    return [{**each, "given": each["placebo"] is not None and each["case"] not in moved} for each in contacts]


_NOTHING = "nothing known before"
_HEADS = ("estimate", "worlds", *OUTCOMES, "plain difference covered, %")
_TOLD = (
    "contact",
    "worlds",
    "not comparable",
    "placebo moves, %: each",
    "any",
    "number given, %",
    "covered, %: each",
)


def coverage(records: Sequence[Record]) -> list[tuple[str, ...]]:
    """How often intervals hold the truth, by case, and how far off they are, wherever there is an estimate."""
    rows = []
    for case, mine in _cases(records):
        found = [[each for each in outcome if "value" in each] for outcome in mine]
        if any(found):
            plain = (_share([{**each, **_plain(each)} for each in outcome], _holds) for outcome in found)
            cells = (
                f"{_share(each, _holds)} ({_errors(each).mean():+.2f}, {_errors(each).std():.2f})"
                if each
                else ""
                for each in found
            )
            rows.append((case, f"{max(map(len, found))}", *cells, " / ".join(plain)))
    return rows


def told(records: Sequence[Record]) -> list[tuple[str, ...]]:
    """What is said where nobody drew lots: how often a placebo moves, and how right the numbers are that are given."""
    rows = []
    for case, mine in _cases(records):
        every = [each for outcome in mine for each in outcome]
        tried = [[each for each in outcome if each["placebo"] is not None] for outcome in mine]
        given = [[each for each in outcome if each["given"]] for outcome in mine]
        worlds = max(map(len, mine))
        rows.append(
            (
                case,
                f"{worlds}",
                f"{worlds - max(sum('value' in each for each in outcome) for outcome in mine)}",
                " / ".join(_share(each, _alarms) for each in tried),
                _share([each for outcome in tried for each in outcome], lambda each: not each["given"]),
                _share(every, lambda each: each["given"]),
                " / ".join(_share(each, _holds) for each in given),
            )
        )
    return rows


def _cases(records: Sequence[Record]) -> list[tuple[str, list[list[Record]]]]:
    """Each case with its records by outcome, outcomes that it does not have left empty."""
    return [
        (
            case,
            [
                [each for each in records if each["case"] == case and each["outcome"] == outcome]
                for outcome in OUTCOMES
            ],
        )
        for case in dict.fromkeys(each["case"] for each in records)
    ]


def _plain(record: Record) -> Record:
    return {"value": record["plain"], "low": record["plain_low"], "high": record["plain_high"]}


def _holds(record: Record) -> bool:
    return bool(record["low"] <= record["truth"] <= record["high"])


def _alarms(record: Record) -> bool:
    return bool(record["placebo"]["low"] > 0 or record["placebo"]["high"] < 0)


def _share(records: Sequence[Record], says: Callable[[Record], bool]) -> str:
    return f"{100 * np.mean([says(each) for each in records]):.1f}" if records else "–"


def _errors(records: Sequence[Record]) -> np.ndarray:
    return np.array(
        [(each["value"] - each["truth"]) * 2 * 1.96 / (each["high"] - each["low"]) for each in records]
    )
