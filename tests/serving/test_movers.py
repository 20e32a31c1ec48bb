"""Who moved most: the change of each score in parts that sum to it, the same every time."""

import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from patron.models.calibrators import Platt
from patron.models.registry import ResolvedModel
from patron.serving.movers import MOST_MOVERS, Movers, forget_in_movers

Score = Callable[..., SimpleNamespace]


def odds(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))


def test_the_first_run_has_nothing_to_be_compared_with(score: Score) -> None:
    run = score(cutoff="2025-05-01")
    assert run.result.movers is None
    assert not (run.result.folder.parent / "movers").exists()


def test_movers_are_those_whose_score_changed_most_and_their_parts_sum_to_it(score: Score) -> None:
    before, now = (score(cutoff=day) for day in ("2025-05-01", "2025-06-01"))
    movers = now.result.movers
    both = now.by_id.loc[now.by_id.index.isin(before.by_id.index)]
    change = both["probability"] - before.by_id["probability"].loc[both.index]
    assert movers.since == before.result.folder.name
    assert movers.day == "2025-05-01"
    assert movers.same_model
    assert movers.compared == len(both)
    assert movers.new == len(now.by_id) - len(both)
    assert movers.gone == len(before.by_id) - len(both)
    assert movers.mean_change == pytest.approx(change.mean(), abs=1e-6)
    assert (movers.up, movers.down) == ((change >= 0.1).sum(), (change <= -0.1).sum())
    assert len(movers.most) == MOST_MOVERS
    shown = [each.now - each.before for each in movers.most]
    assert np.abs(shown).tolist() == pytest.approx(change.abs().nlargest(MOST_MOVERS).tolist())
    for each in movers.most:
        assert each.now == both.loc[each.customer, "probability"]
        assert each.change == pytest.approx(odds(each.now) - odds(each.before))
        assert sum(each.groups.values()) + each.calibration + each.remainder == pytest.approx(each.change)
        assert each.remainder == pytest.approx(0, abs=1e-9)
        assert 1 <= len(each.reasons) <= 3
        assert " before" in each.reasons[0].words


def test_the_file_beside_the_runs_says_the_same_and_is_read_the_next_time(
    score: Score, tmp_path: Any, monkeypatch: Any
) -> None:
    for out in (tmp_path / "one", tmp_path / "two"):
        score(cutoff="2025-05-01", out=out)
        found = score(cutoff="2025-06-01", out=out).result
    files = sorted(tmp_path.glob("*/repurchase/movers/*.json"))
    assert [file.parent.parent.parent.name for file in files] == ["one", "two"]
    assert files[0].name == files[1].name == f"{found.folder.name}.json"
    assert files[0].read_bytes() == files[1].read_bytes()
    assert Movers.from_dict(json.loads(files[0].read_text())) == found.movers
    monkeypatch.setattr("patron.serving.movers._compare", None)
    assert score(cutoff="2025-06-01", out=tmp_path / "two").result.movers == found.movers


def test_what_came_late_is_told_apart_from_what_happened(score: Score, shop: Any) -> None:
    """Fifteen customers' orders of April come in when May is scored, and they order in May as well."""
    before = score(cutoff="2025-05-01").by_id
    low = before.sort_values("probability").index[:15]
    days = ("2025-04-18", "2025-04-29", "2025-05-12", "2025-05-20", "2025-05-27", "2025-05-31")
    late = pa.table(
        {
            "customer_id": list(low) * len(days),
            "purchased_at": pa.array([np.datetime64(day, "us") for day in days for _ in low]),
            "amount": [50.0] * 90,
            "order_id": [f"late-{number}" for number in range(90)],
            "channel": ["web"] * 90,
        }
    )
    purchases = shop.tables["purchases"]
    tables = {"purchases": pa.concat_tables([purchases, late.cast(purchases.schema)])}
    movers = score(tables, cutoff="2025-06-01").result.movers
    told = {each.customer: each for each in movers.most}
    found = [told[customer] for customer in low if customer in told]
    assert found
    for each in found:
        assert abs(each.remainder) > 0.1
        assert sum(each.groups.values()) + each.calibration + each.remainder == pytest.approx(each.change)


def test_another_model_is_said_to_be_another(score: Score, champion: ResolvedModel) -> None:
    calibrated = replace(champion.artefact, calibrator=Platt(1.0, 0.5))
    other = replace(champion, artefact=calibrated)
    score(cutoff="2025-05-01", model=other)
    movers = score(cutoff="2025-06-01").result.movers
    assert not movers.same_model
    assert "which another model scored" in movers.lines()[0]
    assert max(abs(each.remainder) for each in movers.most) > 0.1


def test_a_run_before_that_is_damaged_is_not_compared_with(score: Score) -> None:
    part = score(cutoff="2025-05-01").result.folder / "scores" / "part-00000.parquet"
    part.write_bytes(part.read_bytes()[:-1])
    assert score(cutoff="2025-06-01").result.movers is None


def test_a_damaged_file_is_written_again(score: Score) -> None:
    score(cutoff="2025-05-01")
    result = score(cutoff="2025-06-01").result
    (file,) = (result.folder.parent / "movers").iterdir()
    content = file.read_bytes()
    file.write_bytes(content[:50])
    assert score(cutoff="2025-06-01").result.movers == result.movers
    assert file.read_bytes() == content


def test_forgotten_customers_leave_the_comparison_and_the_others_stay(score: Score) -> None:
    score(cutoff="2025-05-01")
    result = score(cutoff="2025-06-01").result
    gone = {each.customer for each in result.movers.most[:2]}
    (file,) = (result.folder.parent / "movers").iterdir()
    assert forget_in_movers(result.folder.parent, gone) == 2
    assert not any(each in file.read_text() for each in gone)
    assert Movers.from_dict(json.loads(file.read_text())).most == result.movers.most[2:]
    assert forget_in_movers(result.folder.parent, gone) == 0


def test_the_lines_name_the_three_who_moved_most(score: Score) -> None:
    score(cutoff="2025-05-01")
    movers = score(cutoff="2025-06-01").result.movers
    lines = movers.lines()
    assert len(lines) == 4
    assert lines[0].startswith(f"since 2025-05-01: {movers.compared:,} customers have a score again")
    assert movers.most[0].customer in lines[1]
