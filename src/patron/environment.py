"""Values that come from the environment: `${NAME}` in the configuration, used but never shown."""

import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from patron.features.errors import ConfigurationError
from patron.features.undisclosed import Undisclosed

_REFERENCE = re.compile(r"\$?\$\{([^}]*)\}")
_USER = re.compile(r"[\w+.-]+://[^@]*@")
"""The part of a URL in which a password may hold what ends a password there."""


def fill(value: Any, where: str, environment: Mapping[str, str] | None = None) -> Any:
    """The value with every `${NAME}` in its texts replaced from the environment; `$${` stands for `${`.

    Tables and lists are filled through; other values pass. In the user and password of a URL what would end them is
    percent-encoded. ConfigurationError where a name is not set.
    """
    known = os.environ if environment is None else environment
    if isinstance(value, dict):
        return {
            key: fill(inner, f"{where} {key}" if where else f"[{key}]", known) for key, inner in value.items()
        }
    if isinstance(value, list):
        return [fill(inner, where, known) for inner in value]
    if isinstance(value, str) and "${" in value:
        return _fill_text(value, where, known)
    return value


def _fill_text(text: str, where: str, known: Mapping[str, str]) -> str:
    user = _USER.match(text)
    hidden: list[str] = []

    def substitute(match: re.Match[str]) -> str:
        if match[0].startswith("$$"):
            return match[0][1:]
        if match[1] not in known:
            raise ConfigurationError(
                f"The environment variable {match[1]!r} is not set.",
                where=where,
                found=text,
                remedy=f"set it before the command: export {match[1]}=...",
            )
        value = known[match[1]]
        if user is not None and match.end() < user.end():
            value = quote(value, safe="")
        hidden.append(value)
        return value

    filled = _REFERENCE.sub(substitute, text)
    return Undisclosed(filled, text, tuple(hidden)) if hidden else filled
