"""Who responds: found where it is so, not found where it is not."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from patron.actions.targeting import learn_targeting
from patron.features.errors import ConfigurationError
from patron.models.intervals import Estimate


@pytest.fixture(scope="module")
def found(drawn):
    return learn_targeting(
        drawn, "arm", "spend", ["habit", "likes"], "chance", risk="risk", control="nothing"
    )[0]


def test_those_who_like_it_are_found_out_of_sample(found, drawn):
    assert found.beats_everyone
    assert found.slope.low < 1 < found.slope.high
    assert found.groups[-1].effect.low > found.groups[0].effect.high
    assert found.over_risk.low > 0
    assert "better than treating the riskiest first" in found.words[1]


def test_a_gain_that_does_not_show_at_the_top_is_said_to_be_none(found):
    doubtful = replace(found, gain=replace(found.gain, autoc=Estimate(0.1, -0.1, 0.3)))
    assert "does not show whom" in doubtful.words[0]
    assert "not shown among those ranked first (-0.1 to +0.3 by AUTOC)" in doubtful.words[0]


def test_halves_by_risk_show_the_effect_in_both(found):
    assert [cell.rows for cell in found.by_risk] == [1400, 1400]
    assert all(cell.effect.low < 1.0 < cell.effect.high for cell in found.by_risk)


def test_nothing_is_claimed_where_all_respond_alike(drawn):
    random = np.random.default_rng(6)
    contact = np.asarray(drawn["arm"]) == "contact"
    alike = drawn.append_column("alike", pa.array(contact + random.normal(size=len(contact))))
    found = learn_targeting(alike, "arm", "alike", ["habit", "likes"], "chance", control="nothing")[0]
    assert not found.beats_everyone
    assert "does not show whom contact moves more" in found.words[0]
    assert found.over_risk is None


def test_it_takes_covariates(drawn):
    with pytest.raises(ConfigurationError, match="only be learned from covariates"):
        learn_targeting(drawn, "arm", "spend", [], "chance", control="nothing")
