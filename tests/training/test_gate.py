"""The minimum-data gate: what is too little, in numbers."""

import pytest

from patron.features.errors import GateError
from patron.features.question import Question
from patron.training.gate import CutoffCount, data_problems, remedy_for, require_enough

ENOUGH = [CutoffCount("2025-01-01", 900, 300), CutoffCount("2025-02-01", 950, 310)]


def test_enough_is_no_problem() -> None:
    assert data_problems(500, ENOUGH, [CutoffCount("2025-03-01", 200, 100)]) == []


@pytest.mark.parametrize(
    ("customers", "train", "test", "problem"),
    [
        (499, ENOUGH, CutoffCount("2025-03-01", 900, 300), "499 customers, of at least 500"),
        (
            800,
            [CutoffCount("2025-01-01", 900, 99)],
            CutoffCount("2025-03-01", 900, 300),
            "99 snapshots with the event and 801 without to learn from, of at least 100 each",
        ),
        (
            800,
            ENOUGH,
            CutoffCount("2025-03-01", 900, 99),
            "99 with the event and 801 without at the test cutoff 2025-03-01, of at least 100 each",
        ),
        (
            800,
            ENOUGH,
            CutoffCount("2025-03-01", 900, 801),
            "801 with the event and 99 without at the test cutoff 2025-03-01, of at least 100 each",
        ),
    ],
)
def test_each_shortage_is_named_with_its_counts(
    customers: int, train: list[CutoffCount], test: CutoffCount, problem: str
) -> None:
    assert data_problems(customers, train, [test]) == [problem]


def test_few_events_at_single_training_cutoffs_add_up() -> None:
    few = [CutoffCount(f"2025-0{month}-01", 900, 30) for month in (1, 2, 3, 4)]
    assert data_problems(900, few, [CutoffCount("2025-05-01", 900, 300)]) == []


def test_the_refusal_holds_every_count() -> None:
    with pytest.raises(GateError, match="too little to learn from") as caught:
        require_enough(1, [CutoffCount("2025-01-01", 1, 0)], [CutoffCount("2025-02-01", 1, 1)])
    assert caught.value.exit_code == 3
    for count in (
        "1 customers",
        "0 snapshots with the event and 1 without",
        "1 with the event and 0 without",
    ):
        assert count in str(caught.value)


@pytest.mark.parametrize(
    ("population", "profile", "todo"),
    [
        ("active", (), "widen the population"),
        ("lapsed", (), "a shorter lookback"),
        ("prospects", ("customer_id", "valid_from"), "more people who are known before they buy"),
        ("prospects", ("customer_id", "region"), r"map \[profile\] valid_from"),
        ("prospects", (), r"map \[profile\] valid_from"),
    ],
)
def test_the_remedy_fits_the_population(population, profile, todo):
    remedy = remedy_for(Question(population=population), {"profile": profile} if profile else {})
    with pytest.raises(GateError, match=todo):
        require_enough(1, [CutoffCount("2025-01-01", 1, 0)], [CutoffCount("2025-02-01", 1, 1)], remedy)
