"""Scores as Delta tables: each run is one commit, made once."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyarrow import dataset

from patron.features.errors import ConfigurationError
from patron.features.sql import literal

if TYPE_CHECKING:
    from deltalake import DeltaTable


def write_delta(run: Path, place: str, facts: Mapping[str, Any]) -> bool:
    """Bring a published run to the Delta tables `scores` and `excluded` below a place; False if it was there.

    A commit replaces the rows of the run's cutoff and question and carries the run's name as a transaction of Delta's
    own, so that no run is written twice. DeltaError where the store says no.
    """
    try:
        import deltalake  # noqa: F401
    except ImportError:
        raise ConfigurationError(
            "Delta tables need an extra that is not installed.",
            where="--out",
            remedy='pip install "patron[delta]"',
        ) from None
    written = [_write(run, f"{place.rstrip('/')}/{name}", name, facts) for name in ("scores", "excluded")]
    return any(written)


def _write(run: Path, place: str, name: str, facts: Mapping[str, Any]) -> bool:
    from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

    there = DeltaTable(place) if DeltaTable.is_deltatable(place) else None
    if there is not None and there.transaction_version(run.name) is not None:
        return False
    commit = CommitProperties(
        custom_metadata={"patron.run": run.name, "patron.scored_at": str(facts["scored_at"])},
        app_transactions=[Transaction(run.name, 1)],
    )
    rows = dataset.dataset(sorted(map(str, (run / name).glob("*.parquet"))))
    reader = rows.scanner().to_reader()
    if there is None:
        if "://" not in place:
            Path(place).parent.mkdir(parents=True, exist_ok=True)
        write_deltalake(place, reader, mode="error", commit_properties=commit)
        return True
    write_deltalake(
        there,
        reader,
        mode="overwrite",
        predicate=_same(facts),
        schema_mode="merge",
        commit_properties=commit,
    )
    return True


def _same(facts: Mapping[str, Any]) -> str:
    """The rows of a run's cutoff and question, as Delta's SQL names them."""
    return f"question = {literal(facts['question']['name'])} AND cutoff = {literal(facts['cutoff'])}"


def table_of(place: str, name: str) -> "DeltaTable":
    """The Delta table of scores or of those excluded below a place."""
    from deltalake import DeltaTable

    return DeltaTable(f"{place.rstrip('/')}/{name}")


def forget_in_delta(place: str, ids: Collection[str]) -> int:
    """Delete customers' rows from both tables; how many went. Older versions keep them until the table is vacuumed."""
    from deltalake import DeltaTable

    rows = 0
    listed = ", ".join(literal(each) for each in sorted(ids))
    for name in ("scores", "excluded"):
        where = f"{place.rstrip('/')}/{name}"
        if DeltaTable.is_deltatable(where):
            told = DeltaTable(where).delete(f"CAST(customer_id AS STRING) IN ({listed})")
            rows += int(told["num_deleted_rows"] or 0)
    return rows
