"""The question that a model answers, as a small declarative object."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any, Literal, Self

from .errors import ConfigurationError
from .special_days import SpecialDays

Population = Literal["active", "lapsed", "all", "prospects"]
POPULATIONS: tuple[Population, ...] = ("active", "lapsed", "all", "prospects")


@dataclass(frozen=True)
class Purchase:
    """At least one purchase in the horizon; `where` narrows it by an SQL condition over the purchase lines."""

    where: str | None = None
    kind: Literal["purchase"] = "purchase"


@dataclass(frozen=True)
class SpendDrop:
    """Net spend in the horizon below `below` times the customer's own average for a window of that length.

    The average is taken over `lookback_days` before the cutoff.
    """

    below: float = 0.5
    kind: Literal["spend_drop"] = "spend_drop"


Target = Purchase | SpendDrop


@dataclass(frozen=True)
class Question:
    """Who does what, within how many days of a cutoff.

    Days are days of the business's own time zone. `horizon_days` bounds the label window [cutoff, cutoff + horizon);
    models are judged on it. `further_horizons`, each longer than the one before, are scored beside it.
    `lookback_days` says who is active; `settle_days` is how long late rows and returns are waited for.
    Cutoffs lie `cutoff_every_days` apart (the horizon unless given), `cutoffs` of them, the last one as late as
    its target is mature. `calendar` tells of days unlike others, also of those after a cutoff.
    """

    name: str = "repurchase"
    horizon_days: int = 30
    lookback_days: int = 180
    population: Population = "active"
    settle_days: int = 0
    cutoff_every_days: int | None = None
    cutoffs: int = 12
    target: Target = field(default_factory=Purchase)
    calendar: SpecialDays = field(default_factory=SpecialDays)
    further_horizons: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        at_least = {
            "horizon_days": 1,
            "lookback_days": 1,
            "settle_days": 0,
            "cutoff_every_days": 1,
            "cutoffs": 1,
        }
        for key, least in at_least.items():
            value = getattr(self, key)
            if value is not None and value < least:
                raise ConfigurationError(
                    f"{key} must be at least {least}.",
                    where=f"[question] {key}",
                    found=value,
                    remedy=f"set it to {least} or more",
                )
        if self.population not in POPULATIONS:
            raise ConfigurationError(
                "The population is unknown.",
                where="[question] population",
                found=self.population,
                remedy=f"choose one of {', '.join(POPULATIONS)}",
            )
        self._check_further_horizons()

    def _check_further_horizons(self) -> None:
        if any(later <= sooner for sooner, later in pairwise(self.horizons)):
            raise ConfigurationError(
                "Each horizon must be longer than the one before it.",
                where="[question] horizon_days",
                found=list(self.horizons),
                remedy=f"write {sorted(set(self.horizons))}; the first is the one that models are judged on",
            )
        if self.further_horizons and not isinstance(self.target, Purchase):
            raise ConfigurationError(
                "Only a purchase can be asked about for several horizons: it grows likelier with each.",
                where="[question] horizon_days",
                found=list(self.horizons),
                remedy="give one horizon, and another configuration for another one",
            )

    @property
    def horizons(self) -> tuple[int, ...]:
        """All horizons in days, rising; the first is the one that models are judged on."""
        return (self.horizon_days, *self.further_horizons)

    @property
    def spacing_days(self) -> int:
        """Days between cutoffs."""
        return self.horizon_days if self.cutoff_every_days is None else self.cutoff_every_days

    def to_dict(self) -> dict[str, Any]:
        """The question as plain data, for contracts and digests."""
        plain = asdict(self)
        plain["calendar"]["closures"] = list(self.calendar.closures)
        plain["further_horizons"] = list(self.further_horizons)
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The question that `to_dict` described."""
        fields = dict(plain)
        target = dict(fields.pop("target"))
        calendar = SpecialDays.from_dict(fields.pop("calendar"))
        further = tuple(fields.pop("further_horizons", ()))  # models of before could answer one horizon
        kinds: dict[str, type[Purchase | SpendDrop]] = {"purchase": Purchase, "spend_drop": SpendDrop}
        return cls(
            **fields, target=kinds[target["kind"]](**target), calendar=calendar, further_horizons=further
        )
