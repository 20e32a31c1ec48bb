"""Gamma-Gamma: what a customer's purchases are worth on average, from the worth of those that were seen.

Fader and Hardie (2013), "The Gamma-Gamma model of monetary value": the values of a customer's purchases follow a gamma
distribution of shape p whose rate differs between customers by a gamma distribution (q, v). A customer's history is
two numbers: how many purchases were seen, and their mean value. The fewer there are, the more the expectation leans on
everybody's mean. How often customers buy and how much they spend are taken to have nothing to do with each other.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import digamma, gammaln
from threadpoolctl import threadpool_limits

from patron.features.errors import DataError

Floats = npt.NDArray[np.float64]

_LOWEST, _HIGHEST = 1e-3, 1e4
"""Between these the parameters are sought (v in mean values)."""

_STEEPEST = 1e-5
"""The slope, per customer and e-fold of a parameter, below which the likelihood is at its maximum."""


@dataclass(frozen=True)
class GammaGamma:
    """The parameters: `p` and `q` without unit, `v` in money; NaN where there was nobody to learn from.

    `converged` says whether the maximum of the likelihood was found.
    """

    p: float
    q: float
    v: float
    converged: bool = True

    def expected_value(self, purchases: npt.ArrayLike, mean_value: npt.ArrayLike) -> Floats:
        """Purchases seen and their mean value to the mean value to expect of further ones; float64[n].

        Where nothing of worth was seen it is the mean of all customers; NaN where that is not finite (q at most 1).
        """
        x, z = np.broadcast_arrays(*np.atleast_1d(purchases, mean_value))
        seen = (x > 0) & (z > 0)
        x, z = np.where(seen, x, 0.0).astype(np.float64), np.where(seen, z, 0.0).astype(np.float64)
        denominator = self.p * x + self.q - 1
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(denominator > 0, self.p * (self.v + x * z) / denominator, np.nan)


def fit_gamma_gamma(purchases: npt.ArrayLike, mean_value: npt.ArrayLike) -> GammaGamma:
    """The most likely parameters for customers with so many purchases of that mean value; float[n] each.

    Customers without a purchase of worth say nothing and are left out. The same bits for any order of the customers.
    DataError where a history is impossible.
    """
    x, z = np.asarray(purchases, np.float64), np.asarray(mean_value, np.float64)
    if (np.isfinite(x) & (x < 0)).any() or np.isinf(x).any() or np.isinf(z).any():
        raise DataError(
            "A purchase history is impossible.",
            where="Gamma-Gamma",
            found="a negative number of purchases, or one that is not finite",
            remedy="count purchases, and take the mean of their values",
        )
    known = (x > 0) & (z > 0)
    x, z = x[known], z[known]
    if x.size == 0:
        return GammaGamma(np.nan, np.nan, np.nan, converged=False)
    # Sums of floats depend on their order, and nobody's parameters should.
    order = np.lexsort([z, x])
    x, scale = x[order], float(np.mean(z[order]))
    z = z[order] / scale
    bounds = [(np.log(_LOWEST), np.log(_HIGHEST))] * 3
    with threadpool_limits(1, "blas"):
        found = minimize(
            _negative_log_likelihood,
            np.log([2.0, 3.0, 1.0]),
            args=(x, z),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"ftol": 1e-13, "gtol": 1e-8, "maxiter": 1_000, "maxcor": 20},
        )
    p, q, v = (float(value) for value in np.exp(found.x))
    step = np.clip(found.x - found.jac, *bounds[0]) - found.x
    return GammaGamma(p, q, v * scale, bool(np.abs(step).max() < _STEEPEST))


def _negative_log_likelihood(logs: Floats, x: Floats, z: Floats) -> tuple[float, Floats]:
    """The mean over customers for log parameters, without what does not depend on them, and its slope."""
    p, q, v = np.exp(logs)
    px, total = p * x, v + x * z
    value = gammaln(px + q) - gammaln(px) - gammaln(q) + q * np.log(v) + px * np.log(x * z)
    value -= (px + q) * np.log(total)
    both, rest = digamma(px + q), np.log(total)
    slope = np.array(
        [
            np.mean(x * (both - digamma(px) + np.log(x * z) - rest)) * p,
            np.mean(both - digamma(q) + np.log(v) - rest) * q,
            np.mean(q / v - (px + q) / total) * v,
        ]
    )
    return -float(np.mean(value)), -slope
