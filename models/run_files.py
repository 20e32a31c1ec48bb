"""Files that a training run left in MLflow, fetched to where a user wants them."""

import shutil
import tempfile
from pathlib import Path

from patron.features.errors import ConfigurationError, ModelError
from patron.features.tracking import Tracking

from .registry import champion, versions
from .tracking_store import store_exists, tracking_to


def fetch_report(tracking: Tracking, run_id: str | None, out: Path) -> Path:
    """The training report of a run to the file `out`: the champion's run unless given, else the newest version's.

    ModelError where there is no such run or report, ConfigurationError where the file cannot be written.
    """
    wanted = run_id or _usual_run(tracking)
    if not store_exists(tracking.uri):
        raise _unknown(wanted, tracking)
    with tracking_to(tracking.uri) as mlflow, tempfile.TemporaryDirectory() as folder:
        try:
            found = mlflow.artifacts.download_artifacts(
                run_id=wanted, artifact_path="report.html", dst_path=folder, tracking_uri=tracking.uri
            )
        except (mlflow.exceptions.MlflowException, OSError):
            raise _unknown(wanted, tracking) from None
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(found, out)
        except OSError as problem:
            raise ConfigurationError(
                "The report cannot be written.",
                where=str(out),
                found=str(problem.strerror),
                remedy="name a file in a folder that this user may write to",
            ) from None
    return out


def fetch_text(tracking: Tracking, run_id: str, name: str) -> str:
    """A text file that a training run left; ModelError where there is no such run or file."""
    with tracking_to(tracking.uri) as mlflow, tempfile.TemporaryDirectory() as folder:
        try:
            found = mlflow.artifacts.download_artifacts(
                run_id=run_id, artifact_path=name, dst_path=folder, tracking_uri=tracking.uri
            )
        except (mlflow.exceptions.MlflowException, OSError):
            raise ModelError(
                f"The run has left no {name}.",
                where=tracking.uri,
                found=run_id,
                remedy="take the id of a training run from `patron train` or from MLflow",
            ) from None
        return Path(found).read_text(encoding="utf-8")


def _usual_run(tracking: Tracking) -> str:
    """The run of the champion, else of the newest version."""
    known = versions(tracking)
    chosen = champion(tracking) or (known[-1] if known else None)
    if chosen is None:
        raise ModelError(
            "There is no training run to report on.",
            where=tracking.uri,
            found=f"no version of {tracking.model_name}",
            remedy="train a model first: patron train",
        )
    return chosen.run_id


def _unknown(run_id: str, tracking: Tracking) -> ModelError:
    return ModelError(
        "The run has no training report.",
        where=tracking.uri,
        found=run_id,
        remedy="take the id of a training run from `patron train` or from MLflow",
    )
