"""Texts that are used but not shown as they are: values from the environment, passwords within URLs."""

import re
from typing import Self
from urllib.parse import unquote

HIDDEN = "***"
_PASSWORD = re.compile(r"^([\w+.-]+://[^/?#@:]*:)([^$].*|\$[^{].*)(?=@)")
_PARAMETER = re.compile(r"(?i)([?&][^=&]*(?:pass?w|pwd|secret|token|key|credential|sig)[^=&]*=)([^&$]+)")


class Undisclosed(str):
    """A text with secrets in it: it works as the text, its repr shows `shown`, and `hidden` are the secrets."""

    __slots__ = ("hidden", "shown")
    shown: str
    hidden: tuple[str, ...]

    def __new__(cls, text: str, shown: str, hidden: tuple[str, ...] = ()) -> Self:
        """The text, how it may be shown, and what in it may not."""
        self = super().__new__(cls, text)
        self.shown = shown
        self.hidden = hidden
        return self

    def __repr__(self) -> str:
        return repr(self.shown)

    def __reduce__(self) -> tuple[type[Self], tuple[str, str, tuple[str, ...]]]:
        return type(self), (str(self), self.shown, self.hidden)


def undisclosed(text: str) -> str:
    """The text; undisclosed where it is a URL with a password or another secret written out."""
    shown = text.shown if isinstance(text, Undisclosed) else text
    secrets = [match[2] for pattern in (_PASSWORD, _PARAMETER) for match in pattern.finditer(shown)]
    if not secrets:
        return text
    for pattern in (_PASSWORD, _PARAMETER):
        shown = pattern.sub(rf"\g<1>{HIDDEN}", shown)
    known = text.hidden if isinstance(text, Undisclosed) else ()
    return Undisclosed(str(text), shown, (*known, *secrets))


def shown(text: str) -> str:
    """How a text may be shown."""
    return text.shown if isinstance(text, Undisclosed) else text


def without_secrets(message: str, *texts: str | None) -> str:
    """A message of another library, with nothing in it that the texts hide."""
    secrets = set()
    for text in texts:
        if isinstance(text, Undisclosed):
            message = message.replace(str(text), text.shown)
            secrets |= {*text.hidden, *map(unquote, text.hidden)}
    for secret in sorted(filter(None, secrets), key=lambda secret: (-len(secret), secret)):
        message = message.replace(secret, HIDDEN)
    return message
