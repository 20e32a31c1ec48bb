"""Forgetting customers everywhere that Patron has written their rows, and saying where it cannot."""

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from patron.features.errors import ConfigurationError, PatronError
from patron.features.scratch import remove_left_behind
from patron.features.undisclosed import shown
from patron.serving.destinations import Destination
from patron.serving.forgetting import forget_in_csv, forget_in_file, forget_in_runs, names_in_texts
from patron.serving.places import Place, Places

from .config import Config


@dataclass(frozen=True)
class Forgotten:
    """Where rows of customers were removed (`removed`, by place), and what has to be done by hand (`left`)."""

    customers: int
    removed: dict[str, int] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """The result as plain data."""
        return asdict(self)

    def __str__(self) -> str:
        lines = [f"{rows:,} rows removed: {place}" for place, rows in self.removed.items()]
        return "\n".join([*lines, *(f"by hand: {each}" for each in self.left)])


def forget_customers(
    config: Config, ids: Collection[str], home: Path, places: Collection[Destination]
) -> Forgotten:
    """Remove customers, named by their ids as text, from all places that are known.

    Those are what the register of the configuration knows, the given ones, what is quarantined, and scratch folders of
    processes that were killed. ConfigurationError without ids.
    """
    if not ids or not all(ids):
        raise ConfigurationError(
            "Nobody is named.", where="forget", found="no id", remedy="name the customers by their ids"
        )
    work = _Work(config, frozenset(ids), Forgotten(len(set(ids))))
    known = dict.fromkeys(
        [Place("scores", str(home.absolute())), *Places(Path(config.data.folder)), *map(_place, places)]
    )
    databases = {place.told: place for place in places if place.kind == "postgresql"}
    for place in sorted(known, key=lambda each: each.kind != "scores"):  # CSV is written anew from them
        work.attempt(place, home, databases)
    work.quarantine()
    work.scratch()
    work.tell_what_is_left()
    return work.told


def _place(destination: Destination) -> Place:
    where = destination.told if destination.kind == "postgresql" else shown(destination.place)
    return Place(destination.kind, where)


@dataclass(frozen=True)
class _Work:
    config: Config
    ids: frozenset[str]
    told: Forgotten

    def attempt(self, place: Place, home: Path, databases: dict[str, Destination]) -> None:
        """Forget in a place; what it says against that is told."""
        doing: dict[str, Callable[[], None]] = {
            "scores": lambda: self._runs(Path(place.where)),
            "plans": lambda: self._runs(Path(place.where)),
            "csv": lambda: self._csv(Path(place.where), home),
            "delta": lambda: self._delta(place.where),
            "postgresql": lambda: self._database(place, databases),
            "features": lambda: self._file(Path(place.where)),
        }
        try:
            doing[place.kind]()
        except PatronError as error:
            self.told.left.append(f"{place.where}: {error.what} {error.found or ''}".strip())
        except OSError as error:
            self.told.left.append(f"{place.where}: {error.strerror or error}")

    def _add(self, where: str, rows: int) -> None:
        if rows:
            self.told.removed[where] = self.told.removed.get(where, 0) + rows

    def _runs(self, folder: Path) -> None:
        for question in (path for path in sorted(folder.glob("*")) if path.is_dir()):
            self._add(str(question), forget_in_runs(question, self.ids))

    def _csv(self, folder: Path, home: Path) -> None:
        done, left = forget_in_csv(folder, home)
        self._add(f"csv:{folder} (runs written anew)", done)
        self.told.left.extend(f"{each}: the Parquet it was made from is not in {home}" for each in left)

    def _delta(self, where: str) -> None:
        from patron.serving.delta_output import forget_in_delta

        rows = forget_in_delta(where, self.ids)
        self._add(f"delta:{where}", rows)
        if rows:
            self.told.left.append(f"delta:{where}: older versions of the table, until it is vacuumed")

    def _database(self, place: Place, databases: dict[str, Destination]) -> None:
        from patron.serving.postgres_output import forget_in_postgres

        known = databases.get(place.where)
        if known is None:
            self.told.left.append(f"{place.where}: name it with --out, as its password is not written down")
            return
        self._add(place.where, forget_in_postgres(known.place, known.schema, self.ids))

    def _file(self, file: Path) -> None:
        parts = sorted(file.glob("*.parquet")) if file.is_dir() else [file]
        for part in parts:
            if part.exists():
                self._add(str(part), forget_in_file(part, self.ids))

    def quarantine(self) -> None:
        """Refused rows, whatever column the id stands in."""
        for file in sorted(Path(self.config.data.folder, "reports", "quarantine").glob("*.parquet")):
            self._add(str(file), forget_in_file(file, self.ids))

    def scratch(self) -> None:
        """What processes left behind that were killed."""
        for folder in remove_left_behind():
            self._add(f"{folder} (all of it)", 1)

    def tell_what_is_left(self) -> None:
        """What is not Patron's to change."""
        for page in names_in_texts(Path(self.config.data.folder, "reports"), self.ids):
            self.told.left.append(f"{page}: names one of them; remove it, or make it anew")
        for name, spec in self.config.data.tables.items():
            place = spec.path or (shown(spec.connection) if spec.connection else "a frame")
            self.told.left.append(
                f"[{name}] {shown(place)}: the evidence itself, which the next run reads again"
            )
        self.told.left.append("backups, and copies that others have made of scores, pages and features")
