"""Deviations: how far the evidence at hand is from what a model was trained on, and which of them stop a run.

A run is checked twice: before anything is computed, on a sample of customers, and before it is published.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from patron.features.catalogue import FeatureField
from patron.features.columns import SQL_OF_IDS, IdType
from patron.features.errors import ConfigurationError, DataError
from patron.features.localtime import to_microseconds
from patron.models.contract import INPUT_LEVELS, Contract, InputReference
from patron.models.encoding import encode, unseen_categories

KINDS = {
    "ids": "the ids are of another type than in training, as text instead of numbers",
    "stale": "the newest facts of a table are older than the cutoff by more than was usual",
    "fewer": "fewer customers are known, or asked about, than at the cutoffs of training",
    "shifted": "the numbers of a family lie on another scale, as amounts in cents instead of dollars",
    "emptied": "a feature is missing for many more customers",
    "unseen": "a category is one that training never saw",
}
"""What `--allow` can name, and what each means."""

FEWEST_VALUES = 50
"""No distribution is compared by fewer values."""

STALE_DAYS = 1.0
STALE_SHARE = 0.5
"""A table may be older than usual by so many days, or by such a share of what is usual if that is more."""

FEWER_REPORTED, FEWER_REFUSED = 0.8, 0.5
SHIFTED_REPORTED, SHIFTED_REFUSED = 3.0, 5.0
EMPTIED_REPORTED, EMPTIED_REFUSED = 0.2, 0.5
UNSEEN_REFUSED = 0.2

_LEVELS = np.linspace(0.0, 1.0, INPUT_LEVELS)
_FEWEST_LEVELS = 3
_FEWEST_ALIKE = 2
_MOST_TOLD = 8


@dataclass(frozen=True)
class Deviation:
    """One thing that is not as in training: its kind, what it is of, its size, and whether it stops the run.

    `said` is a sentence with its size. `allowed` says that it would have stopped the run and was let pass.
    """

    kind: str
    of: str
    size: float
    said: str
    refused: bool
    allowed: bool = False

    @property
    def name(self) -> str:
        """How `--allow` names exactly this one; the kind alone names all of its kind."""
        return f"{self.kind}:{self.of}"

    def to_dict(self) -> dict[str, Any]:
        """The deviation as plain data."""
        return {"name": self.name, **asdict(self)}


class BrokenContractError(DataError):
    """The evidence deviates from what the model was trained on by more than may pass unseen; `deviations` are all."""

    def __init__(self, deviations: Sequence[Deviation]) -> None:
        self.deviations = tuple(deviations)
        refused = [each for each in deviations if each.refused]
        allow = " ".join(f"--allow {kind}" for kind in dict.fromkeys(each.kind for each in refused))
        names = list(dict.fromkeys(each.name for each in refused))
        super().__init__(
            "The evidence is not what the model was trained on, so nothing is published.",
            where=", ".join(names[:_MOST_TOLD]) + (", …" if len(names) > _MOST_TOLD else ""),
            found="; ".join(each.said for each in refused[:_MOST_TOLD]),
            remedy=f"mend the source; or train again, if the business has changed; or let it pass: {allow}",
        )


def checked_names(allow: Iterable[str]) -> tuple[str, ...]:
    """What is to be let pass; ConfigurationError for a name whose kind there is not."""
    names = tuple(dict.fromkeys(allow))
    for name in names:
        if name.partition(":")[0] not in KINDS:
            raise ConfigurationError(
                "There is no such deviation to allow.",
                where="--allow",
                found=name,
                remedy=f"name one of {', '.join(KINDS)}, or one of its family, feature or table: shifted:spend",
            )
    return names


def judged(deviations: Iterable[Deviation], allow: Collection[str]) -> list[Deviation]:
    """The deviations, those that are allowed marked so; BrokenContractError where any other would stop the run."""
    found = []
    for each in deviations:
        passes = each.refused and (each.kind in allow or each.name in allow)
        found.append(Deviation(each.kind, each.of, each.size, each.said, each.refused and not passes, passes))
    if any(each.refused for each in found):
        raise BrokenContractError(found)
    return found


def other_ids(contract: Contract, here: IdType) -> Iterator[Deviation]:
    """Ids of another type than training's: whoever joins the scores to what was sent before would find nobody."""
    then = contract.usual.get("ids")
    if then is None or then == here.family:
        return
    told = SQL_OF_IDS[then]
    said = (
        f"the ids are {here.family}, in training they were {then}: as in training they are with"
        f' customer_id = {{ sql = "CAST(… AS {told})" }} in each table'
    )
    yield Deviation("ids", "customer_id", 1.0, said, True)


def stale_tables(contract: Contract, ages: Mapping[str, float]) -> Iterator[Deviation]:
    """Tables whose newest facts are older (in days) than was usual in training."""
    usual: Mapping[str, float] = contract.usual.get("ages", {})
    for table, days in ages.items():
        if table in usual and days > usual[table]:
            most = usual[table] + max(STALE_DAYS, STALE_SHARE * usual[table])
            said = (
                f"the newest fact of {table} is {days:.1f} days older than the cutoff, usually at most"
                f" {usual[table]:.0f}"
            )
            yield Deviation("stale", table, round(days, 3), said, days > most)


