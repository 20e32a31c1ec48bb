"""The repository as others get it: the wheel, the pinned dependencies, and who may import whom."""

import ast
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
ROOMS = ("actions", "features", "models", "reporting", "serving", "training")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def tracked() -> list[str]:
    """The repository's files, as git knows them."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a git clone")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


def in_the_wheel(name: str) -> str | None:
    """Where a file of the repository lies in the wheel; None where it does not belong there."""
    room, _, rest = name.partition("/")
    if room in ROOMS:
        return f"patron/{room}/{rest}"
    return name.removeprefix("src/") if name.startswith("src/patron/") else None


@pytest.fixture(scope="module")
def files() -> list[str]:
    """The repository's files, listed once."""
    return tracked()


@pytest.fixture(scope="module")
def wheel(files: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the files that git knows, built without the network."""
    source = tmp_path_factory.mktemp("source")
    for name in files:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, source / name)
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def fresh(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a new environment with the wheel in it; other libraries are those of this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--offline", "--no-deps", "--python"]
    subprocess.run([*install, str(python), str(wheel)], check=True, capture_output=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "shared.pth").write_text(sysconfig.get_path("purelib"))
    return python


def run(python: Path, *arguments: str, folder: Path) -> str:
    """What a program prints, run outside the repository with no path into it."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(
        [str(python), *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_what_git_tracks_of_the_package_and_nothing_else(wheel: Path, files: list[str]):
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}

    assert sorted(held) == sorted(name for file in files if (name := in_the_wheel(file)))


def test_the_wheel_carries_the_licence(wheel: Path):
    held = zipfile.ZipFile(wheel).namelist()

    assert [name for name in held if name.endswith("licenses/LICENSE")] != []


def test_the_wheel_works_in_a_fresh_environment_outside_the_repository(fresh: Path, tmp_path: Path):
    code = (
        "import importlib, pkgutil, patron\n"
        "for module in pkgutil.walk_packages(patron.__path__, 'patron.'):\n"
        "    importlib.import_module(module.name)\n"
        "print(patron.__file__, patron.__version__)"
    )
    place, version = run(fresh, "-c", code, folder=tmp_path).split()

    assert Path(place).is_relative_to(fresh.parents[1])
    assert version == PROJECT["project"]["version"]


def test_the_command_of_the_wheel_answers(fresh: Path, tmp_path: Path):
    help_text = run(fresh.with_name("patron"), "--help", folder=tmp_path)

    assert "score" in help_text


def test_a_process_with_rooms_of_its_own_keeps_them_and_ours(fresh: Path, tmp_path: Path):
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "__init__.py").write_text("OURS = False\n")
    code = "import features, patron.features.errors as errors; print(features.OURS, errors.PatronError.exit_code)"

    assert run(fresh, "-c", code, folder=tmp_path) == "False 1\n"


def pinned() -> dict[str, str]:
    """Versions by library, as constraints.txt pins them."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}


def test_every_dependency_is_pinned_to_a_version_that_it_allows():
    project = PROJECT["project"]
    declared = [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values())]
    pins = pinned()

    for requirement in map(Requirement, declared):
        assert canonicalize_name(requirement.name) in pins, requirement
        assert pins[canonicalize_name(requirement.name)] in requirement.specifier, requirement


def test_pins_name_no_host_and_nothing_but_versions():
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"[a-z0-9.-]+==[a-z0-9.!+]+", line), line


def test_every_room_is_packaged():
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")}

    assert rooms == set(ROOMS)
    assert PROJECT["tool"]["setuptools"]["packages"] == ["patron", *(f"patron.{room}" for room in ROOMS)]


def test_rooms_are_flat_and_tests_mirror_them():
    nested = [
        name
        for name in tracked()
        if name.split("/")[0] in ROOMS and name.endswith(".py") and name.count("/") > 1
    ]

    assert nested == []
    assert not (ROOT / "tests" / "__init__.py").exists()


def absolute_imports(name: str) -> set[str]:
    """The modules that a file imports by their full names, inside functions too."""
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    named = {
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level == 0
        for alias in node.names
    }
    return plain | named


def package_files() -> list[str]:
    """The package's Python files, as git knows them."""
    return [name for name in tracked() if name.endswith(".py") and in_the_wheel(name)]


def test_no_room_imports_the_front_door():
    rooms = tuple(f"patron.{room}." for room in ROOMS)
    upwards = [
        (name, imported)
        for name in package_files()
        if not name.startswith("src/")
        for imported in sorted(absolute_imports(name))
        if imported.split(".")[0] == "patron" and not f"{imported}.".startswith(rooms)
    ]

    assert upwards == []


def test_nothing_but_reporting_imports_matplotlib():
    drawing = {
        name.split("/")[0]
        for name in package_files()
        if any(imported.split(".")[0] == "matplotlib" for imported in absolute_imports(name))
    }

    assert drawing <= {"reporting"}


@pytest.mark.parametrize("verb", ["help", "install", "demo", "test", "check", "bench", "docs"])
def test_bare_make_lists_the_verb(verb: str):
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    listed = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True)

    assert re.search(rf"^{verb}\s+\w", listed.stdout, re.MULTILINE)
