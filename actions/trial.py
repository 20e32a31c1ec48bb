"""A trial: who got what, with which chance, and what they did; checked, and as arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from patron.features.errors import ConfigurationError, DataError

from .covariates import encoded, flat

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

FEWEST = 30
"""Rows that an arm needs: below them a mean has no interval that could be believed."""

_SUM = 1e-6
"""How far the chances of the arms may sum from 1."""

_UNTREATED = ("0", "false")
"""Arms that are the control where there are two and none is declared."""


@dataclass(frozen=True, eq=False)
class Trial:
    """Rows (customers at a moment) with their arm, outcome and covariates.

    `arms` has the control first, `arm` [n] is the place in it, `outcome` [n] a number, `covariates` [n, k] `encoded`.
    `chance` [n, arms] is with which probability a row was given each arm; None where nobody drew lots.
    `set_apart` counts, by reason and arm, the rows that cannot be used. `customer` [n] says whose row it is: rows of
    one customer are alike.
    """

    arms: tuple[str, ...]
    arm: Places
    outcome: Floats
    covariates: Floats
    covariate_names: tuple[str, ...]
    chance: Floats | None
    outcome_name: str
    set_apart: Mapping[str, Mapping[str, int]]
    customer: Places

    @classmethod
    def of(
        cls,
        frame: Any,
        treatment: str,
        outcome: str,
        covariates: Sequence[str] = (),
        probability: str | float | Mapping[str, float] | None = None,
        control: str | None = None,
        customer: str | None = None,
    ) -> Self:
        """A frame (pandas, polars or arrow) and the names of its columns to a trial; without `customer`, one row each.

        Raises ConfigurationError for columns that are not there, for a control that is no arm and for chances that
        are none; DataError for an arm with too few rows, and for outcomes that are no finite numbers.
        """
        table = _table(frame)
        _check_names(table, treatment, outcome, covariates, probability, customer)
        given = pc.cast(flat(table[treatment]), pa.string())
        measured = _numbers(table, outcome)
        names = _arms(given, control)
        codes = np.asarray(pc.fill_null(pc.index_in(given, pa.array(names)), -1), np.int64)
        known = (codes >= 0) & ~np.isnan(measured)
        apart = _set_apart(codes, measured, names)
        arm = codes[known]
        _check_arms(names, arm, treatment, apart)
        chance = _chances(table, probability, names, codes, known)
        kept = table.select(list(covariates)).filter(pa.array(known))
        who = _who(table, customer)[known]
        return cls(names, arm, measured[known], *encoded(kept), chance, outcome, apart, who)

    @property
    def rows(self) -> int:
        """How many rows are used."""
        return self.arm.size

    @property
    def treated(self) -> tuple[str, ...]:
        """The arms beside the control."""
        return self.arms[1:]

    def is_alike(self, other: "Trial") -> bool:
        """Whether the other has the same rows, arms and covariates; outcomes may differ."""
        return (
            self.arms == other.arms
            and np.array_equal(self.arm, other.arm)
            and np.array_equal(self.customer, other.customer)
            and np.array_equal(self.covariates, other.covariates)
        )

    def between(self, place: int) -> "Trial":
        """Only the rows of an arm and of the control, as a trial of two arms."""
        found = self.rows_at(np.flatnonzero(np.isin(self.arm, (0, place))))
        chance = None if found.chance is None else found.chance[:, [0, place]]
        arms, arm = (self.arms[0], self.arms[place]), (found.arm == place).astype(np.int64)
        return replace(found, arms=arms, arm=arm, chance=chance)

    def rows_at(self, places: Places) -> "Trial":
        """Only the rows at these places [m], in their order."""
        return replace(
            self,
            arm=self.arm[places],
            outcome=self.outcome[places],
            covariates=self.covariates[places],
            customer=self.customer[places],
            chance=None if self.chance is None else self.chance[places],
        )

    def counts(self) -> Places:
        """Rows of each arm; int64[arms]."""
        return np.bincount(self.arm, minlength=len(self.arms))

    def own_chance(self) -> Floats:
        """The chance of the arm that each row got [n]; the shares of the arms where nobody knows better."""
        if self.chance is None:
            return (self.counts() / self.rows)[self.arm]
        return self.chance[np.arange(self.rows), self.arm]


def _table(frame: Any) -> pa.Table:
    if isinstance(frame, pa.Table):
        return frame
    try:
        return pa.table(frame)
    except (TypeError, ValueError, pa.ArrowException) as error:
        raise ConfigurationError(
            "The frame cannot be read.",
            where="frame",
            found=f"{type(frame).__name__}: {error}",
            remedy="give a pandas, polars or Arrow table whose columns have one type each",
        ) from error


def _check_names(
    table: pa.Table,
    treatment: str,
    outcome: str,
    covariates: Sequence[str],
    probability: Any,
    customer: str | None,
) -> None:
    named = [each for each in (probability, customer) if isinstance(each, str)]
    asked = [treatment, outcome, *covariates, *named]
    missing = [name for name in asked if name not in table.column_names]
    if missing:
        raise ConfigurationError(
            f"The frame has no column {missing[0]}.",
            where="frame",
            found="columns " + ", ".join(table.column_names),
            remedy="name columns of the frame",
        )
    twice = [name for name in covariates if name in (treatment, outcome, probability)]
    if twice or treatment == outcome:
        raise ConfigurationError(
            "A covariate tells what was so before: it cannot be the treatment, its chance or the outcome.",
            where="covariates",
            found=", ".join(twice) or treatment,
            remedy="leave it out of the covariates",
        )


def _who(table: pa.Table, customer: str | None) -> Places:
    """Each row's customer as a number from 0 on; every row one of its own unless told."""
    if customer is None:
        return np.arange(table.num_rows, dtype=np.int64)
    return np.asarray(flat(table[customer]).dictionary_encode("encode").indices, np.int64)


