"""Access to an MLflow store: imported late, quiet on a terminal, and leaving the process as it was found."""

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from patron.features.errors import ConfigurationError
from patron.features.tracking import Tracking

_CHATTY = ("mlflow", "alembic")
"""Loggers that tell at level INFO of tables, migrations and input examples."""

_SQLITE = "sqlite:///"


def import_mlflow() -> ModuleType:
    """MLflow, imported on first use (it takes seconds) and then without telemetry, unless the caller chose it."""
    if "mlflow" not in sys.modules:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of its own type hints
        import mlflow
        import mlflow.pyfunc
    return mlflow


@contextmanager
def tracking_to(uri: str) -> Iterator[ModuleType]:
    """MLflow, tracking to `uri` inside the block; the address, environment and log levels are put back after it."""
    _check_sqlite(uri)
    mlflow = import_mlflow()
    previous = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None
    names = (
        "MLFLOW_TRACKING_URI",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR",
    )
    environment = {name: os.environ.get(name) for name in names}
    levels = {name: logging.getLogger(name).level for name in _CHATTY}
    try:
        os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
        os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
        for name in _CHATTY:
            logging.getLogger(name).setLevel(max(levels[name], logging.WARNING))
        with warnings.catch_warnings():
            # its use of SQLAlchemy is MLflow's to mend
            warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"mlflow\.")
            mlflow.set_tracking_uri(uri)
            yield mlflow
    finally:
        mlflow.set_tracking_uri(previous)
        for name, value in environment.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def experiment_id(tracking: Tracking) -> str:
    """The id of the tracking's experiment, made if need be; ConfigurationError where it was deleted.

    With SQLite its artefacts lie in `mlartifacts` beside the file: MLflow's own default is the current folder.
    """
    with tracking_to(tracking.uri) as mlflow:
        found = mlflow.get_experiment_by_name(tracking.experiment)
        if found is None:
            return str(mlflow.create_experiment(tracking.experiment, artifact_location(tracking.uri)))
        if found.lifecycle_stage != "active":
            raise ConfigurationError(
                "The experiment was deleted.",
                where="[tracking] experiment",
                found=tracking.experiment,
                remedy="restore it in MLflow, or choose another name",
            )
        return str(found.experiment_id)


def local_file(uri: str) -> Path | None:
    """The SQLite file of a local store; None for a server."""
    return Path(uri.removeprefix(_SQLITE)) if uri.startswith(_SQLITE) else None


def store_exists(uri: str) -> bool:
    """Whether there can be anything to read: False for an SQLite file that is not there yet."""
    file = local_file(uri)
    return file is None or file.is_file()


def artifact_location(uri: str) -> str | None:
    """Where the artefacts of a store's experiments lie; None where the server decides."""
    file = local_file(uri)
    return None if file is None else (file.resolve().parent / "mlartifacts").as_uri()


def require_store(uri: str) -> None:
    """ConfigurationError, soon, where a server does not answer: MLflow alone tries for minutes."""
    if local_file(uri) is not None:
        return
    retries = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
    chosen = os.environ.get(retries)
    try:
        os.environ.setdefault(retries, "1")
        with tracking_to(uri) as mlflow:
            mlflow.search_experiments(max_results=1)
    except Exception as problem:  # whatever the transport raises: requests, urllib3 or MLflow itself
        raise ConfigurationError(
            "The MLflow server does not answer.",
            where="[tracking] uri",
            found=f"{uri}: {type(problem).__name__}",
            remedy="start it, or correct the address; a file beside the configuration needs no server:"
            " sqlite:///mlflow.db",
        ) from problem
    finally:
        if chosen is None:
            os.environ.pop(retries, None)


def _check_sqlite(uri: str) -> None:
    """Make the folder of an SQLite file; ConfigurationError where that cannot be, which MLflow tries for minutes."""
    path = local_file(uri)
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise ConfigurationError(
            "The MLflow store cannot be written.",
            where="[tracking] uri",
            found=f"{uri}: {problem.strerror}",
            remedy="name a file in a folder that can be written, such as sqlite:///mlflow.db",
        ) from problem
