"""What is said of an activity: right by lot, and nothing where nothing can be said."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from econml.dr import LinearDRLearner
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression

from patron.actions.measuring import measure_effect
from patron.features.errors import DataError

HILLSTROM = Path(__file__).parents[3] / "shared" / "data" / "hillstrom.parquet"
THIRD = 1 / 3


def test_without_covariates_it_is_the_difference_of_the_means():
    table = {"got": [0, 1] * 40, "bought": [0, 1, 1, 1] * 20}
    effect = measure_effect(pa.table(table), "got", "bought", probability=0.5)["1"]
    assert effect.means == (1.0, 0.5)
    assert effect.plain.value == pytest.approx(0.5)
    assert effect.estimate is not None
    assert effect.estimate.value == pytest.approx(0.5)


def test_covariates_narrow_the_interval_around_the_truth(drawn):
    effect = measure_effect(drawn, "arm", "spend", ["habit", "likes"], "chance", control="nothing")["contact"]
    assert effect.estimate is not None
    assert effect.estimate.low < 1.0 < effect.estimate.high
    assert effect.width < 0.6
    assert "changed spend per customer by" in effect.words


def test_it_agrees_with_the_doubly_robust_learner_of_econml(drawn):
    """Another estimator of the same quantity: a line for the outcome, the share of the arms for the chance."""
    ours = measure_effect(drawn, "arm", "spend", ["habit"], "chance", control="nothing")["contact"].estimate
    learner = LinearDRLearner(
        model_propensity=DummyClassifier(strategy="prior"),
        model_regression=LinearRegression(),
        cv=5,
        random_state=1,
    )
    arm = (np.asarray(drawn["arm"]) == "contact").astype(int)
    learner.fit(np.asarray(drawn["spend"]), arm, W=np.asarray(drawn["habit"])[:, None])
    theirs = learner.ate_inference()
    assert ours is not None
    assert ours.value == pytest.approx(float(theirs.mean_point), abs=ours.error / 5)
    assert ours.error == pytest.approx(float(theirs.stderr_mean), rel=0.1)


def test_chances_that_differ_between_customers_do_not_mislead():
    """The frequent are drawn more often; by weight the plain difference is right as well."""
    random = np.random.default_rng(4)
    frequent = random.random(8000) < 0.5
    chance = np.where(frequent, 0.8, 0.2)
    got = random.random(8000) < chance
    spend = 2.0 * frequent + 0.3 * got + random.normal(size=8000)
    own = np.where(got, chance, 1 - chance)
    table = pa.table({"got": got, "spend": spend, "own": own, "frequent": frequent})
    effect = measure_effect(table, "got", "spend", ["frequent"], "own")["true"]
    assert effect.means[0] - effect.means[1] > 1
    for found in (effect.plain, effect.estimate):
        assert found is not None
        assert found.low < 0.3 < found.high


def test_no_effect_is_called_none_with_what_would_have_been_seen(drawn):
    effect = measure_effect(drawn, "arm", "risk", ["habit"], "chance", control="nothing")["contact"]
    assert "had no measurable effect on risk" in effect.words
    assert f"{effect.detectable:.3g} or more would have been seen" in effect.words


def test_arms_measured_together_are_corrected_for_each_other():
    random = np.random.default_rng(0)
    arm = random.choice(["none", "mail", "call"], 3000)
    spend = random.normal(size=3000) + 0.3 * (arm == "call")
    found = measure_effect(
        pa.table({"arm": arm, "spend": spend}),
        "arm",
        "spend",
        probability={"none": THIRD, "mail": THIRD, "call": THIRD},
        control="none",
    )
    assert found["call"].adjusted_p == pytest.approx(2 * found["call"].p_value)
    assert found["mail"].adjusted_p == pytest.approx(found["mail"].p_value)


def test_without_lots_the_estimate_comes_with_what_it_takes(chosen):
    effect = measure_effect(chosen, "contact", "spend", ["habit"], placebo=["before"])["true"]
    assert effect.estimate is not None
    assert effect.plain.low > 0.4
    assert effect.estimate.low < 0.2 < effect.estimate.high
    assert effect.words.count("changed") == 0
    assert "only if nothing else than the covariates decided both" in effect.words
    assert 0 < effect.robustness < 0.1
    assert f"{effect.robustness:.1%} of what is left of both" in effect.words


def test_a_placebo_that_moves_takes_the_number_away(chosen):
    effect = measure_effect(chosen, "secretly", "spend_secretly", ["habit"], placebo=["before_secretly"])[
        "true"
    ]
    assert effect.estimate is None
    assert effect.why_not is not None
    assert "before_secretly" in effect.why_not
    assert effect.experiment is not None
    assert effect.experiment.customers == 6000
    assert "What would tell: Draw 3,000 of 6,000" in effect.words


def test_where_nobody_is_alike_there_is_no_number(chosen):
    effect = measure_effect(chosen, "always", "spend", ["habit"])["true"]
    assert effect.estimate is None
    assert "have anybody alike who did not" in str(effect.why_not)
    assert effect.compared is not None
    assert effect.compared.separability > 0.95
    assert effect.compared.differ[0][0] == "habit"


def test_the_experiment_counts_customers_and_not_their_rows(chosen):
    twice = pa.concat_tables([chosen, chosen])
    twice = twice.append_column("who", pa.array(np.tile(np.arange(len(chosen)), 2)))
    effect = measure_effect(twice, "always", "spend", ["habit"], customer="who")["true"]
    assert effect.experiment is not None
    assert effect.experiment.customers == len(chosen)
    assert sum(effect.rows) == 2 * len(chosen)


def test_a_placebo_must_be_known_of_everyone(chosen):
    holes = chosen.to_pandas()
    holes.loc[:10, "before"] = np.nan
    with pytest.raises(DataError, match="placebo"):
        measure_effect(holes, "contact", "spend", ["habit"], placebo=["before"])


def test_rows_of_one_customer_count_as_one():
    """Every customer stands there four times over: the interval is that of the customers, twice as wide as of rows."""
    random = np.random.default_rng(8)
    got = random.random(2000) < 0.5
    table = {"got": got, "spend": 0.3 * got + random.normal(size=2000), "who": np.arange(2000)}
    once = measure_effect(pa.table(table), "got", "spend", probability=0.5, customer="who")["true"]
    four = pa.table({name: np.tile(column, 4) for name, column in table.items()})
    told = measure_effect(four, "got", "spend", probability=0.5, customer="who")["true"]
    blind = measure_effect(four, "got", "spend", probability=0.5)["true"]
    assert told.plain.error == pytest.approx(once.plain.error)
    assert told.estimate.error == pytest.approx(once.estimate.error, rel=0.01)
    assert blind.plain.error == pytest.approx(once.plain.error / 2)


def test_the_same_seed_gives_the_same_numbers(drawn):
    first, second = (
        measure_effect(drawn, "arm", "spend", ["habit", "likes"], "chance", control="nothing").to_dict()
        for _ in range(2)
    )
    assert first == second


@pytest.mark.skipif(not HILLSTROM.is_file(), reason="Hillstrom's e-mail test is not beside the project")
@pytest.mark.parametrize(
    ("outcome", "mens", "womens"),
    [("visit", 0.07659, 0.04523), ("conversion", 0.006805, 0.003111), ("spend", 0.76983, 0.42441)],
)
def test_hillstrom_agrees_with_the_plain_difference_of_arms(outcome, mens, womens):
    frame = pd.read_parquet(HILLSTROM)
    before = [name for name in frame.columns if name not in ("segment", "visit", "conversion", "spend")]
    chances = dict.fromkeys(frame["segment"].unique(), THIRD)
    found = measure_effect(frame, "segment", outcome, before, chances, control="No E-Mail")
    assert found.draw is not None
    assert found.draw.doubts == ()
    for arm, expected in (("Mens E-Mail", mens), ("Womens E-Mail", womens)):
        effect = found[arm]
        assert effect.estimate is not None
        assert effect.plain.value == pytest.approx(expected, rel=1e-3)
        assert effect.estimate.value == pytest.approx(effect.plain.value, abs=0.2 * effect.plain.error)
        assert effect.width <= 1.02
        assert effect.estimate.low > 0


def test_an_outcome_that_never_varies_goes_with_no_change():
    random = np.random.default_rng(3)
    habit = random.normal(size=800)
    frame = {
        "mailed": (random.random(800) < 1 / (1 + np.exp(-habit))).astype(int),
        "bought": [0] * 800,
        "habit": habit,
    }
    found = measure_effect(frame, "mailed", "bought", ["habit"])["1"]
    assert (found.estimate.value, found.estimate.low, found.estimate.high) == (0, 0, 0)
    assert np.isnan(found.robustness)
