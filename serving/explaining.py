"""Explaining one customer's score on demand."""

from collections.abc import Sequence
from datetime import date, datetime

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from patron.features.engine import Prepared, chosen_partition
from patron.features.errors import DataError
from patron.features.family import Family
from patron.features.localtime import to_datetime
from patron.features.progress import Progress, silent
from patron.features.snapshots import parse_cutoffs
from patron.features.store import EvidenceStore
from patron.features.tables import DataSpec
from patron.models.contributions import CALENDAR
from patron.models.encoding import encode
from patron.models.explanation import Explanation, Part
from patron.models.feature_groups import group_of
from patron.models.keeping import evidence_for, prepare_for, question_of
from patron.models.reasons import Reasons
from patron.models.registry import ResolvedModel


def explain_customer(
    data: DataSpec,
    model: ResolvedModel,
    customer: object,
    cutoff: str | date | datetime,
    *,
    families: Sequence[type[Family]],
    memory: int,
    closures: Sequence[str] = (),
    progress: Progress = silent,
) -> Explanation:
    """A customer's score at a cutoff in parts that sum to it; the id as it came in, or as text.

    DataError where the evidence does not know the customer, or did not before the cutoff, and where a first purchase
    is asked about that was made before it.
    """
    contract = model.artefact.contract
    question = question_of(contract, closures)
    with evidence_for(contract, data, question, memory, progress) as store:
        moment = int(parse_cutoffs([cutoff], store.zone, store.observed_until)[0])
        prepared = prepare_for(contract, store, question, families)
        progress("explaining", 0, 0)
        code = _code_of(store, customer)
        row, because = _snapshot(store, prepared, moment, code, customer)
        if question.population == "prospects":
            _refuse_buyer(row, customer)
        matrix = encode(row, contract.features, needs=contract.tables)
        parts = model.artefact.contributions(matrix, moment)
        season = model.artefact.season_warning(moment)
        reasons = Reasons.of(contract)
        return Explanation(
            customer=str(customer),
            cutoff=to_datetime(moment),
            question=question.name,
            model=model.uri,
            probability=float(parts.probability[0]),
            percentile=float(contract.reference.percentile(parts.probability)[0]),
            stage=str(row["stage"][0].as_py()),
            base=parts.base,
            calibration=float(parts.calibration[0]),
            parts=tuple(_parts(reasons, matrix[0], parts.features[0])),
            reasons=reasons.told(matrix, parts)[0],
            excluded_because=because,
            warnings=() if season is None else (season,),
        )


def _parts(
    reasons: Reasons, values: npt.NDArray[np.float32], contributions: npt.NDArray[np.float64]
) -> list[Part]:
    """Every feature in words with what it contributes, the weightiest first."""
    order = np.argsort(-np.abs(contributions), kind="stable").tolist()
    return [
        Part(
            reasons.fields[place].name,
            group_of(reasons.fields[place]) or CALENDAR,
            reasons.words(place, values),
            float(contributions[place]),
        )
        for place in order
    ]


def _snapshot(
    store: EvidenceStore, prepared: Prepared, cutoff: int, code: int, customer: object
) -> tuple[pa.Table, str | None]:
    """The customer's snapshot, and why the question is not about it, if so."""
    codes = np.array([code], np.int64)
    asked = chosen_partition(store, prepared, cutoff, codes)
    if asked.snapshots.num_rows:
        return asked.snapshots, None
    row = chosen_partition(store, prepared, cutoff, codes, everyone=True).snapshots
    if not row.num_rows:
        raise DataError(
            "The customer was not known before the cutoff.",
            where=f"customer {customer!r}",
            found=f"first known later than {to_datetime(cutoff).isoformat()}",
            remedy="take a later cutoff",
        )
    return row, str(asked.excluded["excluded_because"][0].as_py())


def _refuse_buyer(row: pa.Table, customer: object) -> None:
    stage = str(row["stage"][0].as_py())
    if stage != "prospect":
        raise DataError(
            "The customer has bought before the cutoff: there is no first purchase to explain.",
            where=f"customer {customer!r}",
            found=f"the stage {stage}",
            remedy="take an earlier cutoff, or a model that asks about customers",
        )


def _code_of(store: EvidenceStore, customer: object) -> int:
    """The code of an id; a text is read as the type that ids have here."""
    try:
        found = store.connection.execute(
            f"SELECT customer FROM customers WHERE id = CAST(? AS {store.id_type.sql})", [customer]
        ).fetchone()
    except duckdb.Error:
        found = None
    if found is None:
        raise DataError(
            "The evidence does not know this customer.",
            where="customer",
            found=repr(customer),
            remedy=f"give the id as it is in the purchases, of type {store.id_type.sql}",
        )
    return int(found[0])
