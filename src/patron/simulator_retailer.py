"""The settings of a simulated retailer: how many customers, what it sells, which campaigns it randomises."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
from numpy.random import Generator, SeedSequence, default_rng
from numpy.typing import NDArray

from patron.features.errors import ConfigurationError

Topic = Literal[
    "customers",
    "days",
    "purchases",
    "satisfaction",
    "cases",
    "activities",
    "mentions",
    "referrals",
    "profile",
    "prospects",
]
_TOPICS: tuple[Topic, ...] = (
    "customers",
    "days",
    "purchases",
    "satisfaction",
    "cases",
    "activities",
    "mentions",
    "referrals",
    "profile",
    "prospects",
)
MOST_CUSTOMERS = 100_000_000
_CATALOGUE = 0
"""Key of the catalogue's random numbers; those of a chunk have keys of two parts."""


@dataclass(frozen=True)
class Category:
    """Something that is sold, and what satisfaction with it does to its purchase hazard.

    `effect` is the change of the log hazard of buying in this category per unit of the customer's latent
    satisfaction with it (whose spread is about one); zero is a commodity. `popularity` is its share of all wishes,
    `price` the typical price of a piece.
    """

    name: str
    effect: float
    popularity: float
    price: float
    products: int = 40


@dataclass(frozen=True)
class Campaign:
    """A randomised campaign: who may be contacted is drawn into `contact` or `control`.

    `starts` is when, as a share of the simulated span. For `effective_days` the log purchase hazard of the
    contacted is higher by `effect` on average over customers; those prone to discounts respond more.
    """

    name: str
    starts: float
    effect: float
    effective_days: int = 28
    probability: float = 0.5
    channel: str = "email"
    cost: float = 0.05


CATEGORIES = (
    Category("coffee", effect=0.6, popularity=0.22, price=11.0),
    Category("skincare", effect=0.45, popularity=0.18, price=19.0),
    Category("books", effect=0.25, popularity=0.15, price=14.0, products=120),
    Category("pet food", effect=0.1, popularity=0.15, price=24.0),
    Category("batteries", effect=0.0, popularity=0.13, price=7.0, products=20),
    Category("printer paper", effect=0.0, popularity=0.17, price=9.0, products=12),
)
CAMPAIGNS = (
    Campaign("coupon by letter", starts=0.60, effect=0.30, channel="letter", cost=0.90),
    Campaign("redesigned newsletter", starts=0.75, effect=0.0),
)


@dataclass(frozen=True)
class Retailer:
    """All that decides what a simulated retailer experiences: the same settings give the same bytes.

    `customers` counts everybody known, prospects included. The span is the `days` before `observed_until`
    (exclusive); times are naive local times of `timezone`. Customers are simulated `chunk_customers` at a time, and
    what happens in a chunk depends on the seed, its index and its size alone.
    With the defaults, per customer and two years: 19 purchase lines, 2 survey requests, 3 activities, and one case
    for every four customers.
    """

    customers: int = 20_000
    seed: int = 7
    days: int = 730
    observed_until: date = date(2026, 1, 1)
    timezone: str = "Europe/Berlin"
    currency: str = "EUR"
    categories: tuple[Category, ...] = CATEGORIES
    campaigns: tuple[Campaign, ...] = CAMPAIGNS
    orders_per_year: float = 12.0
    """Of a customer who has not left, at neutral satisfaction, on average."""
    prospects: float = 0.06
    """Share of the known who have not bought by the end of the span."""
    interested: float = 0.40
    """Share of the new customers who were known some time before they bought; the others come in and buy."""
    already_customers: float = 0.30
    """Share of the buyers who bought before the span began."""
    guests: float = 0.10
    """Share of the buyers whose first orders go by an alias until they register."""
    drifting: float = 0.15
    """Share of the buyers whose rate and taste change once."""
    chunk_customers: int = 25_000

    def __post_init__(self) -> None:
        if not 1 <= self.customers <= MOST_CUSTOMERS:
            raise _unfit("customers", self.customers, f"between 1 and {MOST_CUSTOMERS:,}")
        if self.days < 30:
            raise _unfit("days", self.days, "at least 30")
        if self.seed < 0:
            raise _unfit("seed", self.seed, "zero or more")
        if self.chunk_customers < 1:
            raise _unfit("chunk_customers", self.chunk_customers, "at least 1")
        if not self.categories:
            raise _unfit("categories", self.categories, "at least one category")
        for share in ("prospects", "interested", "already_customers", "guests", "drifting"):
            if not 0 <= getattr(self, share) <= 1:
                raise _unfit(share, getattr(self, share), "a share between 0 and 1")

    @property
    def observed_from(self) -> date:
        """The first day of the span."""
        return self.observed_until - timedelta(days=self.days)

    @property
    def chunks(self) -> int:
        """How many chunks of customers there are."""
        return -(-self.customers // self.chunk_customers)

    @property
    def surveys_from(self) -> int:
        """The day on which customers were first asked."""
        return self.days // 8

    @property
    def cases_from(self) -> int:
        """The day on which the case system was introduced; failures before it left no trace."""
        return self.days // 6

    def size(self, chunk: int) -> int:
        """How many customers a chunk holds."""
        return min(self.chunk_customers, self.customers - chunk * self.chunk_customers)

    def random(self, chunk: int, topic: Topic) -> Generator:
        """The random numbers of one topic in one chunk, independent of every other."""
        return default_rng(SeedSequence(self.seed, spawn_key=(chunk, _TOPICS.index(topic))))

    def prices(self) -> NDArray[np.float64]:
        """Price of each product [category, product]; beyond a category's own products unused."""
        random = default_rng(SeedSequence(self.seed, spawn_key=(_CATALOGUE,)))
        most = max(category.products for category in self.categories)
        typical = np.array([[category.price] for category in self.categories])
        return np.round(typical * np.exp(random.normal(0, 0.35, (len(self.categories), most))), 2)


def _unfit(setting: str, found: object, wanted: str) -> ConfigurationError:
    return ConfigurationError(
        f"A retailer with {setting} = {found} cannot be simulated.",
        where=setting,
        found=found,
        remedy=f"choose {wanted}",
    )
