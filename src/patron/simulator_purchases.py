"""What the orders of a simulated retailer consist of: lines, discounts, channels, returns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.random import Generator

from .simulator_clock import DAY, HOUR, Clock, recorded, times
from .simulator_customers import Customers, Flags, Floats, Ints
from .simulator_days import Orders, pick
from .simulator_identities import Identities
from .simulator_retailer import Retailer

_LATE = 0.02
"""Share of lines that are recorded days late."""
_REASONS = ("changed my mind", "damaged", "not as described", "arrived too late")


@dataclass(frozen=True)
class _Lines:
    """Order lines: `order` is the index of the order; prices and discounts are for all pieces of the line."""

    order: Ints
    category: Ints
    product: Ints
    quantity: Ints
    amount: Floats
    discount: Floats


def purchases(
    retailer: Retailer, chunk: int, customers: Customers, orders: Orders, at: Ints, identities: Identities
) -> pa.Table:
    """The evidence table `purchases` of a chunk, in the order of time; `at` is when each order was placed."""
    random = retailer.random(chunk, "purchases")
    clock = Clock.of(retailer)
    online = random.random(len(orders)) < customers.web[orders.customer]
    lines = _lines(retailer, customers, orders, random)
    returned, returned_at, reason = _returns(orders, lines, at, random)
    line = np.r_[np.arange(len(lines.order)), returned]
    order = lines.order[line]
    sign = np.where(np.arange(line.size) < len(lines.order), 1, -1)
    bought = np.r_[at[lines.order], returned_at]
    known = recorded(_reported(bought, online[order]), _LATE, random)
    sorting = np.lexsort((line, order, bought))
    sorting = sorting[clock.past(bought[sorting]) & clock.past(known[sorting])]
    line, order, sign, bought, known = (values[sorting] for values in (line, order, sign, bought, known))
    reasons = np.r_[np.full(len(lines.order), -1), reason][sorting]
    category = lines.category[line]
    return pa.table(
        {
            "customer_id": identities.names(orders.customer[order], at[order]),
            "purchased_at": times(bought),
            "amount": np.round(sign * lines.amount[line], 2),
            "order_id": order_numbers(chunk, order),
            "quantity": (sign * lines.quantity[line]).astype(np.float64),
            "product_id": _product_names(retailer, category, lines.product[line]),
            "category": labels([each.name for each in retailer.categories], category),
            "discount": np.where(sign > 0, lines.discount[line], 0.0),
            "currency": labels([retailer.currency], np.zeros_like(line)),
            "channel": labels(["shop", "web"], online[order].astype(np.int64)),
            "reason": labels(_REASONS, reasons),
            "recorded_at": times(known),
        }
    )


def labels(names: Sequence[str], code: Ints) -> pa.Array:
    """A text column from codes; a negative code is null."""
    codes = pa.array(code, mask=code < 0)
    return pa.array(names, pa.string()).take(codes)


def order_numbers(chunk: int, order: Ints) -> pa.Array:
    """Order numbers as text, unique over all chunks; a negative index is null."""
    numbers = pc.cast(pa.array(order, mask=order < 0), pa.string())
    return pc.binary_join_element_wise(f"{chunk:04d}", pc.utf8_lpad(numbers, 7, "0"), "-")


def _lines(retailer: Retailer, customers: Customers, orders: Orders, random: Generator) -> _Lines:
    """One line in the main category of each order and, more often than not, a few others."""
    count = 1 + np.minimum(random.poisson(0.75, len(orders)), 9)
    order = np.repeat(np.arange(len(orders)), count)
    first = np.r_[True, order[1:] != order[:-1]] if order.size else np.zeros(0, dtype=bool)
    category = pick(orders.pull[order], random)
    category[first] = orders.category
    products = np.array([each.products for each in retailer.categories])
    product = (products[category] * random.random(order.size) ** 2).astype(np.int64)
    quantity = np.minimum(random.geometric(0.75, order.size), 12).astype(np.int64)
    price = retailer.prices()[category, product] * quantity
    prone = customers.discount_proneness[orders.customer[order]]
    rate = np.where(random.random(order.size) < 0.05 + 0.8 * prone, random.integers(1, 5, order.size) / 10, 0)
    discount = np.round(price * rate, 2)
    return _Lines(order, category, product, quantity, price - discount, discount)


def _returns(orders: Orders, lines: _Lines, at: Ints, random: Generator) -> tuple[Ints, Ints, Ints]:
    """Which lines came back, when, and why: one in thirty, one in four where the order went wrong."""
    failed: Flags = orders.severity[lines.order] > 0
    line = np.flatnonzero(random.random(lines.order.size) < np.where(failed, 0.25, 0.033))
    days = 2 + np.minimum(random.geometric(0.12, line.size), 60)
    returned_at = at[lines.order[line]] // DAY * DAY + days * DAY + random.integers(9, 20, line.size) * HOUR
    reason = np.where(failed[line], random.integers(1, 4, line.size), 0)
    return line, np.asarray(returned_at, dtype=np.int64), np.asarray(reason, dtype=np.int64)


def _reported(bought: Ints, online: Flags) -> Ints:
    """The web shop records at once; the tills of the shops report when the day closes."""
    closing = bought // DAY * DAY + 23 * HOUR + HOUR // 2
    return np.where(online, bought, closing)


def _product_names(retailer: Retailer, category: Ints, product: Ints) -> pa.Array:
    """Product ids as text: the category and a number within it."""
    offset = np.cumsum([0, *(each.products for each in retailer.categories)])
    names = [
        f"{each.name.replace(' ', '-')}-{number:03d}"
        for each in retailer.categories
        for number in range(each.products)
    ]
    return labels(names, offset[category] + product)
