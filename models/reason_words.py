"""A feature's value in plain words, from the catalogue: "9 weeks since the last order; usually 4".

The catalogue is written so that value, unit and description read as one: "3 orders in the last 30 days". What does not
read so (ratios, shares of a spread, words, yes and no) gets the feature's name first.
"""

import math
import re
from dataclasses import dataclass

from patron.features.catalogue import FeatureField

from .contract import InputReference

Value = float | str | None

_FLAGS = ("0 or 1", "1 or 0")
_WEEKS_FROM, _MONTHS_FROM = 21, 120
_DAYS_PER_WEEK, _DAYS_PER_MONTH = 7.0, 30.4375
_COUNTED = re.compile(r"[a-z]+s")
"""Units that are things to count, in the plural."""

_NOT_COUNTED = ("nats", "days")
_NOUNS = frozenset(
    [
        *(
            "change",
            "days",
            "different",
            "first",
            "highest",
            "last",
            "latest",
            "longest",
            "lowest",
            "mean",
            "pace",
        ),
        *("scores", "shortest", "spread", "standard"),
    ]
)
"""What a description begins with that names what is measured: "longest time between orders"."""

_SINGULAR = {"categories": "category", "purchases": "purchase", "cases": "case"}
_WINDOW = re.compile(r"^\d+d$")
_MEASURES = frozenset(
    (
        "ever",
        "mean",
        "median",
        "last",
        "recent",
        "largest",
        "spread",
        "slope",
        "decayed",
        "per",
        "variation",
        "ratio",
    )
)


