"""Regularity: k of gaps that are known to be Erlang-k comes out, and clockwork is told from chance."""

import numpy as np
import pytest

from patron.features.regularity import erlang_k, regularity


def erlang_gaps(k: int, customers: int = 4_000, gaps: int = 6) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(5)
    rate = random.gamma(2, 10, customers)
    values = random.gamma(k, 1 / k, (customers, gaps)) * rate[:, None]
    return np.repeat(np.arange(customers), gaps), values.ravel()


@pytest.mark.parametrize("k", [1, 2, 4])
def test_the_k_of_the_gaps_comes_out(k: int) -> None:
    found = regularity(*erlang_gaps(k))
    assert found.k == pytest.approx(k, rel=0.1)
    assert (found.pairs, found.customers) == (4_000, 4_000)


def test_by_chance_one_in_twenty_looks_regular() -> None:
    assert regularity(*erlang_gaps(1)).regular == pytest.approx(0.05, abs=0.015)
    assert regularity(*erlang_gaps(4)).regular > 0.5


def test_chance_by_whole_days_is_still_chance() -> None:
    random = np.random.default_rng(6)
    chance = random.beta(2, 10, 4_000)
    gaps = random.geometric(np.repeat(chance, 6)).astype(float)
    found = regularity(np.repeat(np.arange(4_000), 6), gaps - 0.5)
    assert found.k == pytest.approx(1, abs=0.15)
    assert found.regular < 0.1


def test_clockwork_is_regular_without_end() -> None:
    found = regularity(np.repeat(np.arange(50), 4), np.full(200, 6.5))
    assert (found.k, found.regular, found.variation) == (np.inf, 1, 0)
    assert found.histogram[0] == 50
    assert found.words.startswith("Many customers order by a clock")


def test_few_customers_say_nothing() -> None:
    found = regularity(np.repeat(np.arange(5), 4), np.ones(20))
    assert np.isnan([found.k, found.regular, found.variation]).all()
    assert found.words.startswith("Too few customers")
    assert np.isnan(regularity(np.empty(0, np.int64), np.empty(0)).k)


def test_wheat_and_morrison_by_hand() -> None:
    shares = np.array([0.25, 0.75] * 15)  # a variance of 1/16 is that of k = 3/2
    assert erlang_k(shares) == pytest.approx(1.5)
