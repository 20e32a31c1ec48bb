"""Value objects as plain data for JSON."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from .intervals import Estimate, NextCutoff, finite


def as_plain(value: Any) -> Any:
    """Value objects, mappings and tuples to dicts and lists: None for what is not finite.

    >>> as_plain({"gain": Estimate(0.5, 0.25, float("nan"))})
    {'gain': {'value': 0.5, 'low': 0.25, 'high': None}}
    """
    if isinstance(value, Estimate | NextCutoff):
        return value.to_dict()
    if is_dataclass(value):
        return {field.name: as_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: as_plain(entry) for key, entry in value.items()}
    if isinstance(value, tuple):
        return [as_plain(entry) for entry in value]
    return finite(value) if isinstance(value, float) else value
