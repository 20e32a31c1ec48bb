"""What contacts change in the worlds of the benchmark is what was planted, and coverage is counted rightly."""

import pytest

from .scripts import scripts


@pytest.fixture(scope="module")
def effects():
    with scripts("effect_worlds", "effect_tables") as found:
        yield found


def test_contacts_without_an_effect_change_nothing(effects):
    happened, _ = effects["effect_worlds"].EffectWorld(1, 120, 0.0, 0.9).lived()

    for each in happened:
        for truth in each.truth.values():
            assert (truth[each.who] == 0).all()


def test_contacts_change_more_the_more_they_work(effects):
    weak, strong = (
        effects["effect_worlds"].EffectWorld(1, 300, each, 0.9).lived()[0][0] for each in (0.2, 0.8)
    )

    assert weak.who.tolist() == strong.who.tolist()
    weak, strong = (each.truth["contact"][each.who].mean(axis=0) for each in (weak, strong))
    assert (weak > 0).all()
    assert (strong > 2 * weak).all()


def test_the_evidence_says_who_was_drawn_and_who_was_contacted(effects):
    happened, evidence = effects["effect_worlds"].EffectWorld(1, 300, 0.4, 0.9).lived()

    offer, arms, habits = happened[0], happened[2], happened[3]
    first = (
        evidence["assignments"].query("test == 'offer'").groupby("assigned_at").get_group(offer_day(evidence))
    )
    assert first["customer_id"].tolist() == offer.who.tolist()
    assert (first["arm"] == "contact").tolist() == (offer.arm == "contact").tolist()
    assert set(evidence["assignments"].query("test == 'arms'")["arm"]) == {"hold out", "letter", "call"}
    assert evidence["assignments"].query("test == 'arms'")["probability"].unique() == pytest.approx([1 / 3])
    contacted = evidence["activities"].query("activity == 'by habits'")["customer_id"]
    assert contacted.tolist() == habits.who[habits.arm == "contact"].tolist()
    assert len(arms.truth) == 2


def offer_day(evidence):
    return evidence["assignments"].query("test == 'offer'")["assigned_at"].min()


def record(truth, value, placebo=None, **more):
    """An estimate with a standard error of one."""
    around = {"value": value, "low": value - 1.96, "high": value + 1.96}
    plain = {f"plain{each}": 0.0 for each in ("", "_low", "_high")}
    told = {} if placebo is None else {"placebo": {"low": placebo - 1.96, "high": placebo + 1.96}}
    return {"case": "mail", "outcome": "repurchase", "truth": truth, **around, **plain, **told, **more}


def test_coverage_and_errors_are_those_of_the_records(effects):
    records = [record(0.0, 1.0), record(0.0, 3.0), {**record(2.0, 2.0), "outcome": "net spend"}]

    (row,) = effects["effect_tables"].coverage(records)

    assert row == ("mail", "2", "50.0 (+2.00, 1.00)", "", "100.0 (+0.00, 0.00)", "100.0 / – / 0.0")


def test_a_placebo_that_moves_for_one_outcome_takes_the_numbers_of_all(effects):
    tables = effects["effect_tables"]
    moved = [record(0.0, 3.0, placebo=5.0), {**record(0.0, 1.0, placebo=0.0), "outcome": "net spend"}]
    still = [record(0.0, 1.0, placebo=0.0), {**record(0.0, 5.0, placebo=0.0), "outcome": "net spend"}]
    unlike = [{"case": "mail", "outcome": "repurchase", "truth": 0.0, "placebo": None}]

    (row,) = tables.told([each for world in (moved, still, unlike) for each in tables.judged(world)])

    assert row == ("mail", "3", "1", "50.0 / – / 0.0", "50.0", "40.0", "100.0 / – / 0.0")
