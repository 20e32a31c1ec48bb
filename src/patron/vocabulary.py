"""What businesses call the columns and files of their evidence: the words that `patron init` recognises."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

CUSTOMERS = (
    *("customer", "household", "client", "member", "user", "account", "shopper", "buyer", "cust", "patron"),
    *("consumer", "visitor", "contact"),
)
_ID_LABELS = ("id", "number", "no", "key", "code", "nr")
_CUSTOMER_IDS = (
    *(f"{who} {label}" for who in CUSTOMERS for label in _ID_LABELS),
    *CUSTOMERS,
    *("card id", "loyalty card", "email"),
)
_ORDER_IDS = (
    *(
        "order id",
        "order number",
        "order no",
        "order",
        "invoice",
        "invoice id",
        "invoice no",
        "invoice number",
    ),
    *("basket id", "basket", "transaction id", "receipt id", "receipt", "ticket id", "bill no"),
)
_PRODUCT_CATEGORIES = ("category", "product category", "department", "commodity", "genre", "product type")
_RECORDED = ("recorded at", "ingested at", "loaded at", "inserted at")
_ANY_TIME = ("date", "timestamp", "datetime", "time", "at")


@dataclass(frozen=True)
class Words:
    """Names that say what a column is, best first, and names that merely allow it."""

    sure: Sequence[str]
    perhaps: Sequence[str] = ()


FILES: Mapping[str, Sequence[str]] = {
    "purchases": ("purchase", "transaction", "order", "sale", "invoice", "basket", "retail"),
    "satisfaction": ("satisfaction", "survey", "rating", "review", "nps", "csat", "feedback", "answer"),
    "cases": ("case", "complaint", "ticket", "support", "incident"),
    "activities": (
        "activity",
        "activities",
        "contact",
        "campaign",
        "redemption",
        "email",
        "touch",
        "mailing",
    ),
    "assignments": ("assignment", "experiment", "test", "randomisation", "randomization"),
    "mentions": ("mention", "social", "post"),
    "referrals": ("referral", "refer", "invite"),
    "profile": ("profile", "demographic", "customer", "household", "member", "user", "client"),
    "identities": ("identity", "identities", "alias", "link"),
}
"""Words in a file's name that speak for a table."""

