"""What the command line shows: results on stdout, progress and errors on stderr."""

import json
import os
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import typer

from patron.features.errors import PatronError
from patron.features.progress import Progress, silent

UNEXPECTED = 1


def show(lines: Iterable[str], machine: Mapping[str, Any], as_json: bool) -> None:
    """The result on stdout: as lines for people, or as one JSON object for machines."""
    if as_json:
        typer.echo(json.dumps(machine, indent=2, default=str, allow_nan=False))
        return
    for line in lines:
        typer.echo(line)


def deviations_told(deviations: Sequence[Mapping[str, Any]], most: int = 3) -> list[str]:
    """What is not as in training: of each kind the largest, those that were let pass first."""
    lines = []
    for kind in dict.fromkeys(each["kind"] for each in deviations):
        same = [each for each in deviations if each["kind"] == kind]
        same.sort(key=lambda each: (not each["allowed"], -abs(each["size"])))
        lines += [each["said"] + (" (allowed)" if each["allowed"] else "") for each in same[:most]]
        if len(same) > most:
            lines.append(f"and {len(same) - most} more {kind}: the manifest lists them")
    return lines


@contextmanager
def errors_shown(as_json: bool = False) -> Iterator[None]:
    """Turn what goes wrong inside into a message on stderr and the exit code that the design gives it."""
    try:
        yield
    except PatronError as error:
        typer.echo(_error_json(error) if as_json else f"Error: {error}", err=True)
        raise typer.Exit(error.exit_code) from None
    except (typer.Exit, typer.Abort, BrokenPipeError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the user gets one line and an exit code
        if os.environ.get("PATRON_DEBUG"):
            typer.echo(traceback.format_exc(), err=True)
        typer.echo(
            f"Unexpected {type(error).__name__}: {error} (PATRON_DEBUG=1 shows the traceback)", err=True
        )
        raise typer.Exit(UNEXPECTED) from None


def _error_json(error: PatronError) -> str:
    found = None if error.found is None else str(error.found)
    parts = {"error": type(error).__name__, "what": error.what, "where": error.where, "found": found}
    return json.dumps({**parts, "remedy": error.remedy, "exit_code": error.exit_code})


@contextmanager
def progress_shown() -> Iterator[Progress]:
    """A listener that draws bars on stderr, or a silent one where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def listen(what: str, done: int, total: int) -> None:
            step = what.partition(":")[0]
            if step not in tasks:
                tasks[step] = bars.add_task(what)
            bars.update(tasks[step], description=what, completed=done, total=total or None)

        yield listen