def _numbers(table: pa.Table, name: str) -> Floats:
    """A column of numbers or flags as float64[n], NaN for null; DataError for anything else."""
    column = flat(table[name])
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    is_number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    if not (is_number or pa.types.is_decimal(column.type) or pa.types.is_null(column.type)):
        raise DataError(
            "The outcome is not a number.",
            where=name,
            found=str(column.type),
            remedy="give what happened as a number: 1 and 0, a count, or an amount",
        )
    values = np.array(column.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
    if np.isinf(values).any():
        raise DataError(
            "The outcome has infinite values.",
            where=name,
            found=f"{int(np.isinf(values).sum())} rows",
            remedy="mend or leave out these rows",
        )
    return values


def _arms(given: pa.Array, control: str | None) -> tuple[str, ...]:
    """The names of the arms, the control first."""
    found = sorted(str(name) for name in pc.unique(given.drop_null()).to_pylist())
    declared = None if control is None else str(control)
    if declared is None and len(found) == 2:
        declared = next((name for name in found if name.lower() in _UNTREATED), None)
    if declared is None:
        raise ConfigurationError(
            "Nobody says which arm is the control.",
            where="control",
            found="arms " + ", ".join(found),
            remedy='name the arm that was left alone: control="..."',
        )
    if declared not in found:
        raise DataError(
            "The control arm has no customers.",
            where="control",
            found=f"{declared!r}; the arms are {', '.join(found) or 'none'}",
            remedy="name an arm that the frame holds; without a control nothing can be measured",
        )
    return (declared, *(name for name in found if name != declared))


def _set_apart(codes: Places, measured: Floats, names: tuple[str, ...]) -> dict[str, dict[str, int]]:
    missing = np.isnan(measured)
    lost = {name: int((missing & (codes == place)).sum()) for place, name in enumerate(names)}
    return {
        reason: {name: count for name, count in counts.items() if count}
        for reason, counts in (
            ("no treatment", {"": int((codes < 0).sum())}),
            ("no outcome", lost),
        )
        if any(counts.values())
    }


def _check_arms(
    names: tuple[str, ...], arm: Places, treatment: str, apart: Mapping[str, Mapping[str, int]]
) -> None:
    counts = np.bincount(arm, minlength=len(names))
    small = [f"{name}: {count}" for name, count in zip(names, counts, strict=True) if count < FEWEST]
    if len(names) < 2 or small:
        everyone = len(names) < 2
        raise DataError(
            "Everyone is in one arm." if everyone else "An arm has too few customers with an outcome.",
            where=treatment,
            found=f"{names[0]}: {counts[0]} rows" if everyone else ", ".join(small),
            remedy=(
                "leave a random part of the customers alone: without them nobody knows what would have happened"
                if everyone
                else f"an arm needs {FEWEST} rows; join arms or wait for more"
                + (f" ({apart})" if apart else "")
            ),
        )


def _chances(
    table: pa.Table,
    probability: str | float | Mapping[str, float] | None,
    names: tuple[str, ...],
    codes: Places,
    known: npt.NDArray[np.bool_],
) -> Floats | None:
    """The chance of each arm for the rows that are known [n, arms]; None where nobody drew lots."""
    if probability is None:
        return None
    rows = int(known.sum())
    if isinstance(probability, str):
        return _from_column(_numbers(table, probability)[known], codes[known], names, probability)
    chances = dict(probability) if isinstance(probability, Mapping) else _of_two(float(probability), names)
    chances = {str(name): float(value) for name, value in chances.items()}
    whole = abs(sum(chances.values()) - 1) <= _SUM and all(0 < value < 1 for value in chances.values())
    if set(chances) != set(names) or not whole:
        raise ConfigurationError(
            "The probabilities of the arms are not those of a draw.",
            where="probability",
            found=", ".join(f"{name}: {value:g}" for name, value in chances.items()),
            remedy=f"give every arm ({', '.join(names)}) a probability between 0 and 1, together 1",
        )
    return np.tile(np.array([chances[name] for name in names]), (rows, 1))


def _of_two(treated: float, names: tuple[str, ...]) -> dict[str, float]:
    if len(names) != 2:
        raise ConfigurationError(
            "One probability cannot be that of several arms.",
            where="probability",
            found=f"{treated:g} for the arms {', '.join(names)}",
            remedy="give a probability for each arm, as {arm: probability}",
        )
    return {names[0]: 1 - treated, names[1]: treated}


def _from_column(own: Floats, arm: Places, names: tuple[str, ...], where: str) -> Floats:
    """The chance of the arm that was drawn [n] to those of all arms [n, arms].

    The other arms share the rest: by their own chances where each arm has a single one, else evenly. Only the chance of
    the arm that was drawn weighs an outcome.
    """
    bad = ~((own > 0) & (own < 1))
    if bad.any():
        raise DataError(
            "A probability of assignment must lie between 0 and 1.",
            where=where,
            found=f"{int(bad.sum())} of {bad.size} rows, such as {own[bad][0]:g}",
            remedy="leave out customers who could only get one arm, and fill in the others' probability",
        )
    single = [np.unique(own[arm == place]) for place in range(len(names))]
    if all(each.size == 1 for each in single):
        chances = np.concatenate(single)
        if abs(chances.sum() - 1) > _SUM:
            raise DataError(
                "The probabilities of the arms do not sum to 1.",
                where=where,
                found=", ".join(f"{name}: {value:g}" for name, value in zip(names, chances, strict=True)),
                remedy="give each row the probability with which it got its own arm",
            )
        return np.tile(chances, (own.size, 1))
    chance = np.repeat(((1 - own) / (len(names) - 1))[:, None], len(names), axis=1)
    chance[np.arange(own.size), arm] = own
    return chance
