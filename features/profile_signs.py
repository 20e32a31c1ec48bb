"""Signs of the future in the profile: ids, attributes that sum up what came later, and dates set in hindsight."""

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from .contracts import TABLES
from .feature_signs import Judged, column_area
from .findings import Finding
from .localtime import DAY
from .sample import Sample
from .sql import quoted

_FEWEST = 20
_ENOUGH_FOR_IDS = 50
_NEARLY_ALL = 0.9
_ID_NAME = re.compile(
    r"(^|_)(id|uuid|guid|key|number|no|nr|e?mail|phone|hash|token|account|login|user)(_|$)", re.IGNORECASE
)
_STATED = "Without valid_from it is taken to have been true from ever on."
_AGGREGATES = (
    ("the time of the last purchase", "max(purchased_at)", "time"),
    ("the number of purchase lines", "count(*)", "number"),
    ("the number of orders", "count(DISTINCT {order})", "number"),
    ("the money spent", "sum(amount) / 10000.0", "number"),
    (
        "the money spent on what was kept or bought",
        "sum(amount) FILTER (WHERE amount > 0) / 10000.0",
        "number",
    ),
)


def profile_signs(sample: Sample, judged: Judged) -> Iterator[Finding]:
    """What is wrong with the attributes that are used."""
    if "profile" not in sample.tables:
        return
    table = sample.tables["profile"]
    attributes = [name for name in table.columns if name not in TABLES["profile"].column_names]
    for name in attributes:
        found = _id(sample, name) or _sum_of_history(sample, name) or _later_date(sample, name)
        if found is None and not table.happened:
            found = _of_the_outcome(sample, judged, name)
        if found is not None:
            yield found
    if table.happened and attributes:
        yield from _dated_at_once(sample)


def _subject(name: str) -> str:
    return f"[profile] {name}"


def _number(name: str) -> str:
    """The attribute as a number, NULL where it is none."""
    return f"TRY_CAST(CAST({quoted(name)} AS VARCHAR) AS DOUBLE)"


def _moment(sample: Sample, name: str) -> str:
    """The attribute as an instant, NULL where it is no time."""
    if sample.tables["profile"].kind(name) == "time":
        return quoted(name)
    return f"epoch_us(TRY_CAST(CAST({quoted(name)} AS VARCHAR) AS TIMESTAMP))"


def _id(sample: Sample, name: str) -> Finding | None:
    """An attribute that nearly every customer has a value of their own of."""
    value, number = quoted(name), _number(name)
    (row,) = sample.connection.execute(
        f"SELECT count(DISTINCT customer_id), count(DISTINCT {value}), count_if({number} IS NULL),"
        f" count_if({number} % 1 <> 0), count_if({_moment(sample, name)} IS NULL)"
        f" FROM profile WHERE {value} IS NOT NULL"
    ).fetchall()
    customers, distinct, words, fractions, no_dates = (int(each or 0) for each in row)
    if customers < _ENOUGH_FOR_IDS or distinct < customers / 2 or no_dates == 0:
        return None
    unique = distinct >= _NEARLY_ALL * customers
    named = _ID_NAME.search(name) is not None
    if not ((unique and not fractions) or named):
        return None
    return Finding(
        "leak" if unique and (words or named) else "look",
        "an id in the profile",
        _subject(name),
        f"{distinct:,} different values among {customers:,} customers",
        "An id tells customers apart instead of saying what they are like, and ids that are given in order tell when"
        " somebody came, and who is still there.",
        f"leave {name} out of the attributes",
    )


def _sum_of_history(sample: Sample, name: str) -> Finding | None:
    """An attribute that equals what the whole history says of a customer who went on buying after it was true."""
    order = (
        "coalesce(order_id, line::VARCHAR)" if "order_id" in sample.tables["purchases"].columns else "line"
    )
    for meaning, aggregate, kind in _AGGREGATES:
        parsed = _number(name)
        unlike = f"abs({parsed} - known_of) > 0.005 * greatest(abs(known_of), 1)"
        if kind == "time":
            parsed = _moment(sample, name)
            unlike = f"abs({parsed} - known_of) > {DAY}"
        (row,) = sample.connection.execute(
            f"SELECT count(*), count_if(NOT ({unlike})), count(DISTINCT known_of) FROM profile JOIN (SELECT"
            f" customer_id, {aggregate.format(order=order)} AS known_of, max(purchased_at) AS latest FROM purchases"
            f" GROUP BY customer_id HAVING count(*) > 1) USING (customer_id)"
            f" WHERE {parsed} IS NOT NULL AND profile.known < latest - {DAY}"
        ).fetchall()
        customers, alike, different = (int(each or 0) for each in row)
        if customers >= _FEWEST and alike >= 0.8 * customers and different >= 5:
            return Finding(
                "leak",
                "an attribute that sums up the whole history",
                _subject(name),
                f"for {alike:,} of {customers:,} customers it is {meaning} up to today",
                "At an old cutoff it holds what happened after it.",
                f"leave {name} out: features say it as of each cutoff",
            )
    return None


