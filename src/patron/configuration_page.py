"""The page that lists every key of the configuration, written from the sections themselves."""

import sys
from collections.abc import Iterator
from pathlib import Path

from .run import RunSettings
from .sections import (
    CALENDAR,
    DATA,
    PLAN,
    QUESTION,
    REQUIRED,
    RUN,
    SCORING,
    TABLE_SECTIONS,
    TARGETS,
    TRACKING,
    TRAINING,
    Section,
)

_HEAD = """\
# Configuration

Patron reads one TOML file, `patron.toml` unless `--config` names another. `patron init` proposes one from your data.
This page is written by `make docs` from the code that reads the file.

```toml
[data]
observed_until = "2018-01-01"
timezone = "America/New_York"

[purchases]
path = "data/purchases.parquet"
customer_id = "household_id"
purchased_at = "transaction_timestamp"
amount = { sql = "quantity * price" }
timezone = "UTC"

[question]
horizon_days = 14
```

- An unknown section or key is an error that names the nearest known one.
- Relative paths start at the folder of the file.
- A moment is a date (its local midnight) or a date with a time; without an offset it is the business's local time.
- `${NAME}` in a text is replaced from the environment and never shown; `$${` stands for `${`.
- One value is replaced on the command line with `--set question.horizon_days=30`, in Python with
  `load_config("patron.toml", question__horizon_days=30)`.
- In Python the same can be a mapping, and tables can be frames: `load_config(mapping, frames={"purchases": frame})`.
"""

_TABLES = """\
## Evidence tables

One section per table; only `[purchases]` is required. A column of the contract is mapped to a source column by its
name, `amount = "sales_value"`, or to an expression over the source row, `amount = { sql = "quantity * price" }`.
A column that is not mapped is taken under its own name where the source has it; columns beyond these are
ignored, but those of `[profile]` are attributes.
"""

_OPTIONS = ("path", "frame", "timezone", "observed_from", "where", "key")


def configuration_page() -> str:
    """The whole page as Markdown."""
    purchases = TABLE_SECTIONS["purchases"]
    blocks = [_HEAD, *_section(DATA), _TABLES, "Every table may have:\n", _table(purchases, _OPTIONS)]
    for section in TABLE_SECTIONS.values():
        own = tuple(key.name for key in section if key.name not in _OPTIONS)
        blocks += [f"### [{section.path}]\n", f"{section.meaning}\n", _table(section, own)]
    for section in (QUESTION, *TARGETS, CALENDAR, TRAINING, TRACKING, SCORING, PLAN, RUN):
        blocks += _section(section)
    return "\n".join(blocks)


def _section(section: Section) -> Iterator[str]:
    yield f"## [{section.path}]\n"
    yield f"{section.meaning}\n"
    yield _table(section, tuple(key.name for key in section))


def _table(section: Section, names: tuple[str, ...]) -> str:
    rows = ["| key | type | default | meaning |", "|---|---|---|---|"]
    for key in section:
        if key.name in names:
            default = _default(section.default(key))
            rows.append(f"| `{key.name}` | {key.kind.expected} | {default} | {_sentence(key.meaning)} |")
    return "\n".join(rows) + "\n"


def _sentence(meaning: str) -> str:
    return meaning.replace("|", "\\|") + ("" if meaning.endswith(".") else ".")


def _default(value: object) -> str:
    if value is REQUIRED:
        return "required"
    if value is None or value in ((), {}):
        return ""
    if value == RunSettings().memory:
        return f'`"{RunSettings().memory // 10**9}GB"`'
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


def main() -> None:
    """Write the page to the file named on the command line."""
    Path(sys.argv[1]).write_text(configuration_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
