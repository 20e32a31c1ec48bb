"""What a training run says of the season: the gap to last year's same windows by name, or that it is unknown."""

from collections.abc import Mapping

from patron.models.calibrators import Seasonal
from patron.reporting.formats import day_of, percent

from .outlook import Outlook

UNKNOWN = (
    "Seasonal level unknown: last year's same window was not observed for any test cutoff, so that nothing shows what "
    "the season does to the level. The intervals of the totals are wider for it."
)


def season_sentences(outlooks: Mapping[int, Outlook], production: Outlook, timezone: str) -> tuple[str, ...]:
    """The outlooks by test cutoff, and that of production, to sentences for the report; the first is for the run."""
    known = {moment: each for moment, each in outlooks.items() if each.season.last_year is not None}
    found = [_gaps(known, len(outlooks), timezone)] if known else [UNKNOWN]
    calibrator, season = production.calibrator, production.season
    if isinstance(calibrator, Seasonal) and season.last_year is not None:
        until = (
            "" if calibrator.known_until is None else f", until {day_of(calibrator.known_until, timezone)}"
        )
        found.append(
            f"Scores from now on: last year's same window had {percent(season.last_year)}, the windows learned from"
            f" {percent(season.learned)}; the level is moved accordingly. Later cutoffs follow their own window of last"
            f" year, as far as it was seen{until}. Train again before scoring beyond."
        )
    return tuple(found)


def _gaps(known: Mapping[int, Outlook], cutoffs: int, timezone: str) -> str:
    """Each gap, and at how many cutoffs it corrected the level."""
    gaps = "; ".join(
        f"{day_of(moment, timezone)}: {percent(each.season.learned)} in the windows learned from,"
        f" {percent(each.season.last_year or 0.0)} in last year's same window"
        for moment, each in sorted(known.items())
    )
    used = sum(isinstance(each.calibrator, Seasonal) for each in known.values())
    unknown = (
        f" At {cutoffs - len(known)} of {cutoffs} test cutoffs it is unknown." if len(known) < cutoffs else ""
    )
    why = (
        "as it had proved better at earlier cutoffs"
        if used
        else "as that had not proved better at earlier cutoffs"
    )
    return f"Seasonal gap. {gaps}. The level was moved for it at {used} of {cutoffs} test cutoffs, {why}.{unknown}"
