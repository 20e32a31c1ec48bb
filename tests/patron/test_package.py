"""`import patron`: light, sorted, complete."""

import subprocess
import sys

import pytest

import patron

HEAVY = (
    "duckdb",
    "lightgbm",
    "matplotlib",
    "mlflow",
    "numba",
    "numpy",
    "pandas",
    "pyspark",
    "pyarrow",
    "sklearn",
    "typer",
)


def loaded_after(code: str) -> list[str]:
    """The heavy libraries that a fresh interpreter has loaded after the code."""
    check = f"import sys\n{code}\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    return run.stdout.split()


def test_importing_patron_loads_nothing_heavy():
    assert loaded_after("import patron") == []


def test_reading_a_configuration_loads_nothing_heavy():
    code = (
        "import patron\n"
        "patron.load_config({'data': {'observed_until': '2018-01-01'}, 'purchases': {'path': 'p.csv'}})\n"
        "patron.Question, patron.TableSpec, patron.PatronError"
    )

    assert loaded_after(code) == []


def test_the_command_line_waits_with_heavy_libraries_until_a_verb_runs():
    assert loaded_after("import patron.cli") == ["typer"]


def test_what_scoring_imports_leaves_lightgbm_and_mlflow_to_the_verb():
    assert not {"lightgbm", "sklearn", "mlflow"} & set(loaded_after("import patron.serving.scorer"))


def test_scoring_loads_no_plots_and_no_tuner():
    check = (
        "import pkgutil, sys, importlib, patron.serving\n"
        "for module in pkgutil.iter_modules(patron.serving.__path__):\n"
        "    importlib.import_module(f'patron.serving.{module.name}')\n"
        "import patron.api\n"
        "print(*[name for name in ('matplotlib', 'optuna') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)

    assert run.stdout.split() == []


def test_all_names_are_sorted_and_there():
    assert patron.__all__ == sorted(patron.__all__)
    assert [name for name in patron.__all__ if getattr(patron, name) is None] == []
    assert set(patron.__all__) <= set(dir(patron))


def test_names_are_those_of_their_homes():
    from patron.config import load_config
    from patron.features.question import Question

    assert patron.load_config is load_config
    assert patron.Question is Question


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        patron.trian  # noqa: B018 - looking it up is the test
