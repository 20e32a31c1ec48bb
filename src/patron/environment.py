"""Values that come from the environment: `${NAME}` in the configuration, used but never shown."""

import os
import re
from collections.abc import Mapping
from typing import Any, Self

from patron.features.errors import ConfigurationError

_REFERENCE = re.compile(r"\$?\$\{([^}]*)\}")


class Undisclosed(str):
    """A text with values from the environment in it: it works as the text, its repr shows the `${NAME}` form."""

    __slots__ = ("shown",)
    shown: str

    def __new__(cls, text: str, shown: str) -> Self:
        """The text, and how it may be shown."""
        self = super().__new__(cls, text)
        self.shown = shown
        return self

    def __repr__(self) -> str:
        return repr(self.shown)

    def __reduce__(self) -> tuple[type[Self], tuple[str, str]]:
        return type(self), (str(self), self.shown)


def fill(value: Any, where: str, environment: Mapping[str, str] | None = None) -> Any:
    """The value with every `${NAME}` in its texts replaced from the environment; `$${` stands for `${`.

    Tables and lists are filled through; other values pass. ConfigurationError where a name is not set.
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
    disclosed = True

    def substitute(match: re.Match[str]) -> str:
        nonlocal disclosed
        if match[0].startswith("$$"):
            return match[0][1:]
        if match[1] not in known:
            raise ConfigurationError(
                f"The environment variable {match[1]!r} is not set.",
                where=where,
                found=text,
                remedy=f"set it before the command: export {match[1]}=...",
            )
        disclosed = False
        return known[match[1]]

    filled = _REFERENCE.sub(substitute, text)
    return filled if disclosed else Undisclosed(filled, text)
