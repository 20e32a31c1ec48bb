"""The plan: everybody has a row, what pays is done within the budget, what is not known is tested by lot."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from patron.actions.contactable import Contacts
from patron.actions.economics import PlanSettings
from patron.actions.planning import make_plan
from patron.features.errors import ConfigurationError, DataError

from .businesses import ground_of
from .shops import CUSTOMERS, Shop, programme, scored

NOTHING = Contacts(np.empty(0, np.int64), np.empty(0, np.int64))


@pytest.fixture(scope="module")
def shop():
    return Shop.of()


def planned(shop, folder, programmes, *, earlier=NOTHING, frames=None, question="repurchase", **settings):
    chosen = PlanSettings(**{"margin": 0.5, "budget": 200.0, "opt_out": "no_mail", **settings})
    with shop.store(**(frames or {})) as store:
        run = scored(folder, store, question=question)
        return make_plan(ground_of(store), run, programmes, chosen, earlier, ["nps_last"])


def rows_of(plan):
    return plan.rows.to_pandas().set_index("customer_id")


def test_everybody_has_a_row_and_a_reason(shop, tmp_path):
    plan = planned(shop, tmp_path, [programme("mail")])
    rows = rows_of(plan)
    assert sorted(rows.index) == list(range(CUSTOMERS))
    assert (rows["why"].str.len() > 0).all()
    in_programme = rows["programme"].notna()
    assert int(in_programme.sum()) + sum(plan.without.values()) == CUSTOMERS == plan.customers
    assert set(rows["arm"][in_programme]) == {"contact", "hold out"}
    assert rows["arm"][~in_programme].isna().all()


def test_what_is_known_to_pay_is_done_within_the_budget_and_a_part_is_left_alone(shop, tmp_path):
    plan = planned(shop, tmp_path, [programme("mail", holdout=0.25)], budget=100.0)
    (mail,) = plan.programmes
    assert mail.known.state == "pays"
    assert mail.known.gain.low < 0.5 * 0.5 * 30 - 1 < mail.known.gain.high
    assert (mail.contacted, plan.cost) == (100, 100.0)
    assert mail.held_out == pytest.approx(33, abs=1)
    assert mail.expected[0] == pytest.approx(100 * mail.known.gain.value)
    chance = plan.assignments.filter(pc.equal(plan.assignments["test"], "mail"))
    assert set(chance["probability"].to_pylist()) == {0.75, 0.25}
    assert plan.curve.stops_paying_at == plan.curve.spent[-1]


def test_what_costs_more_than_it_brings_is_not_done(shop, tmp_path):
    plan = planned(shop, tmp_path, [programme("mail", cost=20.0)], budget=10_000.0)
    (mail,) = plan.programmes
    assert mail.known.state == "does not pay"
    assert plan.contacts.num_rows == 0
    assert plan.without["a contact would cost more than it brings"] > 400
    assert "does not pay" in mail.words


def test_what_nobody_knows_is_tested_and_promises_nothing(shop, tmp_path):
    plan = planned(shop, tmp_path, [programme("letter")], budget=50.0)
    (letter,) = plan.programmes
    assert (letter.contacted, letter.held_out) == (50, 50)
    assert letter.expected is None
    assert "Draw 50 of 100" in letter.experiment.words
    rows = rows_of(plan)
    tested = rows[rows["programme"] == "letter"]
    assert set(tested["gain"]) == {"unknown, testing"}
    assert tested["expected_gain"].isna().all()
    assert plan.curve is None


def test_a_part_of_the_budget_is_kept_for_tests_and_what_they_leave_goes_to_what_pays(shop, tmp_path):
    mail, letter = programme("mail"), programme("letter", "stage = 'new'")
    plan = planned(shop, tmp_path / "a", [mail, letter], budget=100.0, test_budget=30.0)
    known, unknown = plan.programmes
    assert unknown.contacted == 30
    assert known.contacted == 70
    rare = programme("letter", "probability > 0.99")
    plan = planned(shop, tmp_path / "b", [mail, rare], budget=100.0, test_budget=30.0)
    assert 98 <= plan.cost <= 100
    assert not planned(shop, tmp_path / "c", [mail, letter], budget=100.0).programmes[1].contacted


def test_a_budget_of_zero_contacts_nobody(shop, tmp_path):
    plan = planned(shop, tmp_path, [programme("mail"), programme("letter")], budget=0.0)
    assert plan.contacts.num_rows == 0
    assert plan.cost == 0


def test_whoever_opted_out_is_never_contacted(shop, tmp_path):
    rows = rows_of(planned(shop, tmp_path, [programme("mail")], budget=10_000.0))
    assert rows["why"][7] == "opted out"
    assert rows["programme"][rows.index % 50 == 7].isna().all()


def test_a_part_is_never_contacted_and_stays_so(shop, tmp_path):
    plan = planned(shop, tmp_path / "a", [programme("mail")], budget=10_000.0, never_contacted=0.1)
    drawn = plan.assignments.filter(pc.equal(plan.assignments["test"], "never contacted")).to_pandas()
    never = set(drawn["customer_id"][drawn["arm"] == "never contacted"])
    assert len(never) == pytest.approx(0.1 * 588, abs=1)
    assert len(drawn) == 588  # all who did not opt out
    assert rows_of(plan)["programme"][sorted(never)].isna().all()
    drawn["assigned_at"] = pd.Timestamp("2020-07-01")
    before = pd.concat([shop.assignments, drawn[drawn["customer_id"] < 400]])
    again = planned(shop, tmp_path / "b", [programme("mail")], frames={"assignments": before})
    new = again.assignments.filter(pc.equal(again.assignments["test"], "never contacted")).to_pandas()
    assert new["customer_id"].min() == 400
    stays = [each for each in sorted(never) if each < 400]
    assert (rows_of(again)["why"][stays] == "in the control that is never contacted").all()


def test_limits_count_past_and_planned_contacts(shop, tmp_path):
    later = Contacts(np.array([2]), np.array([1_599_350_400_000_000]))  # 2020-09-06
    every = [programme("mail", most=1, within_days=14)]
    rows = rows_of(planned(shop, tmp_path / "a", every, budget=10_000.0, earlier=later, never_contacted=0))
    assert set(rows.index[rows["why"].str.contains("often enough")]) == {0, 1, 2}
    twice = [programme("mail", most=2, within_days=14)]
    rows = rows_of(planned(shop, tmp_path / "b", twice, budget=10_000.0, earlier=later, never_contacted=0))
    assert not rows["why"].str.contains("often enough").any()


def test_nobody_is_drawn_again_before_the_horizon_is_over(shop, tmp_path):
    recent = shop.assignments[shop.assignments["customer_id"] < 5].assign(
        test="thanks", assigned_at=pd.Timestamp("2020-08-20")
    )
    frames = {"assignments": pd.concat([shop.assignments, recent])}
    rows = rows_of(planned(shop, tmp_path, [programme("mail")], budget=10_000.0, frames=frames))
    busy = rows["why"].str.contains("horizon is not over")
    assert set(rows.index[busy]) <= {0, 1, 2, 3, 4}
    assert busy.any()


def test_when_follows_the_customers_cycle_and_the_end_of_the_plan(shop, tmp_path):
    when = "days_since_order"
    rows = rows_of(planned(shop, tmp_path, [programme("mail", when=when)], budget=10_000.0))
    at = rows["planned_at"].dropna()
    days = (at - pd.Timestamp("2020-09-01", tz="UTC")).dt.days
    said = rows["why"][at.index]
    assert days.between(0, 29).all()
    assert days.nunique() > 3
    assert said.str.contains("customers").all()
    far = rows_of(planned(shop, tmp_path / "far", [programme("mail", when="31")]))
    assert set(far["why"]) <= {
        "fits a programme, but is not due within the plan",
        "opted out",
        "in the control that is never contacted",
    }


def test_nobody_is_in_two_programmes(shop, tmp_path):
    plan = planned(
        shop, tmp_path, [programme("mail"), programme("letter"), programme("call")], test_budget=100.0
    )
    tests = plan.assignments.filter(pc.not_equal(plan.assignments["test"], "never contacted"))
    ids = tests["customer_id"].to_pylist()
    assert len(ids) == len(set(ids))
    assert {"letter", "call"} <= set(tests["test"].to_pylist())


def test_the_same_plan_twice_is_the_same(shop, tmp_path):
    programmes = [programme("mail"), programme("letter", "stage = 'new'")]
    first, second = (planned(shop, tmp_path / name, programmes, test_budget=50.0) for name in "ab")
    for name in ("rows", "assignments", "contacts"):
        assert getattr(first, name).equals(getattr(second, name))


def test_a_programme_whose_evidence_is_not_kept_is_left_out_by_name(shop, tmp_path):
    plan = planned(shop, tmp_path, [programme("mail"), programme("care", "nps_last < 50")])
    assert "care: left out, as the evidence has no nps_last." in plan.words


def test_what_never_exists_is_refused(shop, tmp_path):
    with pytest.raises(ConfigurationError, match="days_since_oder"):
        planned(shop, tmp_path, [programme("mail", "days_since_oder > 3")])


def test_scores_of_another_question_and_strangers_are_refused(shop, tmp_path):
    with pytest.raises(ConfigurationError, match="another question"):
        planned(shop, tmp_path / "a", [programme("mail")], question="prospects")
    fewer = {"purchases": shop.purchases[shop.purchases["customer_id"] < 500]}
    smaller = {
        name: getattr(shop, name)[getattr(shop, name)["customer_id"] < 500]
        for name in ("assignments", "profile")
    }
    with pytest.raises(DataError, match="does not know") as refused:
        planned(shop, tmp_path / "b", [programme("mail")], frames={**fewer, **smaller})
    assert "100 of 600" in refused.value.found


def test_the_rows_hold_no_more_of_a_customer_than_they_need(shop, tmp_path):
    plan = planned(shop, tmp_path, [programme("mail")])
    assert plan.rows.column_names == [
        "customer_id",
        "programme",
        "planned_at",
        "channel",
        "arm",
        "expected_gain",
        "gain_low",
        "gain_high",
        "gain",
        "why",
    ]
    assert plan.rows["customer_id"].type == pa.int64()


@pytest.mark.parametrize(
    "wrong",
    [
        {"margin": 0.0},
        {"margin": 1.5},
        {"budget": -1.0},
        {"budget": float("nan")},
        {"test_budget": 300.0},
        {"never_contacted": 1.0},
    ],
)
def test_economics_that_cannot_be_are_refused(wrong):
    with pytest.raises(ConfigurationError):
        PlanSettings(**{"margin": 0.5, "budget": 200.0, **wrong})


@pytest.mark.parametrize(("column", "error"), [("no_post", ConfigurationError), ("customer_id", DataError)])
def test_an_opt_out_that_says_neither_yes_nor_no_is_refused(shop, tmp_path, column, error):
    with pytest.raises(error):
        planned(shop, tmp_path, [programme("mail")], opt_out=column)
