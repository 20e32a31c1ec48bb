"""The registry of models in MLflow: log a version, name it by an alias, and get a verified artefact back."""

import hashlib
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patron.features.errors import ModelError
from patron.features.tracking import Tracking

from .artefact import MANIFEST, Artefact, load, save
from .pyfunc import example_of, signature_of
from .tracking_store import experiment_id, store_exists, tracking_to

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

CHAMPION = "champion"
"""The alias of the version that scores."""

CHALLENGER = "challenger"
"""The alias of the latest version that was trained and is not champion."""

_DIGEST_TAG = "patron.digest"
_REFERENCE = re.compile(r"(?:models:/)?(?P<name>[^/@:]+)(?:@(?P<alias>[^/@]+)|/(?P<version>\d+))")


@dataclass(frozen=True)
class RegisteredVersion:
    """One version of a registered model."""

    name: str
    version: int
    run_id: str
    digest: str
    aliases: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict, compare=False)
    model_id: str = field(default="", compare=False)
    """MLflow's id of the logged model; known where it has just been logged."""

    @property
    def uri(self) -> str:
        """The address that always means this version."""
        return f"models:/{self.name}/{self.version}"


@dataclass(frozen=True)
class ResolvedModel:
    """A model that was found, verified and read; `registered` is None for a folder outside the registry."""

    artefact: Artefact
    folder: Path
    registered: RegisteredVersion | None

    @property
    def uri(self) -> str:
        """The address of the version, or the folder."""
        return self.registered.uri if self.registered else str(self.folder)


_DESCRIPTION = (
    "Calibrated probabilities of Patron. The alias champion names the version that scores, challenger the latest one"
    " that does not; the tags patron.champion.… are the history of the champion, with reasons."
)

UNFINISHED = "Not decided: the recording of this version has not been finished."
"""The description of a version until it is described."""


def log_model(artefact: Artefact, tracking: Tracking, *, run_id: str | None = None) -> RegisteredVersion:
    """Log an artefact to a run and register it as the next version of the tracking's model.

    The run is `run_id`, else the active one, else a new one. The version gets no alias, and says that it is
    `UNFINISHED`. Nothing is fetched from a package index: what the model needs is this version of Patron.
    """
    with tracking_to(tracking.uri) as mlflow, tempfile.TemporaryDirectory() as folder:
        save(Path(folder) / "patron", artefact)
        with _run(mlflow, tracking, run_id) as run:
            logged = mlflow.pyfunc.log_model(
                name="model",
                loader_module="patron.models",
                data_path=str(Path(folder) / "patron"),
                signature=signature_of(artefact.contract),
                input_example=example_of(artefact.contract),
                pip_requirements=[f"patron=={installed_version('patron')}"],
                metadata={_DIGEST_TAG: artefact.digest},
            )
        return _register(
            client_of(mlflow, tracking), tracking.model_name, logged, run.info.run_id, artefact.digest
        )


def resolve(reference: str | Path, tracking: Tracking) -> ResolvedModel:
    """A folder, `models:/name@alias`, `models:/name/3`, `name@alias` or `name/3` to the verified model.

    ModelError says what exists where the name, alias or version does not, and which file is damaged.
    """
    if (Path(reference) / MANIFEST).is_file():
        return ResolvedModel(load(Path(reference)), Path(reference), None)
    parts = _REFERENCE.fullmatch(str(reference))
    if parts is None:
        raise ModelError(
            "This names neither a folder with a model nor a model of the registry.",
            found=str(reference),
            remedy=f"write models:/{tracking.model_name}@{CHAMPION}, models:/{tracking.model_name}/1, or a folder",
        )
    if not store_exists(tracking.uri):
        raise _unknown(parts["name"], "nothing: the store is not there yet", tracking)
    with tracking_to(tracking.uri) as mlflow:
        client = client_of(mlflow, tracking)
        known = _versions(client, parts["name"])
        if not known:
            names = ", ".join(sorted(model.name for model in client.search_registered_models()))
            raise _unknown(parts["name"], f"models {names}" if names else "no model", tracking)
        registered = _pick(known, parts["alias"], parts["version"], tracking)
        model = Path(
            mlflow.artifacts.download_artifacts(
                registered.uri, tracking_uri=tracking.uri, registry_uri=tracking.uri
            )
        )
        folder = model / _data_of(mlflow, model)
    artefact = load(folder)
    _check_registered(folder, registered)
    return ResolvedModel(artefact, folder, registered)


def _data_of(mlflow: Any, model: Path) -> str:
    """Where MLflow's description of a fetched model says that the artefact is; read as data, nothing of it is run."""
    try:
        return str(mlflow.models.Model.load(model).flavors["python_function"]["data"])
    except Exception as problem:  # whatever a damaged file makes of the parser
        raise ModelError(
            "The model is damaged: MLflow's description of it cannot be read.",
            where=str(model / "MLmodel"),
            found=" ".join(str(problem).split())[:200],
            remedy="fetch it again from the registry, or train again",
        ) from problem


def _check_registered(folder: Path, registered: RegisteredVersion) -> None:
    """ModelError where a folder holds another model than was registered; told by its manifest as it was written."""
    digest = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    if registered.digest not in ("", digest):
        raise ModelError(
            "The model in the store is another one than was registered.",
            where=registered.uri,
            found=f"digest {digest[:12]}, registered {registered.digest[:12]}",
            remedy="find out who changed the store; promote a version that is as it was, or train again",
        )


