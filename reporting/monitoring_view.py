"""What the page of the monitor shows, in rows: runs, groups, tenths, inputs, and the account of every score."""

from collections.abc import Mapping
from dataclasses import dataclass

from patron.models.drift import InputDrift
from patron.models.intervals import Estimate
from patron.models.live import LivePart
from patron.models.watched import MonitorReport, WatchedRun

from .formats import UNDEFINED, count, day, decimal, percent, sentence, spread, words
from .wording import Wording

SHOWN_INPUTS = 12

_BADGES = {"keep": "Keep", "wait": "Wait", "look": "Look at it", "retrain": "Retrain"}


@dataclass(frozen=True)
class Cell:
    """A value and the ends of its interval."""

    value: str
    ends: str = ""


@dataclass(frozen=True)
class PartRow:
    """Some of those who were scored: promised, came, and how good the scores were, or why that is not said."""

    name: str
    customers: str
    promised: Cell
    came: Cell
    cells: tuple[Cell, ...]
    reason: str | None


@dataclass(frozen=True)
class InputRow:
    """An input beside training."""

    name: str
    meaning: str
    weight: str
    index: str
    shift: str
    missing: Cell
    unseen: str
    moves: str


@dataclass(frozen=True)
class AccountRow:
    """What became of the scores of a run."""

    name: str
    scored: str
    judged: str
    waiting: str
    unknown: str
    undefined: str
    changed: Cell
    late: str
    excluded: str


