"""The register of places that hold customers' rows: what was written where, so that it can be found to be forgotten."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .journal import Journal

_FOLDER = ".patron"


@dataclass(frozen=True)
class Place:
    """Something with customers' rows in it: `kind` is scores, plans, csv, delta, postgresql, features or quarantine.

    `where` is a folder, a file or an address as it may be shown: no secret is ever written down.
    """

    kind: str
    where: str


class Places:
    """The register of a configuration, in `.patron/places` beside it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / _FOLDER / "places"

    def add(self, kind: str, where: str) -> None:
        """Write a place down, once.

        What is written is not worth less where the register cannot be: `patron forget` is then told the place by hand.
        """
        place = Place(kind, where)
        with suppress(OSError):
            if not self._file.exists():
                self._file.parent.mkdir(exist_ok=True)
                Journal(self._file).begin()
            if place not in self:
                Journal(self._file).add(vars(place))

    def __iter__(self) -> Iterator[Place]:
        entries = Journal(self._file).entries() if self._file.exists() else []
        return iter(dict.fromkeys(Place(entry["kind"], entry["where"]) for entry in entries))

    def __contains__(self, place: object) -> bool:
        return any(place == known for known in self)
