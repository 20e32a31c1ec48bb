"""What the page of the monitor shows of further horizons, purchases and spend, in rows."""

from collections.abc import Iterator
from dataclasses import dataclass

from patron.models.live_forecast import LiveAmount
from patron.models.watched import MonitorReport, WatchedRun

from .formats import count, day, decimal, spread
from .monitoring_view import Cell, PartRow, part_row


@dataclass(frozen=True)
class AmountRow:
    """An amount in total: what was expected, what came, and how much for each one expected."""

    name: str
    what: str
    customers: str
    expected: str
    came: Cell
    ratio: Cell


class ForecastRows:
    """What the report holds beside the first probability; empty where no run said anything."""

    def __init__(self, report: MonitorReport) -> None:
        self._report = report

    @property
    def is_there(self) -> bool:
        """Whether any run said something beside the first probability."""
        return any(run.forecast is not None for run in self._report.runs)

    @property
    def horizons(self) -> tuple[PartRow, ...]:
        """The further horizons that are judged, the newest run first."""
        return tuple(
            part_row(f"{run.day}, {each.horizon_days} days", each.part)
            for run in self._newest_first()
            for each in (run.forecast.horizons if run.forecast is not None else ())
            if each.part is not None
        )

    @property
    def waiting(self) -> str | None:
        """Which further horizons wait, and until when the first of them does, in a sentence."""
        moments = [
            each.mature_at
            for run in self._report.runs
            for each in (run.forecast.horizons if run.forecast is not None else ())
            if each.part is None
        ]
        if not moments:
            return None
        first = day(min(moments), self._report.timezone)
        if len(moments) == 1:
            return f"One further horizon of these runs is not known until {first}."
        return f"{count(len(moments))} further horizons of these runs are not known yet, the first until {first}."

    @property
    def amounts(self) -> tuple[AmountRow, ...]:
        """Purchases and spend of the judged runs, the newest first."""
        return tuple(
            _amount(run, each)
            for run in self._newest_first()
            for each in (run.forecast.amounts if run.forecast is not None else ())
        )

    def _newest_first(self) -> Iterator[WatchedRun]:
        return reversed(self._report.runs)


def _amount(run: WatchedRun, amount: LiveAmount) -> AmountRow:
    says = "as expected" if amount.is_kept else "fewer" if amount.ratio.high < 1 else "more"
    says = "less" if says == "fewer" and amount.name == "spend" else says
    return AmountRow(
        run.day,
        amount.name,
        count(amount.customers),
        count(amount.expected),
        Cell(count(amount.came.value), f"{spread(amount.came, 0)}, {says}"),
        Cell(decimal(amount.ratio.value, 2), spread(amount.ratio, 2)),
    )