def address_of(wanted: str, tracking: Tracking) -> str:
    """A version's number, an alias, or the id of the run that registered it, to its address; others are one already."""
    if wanted.isdecimal():
        return f"models:/{tracking.model_name}/{wanted}"
    for known in versions(tracking):
        if wanted == known.run_id:
            return known.uri
    if not set("/:@") & set(wanted.removeprefix("@")):
        return f"models:/{tracking.model_name}@{wanted.removeprefix('@')}"
    return wanted


def versions(tracking: Tracking) -> list[RegisteredVersion]:
    """All versions of the tracking's model, oldest first; none where it is not registered."""
    if not store_exists(tracking.uri):
        return []
    with tracking_to(tracking.uri) as mlflow:
        return _versions(client_of(mlflow, tracking), tracking.model_name)


def describe(tracking: Tracking, version: int, description: str, tags: Mapping[str, str]) -> None:
    """Put words and tags beside a version of the tracking's model."""
    with tracking_to(tracking.uri) as mlflow:
        client = client_of(mlflow, tracking)
        client.update_model_version(tracking.model_name, str(version), description)
        for key, value in tags.items():
            client.set_model_version_tag(tracking.model_name, str(version), key, value)


def champion(tracking: Tracking, alias: str = CHAMPION) -> RegisteredVersion | None:
    """The version of the tracking's model that has the alias; None where none has."""
    return next((known for known in versions(tracking) if alias in known.aliases), None)


def set_alias(tracking: Tracking, alias: str, version: int) -> None:
    """Give the alias to one version of the tracking's model, and take it from any other; ModelError if unknown."""
    known = versions(tracking)
    if not known:
        raise _unknown(tracking.model_name, "no version of it", tracking)
    _pick(known, None, str(version), tracking)
    with tracking_to(tracking.uri) as mlflow:
        client = client_of(mlflow, tracking)
        client.set_registered_model_alias(tracking.model_name, alias, str(version))


def delete_alias(tracking: Tracking, alias: str) -> None:
    """Take an alias from whichever version of the tracking's model has it."""
    with tracking_to(tracking.uri) as mlflow:
        client_of(mlflow, tracking).delete_registered_model_alias(tracking.model_name, alias)


def client_of(mlflow: Any, tracking: Tracking) -> "MlflowClient":
    """A client of the tracking's store; to be used inside `tracking_to`."""
    client: MlflowClient = mlflow.MlflowClient(tracking_uri=tracking.uri, registry_uri=tracking.uri)
    return client


@contextmanager
def _run(mlflow: Any, tracking: Tracking, run_id: str | None) -> Iterator[Any]:
    """The run to log to: the active one stays open, any other is closed at the end."""
    active = mlflow.active_run()
    if active is not None and run_id in (None, active.info.run_id):
        yield active
    elif run_id is not None:
        with mlflow.start_run(run_id=run_id, nested=active is not None) as run:
            yield run
    else:
        with mlflow.start_run(experiment_id=experiment_id(tracking)) as run:
            yield run


def _register(client: "MlflowClient", name: str, logged: Any, run_id: str, digest: str) -> RegisteredVersion:
    """Register a logged model; what `mlflow.register_model` does, which would print each step."""
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name, description=_DESCRIPTION)
    except MlflowException as problem:
        if problem.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    created = client.create_model_version(
        name,
        logged.model_uri,
        run_id,
        tags={_DIGEST_TAG: digest},
        description=UNFINISHED,
        model_id=logged.model_id,
    )
    link = json.dumps([{"name": name, "version": int(created.version)}])
    client.set_logged_model_tags(logged.model_id, {"mlflow.modelVersions": link})
    return RegisteredVersion(name, int(created.version), run_id, digest, model_id=logged.model_id)


def _versions(client: "MlflowClient", name: str) -> list[RegisteredVersion]:
    """All versions of a model, oldest first, with their aliases."""
    from mlflow.exceptions import MlflowException

    try:
        aliases = client.get_registered_model(name).aliases
    except MlflowException as problem:
        if problem.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return []
    found: list[ModelVersion] = []
    token: str | None = None
    while token != "":
        page = client.search_model_versions(f"name='{name}'", page_token=token)
        found.extend(page)
        token = page.token or ""
    return sorted((_registered(version, aliases) for version in found), key=lambda known: known.version)


def _registered(version: "ModelVersion", aliases: dict[str, str]) -> RegisteredVersion:
    number = int(version.version)
    own = tuple(sorted(alias for alias, target in aliases.items() if int(target) == number))
    digest = version.tags.get(_DIGEST_TAG, "")
    return RegisteredVersion(version.name, number, version.run_id or "", digest, own, dict(version.tags))


def _pick(
    known: list[RegisteredVersion], alias: str | None, version: str | None, tracking: Tracking
) -> RegisteredVersion:
    """The version meant by an alias or a number; ModelError listing what exists."""
    for candidate in known:
        if alias in candidate.aliases or version == str(candidate.version):
            return candidate
    wanted = f"alias {alias}" if alias else f"version {version}"
    listed = ", ".join(" @".join([str(entry.version), *entry.aliases]) for entry in known)
    newest = known[-1].version
    raise ModelError(
        f"The model {known[0].name} has no {wanted}.",
        where=tracking.uri,
        found=f"versions {listed}",
        remedy=f'make one of them champion: patron promote {newest} --reason "…"; or name one: --model models:/'
        f"{known[0].name}/{newest}"
        if alias == CHAMPION
        else "name one of them",
    )


def _unknown(name: str, found: str, tracking: Tracking) -> ModelError:
    return ModelError(
        f"The model {name} is not registered.",
        where=tracking.uri,
        found=found,
        remedy="train a model first, or name one that is registered",
    )
