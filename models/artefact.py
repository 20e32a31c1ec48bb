"""A trained model as a directory of data: text and JSON whose digests are verified before anything is read."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from patron.features.errors import ModelError
from patron.features.localtime import LocalTime, to_microseconds
from patron.features.partition import CUTOFF_TYPE
from patron.features.question import Question
from patron.features.targets import maturity

from .boosters import read_booster
from .calibrators import Calibrator, Cutoffs, calibrator_from_dict, knows_season
from .contract import Contract, canonical_json
from .contributions import Contributions, contributions_of
from .encoding import encode
from .forecast import Forecast, is_forecast_file

if TYPE_CHECKING:
    import lightgbm
    import pandas as pd

MANIFEST = "manifest.json"
FILES = ("booster.txt", "calibration.json", "card.md", "contract.json", "judged.txt")
"""What every artefact consists of, beside its manifest; those of the forecast come on top where there is one."""


@dataclass(frozen=True)
class Artefact:
    """A model as it is kept: two boosters of one recipe, the calibration, the contract, and a card to read.

    `booster` is the production booster, refit on all mature targets: scoring uses it. `judged` is the one whose
    targets were mature before the first test cutoff: reports speak of it. Each has its own calibrator. Both are
    LightGBM text as `RepurchaseClassifier.to_text` gives it.
    """

    booster: str
    judged: str
    calibrator: Calibrator
    judged_calibrator: Calibrator
    contract: Contract
    card: str
    forecast: Forecast | None = None
    """What a score says beyond the probability; it is of the production booster's time."""

    def predict(self, table: "pa.Table | pd.DataFrame") -> NDArray[np.float64]:
        """A table that has the contract's features [n] to calibrated probabilities [n]; ModelError if one lacks.

        Where it has a column `cutoff`, each row gets the season of its own; else that of the first after training.
        """
        features = encode(table, self.contract.features, needs=self.contract.tables)
        return self.predict_matrix(features, _cutoffs(table))

    def predict_matrix(
        self, features: NDArray[np.float32], cutoff: Cutoffs | None = None, *, judged: bool = False
    ) -> NDArray[np.float64]:
        """Encoded features [n, k] to calibrated probabilities [n], on request by the judged booster.

        `cutoff` is that of all rows, or of each [n]; without it the season is that of the first after training.
        """
        if not len(features):  # LightGBM refuses a matrix without rows
            return np.empty(0)
        booster = self._judged_booster if judged else self._booster
        calibrator = self.judged_calibrator if judged else self.calibrator
        return calibrator.apply(np.asarray(booster.predict(features)), cutoff)

    def make_ready(self) -> None:
        """Import what predicts and read the boosters that score, which else wait for the first prediction.

        ModelError for one that cannot be read.
        """
        _ = self._booster
        if self.forecast is not None:
            self.forecast.make_ready()

    def contributions(
        self, features: NDArray[np.float32], cutoff: Cutoffs | None = None, *, judged: bool = False
    ) -> Contributions:
        """Encoded features [n, k] to what each of them contributes to the log-odds of `predict_matrix` [n]."""
        booster = self._judged_booster if judged else self._booster
        return contributions_of(booster, features, self.predict_matrix(features, cutoff, judged=judged))

    @property
    def trained_until(self) -> int:
        """The instant at which its last target was known: it has learned from what happened before."""
        return _trained_until(self.contract, self.contract.window.last_cutoff)

    def season_warning(self, cutoff: int) -> str | None:
        """What is to be said of probabilities at a cutoff whose season the production booster does not know."""
        if knows_season(self.calibrator, cutoff):
            return None
        zone = LocalTime(self.contract.timezone)
        day = zone.day_of(cutoff)
        trained = zone.day_of(self.trained_until)
        return (
            f"the seasonal level of {day} is unknown: the model was trained on what was known by {trained}, and last"
            " year's same window is not among what it saw; the probabilities are not moved for the season, and their"
            " level may be off: train again"
        )

    @cached_property
    def digest(self) -> str:
        """The sha256 of the manifest, and so of all files: it names exactly this model."""
        return _sha256(self.files()[MANIFEST])

    def files(self) -> dict[str, bytes]:
        """All files of the artefact by name, the same bytes for the same model."""
        texts = {
            "booster.txt": self.booster,
            "calibration.json": canonical_json(
                {"judged": self.judged_calibrator.to_dict(), "production": self.calibrator.to_dict()}
            ),
            "card.md": self.card,
            "contract.json": canonical_json(self.contract.to_dict()),
            "judged.txt": self.judged,
            **(self.forecast.files() if self.forecast is not None else {}),
        }
        files = {name: text.encode() for name, text in texts.items()}
        digests = {name: _sha256(content) for name, content in files.items()}
        manifest = canonical_json({"format": 1, "sha256": digests})
        return {**files, MANIFEST: manifest.encode()}

    @cached_property
    def _booster(self) -> "lightgbm.Booster":
        return _read_booster(self.booster, "booster.txt", len(self.contract.features))

    @cached_property
    def _judged_booster(self) -> "lightgbm.Booster":
        return _read_booster(self.judged, "judged.txt", len(self.contract.features))


