"""The experiment that would tell: its groups, their sizes, how long it takes, and which effect it could show."""

from dataclasses import asdict, dataclass
from math import ceil, isfinite, sqrt
from typing import Any

from scipy.stats import norm

from patron.features.errors import ConfigurationError

POWER = 0.8
LEVEL = 0.95


@dataclass(frozen=True)
class Experiment:
    """A test with a control that is left alone by lot.

    `detectable` is the difference of means that it shows in four of five cases, in the outcome's unit. `days` is how
    long outcomes take to be known after the draw; None where nobody said.
    """

    customers: int
    treated: int
    control: int
    detectable: float
    outcome: str
    days: int | None = None

    @property
    def words(self) -> str:
        """The experiment in a sentence."""
        wait = "" if self.days is None else f", and wait {self.days} days"
        return (
            f"Draw {self.treated:,} of {self.customers:,} customers by lot, leave the other {self.control:,} alone"
            f"{wait}: a difference in {self.outcome} of {self.detectable:.3g} or more would be seen in four of five"
            " cases."
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {**asdict(self), "words": self.words}


def detectable_effect(spread: float, treated: int, control: int) -> float:
    """Standard deviation of the outcome and sizes of both groups to the difference seen in four of five tests.

    >>> round(detectable_effect(0.5, 1000, 1000), 4)
    0.0626
    """
    return _reach() * spread * sqrt(1 / treated + 1 / control)


def customers_for(effect: float, spread: float, control_share: float = 0.5) -> int:
    """Customers, of whom `control_share` are left alone, that show an effect of this size in four of five tests.

    ConfigurationError for an effect of zero, a spread that is not positive, or a share that leaves a group empty.

    >>> customers_for(0.0626, 0.5)
    2003
    """
    if not (effect and isfinite(effect) and spread > 0 and 0 < control_share < 1):
        raise ConfigurationError(
            "No number of customers answers this.",
            where="customers_for",
            found=f"effect {effect:g}, spread {spread:g}, share of the control {control_share:g}",
            remedy="ask for an effect other than 0, with a positive spread and a share between 0 and 1",
        )
    return ceil((_reach() * spread / effect) ** 2 / (control_share * (1 - control_share)))


def propose_experiment(
    customers: int, spread: float, outcome: str, control_share: float = 0.5, days: int | None = None
) -> Experiment:
    """So many customers, and the outcome's standard deviation among them, to the test that they allow."""
    control = round(customers * control_share)
    treated = customers - control
    return Experiment(customers, treated, control, detectable_effect(spread, treated, control), outcome, days)


def _reach() -> float:
    """How many standard errors a true effect must have to be seen: 1.96 for the interval, 0.84 for the power."""
    return float(norm.ppf((1 + LEVEL) / 2) + norm.ppf(POWER))
