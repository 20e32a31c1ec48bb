"""What is learned and kept: classifier, calibration, opponents, metrics, artefact and registry client."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .pyfunc import PatronModel


def _load_pyfunc(path: str) -> PatronModel:
    """The model in an artefact folder, as `mlflow.pyfunc.load_model` asks its loader module for it."""
    from pathlib import Path

    from .artefact import load
    from .pyfunc import PatronModel

    return PatronModel(load(Path(path)))
