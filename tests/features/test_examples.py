"""The examples in docstrings run and say what they show."""

import doctest
import importlib
import pkgutil

import pytest

import patron.features

MODULES = [found.name for found in pkgutil.iter_modules(patron.features.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str):
    assert doctest.testmod(importlib.import_module(f"patron.features.{name}")).failed == 0
