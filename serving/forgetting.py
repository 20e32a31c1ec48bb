"""Forgetting: customers' rows leave what Patron has written, and what is left is as whole as before."""

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from .csv_output import with_plain_ids, write_csv
from .durable import move_folder, write_file
from .locking import only_one
from .movers import forget_in_movers
from .publishing import MANIFEST, manifest_text, manifests, published, sealed
from .staging import remove, staging_of, stagings

_OLD = ".forgetting"


def forget_in_runs(folder: Path, ids: Collection[str]) -> int:
    """Take customers out of all runs, or plans, below a folder of one question, and of movers; how many rows went.

    A run is written anew beside itself and takes its own place. What is under way is thrown away: it is computed again.
    BusyError where a process is at work on a run.
    """
    rows = 0
    for staging in list(stagings(folder)):
        name = staging.name.removeprefix(".").removesuffix(".staging")
        with only_one(folder / f".{name}.lock", f"the scores of {name}"):
            remove(staging)
    for name in _settled(folder):
        with only_one(folder / f".{name}.lock", f"the scores of {name}"):
            rows += _forget_in_run(folder / name, ids)
    return rows + forget_in_movers(folder, ids)


def _settled(folder: Path) -> list[str]:
    """The runs of a folder, after those whose forgetting broke off were put back in their place."""
    for old in folder.glob(f".*{_OLD}"):
        final = folder / old.name.removeprefix(".").removesuffix(_OLD)
        if final.exists():
            remove(old)
        else:
            move_folder(old, final)
    return list(manifests(folder))


def _forget_in_run(run: Path, ids: Collection[str]) -> int:
    facts = published(run)
    assert facts is not None
    gone = {file: _without(run / file, ids) for file in facts["sha256"] if file.endswith(".parquet")}
    changed = {file: found for file, found in gone.items() if found is not None}
    if not changed:
        return 0
    fresh = staging_of(run)
    remove(fresh)
    shutil.copytree(run, fresh)
    digests = dict(facts["sha256"])
    for file, (kept, _) in changed.items():
        content = _parquet(kept)
        write_file(fresh / file, content)
        digests[file] = hashlib.sha256(content).hexdigest()
    write_file(fresh / MANIFEST, manifest_text(sealed(_noted({**facts, "sha256": digests}, changed))))
    old = run.parent / f".{run.name}{_OLD}"
    move_folder(run, old)
    move_folder(fresh, run)
    remove(old)
    return sum(out.num_rows for _, out in changed.values())


def _noted(facts: dict[str, Any], changed: Mapping[str, tuple[pa.Table, pa.Table]]) -> dict[str, Any]:
    """The manifest without those who are gone, and with a note of how many; ranks of others stay as they were sent."""
    gone = {each for _, out in changed.values() for each in out["customer_id"].to_pylist()}
    count = len(gone)
    note = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "customers": count}
    noted = {**facts, "forgotten": [*facts.get("forgotten", ()), note]}
    if "scored" not in facts:  # a plan, whose counts are those of the day on which it was made
        return noted
    excluded, scored = Counter(facts["excluded"]), facts["scored"]
    for file, (_, out) in changed.items():
        if file.startswith("scores/"):
            scored -= out.num_rows
        else:
            excluded.subtract(out["excluded_because"].to_pylist())
    return {
        **noted,
        "scored": scored,
        "excluded": {reason: number for reason, number in excluded.items() if number},
        "customers": facts["customers"] - count,
    }


def forget_in_csv(folder: Path, home: Path) -> tuple[int, list[str]]:
    """Write the CSV of runs anew from the Parquet that forgot; how many were, and the runs that have no Parquet."""
    done, left = 0, []
    for question in (path for path in sorted(folder.glob("*")) if path.is_dir()):
        for name, facts in manifests(question).items():
            run = home / question.name / name
            known = published(run)
            if known is None:
                left.append(str(question / name))
            elif known.get("forgotten") != facts.get("forgotten"):
                remove(question / name)
                write_csv(run, folder, known)
                done += 1
    return done, left


def forget_in_file(file: Path, ids: Collection[str]) -> int:
    """Take customers out of a Parquet file of features (by customer_id) or of refused rows (by any column)."""
    found = _without(file, ids)
    if found is None:
        return 0
    kept, out = found
    write_file(file, _parquet(kept))
    return int(out.num_rows)


def _without(file: Path, ids: Collection[str]) -> tuple[pa.Table, pa.Table] | None:
    """A file's rows without those of the customers, and those; None where it has none of them."""
    table = parquet.read_table(file)
    named = ["customer_id"] if "customer_id" in table.column_names else table.column_names
    plain = with_plain_ids(table) if named == ["customer_id"] else table
    wanted = pa.array(sorted(ids), pa.string())
    hit = pa.array([False] * table.num_rows)
    for name in named:
        with suppress(pa.ArrowNotImplementedError):  # a type that has no text is no id
            texts = plain[name].combine_chunks().cast(pa.string())
            hit = pc.or_(hit, pc.is_in(texts, value_set=wanted))
    if not pc.any(hit).as_py():
        return None
    return table.filter(pc.invert(hit)), table.filter(hit)


def _parquet(table: pa.Table) -> bytes:
    sink = BytesIO()
    parquet.write_table(table.combine_chunks(), sink)
    return sink.getvalue()


def names_in_texts(folder: Path, ids: Collection[str]) -> list[str]:
    """The pages and texts below a folder in which an id stands: they are for people to look at."""
    found = []
    needles = {each.encode() for each in ids if len(each) > 3}  # a shorter one stands everywhere
    for file in sorted(folder.rglob("*")):
        if file.suffix in (".html", ".json", ".md", ".csv", ".txt") and file.is_file():
            content = file.read_bytes()
            if any(needle in content for needle in needles):
                found.append(os.fspath(file))
    return found
