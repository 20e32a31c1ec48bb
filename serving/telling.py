"""Telling why: reasons in the scores of a run, for everybody or for the likeliest."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa

from patron.features.engine import Prepared, anchored_tables
from patron.features.errors import ConfigurationError
from patron.features.progress import Progress, silent
from patron.features.store import EvidenceStore
from patron.models.artefact import Artefact
from patron.models.encoding import encode
from patron.models.reasons import Reasons, joined

from .batch import REASONS

_TOP = re.compile(r"top:(0?\.\d+|1(?:\.0*)?)")


@dataclass(frozen=True)
class Telling:
    """For whom reasons are told: a share of those who are scored, the likeliest first. 0 is nobody, 1 everybody."""

    share: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Self:
        """`all`, `none` or `top:0.05`; ConfigurationError for anything else."""
        if text in ("all", "none"):
            return cls(1.0 if text == "all" else 0.0)
        found = _TOP.fullmatch(text)
        if found is None or not float(found[1]) > 0:
            raise ConfigurationError(
                "Reasons are told for all, for the top share, or for none.",
                where="[scoring] reasons",
                found=repr(text),
                remedy='write "all", "none", or "top:0.05" for the likeliest twentieth',
            )
        return cls(float(found[1]))

    def __str__(self) -> str:
        return {0.0: "none", 1.0: "all"}.get(self.share, f"top:{self.share:g}")

    def __bool__(self) -> bool:
        return self.share > 0

    def last_rank(self, scored: int) -> int:
        """The rank up to which reasons are told; whoever shares it is told, too."""
        return int(np.ceil(round(self.share * scored, 6)))


def with_reasons(
    tables: Iterator[pa.Table],
    telling: Telling,
    scored: int,
    store: EvidenceStore,
    prepared: Prepared,
    artefact: Artefact,
    cutoff: int,
    memory: int,
    progress: Progress = silent,
) -> Iterator[pa.Table]:
    """Ranked scores with a column of reasons: null for those whom they are not told of, and where nothing stands out.

    Features are built once more, of those alone who are told: who asks for no reasons pays for none.
    """
    last, reasons = telling.last_rank(scored), Reasons.of(artefact.contract)
    for done, table in enumerate(tables):
        progress("telling reasons", done, 0)
        chosen = np.flatnonzero(np.asarray(table["rank_in_run"]) <= last)
        texts = np.full(table.num_rows, None, object)
        if chosen.size:
            codes = store.codes(table["customer_id"].take(pa.array(chosen)).combine_chunks())
            moments = np.full(codes.size, cutoff, np.int64)
            told = [
                text
                for part in anchored_tables(store, prepared, codes, moments, memory=memory)
                for text in texts_of(part, reasons, artefact, cutoff)
            ]
            texts[chosen[np.argsort(codes, kind="stable")]] = told
        yield table.append_column(REASONS, pa.array(texts, pa.string()))


def texts_of(part: pa.Table, reasons: Reasons, artefact: Artefact, cutoff: int) -> list[str | None]:
    """The reasons of each snapshot with the model's features, None where nothing stands out."""
    matrix = encode(part, artefact.contract.features, needs=artefact.contract.tables)
    return [joined(each) for each in reasons.told(matrix, artefact.contributions(matrix, cutoff))]
