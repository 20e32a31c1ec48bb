"""The demo: the whole way once, from evidence to scores, through the verbs that every user has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TypeVar
from zoneinfo import ZoneInfo

from patron.features.errors import GateError
from patron.features.progress import Progress, silent

from .config import Config, load_config
from .written_evidence import WrittenEvidence

Result = TypeVar("Result")


@dataclass(frozen=True)
class DemoResult:
    """What the demo did and where everything is.

    `sentences` are the three that matter about the model; `seconds` says how long each step took.
    """

    folder: Path
    config: Path
    rows: Mapping[str, int]
    sentences: tuple[str, ...]
    decision: str
    model: str
    report: Path
    scores: Path
    customers: int
    scored: int
    tracking: str
    seconds: Mapping[str, float]

    @property
    def summary(self) -> tuple[str, ...]:
        """The result as lines to read."""
        rows = ", ".join(f"{count:,} {name}" for name, count in self.rows.items() if count)
        took = ", ".join(f"{step} {seconds:.1f} s" for step, seconds in self.seconds.items())
        return (
            *self.sentences,
            self.decision,
            "",
            f"evidence:      {rows}",
            f"configuration: {self.config}",
            f"model:         {self.model}",
            f"report:        {self.report}",
            f"scores:        {self.scored:,} of {self.customers:,} customers, in {self.scores}",
            f"runs:          {self.tracking}",
            f"time:          {took}",
        )


def run_demo(
    folder: Path | str,
    simulated: bool = False,
    customers: int = 20_000,
    seed: int = 7,
    progress: Progress = silent,
) -> DemoResult:
    """Write data to `folder`, then check, train, report and score as any user would.

    The data are the Complete Journey's 2,469 households, or with `simulated` so many invented customers.
    Raises ConfigurationError where the data are not installed or the folder is another's, GateError where the
    evidence is too little to learn from.
    """
    from . import api

    folder = Path(folder).absolute()
    watch = _Stopwatch()
    written = watch.time("write data", lambda: _write(folder, simulated, customers, seed, progress))
    config = load_config(written.config)
    checked = watch.time("check", lambda: api.check(config, progress=progress))
    if not checked.ready:
        raise GateError(
            "The demo's evidence is too little to learn from.",
            where=str(written.config),
            found=str(checked),
            remedy="simulate more customers: patron demo --simulated --customers 20000",
        )
    run = watch.time("train", lambda: api.train(config, progress=progress))
    page = watch.time(
        "report", lambda: api.report(config, run=run.run_id, out=folder / "report.html", progress=progress)
    )
    # A model that was not chosen does not score; the demo shows its scores all the same.
    model = None if run.gate.promotes else run.model_uri
    result = watch.time(
        "score",
        lambda: api.score(
            config, cutoff=_latest_cutoff(config), model=model, out=folder / "scores", progress=progress
        ),
    )
    return DemoResult(
        folder=folder,
        config=written.config,
        rows=written.rows,
        sentences=tuple(run.summary),
        decision=run.decision,
        model=run.model_uri,
        report=Path(page),
        scores=Path(result.folder),
        customers=result.customers,
        scored=result.scored,
        tracking=f"mlflow ui --backend-store-uri {config.tracking.uri}",
        seconds=watch.seconds,
    )


def _write(folder: Path, simulated: bool, customers: int, seed: int, progress: Progress) -> WrittenEvidence:
    if simulated:
        from .simulator import simulate

        return simulate(customers, seed).write(folder, progress)
    from .complete_journey import write_complete_journey

    return write_complete_journey(folder, progress)


def _latest_cutoff(config: Config) -> str:
    """The local day up to which everything is known."""
    return config.data.observed_until.astimezone(ZoneInfo(config.data.timezone)).date().isoformat()


class _Stopwatch:
    """How long each step took, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def time(self, step: str, work: Callable[[], Result]) -> Result:
        """The result of the work."""
        started = perf_counter()
        result = work()
        self.seconds[step] = round(perf_counter() - started, 3)
        return result
