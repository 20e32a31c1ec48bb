"""What a plan may cost and what a sale is worth: the user's own figures, as there are none that fit everybody."""

import math
from dataclasses import dataclass
from pathlib import Path

from patron.features.errors import ConfigurationError


@dataclass(frozen=True)
class PlanSettings:
    """The section `[plan]`. Amounts are in the currency of the purchases.

    `margin` is the share of net spend that is earned, `budget` what all contacts of a plan and their incentives may
    cost, of which `test_budget` is kept for programmes whose effect is not known. `never_contacted` is the share of
    customers that no programme ever touches. `opt_out` names the column of the profile that says who wants no
    contact; `programmes` and `out` are folders, from the configuration's folder on.
    """

    margin: float
    budget: float
    test_budget: float = 0.0
    never_contacted: float = 0.05
    opt_out: str | None = None
    programmes: str = "programmes"
    out: str = "plans"

    def __post_init__(self) -> None:
        _check("margin", self.margin, "a share above 0 and at most 1", 0 < self.margin <= 1)
        _check("budget", self.budget, "an amount, not negative", self.budget >= 0)
        fits = 0 <= self.test_budget <= self.budget
        _check("test_budget", self.test_budget, f"part of the budget of {self.budget:g}", fits)
        _check(
            "never_contacted",
            self.never_contacted,
            "a share from 0 on, below 1",
            0 <= self.never_contacted < 1,
        )

    def within(self, folder: Path) -> tuple[Path, Path]:
        """The folders of the programmes and of the plans, for a configuration in `folder`."""
        return folder / Path(self.programmes).expanduser(), folder / Path(self.out).expanduser()


def _check(name: str, value: float, wanted: str, fits: bool) -> None:
    if not (fits and math.isfinite(value)):
        raise ConfigurationError(
            f"The {name} of a plan must be {wanted}.", where=f"[plan] {name}", found=f"{value:g}"
        )
