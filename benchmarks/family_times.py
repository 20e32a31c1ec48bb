"""What a family of features takes to build: the processor's time with all families, less that without this one."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from patron.config import Config
from patron.features.engine import build_snapshots, prepare
from patron.features.families import load_families
from patron.features.family import Family
from patron.features.snapshots import calendar_cutoffs
from patron.features.store import EvidenceStore

REPEATS = 4


@dataclass(frozen=True)
class FamilyTime:
    """Seconds of processor time that are saved without the family, and their share of what all families take.

    Families share windows and sorted rows, so that the shares do not sum to one; noise can make one negative.
    """

    family: str
    seconds: float
    share: float


def family_times(config: Config) -> list[FamilyTime]:
    """The time of each family that the evidence allows; reading is not part of it, it reads what is configured."""
    families = load_families(config.run.families, config.data.folder)
    choices = [families, *([each for each in families if each is not family] for family in families)]
    with EvidenceStore(config.data, config.question, memory=config.run.memory) as store:
        _seconds(store, config, families)  # compiles, fills caches
        # In turn, so that a busy minute of the machine does not fall on one of them; what else it does only adds.
        rounds = [[_seconds(store, config, chosen) for chosen in choices] for _ in range(REPEATS)]
    whole, *others = (min(took) for took in zip(*rounds, strict=True))
    return [
        FamilyTime(family.name, whole - other, (whole - other) / whole)
        for family, other in zip(families, others, strict=True)
    ]


def _seconds(store: EvidenceStore, config: Config, families: Sequence[type[Family]]) -> float:
    """Processor time to learn the population's values and to build the snapshots of the question's cutoffs."""
    since = store.observed_from("purchases")
    cutoffs = calendar_cutoffs(config.question, store.zone, since, store.observed_until)
    started = time.process_time()
    prepared = prepare(store, config.question, families, cutoffs)
    build_snapshots(store, prepared, cutoffs, memory=config.run.memory)
    return time.process_time() - started
