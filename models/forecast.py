"""The forecast: what a score says beyond the first horizon's probability, and the files in which it is kept."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from patron.features.catalogue import FeatureField
from patron.features.localtime import LocalTime

from .calibrators import calibrator_from_dict
from .contract import canonical_json
from .hazard import HazardStep, probabilities_by_horizon
from .next_purchase import BECAUSE, NextPurchase, Rhythm, Timing
from .spend import Expectation, SpendModel

Floats = npt.NDArray[np.float64]

FORECAST = "forecast.json"
_PURCHASES, _SPEND = "purchases.txt", "spend.txt"
_FILE = re.compile(r"forecast\.json|purchases\.txt|spend\.txt|step_\d+d\.txt")


def is_forecast_file(name: str) -> bool:
    """Whether a file of an artefact may be one of the forecast's."""
    return _FILE.fullmatch(name) is not None


@dataclass(frozen=True)
class Forecast:
    """What was learned beside the judged probability of the first horizon, `horizon_days`; each part may be absent.

    `steps` lead to the further horizons, rising; `spend` expects purchases and net spend, `rhythm` the next purchase.
    """

    horizon_days: int
    steps: tuple[HazardStep, ...] = ()
    spend: SpendModel | None = None
    rhythm: Rhythm | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was learned."""
        return not self.steps and self.spend is None and self.rhythm is None

    @property
    def horizons(self) -> tuple[int, ...]:
        """All horizons in days, the first one first."""
        return (self.horizon_days, *(step.horizon_days for step in self.steps))

    def probabilities(self, table: pa.Table, first: Floats) -> Floats:
        """Snapshots with features [n] and the first horizon's probabilities [n] to those of all [n, horizons]."""
        return probabilities_by_horizon(first, [step.hazard(table) for step in self.steps])

    def next_purchase(self, table: pa.Table, probabilities: Floats) -> NextPurchase | None:
        """Snapshots [n] and their probabilities at all horizons [n, horizons] to ranges; None without a rhythm."""
        if self.rhythm is None:
            return None
        return self.rhythm.ranges(Timing.of(table), self.horizons, probabilities)

    def schema(self) -> list[tuple[str, pa.DataType]]:
        """The columns of `columns` with their types, in their order."""
        found = [(f"probability_{step.horizon_days}d", pa.float64()) for step in self.steps]
        if self.spend is not None:
            found.append(("expected_purchases", pa.float64()))
            if self.spend.spend is not None:
                found.append(("expected_spend", pa.float64()))
        if self.rhythm is not None:
            found += [(f"next_purchase_{name}", pa.date32()) for name in ("low", "middle", "high")]
            found.append(("next_purchase_unknown_because", pa.string()))
        return found

    def columns(
        self, table: pa.Table, features: npt.NDArray[np.float32], first: Floats, zone: LocalTime
    ) -> dict[str, pa.Array]:
        """Snapshots [n], their encoded features [n, k] and first probabilities [n] to the score's further columns.

        Days of the next purchase are days of the business.
        """
        probabilities = self.probabilities(table, first)
        later = probabilities[:, 1:].T
        found = {
            f"probability_{step.horizon_days}d": pa.array(each, pa.float64())
            for step, each in zip(self.steps, later, strict=True)
        }
        if self.spend is not None:
            found["expected_purchases"] = pa.array(self.spend.expected_purchases(features, first))
            if self.spend.spend is not None:
                found["expected_spend"] = pa.array(self.spend.expected_spend(features, first))
        ranges = self.next_purchase(table, probabilities)
        return found if ranges is None else found | _dates(table, ranges, zone)

    def files(self) -> dict[str, str]:
        """The texts in which it is kept by name; `from_files` reads them."""
        if self.is_empty:
            return {}
        steps = [
            {
                "horizon_days": step.horizon_days,
                "calibration": step.calibrator.to_dict(),
                "features": [asdict(field) for field in step.features],
            }
            for step in self.steps
        ]
        plain = {
            "horizon_days": self.horizon_days,
            "steps": steps,
            "spend": None if self.spend is None else _spend_to_dict(self.spend),
            "rhythm": None if self.rhythm is None else list(self.rhythm.hazards),
        }
        texts = {FORECAST: canonical_json(plain)}
        texts |= {f"step_{step.horizon_days}d.txt": step.booster for step in self.steps}
        if self.spend is not None:
            boosters = {_PURCHASES: self.spend.more, _SPEND: self.spend.spend}
            texts |= {name: each.booster for name, each in boosters.items() if each and each.booster}
        return texts

    @classmethod
    def from_files(cls, texts: Mapping[str, str]) -> Self | None:
        """The forecast that `files` wrote; None where there is none."""
        if FORECAST not in texts:
            return None
        plain = json.loads(texts[FORECAST])
        return cls(
            horizon_days=plain["horizon_days"],
            steps=tuple(_step(each, texts) for each in plain["steps"]),
            spend=None if plain["spend"] is None else _spend(plain["spend"], texts),
            rhythm=None if plain["rhythm"] is None else Rhythm(tuple(plain["rhythm"])),
        )

    def make_ready(self) -> None:
        """Read all boosters, which else wait for the first prediction; ModelError for one that cannot be read."""
        for step in self.steps:
            step.make_ready()
        if self.spend is not None:
            for each in (self.spend.more, self.spend.spend):
                if each is not None:
                    each.make_ready()


def _dates(table: pa.Table, ranges: NextPurchase, zone: LocalTime) -> dict[str, pa.Array]:
    """The ranges as days of the business, and why there is none."""
    cutoff = np.asarray(table["cutoff"]).astype("datetime64[us]").astype(np.int64)
    moments, place = np.unique(cutoff, return_inverse=True)
    days = np.array([zone.day_of(int(moment)) for moment in moments], "datetime64[D]").astype(np.int64)
    unknown = ranges.reason >= 0
    found: dict[str, pa.Array] = {}
    for name in ("low", "middle", "high"):
        later = np.nan_to_num(getattr(ranges, name)).astype(np.int64)
        at = (days[place] + later if len(place) else later).astype(np.int32)
        found[f"next_purchase_{name}"] = pa.array(at, pa.int32(), mask=unknown).cast(pa.date32())
    words = pa.array(BECAUSE, pa.string())
    found["next_purchase_unknown_because"] = words.take(
        pa.array(np.where(unknown, ranges.reason, 0), pa.int32(), mask=~unknown)
    )
    return found


def _step(plain: Mapping[str, Any], texts: Mapping[str, str]) -> HazardStep:
    days = plain["horizon_days"]
    features = tuple(
        FeatureField(**{**entry, "categories": tuple(entry["categories"])}) for entry in plain["features"]
    )
    return HazardStep(days, texts[f"step_{days}d.txt"], calibrator_from_dict(plain["calibration"]), features)


def _spend_to_dict(spend: SpendModel) -> dict[str, Any]:
    both = {"purchases": spend.more, "spend": spend.spend}
    starts = {name: _start(each) for name, each in both.items() if each is not None}
    return {"starts": starts, "level": spend.level}


def _start(expectation: Expectation) -> float | None:
    """The offset; None for one that expects nothing, as JSON knows no infinity."""
    return expectation.start if np.isfinite(expectation.start) else None


def _spend(plain: Mapping[str, Any], texts: Mapping[str, str]) -> SpendModel:
    starts = {name: -np.inf if start is None else start for name, start in plain["starts"].items()}
    spend = Expectation(texts.get(_SPEND), starts["spend"]) if "spend" in starts else None
    return SpendModel(Expectation(texts.get(_PURCHASES), starts["purchases"]), spend, plain["level"])
