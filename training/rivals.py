"""Two kept models side by side: their judged boosters on later snapshots that neither has learned from.

Both are rebuilt from the evidence by their own contracts, so that nothing about customers is kept with a model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from patron.features.engine import partitions
from patron.features.errors import ModelError
from patron.features.family import Family
from patron.features.localtime import LocalTime, to_microseconds
from patron.features.progress import Progress, silent
from patron.features.snapshots import calendar_cutoffs
from patron.features.store import EvidenceStore
from patron.features.tables import DataSpec
from patron.features.targets import maturity
from patron.models.artefact import Artefact
from patron.models.contract import Contract
from patron.models.encoding import encode
from patron.models.intervals import CustomerBootstrap, Estimate
from patron.models.keeping import evidence_for, prepare_for, question_of
from patron.models.metrics import SMALLEST

REPLICATES = 500
"""Bootstraps of the customers, as in an evaluation."""

_ESTIMATES = ("first", "second", "gain")

_SAME_QUESTION = ("horizon_days", "lookback_days", "population", "target")
"""What makes two questions one: the same customers, and the same thing asked of them."""


@dataclass(frozen=True)
class Evidence:
    """Where both models are rebuilt from: tables, families, days closed, and how much memory that may take."""

    data: DataSpec
    families: Sequence[type[Family]]
    memory: int
    closures: Sequence[str] = ()


@dataclass(frozen=True)
class Comparison:
    """Two models on the same later snapshots, by log loss, with 95 % intervals over customers.

    `gain` is paired: by how much the first is better than the second; below zero it is worse. `seeds` is over how many
    seeds the first was averaged.
    """

    cutoffs: tuple[str, ...]
    days: tuple[str, ...]
    """The cutoffs as days of the business; `cutoffs` are instants."""
    snapshots: int
    customers: int
    first: Estimate
    second: Estimate
    gain: Estimate
    seeds: int = 1

    def to_dict(self) -> dict[str, Any]:
        """The comparison as plain data."""
        estimates = {name: getattr(self, name).to_dict() for name in _ESTIMATES}
        return {**asdict(self), "cutoffs": list(self.cutoffs), "days": list(self.days), **estimates}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The comparison that `to_dict` described."""
        estimates = {name: Estimate.from_dict(plain[name]) for name in _ESTIMATES}
        moments = {name: tuple(plain[name]) for name in ("cutoffs", "days")}
        return cls(**{**plain, **moments, **estimates})

    @property
    def where(self) -> str:
        """Where they were compared, in words."""
        many = len(self.days) > 1
        span = f"{self.days[0]} to {self.days[-1]}" if many else self.days[0]
        cutoffs = f"{len(self.days)} cutoffs" if many else "1 cutoff"
        return (
            f"{cutoffs} that neither had learned from ({span}; {self.snapshots:,} snapshots of"
            f" {self.customers:,} customers)"
        )


@dataclass(frozen=True, eq=False)
class _Said:
    """What judged boosters said: probability float64[models, n] beside customers, cutoffs and outcomes [n]."""

    customer: npt.NDArray[np.int64]
    cutoff: npt.NDArray[np.int64]
    outcome: npt.NDArray[np.int8]
    probability: npt.NDArray[np.float64]

    def loss(self) -> npt.NDArray[np.float64]:
        """Negative log likelihood; float64[models, n]."""
        likelihood = np.where(self.outcome == 1, self.probability, 1.0 - self.probability)
        loss: npt.NDArray[np.float64] = -np.log(np.clip(likelihood, SMALLEST, 1.0))
        return loss


def other_question(first: Contract, second: Contract) -> str | None:
    """In what two models answer different questions, in words; None where they can be compared."""
    pairs = [(name, first.question[name], second.question[name]) for name in _SAME_QUESTION]
    pairs.append(("timezone", first.timezone, second.timezone))
    differing = [
        f"{name} is {_plain(a)} in one and {_plain(b)} in the other" for name, a, b in pairs if a != b
    ]
    return "; ".join(differing) or None