def fewer_customers(contract: Contract, cutoff: int, of: str, count: int) -> Iterator[Deviation]:
    """Fewer customers (`of` is "customers" or "asked") than training knew at its last cutoff until then."""
    known = [each for each in contract.usual.get("cutoffs", ()) if _instant(each["cutoff"]) <= cutoff]
    if not known:  # before training nobody can say how many there should be
        return
    before = known[-1][of] if of == "customers" else min(each[of] for each in known)
    if before and count < FEWER_REPORTED * before:
        what = "are known" if of == "customers" else "are asked about"
        said = f"{count:,} customers {what}, {before:,} were in training"
        yield Deviation("fewer", of, round(count / before, 4), said, count < FEWER_REFUSED * before)


def changed_inputs(contract: Contract, cutoff: int, snapshots: pa.Table) -> Iterator[Deviation]:
    """Features of some snapshots at a cutoff (an instant) that are not distributed as in training."""
    if not snapshots.num_rows:
        return
    window = contract.window
    is_trained = _instant(window.first_cutoff) <= cutoff <= _instant(window.last_cutoff)
    matrix = encode(snapshots, contract.features, needs=contract.tables)
    strange = unseen_categories(snapshots, contract.features)
    shifts: dict[FeatureField, _Shift] = {}
    for place, field in enumerate(contract.features):
        reference, values = contract.reference.inputs[field.name], matrix[:, place]
        unseen = sum(strange.get(field.name, {}).values())
        if unseen:
            yield _unseen(field, strange[field.name], unseen, len(values))
        if len(values) >= FEWEST_VALUES:
            yield from _emptied(field, reference, values, unseen, is_trained)
            shift = _shift(reference, values) if field.kind == "number" else None
            if shift is not None:
                shifts[field] = shift
    yield from _shifted(shifts)


def _unseen(field: FeatureField, words: Mapping[str, int], count: int, customers: int) -> Deviation:
    share = count / customers
    examples = ", ".join(repr(word) for word in sorted(words, key=lambda word: (-words[word], word))[:3])
    said = f"{share:.1%} have a {field.name} that training never saw, such as {examples}"
    refused = share > UNSEEN_REFUSED and customers >= FEWEST_VALUES
    return Deviation("unseen", field.name, round(share, 4), said, refused)


def _emptied(
    field: FeatureField,
    reference: InputReference,
    values: npt.NDArray[np.float32],
    unseen: int,
    is_trained: bool,
) -> Iterator[Deviation]:
    """More missing values than training saw.

    Within the time of the training cutoffs that stops no run: windows that were not wholly observed are missing for
    everybody at the first of them, and training saw that too.
    """
    missing = (int(np.isnan(values).sum()) - unseen) / len(values)
    more = missing - reference.missing
    if more > EMPTIED_REPORTED:
        said = f"{field.name} is missing for {missing:.0%}, in training for {reference.missing:.0%}"
        refused = more > EMPTIED_REFUSED and not is_trained
        yield Deviation("emptied", field.name, round(more, 4), said, refused)


@dataclass(frozen=True)
class _Shift:
    """How many times what it was a number typically is, and whether that is beyond what training saw."""

    times: float
    beyond: bool

    @property
    def factor(self) -> float:
        return max(self.times, 1 / self.times)

    @property
    def is_large(self) -> bool:
        return self.beyond and self.factor >= SHIFTED_REFUSED

    @property
    def words(self) -> str:
        return (
            f"typically {self.factor:,.3g} times as {'large' if self.times > 1 else 'small'} as in training"
        )


def _shift(reference: InputReference, values: npt.NDArray[np.float32]) -> _Shift | None:
    """By what a number is multiplied, compared at the same quantiles; None where that cannot be said.

    A number that is the same for all, as what a calendar says of a cutoff, has no scale.
    """
    present = values[np.isfinite(values)].astype(np.float64)
    if len(present) < FEWEST_VALUES or not reference.quantiles:
        return None
    before, now = np.array(reference.quantiles), np.quantile(present, _LEVELS)
    both = before * now > 0  # of the same sign
    both[[0, -1]] = False  # the extremes are single customers
    if both.sum() < _FEWEST_LEVELS or now[0] == now[-1]:
        return None
    times = float(np.exp(np.median(np.log(now[both] / before[both]))))
    middle = int(np.flatnonzero(both)[both.sum() // 2])
    low, high = sorted(np.abs(before[both])[[0, -1]])
    return _Shift(times, not low <= abs(now[middle]) <= high)


def _shifted(shifts: Mapping[FeatureField, _Shift]) -> Iterator[Deviation]:
    """Numbers on another scale; it is their unit where most of a family's numbers of that unit went the same way."""
    groups: dict[tuple[str, str], list[FeatureField]] = {}
    for field in shifts:
        groups.setdefault((field.family, field.unit), []).append(field)
    for (family, unit), fields in groups.items():
        for up in (True, False):
            large = [each for each in fields if shifts[each].is_large and (shifts[each].times > 1) == up]
            if len(large) >= _FEWEST_ALIKE and 2 * len(large) >= len(fields):
                typical = _Shift(float(np.median([shifts[each].times for each in large])), True)
                said = f"{len(large)} of {len(fields)} features of {family} in {unit} are {typical.words}"
                yield Deviation(
                    "shifted", family, round(typical.times, 6), f"{said}, as {large[0].name}", True
                )
    for field, shift in shifts.items():
        if shift.beyond and shift.factor >= SHIFTED_REPORTED:
            said = f"{field.name} is {shift.words}"
            yield Deviation("shifted", field.name, round(shift.times, 6), said, False)


def _instant(moment: str) -> int:
    return to_microseconds(datetime.fromisoformat(moment))
