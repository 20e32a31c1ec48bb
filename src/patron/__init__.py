"""Patron: who buys again, when, and why.

Names load on first use, so that `import patron` and `patron --help` stay light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from patron.actions.measuring import measure_effect
    from patron.actions.targeting import learn_targeting
    from patron.api import (
        activities,
        audit,
        backfill,
        build_features,
        build_training_set,
        check,
        compare,
        explain,
        forget,
        monitor,
        promote,
        report,
        rollback,
        score,
        train,
        write_features,
    )
    from patron.config import Config, load_config
    from patron.features.errors import ConfigurationError, DataError, GateError, ModelError, PatronError
    from patron.features.expressions import Evidence
    from patron.features.family import Family, Feature
    from patron.features.question import Purchase, Question, SpendDrop
    from patron.features.tables import ColumnSource, TableSpec
    from patron.features.tracking import Tracking
    from patron.planning import plan
    from patron.training.settings import TrainingSettings

    __version__: str

__all__ = [
    "ColumnSource",
    "Config",
    "ConfigurationError",
    "DataError",
    "Evidence",
    "Family",
    "Feature",
    "GateError",
    "ModelError",
    "PatronError",
    "Purchase",
    "Question",
    "SpendDrop",
    "TableSpec",
    "Tracking",
    "TrainingSettings",
    "__version__",
    "activities",
    "audit",
    "backfill",
    "build_features",
    "build_training_set",
    "check",
    "compare",
    "explain",
    "forget",
    "learn_targeting",
    "load_config",
    "measure_effect",
    "monitor",
    "plan",
    "promote",
    "report",
    "rollback",
    "score",
    "train",
    "write_features",
]

_HOMES = {
    "patron.actions.measuring": ("measure_effect",),
    "patron.actions.targeting": ("learn_targeting",),
    "patron.api": (
        "activities",
        "audit",
        "backfill",
        "build_features",
        "build_training_set",
        "check",
        "compare",
        "explain",
        "forget",
        "monitor",
        "promote",
        "report",
        "rollback",
        "score",
        "train",
        "write_features",
    ),
    "patron.planning": ("plan",),
    "patron.config": ("Config", "load_config"),
    "patron.features.errors": ("ConfigurationError", "DataError", "GateError", "ModelError", "PatronError"),
    "patron.features.expressions": ("Evidence",),
    "patron.features.family": ("Family", "Feature"),
    "patron.features.question": ("Purchase", "Question", "SpendDrop"),
    "patron.features.tables": ("ColumnSource", "TableSpec"),
    "patron.features.tracking": ("Tracking",),
    "patron.training.settings": ("TrainingSettings",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("patron")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'patron' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
