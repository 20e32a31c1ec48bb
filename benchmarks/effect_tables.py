"""What came of many worlds' estimates beside their truths, as tables."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from table import render

Record = dict[str, Any]
OUTCOMES = ("repurchase", "purchases", "net spend")


def tables(worlds: Sequence[Sequence[Record]], *, markdown: bool) -> list[str]:
    """Coverage of every estimate, and what placebos said of contacts that nobody drew lots for."""
    every = [record for world in worlds for record in world]
    contacts = [record for world in worlds for record in judged(world)]
    plain = [
        {**each, "case": each["case"].replace("nothing known before", "difference of means"), **_plain(each)}
        for each in every
        if each["case"].endswith("nothing known before")
    ]
    drawn = [record for record in every if "placebo" not in record] + plain
    title = f"{len(worlds)} worlds"
    return [
        render(f"{title}: intervals of draws by lot", _HEADS, coverage(drawn), markdown=markdown),
        render(
            f"{title}: contacts not drawn by lot, whatever the placebo says",
            _HEADS,
            coverage(contacts),
            markdown=markdown,
        ),
        render(f"{title}: what is told of them", _TOLD, told(contacts), markdown=markdown),
    ]


def judged(world: Sequence[Record]) -> list[Record]:
    """One world's contacts that nobody drew lots for; what is `given` are numbers where no outcome's placebo moves."""
    contacts = [record for record in world if "placebo" in record]
    moved = {each["case"] for each in contacts if each["placebo"] is not None and _alarms(each)}
    return [{**each, "given": each["placebo"] is not None and each["case"] not in moved} for each in contacts]


_HEADS = (
    "estimate",
    "outcome",
    "worlds",
    "truth",
    "covered, %",
    "mean error, in SE",
    "spread of errors, in SE",
    "SE",
    "without care covered, %",
)
_TOLD = (
    "contact",
    "outcome",
    "worlds",
    "not comparable",
    "its placebo moves, %",
    "any placebo moves, %",
    "number given, %",
    "of these covered, %",
    "mean error of these, in SE",
)


def coverage(records: Sequence[Record]) -> list[tuple[str, ...]]:
    """How often intervals hold the truth, by case and outcome, and how far off they are."""
    rows = []
    for case, outcome, mine in _groups(records):
        found = [each for each in mine if "value" in each]
        if found:
            errors = _errors(found)
            rows.append(
                (
                    case,
                    outcome,
                    f"{len(found)}",
                    f"{np.mean([each['truth'] for each in found]):.3g}",
                    _share(found, _holds),
                    f"{errors.mean():+.2f} ± {1.96 * errors.std() / np.sqrt(errors.size):.2f}",
                    f"{errors.std():.2f}",
                    f"{np.mean([_error(each) for each in found]):.3g}",
                    _share(found, lambda each: each["plain_low"] <= each["truth"] <= each["plain_high"]),
                )
            )
    return rows


def told(records: Sequence[Record]) -> list[tuple[str, ...]]:
    """What is said where nobody drew lots: how often a placebo moves, and how right the numbers are that are given."""
    rows = []
    for case, outcome, mine in _groups(records):
        compared = [each for each in mine if "value" in each]
        given = [each for each in compared if each["given"]]
        tried = [each for each in compared if each["placebo"] is not None]
        errors = _errors(given)
        rows.append(
            (
                case,
                outcome,
                f"{len(mine)}",
                f"{len(mine) - len(compared)}",
                _share(tried, _alarms),
                _share(tried, lambda each: not each["given"]),
                _share(mine, lambda each: each["given"]),
                _share(given, _holds),
                f"{errors.mean():+.2f}" if given else "",
            )
        )
    return rows


def _groups(records: Sequence[Record]) -> list[tuple[str, str, list[Record]]]:
    cases = dict.fromkeys(each["case"] for each in records)
    grouped = [
        (
            case,
            outcome,
            [each for each in records if each["case"] == case and each["outcome"] == outcome],
        )
        for case in cases
        for outcome in OUTCOMES
    ]
    return [each for each in grouped if each[2]]


def _plain(record: Record) -> Record:
    return {"value": record["plain"], "low": record["plain_low"], "high": record["plain_high"]}


def _holds(record: Record) -> bool:
    return bool(record["low"] <= record["truth"] <= record["high"])


def _alarms(record: Record) -> bool:
    return bool(record["placebo"]["low"] > 0 or record["placebo"]["high"] < 0)


def _share(records: Sequence[Record], says: Callable[[Record], bool]) -> str:
    return f"{100 * np.mean([says(each) for each in records]):.1f}" if records else ""


def _error(record: Record) -> float:
    return float((record["high"] - record["low"]) / (2 * 1.96))


def _errors(records: Sequence[Record]) -> np.ndarray:
    return np.array([(each["value"] - each["truth"]) / _error(each) for each in records])
