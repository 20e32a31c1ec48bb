"""An explanation adds up, and nothing in it becomes markup."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from scipy.special import expit

from patron.models.explanation import Explanation, Part
from patron.models.reasons import Reason

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def explanation() -> Explanation:
    return Explanation(
        customer=HOSTILE,
        cutoff=datetime(2025, 6, 1, tzinfo=UTC),
        question=HOSTILE,
        model="models:/repurchase/1",
        probability=float(expit(-1.0 + 0.5 - 0.8 + 0.001 + 0.1)),
        percentile=30.0,
        stage="repeat",
        base=-1.0,
        calibration=0.1,
        parts=(
            Part("days_since_order", "spend_recency", "9 weeks since the last order; usually 4", -0.8),
            Part("satisfaction_last", "satisfaction", HOSTILE, 0.5),
            Part("orders_7d", "spend_recency", "no orders in the last 7 days; usually 0", 0.001),
        ),
        reasons=(Reason("days_since_order", HOSTILE, -0.8),),
        excluded_because=HOSTILE,
        warnings=(HOSTILE,),
    )


def test_the_parts_sum_to_the_score(explanation: Explanation) -> None:
    assert explanation.log_odds == pytest.approx(-1.199)
    assert explanation.holds()
    assert not replace(explanation, calibration=0.2).holds()
    assert explanation.groups == (("spend_recency", pytest.approx(-0.799)), ("satisfaction", 0.5))


def test_the_text_shows_sums_and_counts_what_it_does_not_show(explanation: Explanation) -> None:
    text = str(explanation)
    assert "Spend and recency (−0.80)" in text
    assert "−0.80  9 weeks since the last order; usually 4  [days_since_order]" in text
    assert "1 features that contribute less than 0.005" in text
    assert "log-odds" in text
    assert "−1.20" in text


def test_nothing_becomes_markup_in_a_notebook(explanation: Explanation) -> None:
    shown = explanation._repr_html_()
    assert "<img" not in shown
    assert shown.count("&lt;img") == 6


def test_it_is_plain_data_for_machines(explanation: Explanation) -> None:
    plain = json.loads(json.dumps(explanation.to_dict(), allow_nan=False))
    assert plain["customer"] == HOSTILE
    assert len(plain["parts"]) == 3
    total = plain["base"] + plain["calibration"] + sum(each["contribution"] for each in plain["parts"])
    assert plain["log_odds"] == pytest.approx(total)
