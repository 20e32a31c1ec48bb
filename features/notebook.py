"""How results show themselves in a notebook: a small card in plain HTML that loads nothing."""

from collections.abc import Sequence
from html import escape

_CARD = (
    "max-width: 46rem; padding: 0.9rem 1.1rem; border: 1px solid #8a939c; border-radius: 4px;"
    " font-family: system-ui, sans-serif; line-height: 1.45"
)
_CELL = "padding: 0.2rem 1.2rem 0.2rem 0; text-align: "


def card(
    kicker: str,
    title: str,
    sentences: Sequence[str] = (),
    head: Sequence[str] = (),
    rows: Sequence[Sequence[str]] = (),
) -> str:
    """A line above, a title, sentences, and a table whose first column is text and whose others are numbers.

    >>> "a &lt; b" in card("check", "Ready", ["a < b"])
    True
    """
    parts = [
        f'<p style="margin: 0; font-size: 0.85em">{escape(kicker)}</p>',
        f'<p style="margin: 0.2rem 0 0.5rem; font-size: 1.3em; font-weight: 600">{escape(title)}</p>',
        *(f'<p style="margin: 0.25rem 0">{escape(sentence)}</p>' for sentence in sentences),
    ]
    if rows:
        parts.append(_table(head, rows))
    return f'<div style="{_CARD}">{"".join(parts)}</div>'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    heads = "".join(
        f'<th scope="col" style="{_CELL}{_side(place)}">{escape(name)}</th>'
        for place, name in enumerate(head)
    )
    lines = "".join(
        f"<tr>{''.join(_cell(place, value) for place, value in enumerate(row))}</tr>" for row in rows
    )
    style = "margin-top: 0.6rem; border-collapse: collapse; font-variant-numeric: tabular-nums"
    return f'<table style="{style}"><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>'


def _cell(place: int, value: str) -> str:
    if place:
        return f'<td style="{_CELL}right">{escape(value)}</td>'
    return f'<th scope="row" style="{_CELL}left; font-weight: 400">{escape(value)}</th>'


def _side(place: int) -> str:
    return "right" if place else "left"
