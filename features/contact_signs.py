"""Signs of the future in contacts: those that the firm makes because of the outcome."""

from collections.abc import Iterator
from dataclasses import dataclass

from .findings import Finding, Level
from .localtime import DAY
from .question import Question
from .sample import Sample

_HOUR = DAY // 24
_WEEK = 7 * DAY
_REMEDY = "date it when it was sent, or leave it out: where = \"activity <> '…'\""


@dataclass(frozen=True)
class Followed:
    """Contacts of an activity, how many a purchase followed within a span, and as many days earlier how many."""

    activity: str
    contacts: int
    share: float
    usual: float


def contact_signs(sample: Sample, question: Question) -> Iterator[Finding]:
    """Contacts by the firm that stand right before purchases, and those that only buyers of the horizon get."""
    if "activities" not in sample.tables:
        return
    firm = ""
    if "initiated_by" in sample.tables["activities"].columns:
        firm = "WHERE coalesce(lower(trim(initiated_by)), '') <> 'customer'"
    sample.connection.execute(
        "CREATE OR REPLACE TEMP TABLE firm_contacts AS"
        f" SELECT customer_id, activity, occurred_at AS moment FROM activities {firm}"
    )
    found: set[str] = set()
    for words, span in (("an hour", _HOUR), ("a day", DAY)):
        for each in _followed(sample, span, _WEEK, at_least=20):
            level = _at_once(each)
            if level is not None and each.activity not in found:
                found.add(each.activity)
                yield _right_before(each, level, words)
    days = question.horizon_days
    for each in _followed(sample, days * DAY, days * DAY, at_least=50):
        level = _nearly_all(each)
        if level is not None and each.activity not in found:
            yield _only_buyers(each, level, days)


def _followed(sample: Sample, span: int, shift: int, at_least: int) -> list[Followed]:
    """For each activity how often a purchase follows within a span, and how often it did `shift` earlier.

    Only contacts whose spans were both observed count.
    """
    since = max(sample.tables[name].observed_from for name in ("purchases", "activities")) + shift
    bought = "(SELECT customer_id, purchased_at AS bought FROM purchases WHERE amount > 0)"
    rows = sample.connection.execute(
        f"SELECT activity, count(*), avg(CAST(coalesce(next.bought - moment <= {span}, false) AS INT)),"
        f" avg(CAST(coalesce(earlier.bought - (moment - {shift}) <= {span}, false) AS INT))"
        f" FROM (SELECT *, moment - {shift} AS before FROM firm_contacts"
        f" WHERE moment >= {since} AND moment + {span} < {sample.until}) AS contact"
        f" ASOF LEFT JOIN {bought} AS next"
        " ON contact.customer_id = next.customer_id AND contact.moment < next.bought"
        f" ASOF LEFT JOIN {bought} AS earlier"
        " ON contact.customer_id = earlier.customer_id AND contact.before < earlier.bought"
        f" GROUP BY activity HAVING count(*) >= {at_least} ORDER BY activity"
    ).fetchall()
    return [Followed(str(row[0]), int(row[1]), float(row[2]), float(row[3])) for row in rows]


def _at_once(each: Followed) -> Level | None:
    """Whether a purchase follows most contacts at once, and far more often than it would anyway."""
    if each.share < 0.5 or each.share < 3 * each.usual:
        return None
    return "leak" if each.share >= 0.8 else "look"


def _nearly_all(each: Followed) -> Level | None:
    """Whether nearly all who are contacted go on to buy, and did not do so before."""
    if each.share >= 0.99 and each.usual <= 0.85:
        return "leak"
    return "look" if each.share >= 0.95 and each.usual <= 0.7 else None


def _right_before(each: Followed, level: Level, span: str) -> Finding:
    return Finding(
        level,
        "contacts right before purchases",
        f"[activities] activity {each.activity!r}",
        f"{each.share:.0%} of {each.contacts:,} are followed by a purchase within {span}, a week before"
        f" {each.usual:.0%}",
        "A contact that is made because a purchase is under way gives it away.",
        _REMEDY,
    )


def _only_buyers(each: Followed, level: Level, days: int) -> Finding:
    return Finding(
        level,
        "contacts that only buyers get",
        f"[activities] activity {each.activity!r}",
        f"{each.share:.1%} of {each.contacts:,} are followed by a purchase within {days} days; of the same customers"
        f" {each.usual:.1%} bought in the {days} days before",
        "Whoever is contacted because of what comes next gives it away: chosen by the outcome, or dated back.",
        _REMEDY,
    )
