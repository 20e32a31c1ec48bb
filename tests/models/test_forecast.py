"""The forecast in the artefact: plain files that come back as they were, and the columns of a score."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from patron.features.errors import ModelError
from patron.features.localtime import LocalTime
from patron.models.artefact import Artefact, load, save
from patron.models.calibrators import Platt
from patron.models.forecast import Forecast, is_forecast_file
from patron.models.hazard import HazardStep
from patron.models.next_purchase import BECAUSE, PHASES, STEP, Rhythm
from patron.models.spend import Expectation, SpendModel

STEADY = Rhythm(tuple([1.0] * round(PHASES / STEP)))
TIMING = pa.table(
    {
        "cutoff": pa.array([1_514_782_800_000_000] * 2).cast(pa.timestamp("us", tz="UTC")),  # 2018, New York
        "days_since_order": pa.array([0.0, 1.0], pa.float32()),
        "gap_shrunk": pa.array([10.0, 10.0], pa.float32()),
        "gap_variation": pa.array([0.5, 0.5], pa.float32()),
        "orders_ever": pa.array([9.0, 2.0], pa.float32()),
    }
)


@pytest.fixture
def with_forecast(artefact: Artefact) -> Artefact:
    """The small model with every part of an forecast."""
    step = HazardStep(60, artefact.judged, Platt(0.9, -0.2), artefact.contract.features)
    spend = SpendModel(Expectation(artefact.booster, 0.4), Expectation(artefact.judged, 3.0), 0.98)
    return replace(artefact, forecast=Forecast(30, (step,), spend, STEADY))


def test_every_file_is_in_the_manifest_and_comes_back(with_forecast: Artefact, tmp_path: Path) -> None:
    save(tmp_path / "model", with_forecast)
    names = {"forecast.json", "step_60d.txt", "purchases.txt", "spend.txt"}
    assert names < {path.name for path in (tmp_path / "model").iterdir()}
    assert all(map(is_forecast_file, names))
    found = load(tmp_path / "model")
    assert found.forecast == with_forecast.forecast
    assert found.digest == with_forecast.digest


def test_a_model_without_an_forecast_has_the_files_of_before(artefact: Artefact, tmp_path: Path) -> None:
    save(tmp_path / "model", artefact)
    assert load(tmp_path / "model").forecast is None
    assert not any(map(is_forecast_file, artefact.files()))
    assert replace(artefact, forecast=Forecast(30)).digest == artefact.digest


def test_a_booster_that_cannot_be_read_is_named_before_anything_is_predicted(with_forecast: Artefact) -> None:
    forecast = with_forecast.forecast
    assert forecast is not None
    broken = replace(forecast, steps=(replace(forecast.steps[0], booster="no booster"),))
    with pytest.raises(ModelError, match="booster cannot be read") as caught:
        replace(with_forecast, forecast=broken).make_ready()
    assert caught.value.where == "step_60d.txt"
    with_forecast.make_ready()


@pytest.mark.parametrize("name", ["forecast.json", "step_60d.txt", "spend.txt"])
def test_a_file_that_was_changed_or_taken_away_is_named(
    with_forecast: Artefact, tmp_path: Path, name: str
) -> None:
    save(tmp_path / "model", with_forecast)
    file = tmp_path / "model" / name
    content = file.read_bytes()
    file.write_bytes(content + b" ")
    with pytest.raises(ModelError, match="damaged") as changed:
        load(tmp_path / "model")
    file.unlink()
    with pytest.raises(ModelError, match="damaged") as missing:
        load(tmp_path / "model")
    assert name in str(changed.value)
    assert name in str(missing.value)


def test_a_file_that_was_put_beside_does_not_belong(artefact: Artefact, tmp_path: Path) -> None:
    save(tmp_path / "model", artefact)
    (tmp_path / "model" / "spend.txt").write_text("tree\n")
    with pytest.raises(ModelError, match=r"damaged"):
        load(tmp_path / "model")


def test_a_score_s_columns_are_those_of_the_schema(with_forecast: Artefact, snapshots: pa.Table) -> None:
    forecast = with_forecast.forecast
    assert forecast is not None
    part = snapshots.slice(0, 2).drop_columns(["days_since_order"])
    for name in TIMING.column_names:
        part = part.append_column(name, TIMING[name])
    first = np.array([0.6, 0.4])
    columns = forecast.columns(part, np.zeros((2, 3), np.float32), first, LocalTime("America/New_York"))
    assert [(name, column.type) for name, column in columns.items()] == forecast.schema()
    assert (columns["probability_60d"].to_numpy() > first).all()
    assert (columns["expected_purchases"].to_numpy() > first).all()


def test_dates_are_days_of_the_business_and_have_a_reason_where_there_are_none() -> None:
    # A steady hazard of 0.1 a day: 1 - exp(-0.1 * 14) within 14 days.
    probability = np.full(2, -np.expm1(-1.4))
    forecast = Forecast(14, rhythm=STEADY)
    columns = forecast.columns(
        TIMING, np.zeros((2, 0), np.float32), probability, LocalTime("America/New_York")
    )
    ends = [columns[f"next_purchase_{name}"].to_pylist() for name in ("low", "middle", "high")]
    # Quantiles after 1.05, 6.93 and 23.03 days: until the end of 7 and 23 days. The second bought too seldom.
    assert ends == [[date(2018, 1, 2), None], [date(2018, 1, 7), None], [date(2018, 1, 23), None]]
    assert columns["next_purchase_unknown_because"].to_pylist() == [None, BECAUSE[0]]


def test_nobody_gets_no_row() -> None:
    columns = Forecast(14, rhythm=STEADY).columns(
        TIMING.slice(0, 0), np.zeros((0, 0), np.float32), np.empty(0), LocalTime("UTC")
    )
    assert {len(column) for column in columns.values()} == {0}
