"""How strong a cause that nobody recorded would have to be to take a finding away."""

import numpy as np
import numpy.typing as npt

from .comparability import Comparability
from .extras import econml_sensitivity
from .scores import Scores
from .trial import Trial

Floats = npt.NDArray[np.float64]


def robustness(trial: Trial, scores: Scores, compared: Comparability) -> float:
    """A trial of two arms to the robustness value of Chernozhukov, Cinelli, Newey, Sharma & Syrgkanis (2022).

    A cause that explains so large a share of what is left of both the arm and the outcome would move the interval onto
    zero; 0 where it is there already, NaN where the outcome never varies. Only rows that can be compared
    count. Computed by econml.
    """
    values = econml_sensitivity()
    keep = compared.comparable
    if np.ptp(trial.outcome[keep]) == 0:
        return float("nan")
    got = trial.arm[keep].astype(np.float64)[:, None]
    found = values.dr_sensitivity_values(trial.outcome[keep], got, scores.values[keep], compared.chance[keep])
    return float(
        values.RV(found.theta[0], found.sigma[0], found.nu[0], found.cov[0], alpha=0.05, interval_type="ci")
    )
