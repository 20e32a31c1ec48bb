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
            f" {percent(season.learned)}; the level is moved as earlier cutoffs showed it, by {_returned(calibrator)}."
            f" Later cutoffs follow their own window of last year, as far as it was seen{until}. Train again before"
            " scoring beyond."
        )
    return tuple(found)


def _gaps(known: Mapping[int, Outlook], cutoffs: int, timezone: str) -> str:
    """Each gap, and at how many cutoffs it corrected the level."""
    gaps = "; ".join(
        f"{day_of(moment, timezone)}: {percent(each.season.learned)} in the windows learned from,"
        f" {percent(each.season.last_year or 0.0)} in last year's same window"
        for moment, each in sorted(known.items())
    )
    used = [each.calibrator for each in known.values() if isinstance(each.calibrator, Seasonal)]
    unknown = (
        f" At {cutoffs - len(known)} of {cutoffs} test cutoffs it is unknown." if len(known) < cutoffs else ""
    )
    shares = list(dict.fromkeys(percent(share) for share in sorted(each.share for each in used)))
    least_and_most = " to ".join(dict.fromkeys([*shares[:1], *shares[-1:]]))
    why = (
        f"as far as such gaps had come again at earlier cutoffs: by {least_and_most}"
        if used
        else "as too little of such gaps had come again at earlier cutoffs, or fewer than two were known"
    )
    return f"Seasonal gap. {gaps}. The level was moved for it at {len(used)} of {cutoffs} test cutoffs, {why}.{unknown}"


def _returned(calibrator: Seasonal) -> str:
    """How much of the gap is in the shift, and what is in it beside."""
    beside = f" and by {calibrator.drift:+.2f} log-odds of drift" if calibrator.drift else ""
    return f"{percent(calibrator.share)} of that gap{beside}"