def save(folder: Path, artefact: Artefact) -> None:
    """Write an artefact into a folder, made if need be; ModelError where the folder holds anything."""
    folder.mkdir(parents=True, exist_ok=True)
    present = sorted(path.name for path in folder.iterdir())
    if present:
        raise ModelError(
            "A model is only saved into an empty folder.",
            where=str(folder),
            found=", ".join(present),
            remedy="choose another folder",
        )
    for name, content in artefact.files().items():
        (folder / name).write_bytes(content)


def load(folder: Path) -> Artefact:
    """Read the artefact in a folder; ModelError naming the file that is missing, damaged, or does not belong.

    Every file is read once, and its digest verified before its content is looked at. No code is loaded.
    """
    return read(_read_all(folder), str(folder))


def read(contents: Mapping[str, bytes], place: str) -> Artefact:
    """The artefact that the content of its files is, such as `Artefact.files` gives it; errors are those of `load`."""
    _verify(contents, place)
    texts = {name: content.decode() for name, content in contents.items()}
    try:
        contract = Contract.from_dict(json.loads(texts["contract.json"]))
        calibration, window = json.loads(texts["calibration.json"]), contract.window
        ends = {"production": window.last_cutoff, "judged": window.judged_until or window.last_cutoff}
        calibrator, judged_calibrator = (
            calibrator_from_dict(calibration[which], _trained_until(contract, last))
            for which, last in ends.items()
        )
        forecast = Forecast.from_files(texts)
    except (KeyError, TypeError, ValueError) as problem:
        raise ModelError(
            "The model was written in a form that this version of Patron does not read.",
            where=place,
            found=repr(problem),
            remedy="load it with the version of Patron that made it, or train again",
        ) from problem
    return Artefact(
        texts["booster.txt"],
        texts["judged.txt"],
        calibrator,
        judged_calibrator,
        contract,
        texts["card.md"],
        forecast,
    )


def _trained_until(contract: Contract, last_cutoff: str) -> int:
    """When the targets of a last training cutoff (ISO 8601) were known: the instant at which a training ended."""
    cutoff = np.array([to_microseconds(datetime.fromisoformat(last_cutoff))], np.int64)
    question = Question.from_dict(contract.question)
    return int(maturity(question, LocalTime(contract.timezone), cutoff)[0])


def _cutoffs(table: "pa.Table | pd.DataFrame") -> NDArray[np.int64] | None:
    """The cutoffs of a table's rows [n], if it has them."""
    columns = table.column_names if isinstance(table, pa.Table) else table.columns
    if "cutoff" not in columns:
        return None
    if isinstance(table, pa.Table):
        return np.asarray(table["cutoff"].cast(CUTOFF_TYPE).cast(pa.int64()), np.int64)
    import pandas as pd

    moments = pd.to_datetime(table["cutoff"], utc=True)
    return np.asarray(moments.dt.tz_localize(None), "datetime64[us]").astype(np.int64)


def _read_all(folder: Path) -> dict[str, bytes]:
    """The content of every file of an artefact; ModelError where files are missing or do not belong."""
    if not (folder / MANIFEST).is_file():
        raise ModelError(
            "This folder does not hold a Patron model.",
            where=str(folder),
            found=f"no {MANIFEST}",
            remedy="name the folder that a training run wrote, or a model of the registry",
        )
    present = {path.name for path in folder.iterdir()}
    expected = {*FILES, MANIFEST, *filter(is_forecast_file, present)}
    for what, names in (("is missing", expected - present), ("does not belong to it", present - expected)):
        if names:
            raise _damaged(f"a file {what}", str(folder), ", ".join(sorted(names)))
    return {name: (folder / name).read_bytes() for name in sorted(expected)}


def _verify(contents: Mapping[str, bytes], place: str) -> None:
    """Compare every file with the manifest; ModelError naming those that differ."""
    try:
        manifest = json.loads(contents[MANIFEST])
        recorded = dict(manifest["sha256"])
    except (KeyError, TypeError, ValueError) as problem:
        raise _damaged("the manifest cannot be read", place, MANIFEST) from problem
    files = [name for name in contents if name != MANIFEST]
    changed = [name for name in files if recorded.get(name) != _sha256(contents[name])]
    if changed or recorded.keys() != set(files):
        names = changed or sorted(recorded.keys() ^ set(files))
        raise _damaged("a file is not as it was written", place, ", ".join(names))


def _damaged(what: str, place: str, names: str) -> ModelError:
    return ModelError(
        f"The model is damaged: {what}.",
        where=place,
        found=names,
        remedy="fetch it again from the registry, or train again",
    )


def _read_booster(text: str, name: str, n_features: int) -> "lightgbm.Booster":
    booster = read_booster(text, name)
    if booster.num_feature() != n_features:
        raise ModelError(
            "Booster and contract do not fit each other.",
            where=name,
            found=f"{booster.num_feature()} columns in the booster, {n_features} features in the contract",
            remedy="train again",
        )
    return booster


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
