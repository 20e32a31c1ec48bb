"""Destinations: where scores go, as a user writes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from patron.features.addresses import is_remote
from patron.features.errors import ConfigurationError
from patron.features.postgres import server_url
from patron.features.undisclosed import Undisclosed, shown, undisclosed

Kind = Literal["folder", "csv", "delta", "postgresql"]
USUAL = "scores"


@dataclass(frozen=True)
class Destination:
    """A place for scores; `place` is a folder, an address, or the URL of a database, which may hold a secret.

    `schema` is that of the database's tables; None for the user's usual one.
    """

    kind: Kind
    place: str
    schema: str | None = None

    @property
    def told(self) -> str:
        """How it may be shown."""
        return f"{self.kind}:{shown(self.place)}" if self.kind in ("csv", "delta") else shown(self.place)


def destinations(texts: Sequence[str | Path], folder: Path) -> tuple[Path, tuple[Destination, ...]]:
    """The folder of the runs, and the other places that they are brought to; relative ones start at `folder`.

    The first folder that is named, else `scores`: whatever else is asked for, scores are computed, checked and
    published there. ConfigurationError for what is no place.
    """
    found = [_destination(str(text) if isinstance(text, Path) else text, folder) for text in texts]
    folders = [each for each in found if each.kind == "folder"]
    if len(folders) > 1:
        raise ConfigurationError(
            "Scores are computed in one folder.",
            where="--out",
            found=", ".join(each.told for each in folders),
            remedy="name one folder, and other places as csv:folder, delta:folder or postgresql://…",
        )
    home = Path(folders[0].place) if folders else folder / USUAL
    return home, tuple(each for each in found if each.kind != "folder")


def _destination(text: str, folder: Path) -> Destination:
    kind, _, rest = text.partition(":")
    if kind in ("postgresql", "postgres") and rest.startswith("//"):
        url, schema = _without_schema(undisclosed(text))
        server_url(url, "--out")
        return Destination("postgresql", url, schema)
    if kind in ("csv", "delta") and rest:
        local = not is_remote(rest)
        if kind == "csv" and not local:
            raise _unknown(text)
        return Destination("csv" if kind == "csv" else "delta", str(folder / rest) if local else rest)
    if is_remote(text) or not text:
        raise _unknown(text)
    return Destination("folder", str(folder / text))


def _without_schema(url: str) -> tuple[str, str | None]:
    """A URL without what stands after #, which names a schema."""
    plain, mark, schema = str(url).partition("#")
    if not mark:
        return url, None
    if isinstance(url, Undisclosed):
        return Undisclosed(plain, url.shown.partition("#")[0], url.hidden), schema or None
    return plain, schema or None


def _unknown(text: str) -> ConfigurationError:
    return ConfigurationError(
        "This is no place for scores.",
        where="--out",
        found=shown(undisclosed(text)) or "nothing",
        remedy="name a folder, csv:folder, delta:folder, delta:s3://bucket/folder, or"
        " 'postgresql://user:${PGPASSWORD}@host/database#schema'",
    )
