"""Trials: arms, outcomes and chances are checked before anything is measured."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from patron.actions.trial import FEWEST, Trial
from patron.features.errors import ConfigurationError, DataError

ROWS = 3 * FEWEST


def frame(**columns: object) -> pa.Table:
    arms = ["a", "b", "c"] * FEWEST
    return pa.table({"arm": arms, "bought": [1.0, 0.0, 1.0] * FEWEST, **columns})


def two(**columns: object) -> pa.Table:
    return pa.table({"got": [0, 1] * FEWEST, "bought": [0.0, 1.0] * FEWEST, **columns})


@pytest.mark.parametrize("convert", [lambda table: table, lambda table: table.to_pandas(), pl.from_arrow])
def test_frames_of_all_kinds_give_the_same_trial(convert):
    trial = Trial.of(convert(frame()), "arm", "bought", (), None, "b")
    assert trial.arms == ("b", "a", "c")
    assert trial.arm[:3].tolist() == [1, 0, 2]
    assert trial.outcome[:3].tolist() == [1.0, 0.0, 1.0]


def test_zero_and_false_are_the_control_without_being_named():
    assert Trial.of(two(), "got", "bought").arms == ("0", "1")
    flags = pa.table({"got": [False, True] * FEWEST, "bought": [True, False] * FEWEST})
    assert Trial.of(flags, "got", "bought").arms == ("false", "true")


def test_no_control_is_guessed_among_names():
    with pytest.raises(ConfigurationError, match="which arm is the control") as caught:
        Trial.of(frame(), "arm", "bought")
    assert caught.value.found == "arms a, b, c"


def test_a_control_nobody_is_in_is_told():
    with pytest.raises(DataError, match="The control arm has no customers"):
        Trial.of(frame(), "arm", "bought", control="d")


def test_everyone_treated_is_told():
    everyone = pa.table({"arm": ["a"] * ROWS, "bought": [1.0] * ROWS})
    with pytest.raises(DataError, match="Everyone is in one arm"):
        Trial.of(everyone, "arm", "bought", control="a")


def test_an_arm_of_a_few_is_told():
    few = pa.table({"got": [0] * 100 + [1] * (FEWEST - 1), "bought": [1.0] * (99 + FEWEST)})
    with pytest.raises(DataError, match="too few customers") as caught:
        Trial.of(few, "got", "bought")
    assert caught.value.found == "1: 29"


def test_rows_without_arm_or_outcome_are_set_apart_and_counted():
    arm = ["a", "b", None] + ["a", "b"] * FEWEST
    bought = [None, 1.0, 1.0] + [1.0, 0.0] * FEWEST
    trial = Trial.of(pa.table({"arm": arm, "bought": bought}), "arm", "bought", control="a")
    assert trial.set_apart == {"no treatment": {"": 1}, "no outcome": {"a": 1}}
    assert trial.rows + 2 == len(arm)


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [("bought", ["yes", "no"] * FEWEST, "not a number"), ("bought", [np.inf, 1.0] * FEWEST, "infinite")],
)
def test_outcomes_are_finite_numbers(column, values, message):
    with pytest.raises(DataError, match=message):
        Trial.of(two().set_column(1, column, pa.array(values)), "got", column)


def test_chances_by_arm_hold_for_all_rows():
    trial = Trial.of(frame(), "arm", "bought", (), {"a": 0.2, "b": 0.3, "c": 0.5}, "a")
    assert trial.chance is not None
    assert trial.chance[5].tolist() == [0.2, 0.3, 0.5]
    assert trial.own_chance()[:3].tolist() == [0.2, 0.3, 0.5]


@pytest.mark.parametrize(
    "chances", [{"a": 0.2, "b": 0.3, "c": 0.4}, {"a": 0.5, "b": 0.5}, {"a": 1.2, "b": -0.3, "c": 0.1}]
)
def test_chances_that_do_not_sum_to_one_are_refused(chances):
    with pytest.raises(ConfigurationError, match="not those of a draw"):
        Trial.of(frame(), "arm", "bought", (), chances, "a")


def test_one_chance_does_not_do_for_three_arms():
    with pytest.raises(ConfigurationError, match="several arms"):
        Trial.of(frame(), "arm", "bought", (), 0.5, "a")


def test_a_column_holds_the_chance_of_the_own_arm():
    trial = Trial.of(two(p=[0.4, 0.6] * FEWEST), "got", "bought", (), "p")
    assert trial.chance is not None
    assert trial.chance[0] == pytest.approx([0.4, 0.6])
    varied = Trial.of(two(p=[0.4, 0.6, 0.9, 0.1] * (FEWEST // 2)), "got", "bought", (), "p")
    assert varied.chance is not None
    assert varied.chance[:4, 1] == pytest.approx([0.6, 0.6, 0.1, 0.1])


def test_a_column_of_chances_must_sum_over_arms_too():
    with pytest.raises(DataError, match="do not sum to 1"):
        Trial.of(two(p=[0.4, 0.4] * FEWEST), "got", "bought", (), "p")


def test_nobody_is_given_an_arm_for_certain():
    with pytest.raises(DataError, match="between 0 and 1"):
        Trial.of(two(p=[1.0, 0.4] * FEWEST), "got", "bought", (), "p")


def test_the_outcome_is_no_covariate():
    with pytest.raises(ConfigurationError, match="what was so before"):
        Trial.of(two(), "got", "bought", ["bought"])


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(ConfigurationError, match="no column spend"):
        Trial.of(two(), "got", "spend")


def test_covariates_become_numbers_and_those_that_never_vary_are_left_out():
    table = two(city=["Rome", "Oslo", None, "Oslo"] * (FEWEST // 2), same=[1.0] * (2 * FEWEST))
    trial = Trial.of(table, "got", "bought", ["city", "same"])
    assert trial.covariate_names == ("city_", "city_Oslo", "city_Rome")
    assert trial.covariates[:4].tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 1, 0]]


def test_unknown_numbers_are_flagged():
    trial = Trial.of(two(age=[30.0, None] * FEWEST), "got", "bought", ["age"])
    assert trial.covariate_names == ("age unknown",)


def test_a_time_is_no_covariate():
    times = pd.to_datetime(["2024-01-01"] * (2 * FEWEST))
    with pytest.raises(ConfigurationError, match="number, a flag or a text"):
        Trial.of(two(at=pa.array(times)), "got", "bought", ["at"])
