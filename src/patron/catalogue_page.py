"""The page that lists every feature, as the families describe them for a business that keeps every table and column."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from patron.features.expressions import Evidence
from patron.features.families import FAMILIES
from patron.features.family import Family, FamilyFeature, list_features
from patron.features.question import Question
from patron.features.special_days import SpecialDays
from patron.features.timelines import TIMELINES

_HEAD = """\
# Features

Every feature that Patron makes of the evidence, by family. This page is written by `make docs` from the families
themselves, for a business that keeps every table and every column; a family whose table is absent is left out, and so
is a feature whose column is absent.

- A feature knows only what was known before its cutoff.
- A window that was not wholly observed gives an empty value, and so does an average of nothing. Zero purchases is 0.
- "In all that was observed" reaches back to the beginning of the data, not to the beginning of the customer.
- Features of channels, activities, networks, topics and the like exist for those that are frequent in the data;
  `email`, `newsletter`, `instagram`, `late_delivery` and so on stand for them here.
- Of the profile every attribute becomes a feature; `region`, `household_size` and `sign_up` stand for them here.
- Prospects have never bought: a question about them has no features that measure purchases of their own.
- The horizon here is {horizon} days.
"""

_EXAMPLES: Mapping[str, str] = {
    "cases.topic": "late_delivery",
    "cases.channel": "phone",
    "contacts.channel": "email",
    "contacts.activity": "newsletter",
    "contacts.objective": "win_back",
    "responses.channel": "email",
    "responses.result": "redeemed",
    "answers.instrument": "nps",
    "mentions.network": "instagram",
}


_QUESTION = Question(cutoffs=124, calendar=SpecialDays("US", closures=("2017-12-25",)))
"""A question whose cutoffs span years, of a business that names its holidays and closures."""


def whole_evidence(families: Sequence[type[Family]] = FAMILIES) -> dict[str, Evidence]:
    """The evidence of a business that keeps every table and column, with one word for each vocabulary."""
    words = [name for family in families for name in family.vocabularies if not name.endswith(".*")]
    words.append("profile.word region")
    found = {}
    for name, kind in TIMELINES.items():
        columns = tuple(column for column in kind.columns if column != "is_target")
        if kind.has_attributes:
            columns = ("word region", "number household_size", "date sign_up")
        own = tuple(
            (word.partition(".")[2], (_EXAMPLES.get(word, "example"),))
            for word in words
            if word.startswith(f"{name}.")
        )
        found[name] = Evidence(name, columns, vocabularies=own)
    return found


def whole_catalogue(families: Sequence[type[Family]] = FAMILIES) -> list[FamilyFeature]:
    """Every feature that the families can make; of a family that speaks of prospects alone, those about them."""
    evidence = whole_evidence(families)
    prospects = replace(_QUESTION, population="prospects")
    found = []
    for family in families:
        found += list_features([family], _QUESTION, evidence) or list_features([family], prospects, evidence)
    return found


def catalogue_page() -> str:
    """The whole page as Markdown."""
    features = whole_catalogue()
    blocks = [_HEAD.format(horizon=_QUESTION.horizon_days)]
    for family in FAMILIES:
        blocks += _family(family, [each for each in features if each.family == family.name])
    return "\n".join(blocks)


def _family(family: type[Family], features: Sequence[FamilyFeature]) -> Iterator[str]:
    yield f"## {family.name}\n"
    yield f"{' '.join((family.__doc__ or '').split())}\n"
    tables = sorted({TIMELINES[name].table for name in family.reads})
    if tables:
        yield f"Takes {' and '.join(f'`[{table}]`' for table in tables)}.\n"
    rows = ["| feature | unit | meaning |", "|---|---|---|"]
    for each in features:
        field = each.field()
        rows.append(f"| `{field.name}` | {field.unit} | {field.description.replace('|', ' or ')} |")
    yield "\n".join(rows) + "\n"


def main() -> None:
    """Write the page to the file named on the command line."""
    Path(sys.argv[1]).write_text(catalogue_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