class MonitoringView:
    """The report as its page reads it."""

    def __init__(self, report: MonitorReport) -> None:
        self.report = report
        self.wording = Wording.of(report.question)

    @property
    def badge(self) -> str:
        """What the badge says."""
        return _BADGES[self.report.verdict.standing]

    @property
    def observed_until(self) -> str:
        """Up to when the evidence is known."""
        return day(self.report.observed_until, self.report.timezone)

    @property
    def newest(self) -> WatchedRun | None:
        """The newest run, whose inputs are shown."""
        return self.report.runs[-1] if self.report.runs else None

    @property
    def newest_judged(self) -> WatchedRun | None:
        """The newest run whose outcomes are known."""
        return self.report.judged[-1] if self.report.judged else None

    @property
    def runs(self) -> tuple[PartRow, ...]:
        """The judged runs, the newest first, each with its control below it."""
        rows = []
        for run in reversed(self.report.judged):
            assert run.everyone is not None
            rows.append(part_row(run.day, run.everyone))
            if run.control is not None and run.control.part is not None:
                rows.append(part_row("left alone by lot", run.control.part))
        return tuple(rows)

    @property
    def promised(self) -> tuple[Cell, ...]:
        """What training said of the next cutoff, in the order of the cells of a row."""
        ends = self.report.promise.next_cutoff
        seen = self.report.promise.metrics
        return tuple(
            Cell(
                decimal(seen[name].value, digits, signed=signed) if name in seen else UNDEFINED,
                f"{decimal(ends[name].low, digits, signed=signed)} to {decimal(ends[name].high, digits, signed=signed)}"
                if name in ends
                else "",
            )
            for name, digits, signed in _METRICS
        )

    @property
    def promise_note(self) -> str:
        """What the interval of the promise is."""
        ends = self.report.promise.next_cutoff.get("auc")
        if ends is None:
            return "This model carries no promise: it was trained before promises were kept."
        if ends.is_range:
            return (
                f"The promise is the lowest and highest value at the {ends.cutoffs} test cutoffs of training."
            )
        return "The promise is where a metric should lie at one more cutoff, in 95 of 100 cases."

    @property
    def groups(self) -> tuple[tuple[str, tuple[PartRow, ...]], ...]:
        """Titled rows of the judged runs together: everyone, the control, and groupings of more than one group."""
        together = self.report.together
        if together is None:
            return ()
        first = [part_row("everyone", together.everyone)]
        if together.control is not None:
            first.append(part_row("left alone by lot", together.control))
        found = [("All", tuple(first))]
        found += [
            (sentence(words(name)), tuple(part_row(words(each.name), each) for each in parts))
            for name, parts in together.groups.items()
            if len(parts) > 1
        ]
        return tuple(found)

    @property
    def control(self) -> str | None:
        """What the customers whom lots left alone say, in a sentence."""
        run = self.newest_judged
        if run is None or run.control is None:
            return None
        contacted = run.control.contacted
        tests = ", ".join(run.control.tests)
        said = f"{count(run.control.customers)} customers of {run.day} were left alone by lot ({tests})."
        if contacted is None:
            return f"{said} Whether they were contacted all the same is not known: there is no table of activities."
        return f"{said} {percent(contacted)} of them were contacted within the horizon all the same."

    @property
    def tenths(self) -> tuple[tuple[str, str, str, str, str], ...]:
        """Tenths of the newest judged run: which, customers, promised, came, contacted."""
        run = self.newest_judged
        return tuple(
            (
                str(each.tenth),
                count(each.n),
                percent(each.promised),
                UNDEFINED if each.came is None else percent(each.came),
                UNDEFINED if each.contacted is None else percent(each.contacted),
            )
            for each in (run.tenths if run is not None else ())
        )

    @property
    def inputs(self) -> tuple[InputRow, ...]:
        """The inputs of the newest run that differ most, counted by their weight."""
        shown = self.newest.drift.inputs[:SHOWN_INPUTS] if self.newest is not None else ()
        return tuple(self._input(each) for each in shown)

    def _input(self, each: InputDrift) -> InputRow:
        return InputRow(
            each.name,
            self.report.features.get(each.name, ""),
            percent(each.weight),
            decimal(each.psi, 2),
            decimal(each.shift, 2, signed=True),
            Cell(percent(each.missing), f"then {percent(each.missing_before)}"),
            percent(each.unseen) if each.unseen else UNDEFINED,
            decimal(each.moves, 2, signed=True),
        )

    @property
    def drifted(self) -> str:
        """The newest run beside training, in a sentence."""
        run = self.newest
        if run is None:
            return ""
        drift = run.drift
        return (
            f"At {run.day} the inputs' stability index is {decimal(drift.weighted, 2)} on average, counted by how much"
            f" each moves the scores; the scores lie {decimal(drift.scores, 2)} of training's spread away, at"
            f" {percent(drift.mean_score)} on average ({percent(drift.mean_score_before)} in training)."
        )

    @property
    def accounts(self) -> tuple[AccountRow, ...]:
        """A row for each run, the newest first."""
        return tuple(_account(run) for run in reversed(self.report.runs))

    @property
    def set_apart(self) -> Mapping[str, str]:
        """The runs that were not looked at: why, and which."""
        return {
            sentence(reason): f"{count(len(names))}: {_few(names)}"
            for reason, names in self.report.set_apart.items()
        }

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the newest run warned of."""
        return self.newest.warnings if self.newest is not None else ()


_METRICS = (("auc", 3, False), ("lift_at_10", 2, False), ("calibration_error", 3, False))
"""The metrics of a row with their decimals, and whether they are signed."""


def part_row(name: str, part: LivePart) -> PartRow:
    """Some of those who were scored, as a row of this name."""
    total = part.total
    says = "as promised" if total.is_kept else "fewer" if total.miss > 0 else "more"
    cells = (
        tuple(_cell(part.metrics[metric], digits) for metric, digits, _ in _METRICS) if part.metrics else ()
    )
    return PartRow(
        name,
        count(part.customers),
        Cell(count(total.promised.value), spread(total.promised, 0)),
        Cell(count(total.came), says),
        cells,
        part.reason,
    )


def _cell(estimate: Estimate, digits: int) -> Cell:
    return Cell(decimal(estimate.value, digits), spread(estimate, digits))


def _account(run: WatchedRun) -> AccountRow:
    account = run.account
    share = account.changed / max(account.compared, 1)
    return AccountRow(
        run.day,
        count(account.scored),
        count(account.judged),
        count(account.waiting),
        count(account.unknown),
        count(account.undefined),
        Cell(percent(share), f"{percent(account.changed_by_a_point / max(account.compared, 1))} by a point"),
        decimal(account.late_customers, 0, signed=True),
        count(account.excluded_now),
    )


def _few(names: tuple[str, ...], most: int = 5) -> str:
    shown = ", ".join(names[-most:])
    return shown if len(names) <= most else f"{shown} and {count(len(names) - most)} before"