COLUMNS: Mapping[str, Mapping[str, Words]] = {
    "purchases": {
        "customer_id": Words(_CUSTOMER_IDS),
        "purchased_at": Words(
            (
                *("purchased at", "purchase date", "transaction timestamp", "transaction date", "order date"),
                *(
                    "invoice date",
                    "ordered at",
                    "sale date",
                    "order timestamp",
                    "purchase time",
                    "transaction time",
                ),
            ),
            ("created at", *_ANY_TIME),
        ),
        "amount": Words(
            (
                *(
                    "net amount",
                    "amount",
                    "sales value",
                    "line total",
                    "total price",
                    "dollar value",
                    "revenue",
                ),
                *("sales", "net sales", "spend", "total amount", "turnover", "gmv", "value", "total"),
            ),
        ),
        "order_id": Words(_ORDER_IDS),
        "quantity": Words(("quantity", "qty", "units", "pieces", "number of")),
        "product_id": Words(
            ("product id", "stock code", "sku", "article id", "item id", "article", "upc", "product", "item")
        ),
        "category": Words(_PRODUCT_CATEGORIES),
        "discount": Words(("discount", "discount amount", "retail disc", "disc", "markdown", "rebate")),
        "currency": Words(("currency", "currency code")),
        "channel": Words(("channel", "sales channel", "store id", "store", "shop")),
        "reason": Words(("reason", "return reason")),
        "recorded_at": Words(_RECORDED),
    },
    "satisfaction": {
        "customer_id": Words(_CUSTOMER_IDS),
        "answered_at": Words(
            (
                *(
                    "answered at",
                    "response date",
                    "responded at",
                    "answer date",
                    "review date",
                    "rating date",
                ),
                *("survey date", "submitted at", "submitted"),
            ),
            ("created at", *_ANY_TIME),
        ),
        "score": Words(("score", "rating", "stars", "nps", "csat", "ces", "satisfaction", "grade")),
        "asked_at": Words(("asked at", "sent at", "invited at", "survey sent")),
        "instrument": Words(("instrument", "survey type", "scale")),
        "expectation": Words(("expectation", "expectations")),
        "competitor_score": Words(("competitor score", "competitor rating")),
        "order_id": Words(_ORDER_IDS),
        "category": Words((*_PRODUCT_CATEGORIES, "genre id")),
        "reason": Words(("reason",)),
        "comment": Words(("comment", "review text", "verbatim", "text")),
        "recorded_at": Words(_RECORDED),
    },
    "cases": {
        "customer_id": Words(_CUSTOMER_IDS),
        "opened_at": Words(
            ("opened at", "open date", "case date", "complaint date", "opened", "ticket date", "reported at"),
            ("created at", *_ANY_TIME),
        ),
        "closed_at": Words(("closed at", "close date", "resolved at", "resolution date", "closed")),
        "severity": Words(("severity", "priority")),
        "topic": Words(("topic", "subject", "issue", "case type", "complaint type")),
        "channel": Words(("channel",)),
        "reopened": Words(("reopened", "is reopened")),
        "recorded_at": Words(_RECORDED),
    },
    "activities": {
        "customer_id": Words(_CUSTOMER_IDS),
        "occurred_at": Words(
            (
                *(
                    "occurred at",
                    "contact date",
                    "contacted at",
                    "sent at",
                    "redemption date",
                    "activity date",
                ),
                *("send date", "event time", "event date"),
            ),
            ("created at", *_ANY_TIME),
        ),
        "activity": Words(
            (
                "activity",
                "activity type",
                "campaign",
                "campaign id",
                "campaign name",
                "action",
                "event",
                "contact type",
            )
        ),
        "channel": Words(("channel", "medium")),
        "initiated_by": Words(("initiated by", "initiator", "direction")),
        "objective": Words(("objective", "goal", "purpose")),
        "result": Words(("result", "outcome", "disposition")),
        "cost": Words(("cost", "unit cost")),
        "responded_at": Words(("responded at", "response date", "clicked at", "opened at")),
        "recorded_at": Words(_RECORDED),
    },
    "assignments": {
        "customer_id": Words(_CUSTOMER_IDS),
        "test": Words(("test", "test name", "test id", "experiment", "experiment id", "experiment name")),
        "arm": Words(("arm", "variant", "treatment", "test group", "segment")),
        "assigned_at": Words(("assigned at", "assignment date", "randomised at"), ("created at", *_ANY_TIME)),
        "probability": Words(("probability", "propensity", "weight")),
        "control_arm": Words(("control arm",)),
        "recorded_at": Words(_RECORDED),
    },
    "mentions": {
        "customer_id": Words(_CUSTOMER_IDS),
        "mentioned_at": Words(("mentioned at", "posted at", "mention date", "post date"), _ANY_TIME),
        "network": Words(("network", "platform", "site")),
        "sentiment": Words(("sentiment", "polarity")),
        "reach": Words(("reach", "followers", "impressions")),
        "recorded_at": Words(_RECORDED),
    },
    "referrals": {
        "customer_id": Words(
            ("referred id", "referee id", "invitee id", "referred customer", *_CUSTOMER_IDS)
        ),
        "referrer_id": Words(("referrer id", "referrer", "referred by", "inviter id", "inviter")),
        "referred_at": Words(("referred at", "referral date", "invited at"), ("created at", *_ANY_TIME)),
        "recorded_at": Words(_RECORDED),
    },
    "profile": {
        "customer_id": Words(_CUSTOMER_IDS),
        "valid_from": Words(("valid from", "effective from", "effective date", "as of")),
        "recorded_at": Words(_RECORDED),
    },
    "identities": {
        "alias_id": Words(("alias id", "alias", "guest id", "anonymous id", "old id")),
        "customer_id": Words(_CUSTOMER_IDS),
        "linked_at": Words(("linked at", "link date", "merged at"), ("created at", *_ANY_TIME)),
    },
}
"""Names of columns, for every table of the contract and every column of it."""

PRICES = Words(("price", "unit price", "item price", "sales price"))
"""Names of a price that is the amount only once multiplied by the quantity."""

_NOT_IDS = frozenset(
    {
        "name",
        "type",
        "segment",
        "since",
        "status",
        "age",
        "country",
        "city",
        "group",
        "count",
        "total",
        "first",
        "last",
    }
    | {"date", "size", "comp", "composition", "income", "score", "value", "index", "service", "comment"}
)
"""Words that make a name about customers one that does not name them."""


def words_of(name: str) -> tuple[str, ...]:
    """The lower-case words of a name, whatever glues them.

    >>> words_of("InvoiceDate"), words_of("userID"), words_of("Customer ID")
    (('invoice', 'date'), ('user', 'id'), ('customer', 'id'))
    """
    return tuple(word.lower() for word in _WORD.findall(name))


def name_score(name: str, names: Words) -> float:
    """How well a column's name fits: 1 for the best known name, 0 for none; a mere "date" stays below 0.5."""
    sure = max((_fit(name, known, place) for place, known in enumerate(names.sure)), default=0.0)
    perhaps = max((_fit(name, known, place) for place, known in enumerate(names.perhaps)), default=0.0)
    return max(sure, perhaps * 0.45)


def _fit(name: str, known: str, place: int) -> float:
    found, wanted = words_of(name), tuple(known.split())
    if "".join(found) == "".join(wanted):
        return 1.0 - place / 1000
    if not set(wanted) <= set(found):
        return 0.0
    if wanted[0] in CUSTOMERS and len(wanted) == 1 and not _NOT_IDS.isdisjoint(found):
        return 0.0
    return 0.8 - place / 1000


def speaks_for(stem: str, table: str) -> bool:
    """Whether a file's name speaks for a table."""
    return any(word.startswith(hint) for word in words_of(stem) for hint in FILES[table])
