"""The templates and style sheets that lie beside this file, with every value escaped."""

from functools import cache
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from .formats import count, percent, sentence, spread


@cache
def environment() -> Environment:
    """The template environment; a value that is missing is an error, and text is escaped unless marked safe."""
    found = Environment(
        autoescape=True,
        loader=FunctionLoader(_text),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    found.filters.update(
        count=count, percent=percent, sentence=sentence, ends=lambda estimate: spread(estimate, 0)
    )
    return found


def inline_style(name: str) -> Markup:
    """One of our style sheets, to stand in a `style` element as it is."""
    return Markup(_text(name))  # noqa: S704 - our own file


def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