def compare_models(
    first: Sequence[Artefact], second: Artefact, evidence: Evidence, seed: int, progress: Progress = silent
) -> Comparison | None:
    """The judged boosters of a model (one for each seed) against another's; None where there is no clean slice.

    The slice is every cutoff of the first one's question that is mature by now and at which the labels of all that
    either judged booster learned from were known. Raises ModelError where the evidence does not keep a contract.
    """
    contract = first[0].contract
    progress("comparing models", 0, 2)
    with _evidence(contract, evidence) as store:
        cutoffs = clean_cutoffs(store, contract, second.contract)
        if not cutoffs.size:
            return None
        ours = _said(store, first, evidence, cutoffs)
        progress("comparing models", 1, 2)
        if _read_alike(contract, second.contract):
            theirs = _said(store, [second], evidence, cutoffs)
        else:
            with _evidence(second.contract, evidence) as other:
                theirs = _said(other, [second], evidence, cutoffs)
    if not np.array_equal(ours.customer, theirs.customer) or not np.array_equal(ours.cutoff, theirs.cutoff):
        raise ModelError(
            "The two models speak of different customers at the same cutoffs.",
            found=f"{ours.customer.size:,} snapshots and {theirs.customer.size:,}",
            remedy="train the older one again on the evidence of today, and compare then",
        )
    progress("comparing models", 2, 2)
    return _compared(ours, theirs, LocalTime(contract.timezone), seed)


def clean_cutoffs(store: EvidenceStore, *contracts: Contract) -> npt.NDArray[np.int64]:
    """The first contract's mature cutoffs, from when all that any judged booster learned from was known; int64[n]."""
    question = question_of(contracts[0])
    found = calendar_cutoffs(question, store.zone, store.observed_from("purchases"), store.observed_until)
    for contract in contracts:
        if contract.window.judged_until is None:
            return found[:0]
        last = np.array([to_microseconds(datetime.fromisoformat(contract.window.judged_until))], np.int64)
        found = found[found >= maturity(question_of(contract), store.zone, last)[0]]
    return found


def _said(
    store: EvidenceStore, models: Sequence[Artefact], evidence: Evidence, cutoffs: npt.NDArray[np.int64]
) -> _Said:
    """What the models' judged boosters say of every snapshot whose target is defined, range by range of customers."""
    contract = models[0].contract
    question = question_of(contract, evidence.closures)
    prepared = prepare_for(contract, store, question, evidence.families)
    parts = []
    for _, made in partitions(store, prepared, cutoffs, targets=True, memory=evidence.memory):
        table = made.snapshots.filter(made.snapshots["target"].is_valid())
        matrix = encode(table, contract.features, needs=contract.tables)
        cutoff = np.asarray(table["cutoff"]).astype("datetime64[us]").astype(np.int64)
        parts.append(
            _Said(
                np.asarray(table["customer"], np.int64),
                cutoff,
                np.asarray(table["target"], np.int8),
                np.array([model.predict_matrix(matrix, cutoff, judged=True) for model in models]),
            )
        )
    columns = zip(*(vars(part).values() for part in parts), strict=True)
    return _Said(*(np.concatenate(column, axis=-1) for column in columns))


def _compared(ours: _Said, theirs: _Said, zone: LocalTime, seed: int) -> Comparison | None:
    """The log losses and their paired difference, over customers and, where there are several, over seeds."""
    if not ours.customer.size:
        return None
    plan = CustomerBootstrap.of(ours.customer, seed, REPLICATES)
    losses = np.concatenate([ours.loss(), theirs.loss()])
    sums = np.array([np.bincount(plan.code, loss, plan.n_customers) for loss in losses]).T
    rows = np.bincount(plan.code, minlength=plan.n_customers)
    drawn = plan.run(lambda counts: counts @ sums / (counts @ rows))
    mean = losses.mean(axis=1)
    # A seed is as accidental as a customer: each bootstrap draws seeds, too.
    n_seeds = len(losses) - 1
    chosen = np.random.default_rng([seed, n_seeds]).integers(0, n_seeds, (len(drawn), n_seeds))
    first = np.take_along_axis(drawn, chosen, axis=1).mean(axis=1)
    moments = np.unique(ours.cutoff).tolist()
    return Comparison(
        cutoffs=tuple(f"{np.datetime64(each, 'us').astype('datetime64[s]')}Z" for each in moments),
        days=tuple(zone.day_of(each).isoformat() for each in moments),
        snapshots=ours.customer.size,
        customers=plan.n_customers,
        first=Estimate.of(float(mean[:-1].mean()), first),
        second=Estimate.of(float(mean[-1]), drawn[:, -1]),
        gain=Estimate.of(float(mean[-1] - mean[:-1].mean()), drawn[:, -1] - first),
        seeds=n_seeds,
    )


def _evidence(contract: Contract, evidence: Evidence) -> EvidenceStore:
    question = question_of(contract, evidence.closures)
    return evidence_for(contract, evidence.data, question, evidence.memory)


def _read_alike(first: Contract, second: Contract) -> bool:
    """Whether both read the evidence in the same way, so that it is read once."""
    return first.question == second.question and all(
        first.population_values[name] == second.population_values[name]
        for name in ("observed_from", "scales")
    )


def _plain(value: Any) -> str:
    return (
        ", ".join(f"{key} {each}" for key, each in sorted(value.items()))
        if isinstance(value, dict)
        else str(value)
    )
