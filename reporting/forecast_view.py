"""Purchases, spend, further horizons and dates as the training report shows them."""

from dataclasses import dataclass

from patron.models.forecast_evaluation import AmountQuality, ForecastEvaluation, HorizonQuality
from patron.models.intervals import Estimate
from patron.models.range_evaluation import Coverage, RangeQuality

from .formats import count, decimal, estimate_text, percent, spread


@dataclass(frozen=True)
class Part:
    """A value and, beneath it, the ends of its interval."""

    value: str
    ends: str = ""

    @classmethod
    def of(cls, estimate: Estimate, digits: int = 3, *, signed: bool = False) -> "Part":
        """An estimate with so many decimals."""
        return cls(decimal(estimate.value, digits, signed=signed), spread(estimate, digits))


@dataclass(frozen=True)
class AmountTable:
    """One amount: who expected it with Gini, Spearman and level, what the comparison says, in all and by cutoff."""

    title: str
    rows: tuple[tuple[str, tuple[Part, ...]], ...]
    says: str
    by_cutoff: str


class ForecastView:
    """The words and rows of the section."""

    def __init__(self, judged: ForecastEvaluation) -> None:
        self.judged = judged

    @property
    def amounts(self) -> tuple[AmountTable, ...]:
        """Purchases, and spend where it is expected."""
        return tuple(_amount_table(each) for each in self.judged.amounts)

    @property
    def horizons(self) -> tuple[tuple[str, str, tuple[Part, ...], str | None], ...]:
        """Horizon, how much was judged, the cells of the row, and why there are none."""
        return tuple(_horizon_row(each) for each in self.judged.horizons)

    @property
    def ranges(self) -> tuple[str, ...]:
        """What became of the dates, in sentences."""
        found = self.judged.ranges
        return () if found is None else _range_sentences(found)

    @property
    def range_rows(self) -> tuple[tuple[str, tuple[Part, ...]], ...]:
        """The model's ranges and those of simpler rules: how many, shares inside, before and after, and width."""
        found = self.judged.ranges
        if found is None:
            return ()
        return tuple(
            _range_row(name, each) for name, each in (("model", found.model), *found.opponents.items())
        )

    @property
    def reasons(self) -> tuple[tuple[str, str], ...]:
        """Why snapshots have no date, the most frequent first."""
        found = self.judged.ranges
        if found is None:
            return ()
        ordered = sorted(found.reasons.items(), key=lambda each: (-each[1], each[0]))
        return tuple((reason, count(number)) for reason, number in ordered if number)


def _amount_table(judged: AmountQuality) -> AmountTable:
    rows = tuple(
        (name, (Part.of(found["gini"]), Part.of(found["spearman"]), Part.of(found["level"], 2)))
        for name, found in judged.metrics.items()
    )
    gain = estimate_text(judged.gain, 3, signed=True)
    if judged.gain.low > 0:
        says = f"The model ranks better than {judged.best_opponent}, the best opponent: Gini {gain}."
    elif judged.gain.high < 0:
        says = f"The model ranks worse than {judged.best_opponent}, the best opponent: Gini {gain}."
    else:
        says = f"No measurable difference from {judged.best_opponent}, the best opponent: Gini {gain}."
    level = judged.metrics["model"]["level"]
    if level.high < 1:
        says += f" In all it expects too little: {decimal(level.value, 2)} of what came."
    elif level.low > 1:
        says += f" In all it expects too much: {decimal(level.value, 2)} of what came."
    title = "Purchases" if judged.what == "purchases" else "Net spend"
    return AmountTable(title, rows, says, _gini_by_cutoff(judged))


def _gini_by_cutoff(judged: AmountQuality) -> str:
    """The gain at each test cutoff, and at one more."""
    found = "; ".join(estimate_text(each.gain, 3, signed=True) for each in judged.by_cutoff)
    if len(judged.by_cutoff) < 2:
        return ""
    low, high = (decimal(end, 3, signed=True) for end in (judged.next_cutoff.low, judged.next_cutoff.high))
    following = "" if judged.next_cutoff.is_range else f" At the next cutoff: {low} to {high}."
    return f"Gain in Gini by test cutoff, the earliest first: {found}.{following}"


def _horizon_row(judged: HorizonQuality) -> tuple[str, str, tuple[Part, ...], str | None]:
    name = f"{judged.horizon_days} days"
    if judged.gain is None:
        return name, "", (), judged.reason
    cells = (
        Part(percent(judged.base_rate)),
        Part.of(judged.model["auc"]),
        Part.of(judged.opponent["auc"]),
        Part.of(judged.gain, 4, signed=True),
        Part.of(judged.model["mean_difference"], 3, signed=True),
    )
    cutoffs = "1 cutoff" if judged.cutoffs == 1 else f"{judged.cutoffs} cutoffs"
    return name, f"{count(judged.n)} snapshots at {cutoffs}", cells, None


def _range_sentences(found: RangeQuality) -> tuple[str, ...]:
    model = found.model
    told = f"{percent(found.told / found.snapshots)} of the snapshots have a range."
    over = (
        f"{count(found.over)} of these {count(found.told)} were over by the end of the data; the others count as far"
        " as they were seen."
    )
    inside = f"{_share(model.inside)} of the next purchases came within the range; the aim is 80%."
    outside = f"{_share(model.before)} came before it, {_share(model.after)} after it or not at all."
    middle = f"{_share(model.by_middle)} had bought by the end of the middle day; the aim is a half."
    width = (
        f"Half of the ranges are {_days(model.width_days)} wide or less,"
        f" nine of ten {count(model.wide_days)} or less."
    )
    return f"{told} {over}", " ".join(filter(None, (inside, _by_cutoff(found), outside))), f"{middle} {width}"


def _by_cutoff(found: RangeQuality) -> str:
    shares = ", ".join(percent(each.value) for each in found.by_cutoff)
    if len(found.by_cutoff) < 2:
        return ""
    return f"By test cutoff it was {shares}: what differs between cutoffs is not in the interval."


def _range_row(name: str, found: Coverage) -> tuple[str, tuple[Part, ...]]:
    shares = (found.inside, found.before, found.after)
    ends = [f"{percent(each.low)} to {percent(each.high)}" for each in shares]
    parts = (Part(percent(each.value), end) for each, end in zip(shares, ends, strict=True))
    width = Part(_days(found.width_days), f"nine of ten at most {count(found.wide_days)}")
    return name, (Part(count(found.told)), *parts, width)


def _days(number: float) -> str:
    return "1 day" if number == 1 else f"{count(number)} days"


def _share(estimate: Estimate) -> str:
    return f"{percent(estimate.value)} ({percent(estimate.low)} to {percent(estimate.high)})"