def _later_date(sample: Sample, name: str) -> Finding | None:
    """An attribute that is a day after the one from which it is said to hold."""
    moment = _moment(sample, name)
    first = "SELECT customer_id, min(purchased_at) AS first FROM purchases GROUP BY customer_id"
    (row,) = sample.connection.execute(
        f"SELECT count(*), count_if({moment} > greatest(first, profile.known) + {DAY} AND {moment} <"
        f" {sample.until}) FROM profile JOIN ({first}) USING (customer_id) WHERE {moment} IS NOT NULL"
    ).fetchall()
    dates, late = (int(each or 0) for each in row)
    if dates < _FEWEST or late < 0.2 * dates:
        return None
    return Finding(
        "look",
        "an attribute dated after it is said to hold",
        _subject(name),
        f"{late:,} of {dates:,} values are days after the customer's first purchase and after valid_from",
        "A day that lies between an early cutoff and today says what had not happened by then.",
        f"leave {name} out, or give a row for each version with the valid_from at which it became known",
    )


def _of_the_outcome(sample: Sample, judged: Judged, name: str) -> Finding | None:
    """An attribute of today that tells the late outcomes far better than the early ones."""
    found = sample.connection.sql(
        f"SELECT customer_id, CAST(max({quoted(name)}) AS VARCHAR) AS value, max({_number(name)}) AS number,"
        f" count({_number(name)}) = count({quoted(name)}) AS numeric"
        " FROM profile GROUP BY customer_id ORDER BY customer_id"
    ).to_arrow_table()
    numeric = bool(np.asarray(found["numeric"]).all())
    ids = np.asarray(found["customer_id"], np.int64)
    customer, outcome, cutoff = judged.customer, judged.outcome, judged.cutoff
    if not ids.size:
        return None
    place = np.clip(np.searchsorted(ids, customer), 0, ids.size - 1)
    absent = ids[place] != customer
    column = found["number" if numeric else "value"].take(pa.array(place, mask=absent))
    areas = []
    for moment in np.unique(cutoff):
        here = cutoff == moment
        if min(outcome[here].sum(), (1 - outcome[here]).sum()) >= _FEWEST:
            areas.append(column_area(column.filter(pa.array(here)), outcome[here], customer[here]))
    if not areas or not (areas[-1] >= 0.9 or (areas[-1] >= 0.75 and areas[-1] - areas[0] >= 0.15)):
        return None
    return Finding(
        "leak",
        "an attribute that knows the outcome",
        _subject(name),
        f"alone it has an AUC of {areas[0]:.3f} at the earliest cutoff and {areas[-1]:.3f} at the latest",
        f"{_STATED} What was true then says as much of early outcomes as of late ones; what was found out today says"
        " most of the latest.",
        f"leave {name} out, or give a row for each version with valid_from",
    )


def _dated_at_once(sample: Sample) -> Iterator[Finding]:
    """Versions that all hold from one early moment, or each from its customer's first fact, though nobody changes."""
    first = (
        "SELECT customer_id, min(purchased_at) AS first, max(purchased_at) AS last FROM purchases GROUP BY 1"
    )
    (row,) = sample.connection.execute(
        "SELECT count(*), count(DISTINCT customer_id), mode(valid_from), count_if(valid_from = (SELECT"
        f" mode(valid_from) FROM profile)), (SELECT quantile_disc(purchased_at, 0.5) FROM purchases)"
        f" FROM profile JOIN ({first}) USING (customer_id)"
    ).fetchall()
    rows, customers, moment, same, middle = row
    if rows < _FEWEST or rows > 1.02 * customers or moment is None:
        return
    if same >= _NEARLY_ALL * rows and moment <= middle:
        yield Finding(
            "leak",
            "attributes dated back in bulk",
            "[profile] valid_from",
            f"{same:,} of {rows:,} rows hold from the same moment in the first half of the history, and nobody has a"
            " second version",
            "Today's attributes were given an old date: at an old cutoff they say what was found out later.",
            "give each version the moment at which it was written; attributes that never change may be declared static",
        )
