"""What the user probably meant: the error for a name that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches

from patron.features.errors import ConfigurationError


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is closest to `name`, whatever its case; None where none is close."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    matches = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[matches[0]] if matches else None


def unknown(what: str, name: str, known: Iterable[str], *, where: str) -> ConfigurationError:
    """The error for an unknown name: the nearest known one, and all of them where they are few."""
    names = tuple(known)
    close = nearest(name, names)
    hints = [] if close is None else [f"did you mean {close!r}?"]
    if len(names) <= 40:
        hints.append(f"known: {', '.join(names)}")
    return ConfigurationError(
        f"There is no {what} {name!r}.", where=where, found=name, remedy="; ".join(hints) or None
    )
