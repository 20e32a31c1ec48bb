"""BG/NBD: how often customers buy while they are customers, and when they quietly stop being one.

Fader, Hardie and Lee (2005), "Counting your customers" the easy way: purchases come at random at a rate that differs
between customers by a gamma distribution (r, alpha), and after each of them a customer leaves with a probability that
differs by a beta distribution (a, b). A customer's history is three numbers in one unit of time:

frequency: purchases after the first; recency: time from the first to the last of them (0 without any);
age: time from the first purchase to now.

Nobody leaves before a first repeat purchase in this model: who bought once is alive with certainty, however long ago.
There `probability_alive` says nothing and must not be trusted; `purchase_probability` falls with age nevertheless.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import digamma, gammaln
from threadpoolctl import threadpool_limits

from .compiled import kernel
from .errors import DataError

Floats = npt.NDArray[np.float64]

_LOWEST, _HIGHEST = 1e-4, 1e4
"""Between these the parameters are sought (alpha in mean ages). Beyond them nothing changes: at a = 1e-4 nobody ever
leaves, at r = 1e4 all buy at one rate."""

_STEEPEST = 1e-5
"""The slope, per customer and e-fold of a parameter, below which the likelihood is at its maximum."""

_CANCELS = -16.0
"""Below this the quick series of `_expected` would lose digits to its alternating signs."""

_OVERFLOWS = 300.0
"""Above this logarithm of its size the quick series leaves float64."""


@dataclass(frozen=True)
class BgNbd:
    """The parameters; each a number, or an array with one for each row that is asked about.

    `converged` says whether the maximum of the likelihood was found; parameters are NaN where there was none to find.
    `log_likelihood` is the mean for a customer.
    """

    r: float | Floats
    alpha: float | Floats
    a: float | Floats
    b: float | Floats
    converged: bool = True
    log_likelihood: float = np.nan


_UNKNOWN = BgNbd(np.nan, np.nan, np.nan, np.nan, converged=False)


def fit_bgnbd(
    frequency: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> BgNbd:
    """The most likely parameters for these customers (float[n] each), each counted `weights` times (once if None).

    The same bits for any order of the customers. Parameters are NaN where no weighted customer came back, or time has
    not passed for any. DataError where a history is impossible.
    """
    x, last, now = (np.asarray(each, np.float64) for each in (frequency, recency, age))
    counted = np.ones(x.size) if weights is None else np.asarray(weights, np.float64)
    _refuse_impossible(x, last, now, counted)
    total = float(counted.sum())
    if total == 0 or not (counted * x).any() or not (counted * now).any():
        return _UNKNOWN
    # Sums of floats depend on their order, and nobody's parameters should.
    order = np.lexsort([counted, now, last, x])
    x, last, now, counted = x[order], last[order], now[order], counted[order] / total
    scale = float(counted @ now)
    likelihood = _Likelihood(x, last / scale, now / scale, counted)
    r = 0.5
    start = np.log([r, r / float(counted @ x), 0.5, 2.0])
    bounds = [(np.log(_LOWEST), np.log(_HIGHEST))] * 4
    from scipy.optimize import minimize  # half of what importing this file would take

    # Four numbers are no work for threads, which would cost seven times as much.
    with threadpool_limits(1, "blas"):
        found = minimize(
            likelihood,
            np.clip(start, *bounds[0]),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"ftol": 1e-11, "gtol": 1e-7, "maxiter": 500, "maxcor": 20},
        )
    r, alpha, a, b = (float(value) for value in np.exp(found.x))
    # Scaled times made the density of a history larger by scale ** frequency.
    log_likelihood = float(-found.fun - counted @ x * np.log(scale))
    return BgNbd(r, alpha * scale, a, b, _is_flat(found.x, found.jac), log_likelihood)


def _is_flat(at: Floats, slope: Floats) -> bool:
    """Whether no step within the bounds makes anything better."""
    step = np.clip(at - slope, np.log(_LOWEST), np.log(_HIGHEST)) - at
    return bool(np.abs(step).max() < _STEEPEST)


def _refuse_impossible(x: Floats, last: Floats, now: Floats, counted: Floats) -> None:
    possible = np.isfinite(now) & (x >= 0) & (last >= 0) & (last <= now) & np.isfinite(x) & (counted >= 0)
    possible &= np.isfinite(counted)
    if not possible.all():
        place = int(np.argmin(possible))
        raise DataError(
            "A purchase history is impossible.",
            where=f"customer {place} of {x.size:,}",
            found=f"frequency {x[place]:g}, recency {last[place]:g}, age {now[place]:g}, weight {counted[place]:g}",
            remedy="count purchases after the first, and take recency between 0 and age",
        )


class _Likelihood:
    """The negative mean log-likelihood of log parameters, and its slope; customers are in the order of x."""

    def __init__(self, x: Floats, last: Floats, now: Floats, counted: Floats) -> None:
        self.rows = (x, last, now, counted)
        # Gamma functions take the frequency alone, of which there are few.
        self.x, begin = np.unique(x, return_index=True)
        self.counted = np.add.reduceat(counted, begin)
        self.mean = float(self.counted @ self.x)

    def __call__(self, logs: Floats) -> tuple[float, Floats]:
        r, alpha, a, b = np.exp(logs)
        value, slope = _rest_of_likelihood(*self.rows, r, alpha, a, b)
        x, counted = self.x, self.counted
        value += counted @ (gammaln(r + x) - gammaln(r) + gammaln(a + b) - gammaln(a + b + x))
        value += counted @ (gammaln(b + x) - gammaln(b)) + r * np.log(alpha)
        both = counted @ (digamma(a + b) - digamma(a + b + x))
        slope[0] += counted @ (digamma(r + x) - digamma(r)) + np.log(alpha)
        slope[1] += r / alpha
        slope[2] += both
        slope[3] += both + counted @ (digamma(b + x) - digamma(b))
        return -float(value), -slope * np.array([r, alpha, a, b])


def probability_alive(
    model: BgNbd, frequency: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike
) -> Floats:
    """The probability of still being a customer; float64[n], NaN where a history or the parameters are unknown.

    It is 1 for everybody who bought once (see above).
    """
    return _alive(*_rows(model, frequency, recency, age))


def purchase_probability(
    horizon: npt.ArrayLike,
    model: BgNbd,
    frequency: npt.ArrayLike,
    recency: npt.ArrayLike,
    age: npt.ArrayLike,
) -> Floats:
    """The probability of at least one purchase in the `horizon` from now on, given the history; float64[n]."""
    return _buys(*_rows(model, frequency, recency, age, horizon))


def expected_purchases(
    horizon: npt.ArrayLike,
    model: BgNbd,
    frequency: npt.ArrayLike,
    recency: npt.ArrayLike,
    age: npt.ArrayLike,
) -> Floats:
    """How many purchases to expect in the `horizon` from now on, given the history; float64[n]."""
    return _purchases(*_rows(model, frequency, recency, age, horizon))


def _rows(model: BgNbd, *history: npt.ArrayLike) -> tuple[Floats, ...]:
    """History and parameters as arrays of one length."""
    columns = np.broadcast_arrays(*np.atleast_1d(*history, model.r, model.alpha, model.a, model.b))
    return tuple(np.ascontiguousarray(column, np.float64) for column in columns)


# The loops. A purchase history is x, last, now in the order of the paper's (x, t_x, T).


@kernel
def _rest_of_likelihood(
    x: Floats, last: Floats, now: Floats, counted: Floats, r: float, alpha: float, a: float, b: float
) -> tuple[float, Floats]:
    """The log-likelihood without its gamma functions, and its slope by r, alpha, a and b."""
    value = 0.0
    slope = np.zeros(4)
    log_a = np.log(a)
    for i in range(x.size):
        w = counted[i]
        log_now = np.log(alpha + now[i])
        value -= w * (r + x[i]) * log_now
        slope[0] -= w * log_now
        slope[1] -= w * (r + x[i]) / (alpha + now[i])
        if x[i] == 0:
            continue
        gone = b + x[i] - 1
        log_ratio = log_now - np.log(alpha + last[i])
        odds = log_a - np.log(gone) + (r + x[i]) * log_ratio
        # log(1 + e^odds), and the probability of having left.
        small = np.exp(-abs(odds))
        value += w * (np.log1p(small) + max(odds, 0.0))
        left = w * (1.0 if odds > 0 else small) / (1.0 + small)
        slope[0] += left * log_ratio
        slope[1] += left * (r + x[i]) * (1 / (alpha + now[i]) - 1 / (alpha + last[i]))
        slope[2] += left / a
        slope[3] -= left / gone
    return value, slope


@kernel
def _alive_one(x: float, last: float, now: float, r: float, alpha: float, a: float, b: float) -> float:
    if x == 0:
        return 1.0 + 0.0 * (now + r + alpha + a + b)  # NaN where any of them is
    odds = np.log(a / (b + x - 1)) + (r + x) * np.log((alpha + now) / (alpha + last))
    return float(1 / (1 + np.exp(odds))) if odds < 700 else np.exp(-odds)


@kernel
def _alive(x: Floats, last: Floats, now: Floats, r: Floats, alpha: Floats, a: Floats, b: Floats) -> Floats:
    found = np.empty(x.size)
    for i in range(x.size):
        found[i] = _alive_one(x[i], last[i], now[i], r[i], alpha[i], a[i], b[i])
    return found


@kernel
def _buys(
    x: Floats, last: Floats, now: Floats, horizon: Floats, r: Floats, alpha: Floats, a: Floats, b: Floats
) -> Floats:
    """Alive, and not without a purchase: the rate's distribution is a gamma(r + x, alpha + now)."""
    found = np.empty(x.size)
    for i in range(x.size):
        none = -(r[i] + x[i]) * np.log1p(horizon[i] / (alpha[i] + now[i]))
        found[i] = -np.expm1(none) * _alive_one(x[i], last[i], now[i], r[i], alpha[i], a[i], b[i])
    return found


