"""A model that tries to run code: nothing in it is ever run, and what does not belong is refused."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from patron.features.errors import ModelError, PatronError
from patron.features.tracking import Tracking
from patron.models.artefact import Artefact, load, save
from patron.models.registry import log_model, resolve


class Exploit:
    """Writes a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Callable[..., object], tuple[Path]]:
        return Path.touch, (self.file,)


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """A file that is there once code of the artefact was run."""
    return tmp_path / "run"


def test_the_exploit_of_these_tests_works(trace: Path) -> None:
    pickle.loads(pickle.dumps(Exploit(trace)))  # noqa: S301
    assert trace.exists()


@pytest.mark.parametrize(
    "name", ["booster.txt", "judged.txt", "contract.json", "calibration.json", "card.md"]
)
def test_a_pickle_in_place_of_a_file_is_refused_unread(
    artefact: Artefact, tmp_path: Path, trace: Path, name: str
) -> None:
    save(tmp_path / "model", artefact)
    (tmp_path / "model" / name).write_bytes(pickle.dumps(Exploit(trace)))
    with pytest.raises(ModelError, match="not as it was written"):
        load(tmp_path / "model")
    assert not trace.exists()


@pytest.mark.parametrize("name", ["python_model.pkl", "evil.py", "sitecustomize.py"])
def test_a_file_with_code_beside_the_others_is_refused(
    artefact: Artefact, tmp_path: Path, trace: Path, name: str
) -> None:
    save(tmp_path / "model", artefact)
    (tmp_path / "model" / name).write_text(f"open({str(trace)!r}, 'w')")
    with pytest.raises(ModelError, match="does not belong"):
        load(tmp_path / "model")
    assert not trace.exists()


@pytest.fixture
def tracking(make_store: Callable[[Path], Path], tmp_path: Path) -> Tracking:
    """An empty store."""
    return Tracking(uri=f"sqlite:///{make_store(tmp_path)}", model_name="m")


def stored(folder: Path) -> Path:
    """The description that MLflow keeps of the one model in the folder."""
    (found,) = folder.rglob("MLmodel")
    return found


def test_code_that_mlflow_would_load_is_not_loaded(
    artefact: Artefact, tracking: Tracking, tmp_path: Path, trace: Path
) -> None:
    log_model(artefact, tracking)
    described = stored(tmp_path)
    (described.parent / "code").mkdir()
    (described.parent / "code" / "evil.py").write_text(f"open({str(trace)!r}, 'w')")
    text = described.read_text().replace(
        "loader_module: patron.models", "loader_module: evil\n    code: code"
    )
    assert "evil" in text
    described.write_text(text)
    assert resolve("models:/m/1", tracking).artefact == artefact
    assert not trace.exists()


def test_a_description_that_asks_for_python_objects_is_refused(
    artefact: Artefact, tracking: Tracking, tmp_path: Path, trace: Path
) -> None:
    log_model(artefact, tracking)
    described = stored(tmp_path)
    described.write_text(f"{described.read_text()}\nevil: !!python/object/apply:os.mknod [{str(trace)!r}]\n")
    with pytest.raises(PatronError, match="damaged"):
        resolve("models:/m/1", tracking)
    assert not trace.exists()


def test_another_whole_model_in_the_place_of_a_registered_one_is_refused(
    artefact: Artefact, tracking: Tracking, tmp_path: Path
) -> None:
    log_model(artefact, tracking)
    place = resolve("models:/m/1", tracking).folder
    for file in place.iterdir():
        file.unlink()
    save(place, replace(artefact, card="Trust me."))
    with pytest.raises(ModelError, match="another one than was registered"):
        resolve("models:/m/1", tracking)
