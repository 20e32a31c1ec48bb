"""Single values that replace those of the configuration: `--set key=value` and keywords."""

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from patron.features.errors import ConfigurationError


def apply_texts(values: Mapping[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """The values with each "section.key=value" applied in order; a value is TOML, and a bare word a text.

    >>> apply_texts({"question": {"cutoffs": 12}}, ["question.cutoffs=6", "question.population=lapsed"])
    {'question': {'cutoffs': 6, 'population': 'lapsed'}}
    """
    changed = dict(values)
    for override in overrides:
        key, separator, text = override.partition("=")
        parts = _key_parts(key)
        if not separator or len(parts) < 2:
            raise ConfigurationError(
                "An override has the form section.key=value.",
                where="--set",
                found=override,
                remedy="for example --set question.horizon_days=30",
            )
        changed = _put(changed, parts, _toml_value(text.strip()), override)
    return changed


def apply_keywords(values: Mapping[str, Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
    """The values with each `section__key=value` applied."""
    changed = dict(values)
    for keyword, value in keywords.items():
        parts = tuple(keyword.split("__"))
        if len(parts) < 2 or not all(parts):
            raise ConfigurationError(
                f"load_config has no argument {keyword!r}, and it is no override.",
                found=keyword,
                remedy="name section and key, for example question__horizon_days=30",
            )
        changed = _put(changed, parts, value, keyword)
    return changed


def _key_parts(key: str) -> tuple[str, ...]:
    """The parts of a dotted TOML key, `profile."home town"` included; none where it is no key."""
    try:
        nested: Any = tomllib.loads(f"{key.strip()} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    parts: list[str] = []
    while isinstance(nested, dict) and len(nested) == 1:
        ((part, nested),) = nested.items()
        parts.append(part)
    return tuple(parts) if nested == 0 else ()


def _toml_value(text: str) -> Any:
    try:
        parsed = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return parsed["value"] if set(parsed) == {"value"} else text


def _put(values: Mapping[str, Any], parts: tuple[str, ...], value: Any, override: str) -> dict[str, Any]:
    head, *rest = parts
    if not rest:
        return {**values, head: value}
    inner = values.get(head, {})
    if not isinstance(inner, Mapping):
        raise ConfigurationError(
            f"{head!r} is a value, not a section: nothing can be set inside it.",
            where="--set",
            found=override,
        )
    return {**values, head: _put(inner, tuple(rest), value, override)}
