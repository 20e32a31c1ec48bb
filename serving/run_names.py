"""What the scores of a run depend on, and the name that says so: runs of one name have the same scores."""

import hashlib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from patron.features.partition import FeaturePlan
from patron.models.artefact import Artefact
from patron.models.contract import canonical_json

from .telling import Telling


def run_identity(
    artefact: Artefact,
    plan: FeaturePlan,
    cutoff: int,
    tables: Mapping[str, str],
    ids: Sequence[str],
    telling: Telling,
) -> dict[str, Any]:
    """All that the scores depend on, as plain data; `tables` and `ids` are digests of what is known by the engine."""
    return {
        "model": artefact.digest,
        "tables": dict(tables),
        "ids": list(ids),
        "observed_from": dict(plan.observed_from),
        "cutoff": cutoff,
        "closures": list(plan.question.calendar.closures),
        "patron": version("patron"),
        **({"reasons": str(telling)} if telling else {}),
    }


def run_name(day: str, identity: Mapping[str, Any]) -> str:
    """The cutoff's day, and digests of the model and of all else that the scores depend on."""
    rest = {key: value for key, value in identity.items() if key != "model"}
    digest = hashlib.sha256(canonical_json(rest).encode()).hexdigest()
    return f"{day}-{identity['model'][:8]}-{digest[:8]}"
