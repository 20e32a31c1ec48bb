"""The examples in docstrings run and say what they show."""

import doctest
import importlib
import pkgutil

import pytest

import patron.actions

MODULES = [found.name for found in pkgutil.iter_modules(patron.actions.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str):
    assert doctest.testmod(importlib.import_module(f"patron.actions.{name}")).failed == 0