@kernel
def _purchases(
    x: Floats, last: Floats, now: Floats, horizon: Floats, r: Floats, alpha: Floats, a: Floats, b: Floats
) -> Floats:
    found = np.empty(x.size)
    for i in range(x.size):
        z = horizon[i] / (alpha[i] + now[i] + horizon[i])
        growth = (a[i] - 1) * -np.log1p(-z)
        if a[i] + b[i] - 1 - r[i] > _CANCELS and growth < _OVERFLOWS:
            expected = _expected(x[i], z, r[i], a[i], b[i])
        else:
            expected = _expected_by_counts(x[i], z, r[i], a[i], b[i])
        found[i] = expected * _alive_one(x[i], last[i], now[i], r[i], alpha[i], a[i], b[i])
    return found


@kernel
def _expected(x: float, z: float, r: float, a: float, b: float) -> float:
    """Purchases expected of a customer who is alive, with z = horizon / (alpha + age + horizon).

    The paper's (a + b + x - 1) / (a - 1) (1 - (1 - z)^(r + x) F(r + x, b + x; a + b + x - 1; z)) after Euler's
    transformation of F, whose parameters are then small for any x, and with the factors that vanish for a = 1 or
    a + b + x = 1 taken out of its series.
    """
    first = a + b - 1 - r
    log_rest = np.log1p(-z)
    power = (a - 1) * log_rest
    shrinks = np.expm1(power)
    lead = -log_rest if abs(a - 1) < 1e-12 else -shrinks / (a - 1)
    term = first * z
    total = term
    k = 1
    while not abs(term) <= 1e-14 * abs(total) and k < 20_000:
        term *= (first + k) * (a + k - 1) / ((a + b + x + k - 1) * (k + 1)) * z
        total += term
        k += 1
    return float((a + b + x - 1) * lead - (1 + shrinks if shrinks > -0.5 else np.exp(power)) * total)


@kernel
def _expected_by_counts(x: float, z: float, r: float, a: float, b: float) -> float:
    """The same as a sum of positive terms: of the j-th purchase being wanted, times having stayed after those before.

    Purchases wanted are negative binomial (r + x, z); one stays j times with probability B(a, b + x + j) / B(a, b + x).
    """
    size = r + x
    mean = size * z / (1 - z)
    # Up to here purchases are certain, and their probabilities too small for a float64.
    skipped = max(0.0, np.floor(mean - 12 * np.sqrt(mean / (1 - z))))
    log_first = size * np.log1p(-z)
    log_first += math.lgamma(size + skipped) - math.lgamma(size) - math.lgamma(skipped + 1)
    exactly = np.exp(log_first + (skipped * np.log(z) if skipped > 0 else 0.0))
    stays, more, total = 1.0, 1.0, 0.0
    j = 0.0
    while j < skipped or (more > 1e-15 and j < 10 * mean + 20_000):
        if j >= skipped:
            more -= exactly
            exactly *= (size + j) / (j + 1) * z
        total += stays * max(more, 0.0)
        stays *= (b + x + j) / (a + b + x + j)
        j += 1.0
    return float(total)
