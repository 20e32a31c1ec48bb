"""Signs of the future in the links: guests whose history counts before anybody knew whose it was."""

from collections.abc import Iterator

from .contracts import TABLES
from .findings import Finding
from .localtime import DAY
from .sample import Sample
from .sql import quoted

_FEWEST = 5
_NEARLY_ALL = 0.8
_WHY = "At old cutoffs the customer then has orders that were a stranger's: who came back looks loyal from the start."
_REMEDY = (
    "give linked_at the moment at which the link became known to you, not the moment from which it is true"
)


def link_signs(sample: Sample) -> Iterator[Finding]:
    """Links dated before the alias did anything, links of one day, and tables whose ids are already resolved."""
    if "identities" not in sample.tables:
        return
    sample.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE linked AS WITH facts AS ({_facts(sample)})"
        " SELECT alias_id, linked, min(known) AS first, max(known) AS last"
        " FROM (SELECT alias_id, min(linked_at) AS linked FROM identities GROUP BY alias_id)"
        " LEFT JOIN facts ON facts.customer_id = alias_id GROUP BY ALL"
    )
    aliases = int(sample.number("SELECT count(*) FROM linked") or 0)
    used = int(sample.number("SELECT count(first) FROM linked") or 0)
    if aliases < _FEWEST:
        return
    if used < aliases / 10:
        yield Finding(
            "leak",
            "ids are already resolved",
            "[identities] alias_id",
            f"{aliases - used:,} of {aliases:,} aliases have not a single row in any table",
            "Somebody replaced them by the customers that they turned out to be. " + _WHY,
            "take the tables as they were written, with the ids that were used then",
        )
        return
    yield from _backdated(sample)
    yield from _one_day(sample, aliases)


def _facts(sample: Sample) -> str:
    tables = [
        name
        for name in sample.tables
        if name not in ("identities", "profile", "assignments") and "customer_id" in TABLES[name].column_names
    ]
    return " UNION ALL ".join(f"SELECT customer_id, known FROM {quoted(name)}" for name in tables)


def _backdated(sample: Sample) -> Iterator[Finding]:
    """Links before the alias's first row, or within a day of it where the alias went on for more than a day."""
    # A guest who registers with the only order that it made says nothing either way.
    telling = f"(linked < first OR last > first + {DAY})"
    known = int(sample.number(f"SELECT count(*) FROM linked WHERE {telling}") or 0)
    early = int(
        sample.number(f"SELECT count(*) FROM linked WHERE {telling} AND linked <= first + {DAY}") or 0
    )
    if known >= _FEWEST and early >= _NEARLY_ALL * known:
        yield Finding(
            "leak",
            "a guest's history is linked before it began",
            "[identities] linked_at",
            f"{early:,} of {known:,} aliases are linked before or with their first row, and went on",
            _WHY,
            _REMEDY,
        )


def _one_day(sample: Sample, aliases: int) -> Iterator[Finding]:
    most = int(
        sample.number(f"SELECT max(n) FROM (SELECT count(*) AS n FROM linked GROUP BY linked // {DAY})") or 0
    )
    if aliases >= 2 * _FEWEST and most >= 0.9 * aliases:
        yield Finding(
            "look",
            "links of one day",
            "[identities] linked_at",
            f"{most:,} of {aliases:,} aliases are linked on the same day",
            "That is when the table was loaded, and not when each link became known: before it no history is linked,"
            " after it all of it at once.",
            _REMEDY,
        )
