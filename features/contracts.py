"""The contracts of the evidence tables: their columns, what each holds, and which are required."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal["id", "time", "money", "number", "text", "flag"]
"""What a column holds.

id: who; int64, text, UUID or date, never cast. time: an instant. money: in 1/10,000 of the currency.
number: float64. text: a label of any type, kept as text. flag: true or false.
"""


@dataclass(frozen=True)
class Column:
    """One column of an evidence table; an attribute's kind is found in the source."""

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    is_attribute: bool = False


@dataclass(frozen=True)
class TableContract:
    """What an evidence table holds.

    `happened` names the columns that date a row: the first that is not null counts.
    `ends` names columns that date a later end of the same row (an answer, a closing): an end at or after
    `observed_until` is not known, the row is. In each of `pairs` the first column needs the second;
    of `either` one must be there; of `others` the first must not be the second.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    happened: tuple[str, ...]
    ends: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    either: tuple[str, ...] = ()
    others: tuple[tuple[str, str], ...] = ()

    @property
    def column_names(self) -> tuple[str, ...]:
        """All columns, in contract order."""
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        """The columns without which the table cannot be read."""
        return tuple(column.name for column in self.columns if column.required)

    @property
    def ids(self) -> tuple[str, ...]:
        """The columns that name customers, the fact's own customer first."""
        return tuple(column.name for column in self.columns if column.kind == "id")

    def column(self, name: str) -> Column:
        """The column of that name; KeyError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


def _required(name: str, kind: Kind, meaning: str) -> Column:
    return Column(name, kind, meaning, required=True)


_CUSTOMER = _required("customer_id", "id", "who it is about")
_RECORDED = Column("recorded_at", "time", "when the row became known")

_CONTRACTS = (
    TableContract(
        "purchases",
        "Lines that customers bought or returned.",
        (
            _CUSTOMER,
            _required("purchased_at", "time", "when it was bought or returned"),
            _required("amount", "money", "net amount of the line; negative for a return"),
            Column("order_id", "text", "lines with the same one are one order"),
            Column("quantity", "number", "pieces"),
            Column("product_id", "text", "what was bought"),
            Column("category", "text", "its category"),
            Column("discount", "money", "what was taken off the regular price, as a positive number"),
            Column("currency", "text", "currency of the amount"),
            Column("channel", "text", "where it was bought"),
            Column("reason", "text", "why it was bought or returned, as the customer says"),
            _RECORDED,
        ),
        happened=("purchased_at",),
    ),
    TableContract(
        "satisfaction",
        "Surveys, ratings and reviews: who was asked, who answered, and what.",
        (
            _CUSTOMER,
            _required("answered_at", "time", "when it was answered; null where it was only asked"),
            _required("score", "number", "the score on the instrument's own scale; null where unanswered"),
            Column("asked_at", "time", "when it was asked"),
            Column("instrument", "text", "nps, csat, ces or stars"),
            Column("expectation", "text", "below, met or exceeded"),
            Column("competitor_score", "number", "score given to a competitor, on the same scale"),
            Column("order_id", "text", "the order it is about"),
            Column("category", "text", "the category it is about"),
            Column("reason", "text", "why, as the customer says"),
            Column("comment", "text", "free text"),
            _RECORDED,
        ),
        happened=("asked_at", "answered_at"),
        ends=("answered_at",),
        pairs=(("score", "answered_at"),),
        either=("score", "asked_at"),
    ),
    TableContract(
        "cases",
        "Support cases and complaints.",
        (
            _CUSTOMER,
            _required("opened_at", "time", "when it was opened"),
            Column("closed_at", "time", "when it was closed; null while open"),
            Column("severity", "number", "how severe, higher is worse"),
            Column("topic", "text", "what it is about"),
            Column("channel", "text", "how it came in"),
            Column("reopened", "flag", "whether it was opened again"),
            _RECORDED,
        ),
        happened=("opened_at",),
        ends=("closed_at",),
    ),
    TableContract(
        "activities",
        "Contacts between the firm and its customers that happened.",
        (
            _CUSTOMER,
            _required("occurred_at", "time", "when it happened"),
            _required("activity", "text", "which activity"),
            Column("channel", "text", "through what"),
            Column("initiated_by", "text", "firm or customer"),
            Column("objective", "text", "what it was for"),
            Column("result", "text", "what came of it"),
            Column("cost", "money", "what it cost"),
            Column("responded_at", "time", "when the customer responded; null while not"),
            _RECORDED,
        ),
        happened=("occurred_at",),
        ends=("responded_at",),
    ),
    TableContract(
        "assignments",
        "Who was randomised to what; never a feature.",
        (
            _CUSTOMER,
            _required("test", "text", "which test"),
            _required("arm", "text", "which arm"),
            _required("assigned_at", "time", "when it was assigned"),
            Column("probability", "number", "probability of this arm"),
            Column("control_arm", "text", "the arm that is left alone"),
            _RECORDED,
        ),
        happened=("assigned_at",),
    ),
    TableContract(
        "mentions",
        "What customers say in public.",
        (
            _CUSTOMER,
            _required("mentioned_at", "time", "when it was said"),
            Column("network", "text", "where"),
            Column("sentiment", "number", "from -1 to 1"),
            Column("reach", "number", "people reached"),
            _RECORDED,
        ),
        happened=("mentioned_at",),
    ),
    TableContract(
        "referrals",
        "Who brought whom.",
        (
            _CUSTOMER,
            _required("referrer_id", "id", "who referred"),
            _required("referred_at", "time", "when"),
            _RECORDED,
        ),
        happened=("referred_at",),
        others=(("referrer_id", "customer_id"),),
    ),
    TableContract(
        "profile",
        "Attributes of customers; columns beyond these are attributes.",
        (
            _CUSTOMER,
            Column("valid_from", "time", "from when on the attributes hold, until the customer's next row"),
            _RECORDED,
        ),
        happened=("valid_from",),
    ),
    TableContract(
        "identities",
        "Aliases (a guest's e-mail, an old account) and whom they turned out to be.",
        (
            _required("alias_id", "id", "the id that was used before"),
            _required("customer_id", "id", "whom it belongs to"),
            _required("linked_at", "time", "when that became known"),
        ),
        happened=("linked_at",),
    ),
)

TABLES: Mapping[str, TableContract] = MappingProxyType({contract.name: contract for contract in _CONTRACTS})
"""All evidence tables by name, purchases first."""

_DERIVED = (
    TableContract("referred_by", "Referrals, as facts of who was referred.", (), ()),
    TableContract(
        "referrals_made",
        "Referrals, as facts of who referred.",
        (Column("referral", "text", "who was referred, and on which day"),),
        (),
    ),
    TableContract(
        "referrer_days",
        "Days on which a referrer ordered, as facts of who was referred.",
        (Column("day", "text", "which day"),),
        (),
    ),
    TableContract(
        "referred_days",
        "Whether those who were referred ordered, as facts of who referred.",
        (
            Column("referral", "text", "who was referred, and on which day"),
            Column("moment", "text", "before the day of the referral, or since"),
        ),
        (),
    ),
)

STORED: Mapping[str, TableContract] = MappingProxyType(
    {**TABLES, **{contract.name: contract for contract in _DERIVED}}
)
"""The evidence tables, and those that are derived of several of them."""
