"""Delivering: a published run is brought to the other places that were asked for, to each of them once."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from patron.features.errors import PatronError
from patron.features.progress import Progress, silent
from patron.features.undisclosed import without_secrets

from .destinations import Destination
from .locking import only_one
from .patience import patiently

WRITTEN, THERE = "written", "there already"


class DeliveryError(PatronError):
    """A run is published in its folder, and could not be brought to another place."""


def deliver(
    run: Path, facts: Mapping[str, Any], places: Sequence[Destination], progress: Progress = silent
) -> dict[str, str]:
    """Bring a published run to every place; what became of it at each, `written` or `there already`.

    A place that is away is asked again for half a minute. DeliveryError, after all others had their turn, for those
    that could not be reached: the same command tries again. BusyError where another process delivers the run now.
    """
    if not places:
        return {}
    with only_one(run.parent / f".{run.name}.lock", f"the scores of {run.name}"):
        return _delivered(run, facts, places, progress)


def _delivered(
    run: Path, facts: Mapping[str, Any], places: Sequence[Destination], progress: Progress
) -> dict[str, str]:
    told: dict[str, str] = {}
    failed: dict[str, str] = {}
    for done, place in enumerate(places):
        progress(f"delivering: {place.told}", done, len(places))
        try:
            told[place.told] = WRITTEN if _brought(run, facts, place, progress) else THERE
        except PatronError as error:
            failed[place.told] = f"{error.what} {error.found or ''}".strip()
        except OSError as error:
            failed[place.told] = error.strerror or str(error)
    progress("delivering", len(places), len(places))
    if failed:
        raise DeliveryError(
            "The scores are published, and could not be brought everywhere.",
            where=str(run),
            found="; ".join(f"{place}: {said}" for place, said in failed.items()),
            remedy="mend what is said, and run the same command again: nothing is computed twice, and only what is"
            " missing is brought",
        )
    return told


def _brought(run: Path, facts: Mapping[str, Any], place: Destination, progress: Progress) -> bool:
    if place.kind == "csv":
        from .csv_output import write_csv

        return write_csv(run, Path(place.place), facts)
    if place.kind == "delta":
        return _to_delta(run, facts, place, progress)
    from .postgres_output import DatabaseAwayError, write_postgres

    return patiently(
        lambda: write_postgres(run, place.place, place.schema, facts),
        (DatabaseAwayError,),
        "the database",
        progress,
    )


def _to_delta(run: Path, facts: Mapping[str, Any], place: Destination, progress: Progress) -> bool:
    from .delta_output import write_delta

    try:
        from deltalake.exceptions import CommitFailedError, DeltaError
    except ImportError:
        return write_delta(run, place.place, facts)  # which says what is missing
    try:
        return patiently(
            lambda: write_delta(run, place.place, facts),
            (CommitFailedError, OSError),
            "the Delta table",
            progress,
        )
    except DeltaError as error:
        found = without_secrets(" ".join(str(error).split()), place.place)
        raise PatronError("The Delta table cannot be written.", where=place.told, found=found) from None
