"""econml, an extra: imported by the verb that needs it, and asked for in words where it is missing."""

from importlib import import_module
from types import ModuleType

from patron.features.errors import ConfigurationError


def econml_sensitivity() -> ModuleType:
    """The module with econml's sensitivity analysis; ConfigurationError where econml is not installed."""
    return _imported("econml.validate.sensitivity_analysis")


def econml_forest() -> ModuleType:
    """The module with econml's forests; ConfigurationError where econml is not installed."""
    return _imported("econml.grf")


def statsmodels() -> ModuleType:
    """statsmodels, which econml stands on; ConfigurationError where it is not installed."""
    return _imported("statsmodels.api")


def _imported(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError as error:
        raise ConfigurationError(
            "Measuring activities takes econml, which is not installed.",
            where="the extra patron[activities]",
            remedy="pip install 'patron[activities]'",
        ) from error
