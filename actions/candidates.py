"""The customers of a scoring run, with what programmes look at: their scores, and features as of the same cutoff."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import parquet

from patron.features.catalogue import FeatureField
from patron.features.engine import build_anchored, catalogue, prepare, prepare_as_learned, with_plain_text
from patron.features.errors import ConfigurationError, DataError
from patron.models.reason_words import in_words
from patron.serving.sent import SentRun

from .moments import Ground
from .programme import Programme

Places = npt.NDArray[np.int64]

NEEDED = ("customer_id", "stage", "probability")
"""Scores that every plan takes."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """Everybody who was scored, in the order of the codes `customer` [n], with scores and features in `table` [n].

    `programmes` are those that the evidence has the columns for, `left_out` says of the others what they lack.
    """

    cutoff: int
    customer: Places
    table: pa.Table
    fields: dict[str, FeatureField]
    programmes: tuple[Programme, ...]
    left_out: dict[str, str]

    @property
    def count(self) -> int:
        """How many they are."""
        return int(self.customer.size)

    def said_of(self, programme: Programme, rows: Places) -> list[str]:
        """What a programme's condition looks at, of the customers at some places [m], in plain words."""
        named = [name for name in programme.whom.columns() if name in self.fields]
        if not named:
            return [programme.whom_in_words] * rows.size
        taken = self.table.select(named).take(pa.array(rows))
        return [
            "; ".join(
                (
                    programme.whom_in_words,
                    *(in_words(self.fields[name], value) for name, value in zip(named, values, strict=True)),
                )
            )
            for values in zip(*(taken[name].to_pylist() for name in named), strict=True)
        ]


def candidates_of(
    ground: Ground, run: SentRun, programmes: Sequence[Programme], every_feature: Collection[str]
) -> Candidates:
    """The customers of a published run, with what the programmes ask for.

    A programme whose features are ones that this evidence cannot give (all of `every_feature` exist somewhere) is left
    out and named; ConfigurationError for a condition that speaks of what never exists.
    """
    schema = parquet.read_schema(min((run.folder / "scores").glob("*.parquet")))
    every = prepare(ground.store, ground.question, ground.families, np.array([run.cutoff], np.int64))
    fields = {field.name: field for field in catalogue(every.plan)}
    known = {*schema.names, *fields}
    fit, left_out = [], {}
    for programme in programmes:
        for condition in (programme.whom, programme.when):
            condition.check(known | set(every_feature))
        lacking = [name for name in programme.columns if name not in known]
        if lacking:
            left_out[programme.name] = f"the evidence has no {', '.join(lacking)}"
        else:
            fit.append(programme)
    asked = list(dict.fromkeys(name for programme in fit for name in programme.columns))
    own = [name for name in asked if name in schema.names and name not in NEEDED]
    scores = parquet.read_table(run.folder / "scores", columns=[*NEEDED, *own])
    customer = ground.store.codes(scores["customer_id"].combine_chunks())
    if (customer < 0).any():
        lost = scores["customer_id"][int(np.flatnonzero(customer < 0)[0])].as_py()
        raise DataError(
            "The scores name customers whom the evidence does not know.",
            where=str(run.folder),
            found=f"{int((customer < 0).sum()):,} of {customer.size:,}, such as {lost!r}",
            remedy="plan with the evidence that was scored, or score again",
        )
    order = np.argsort(customer, kind="stable")
    customer, scores = customer[order], with_plain_text(scores.take(pa.array(order)))
    wanted = [name for name in asked if name not in schema.names]
    if wanted:
        prepared = prepare_as_learned(
            ground.store, ground.question, ground.families, every.population, wanted
        )
        moments = np.full(customer.size, run.cutoff, np.int64)
        made = with_plain_text(
            build_anchored(ground.store, prepared, customer, moments, memory=ground.memory)
        )
        for name in wanted:
            scores = scores.append_column(name, made[name])
    return Candidates(run.cutoff, customer, scores, fields, tuple(fit), left_out)


def check_run(run: SentRun, question: str) -> None:
    """ConfigurationError for a run of another question."""
    said = run.facts.get("question")
    name = said.get("name") if isinstance(said, dict) else said
    if name not in (None, question):
        raise ConfigurationError(
            "The scores answer another question.",
            where=str(run.folder),
            found=f"{name!r}; the configuration asks {question!r}",
            remedy="plan with the configuration that the scores were made with",
        )