@dataclass(frozen=True)
class Usual:
    """What is usual of a feature: the median of training's customers, or their most frequent word with its share."""

    value: Value
    share: float | None = None

    @classmethod
    def of(cls, reference: InputReference) -> "Usual":
        """The reference of an input to what was usual."""
        if reference.shares:
            word = max(reference.shares, key=lambda name: (reference.shares[name], name))
            return cls(word, reference.shares[word])
        if not reference.quantiles:
            return cls(None)
        return cls(reference.quantiles[len(reference.quantiles) // 2])


def in_words(field: FeatureField, value: Value, usual: Usual | None = None) -> str:
    """A feature, its value (None is unknown) and what is usual to a phrase without full stop.

    >>> orders = FeatureField("orders_30d", "orders", "in the last 30 days", "buying_cycle")
    >>> in_words(orders, 1.0, Usual(4.0))
    '1 order in the last 30 days; usually 4'
    >>> in_words(FeatureField("days_since_order", "days", "since the last order", "buying_cycle"), 63.0, Usual(28.0))
    '9 weeks since the last order; usually 4'
    """
    if _is_missing(value):
        said = f"{_name(field)} not known"
        return said if usual is None else f"{said}{_usually(field, usual, None)}"
    said = _said(field, value)
    return said if usual is None else f"{said}{_usually(field, usual, value)}"


def change_in_words(field: FeatureField, before: Value, now: Value) -> str:
    """A feature's value at an earlier cutoff and now to a phrase.

    >>> orders = FeatureField("orders_30d", "orders", "in the last 30 days", "buying_cycle")
    >>> change_in_words(orders, 4.0, 1.0)
    '1 order in the last 30 days, 4 before'
    """
    said = in_words(field, now)
    if _is_missing(before):
        return said if _is_missing(now) else f"{said}, not known before"
    earlier = _bare(field, before, None if _is_missing(now) else now)
    return f"{said}, {earlier} before"


def topic_of(field: FeatureField) -> str:
    """What a feature is about: orders of the last 30 and of the last 90 days are one topic, told once."""
    tokens = field.name.split("_")
    if tokens[:2] == ["days", "since"]:
        return field.name
    stem = [token for token in tokens if not _WINDOW.match(token) and token not in _MEASURES]
    return f"{field.family}:{(stem or tokens)[0]}"


def _said(field: FeatureField, value: Value) -> str:
    """A known value with its unit and description."""
    description = re.split(r"[:;]", field.description)[0].strip()
    if field.kind == "category":
        return f"{_name(field)}: {value}"
    assert isinstance(value, float)
    if field.unit in _FLAGS:
        return (
            f"{description.removeprefix('whether ').removeprefix('ever ')}: {'yes' if value >= 0.5 else 'no'}"
        )
    if field.unit == "days" and not _begins_with_noun(field):
        number, unit = _duration(value)
        return f"{number} {unit} {description}"
    if _is_counted(field):
        comma = "," if description.startswith("each ") else ""
        return f"{_counted(value, field.unit)}{comma} {description}"
    if field.unit in ("share", "probability") and _reads_on(field):
        likely = " probability" if field.unit == "probability" else ""
        return f"{_percent(value)}{likely} {description}"
    return f"{_name(field)} {_bare(field, value, None)} ({description})"


def _bare(field: FeatureField, value: Value, beside: Value) -> str:
    """A known value by itself; a duration in the unit of the one it stands beside."""
    if field.kind == "category" or isinstance(value, str):
        return str(value)
    assert value is not None
    if field.unit in _FLAGS:
        return "yes" if value >= 0.5 else "no"
    if field.unit == "days":
        if isinstance(beside, float):
            per, _ = _unit_of(beside)
            if per == 1 or abs(value) >= per:
                return _number(value / per)
        return " ".join(_duration(value))
    if field.unit in ("share", "probability"):
        return _percent(value)
    return _number(value)


def _usually(field: FeatureField, usual: Usual, beside: Value) -> str:
    if _is_missing(usual.value):
        return "; usually not known"
    share = "" if usual.share is None else f" ({_percent(usual.share)})"
    return f"; usually {_bare(field, usual.value, beside)}{share}"


def _reads_on(field: FeatureField) -> bool:
    """Whether value, unit and description read as one: it neither explains a scale nor begins with what it measures."""
    return ":" not in field.description and not _begins_with_noun(field)


def _begins_with_noun(field: FeatureField) -> bool:
    return field.description.split(" ")[0] in _NOUNS


def _is_counted(field: FeatureField) -> bool:
    return bool(_COUNTED.fullmatch(field.unit)) and field.unit not in _NOT_COUNTED and _reads_on(field)


def _counted(value: float, unit: str) -> str:
    if value == 0:
        return f"no {unit}"
    if value == 1:
        return f"1 {_SINGULAR.get(unit, unit.removesuffix('s'))}"
    return f"{_number(value)} {unit}"


def _duration(days: float) -> tuple[str, str]:
    per, unit = _unit_of(days)
    number = _number(days / per)
    return number, unit.removesuffix("s") if number == "1" else unit


def _unit_of(days: float) -> tuple[float, str]:
    """The unit in which so many days are said."""
    if abs(days) >= _MONTHS_FROM:
        return _DAYS_PER_MONTH, "months"
    if abs(days) >= _WEEKS_FROM:
        return _DAYS_PER_WEEK, "weeks"
    return 1.0, "days"


def _number(value: float) -> str:
    """A number as one says it: whole from 10 on, else with one decimal, small ones with two."""
    size = abs(value)
    digits = 0 if size >= 10 or value == round(value) else 1 if size >= 1 else 2
    text = f"{abs(value):,.{digits}f}"
    if digits:
        text = text.rstrip("0").rstrip(".")
    return f"−{text}" if value < 0 and text.strip("0.") else text


def _percent(share: float) -> str:
    return f"{_number(float(round(100 * share)))}%"


def _name(field: FeatureField) -> str:
    """A feature's name as words, without a window that its description tells: "spend", "order value mean"."""
    tokens = field.name.removeprefix("profile_").split("_")
    told = [
        token for token in tokens if not (_WINDOW.match(token) and f"{token[:-1]} days" in field.description)
    ]
    words = " ".join(f"of {token[:-1]} days" if _WINDOW.match(token) else token for token in told)
    return words.replace(" per of ", " per ")


def _is_missing(value: Value) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
