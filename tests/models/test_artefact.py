"""The artefact: same bytes, verified before it is read, and exact when it predicts."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import lightgbm
import numpy as np
import pyarrow as pa
import pytest

from patron.features.errors import ModelError
from patron.models.artefact import FILES, MANIFEST, Artefact, load, save
from patron.models.calibrators import Identity, Platt, Seasonal, moved
from patron.models.encoding import encode


def test_an_artefact_comes_back_as_it_was_saved(artefact: Artefact, tmp_path: Path) -> None:
    save(tmp_path / "model", artefact)
    assert load(tmp_path / "model") == artefact


def test_saving_twice_gives_the_same_bytes(artefact: Artefact, tmp_path: Path) -> None:
    save(tmp_path / "one", artefact)
    save(tmp_path / "other", load(tmp_path / "one"))
    for name in (*FILES, MANIFEST):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def test_the_digest_is_the_same_after_loading_and_another_for_another_model(
    artefact: Artefact, tmp_path: Path
) -> None:
    save(tmp_path, artefact)
    assert load(tmp_path).digest == artefact.digest
    assert replace(artefact, calibrator=Identity()).digest != artefact.digest


def test_it_predicts_calibrated_probabilities_of_the_production_booster(
    artefact: Artefact, snapshots: pa.Table
) -> None:
    matrix = encode(snapshots, artefact.contract.features)
    raw = np.asarray(lightgbm.Booster(model_str=artefact.booster).predict(matrix))
    np.testing.assert_array_equal(artefact.predict(snapshots), artefact.calibrator.apply(raw))


def test_a_loaded_model_predicts_exactly_the_same(
    artefact: Artefact, snapshots: pa.Table, tmp_path: Path
) -> None:
    save(tmp_path, artefact)
    np.testing.assert_array_equal(load(tmp_path).predict(snapshots), artefact.predict(snapshots))


def test_a_frame_predicts_exactly_as_the_table(artefact: Artefact, snapshots: pa.Table) -> None:
    np.testing.assert_array_equal(artefact.predict(snapshots.to_pandas()), artefact.predict(snapshots))


def test_the_order_of_columns_and_the_batch_do_not_matter(artefact: Artefact, snapshots: pa.Table) -> None:
    turned = snapshots.select(snapshots.column_names[::-1]).slice(100, 7)
    np.testing.assert_array_equal(artefact.predict(turned), artefact.predict(snapshots)[100:107])


def test_the_judged_booster_predicts_on_request(artefact: Artefact, snapshots: pa.Table) -> None:
    matrix = encode(snapshots, artefact.contract.features)
    raw = np.asarray(lightgbm.Booster(model_str=artefact.judged).predict(matrix))
    np.testing.assert_array_equal(
        artefact.predict_matrix(matrix, judged=True), artefact.judged_calibrator.apply(raw)
    )


def instant(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, tzinfo=UTC).timestamp()) * 1_000_000


SEASONAL = Seasonal(0.5, Identity(), ((instant(2016, 7, 1), 0.5), (instant(2016, 12, 1), -1.0)))


def test_each_row_gets_the_season_of_its_cutoff_and_without_one_that_of_the_first(
    artefact: Artefact, snapshots: pa.Table
) -> None:
    seasonal = replace(artefact, calibrator=SEASONAL)
    raw = replace(artefact, calibrator=Identity()).predict(snapshots)
    np.testing.assert_array_equal(seasonal.predict(snapshots), moved(raw, 0.5))
    days = [datetime(2017, 7, 1), datetime(2017, 12, 1)] * 500
    dated = snapshots.append_column("cutoff", pa.array(days, pa.timestamp("us", "UTC")))
    expected = moved(raw, np.tile([0.5, -1.0], 500))
    np.testing.assert_array_equal(seasonal.predict(dated), expected)
    np.testing.assert_array_equal(seasonal.predict(dated.to_pandas()), expected)


def test_a_cutoff_whose_season_is_unknown_is_warned_about(artefact: Artefact) -> None:
    seasonal = replace(artefact, calibrator=SEASONAL)
    assert seasonal.season_warning(instant(2017, 12, 10)) is None
    said = seasonal.season_warning(instant(2018, 3, 1)) or ""
    assert said.startswith("the seasonal level of 2018-03-01 is unknown")
    assert said.endswith("train again")
    assert artefact.season_warning(instant(2018, 3, 1)) is None


def test_a_season_kept_as_a_single_shift_holds_near_the_end_of_its_training_and_stays_as_it_was(
    artefact: Artefact, tmp_path: Path
) -> None:
    """Trained on cutoffs until the first of June, whose targets were known 30 days later."""
    kept = replace(artefact, calibrator=Seasonal(0.5, Platt(0.9, 0.1)))
    save(tmp_path, kept)
    old = load(tmp_path)
    assert old.digest == kept.digest
    assert old.calibrator == Seasonal(0.5, Platt(0.9, 0.1), trained_until=instant(2017, 7, 1))
    assert old.season_warning(instant(2017, 7, 16)) is None
    assert "known by 2017-07-01" in (old.season_warning(instant(2017, 7, 17)) or "")


def test_no_rows_give_no_probabilities(artefact: Artefact, snapshots: pa.Table) -> None:
    assert artefact.predict(snapshots.slice(0, 0)).shape == (0,)


def test_a_missing_feature_is_named(artefact: Artefact, snapshots: pa.Table) -> None:
    with pytest.raises(ModelError) as caught:
        artefact.predict(snapshots.drop_columns(["days_since_order"]))
    assert caught.value.where == "days_since_order"
    assert "purchases" in str(caught.value)


@pytest.mark.parametrize("name", FILES)
def test_a_changed_file_is_named_before_it_is_read(artefact: Artefact, tmp_path: Path, name: str) -> None:
    save(tmp_path, artefact)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[:-2] + b"x" + content[-1:])
    with pytest.raises(ModelError, match="not as it was written") as caught:
        load(tmp_path)
    assert caught.value.found == name


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(artefact: Artefact, tmp_path: Path, name: str) -> None:
    save(tmp_path, artefact)
    (tmp_path / name).unlink()
    with pytest.raises(ModelError, match="a file is missing") as caught:
        load(tmp_path)
    assert caught.value.found == name


def test_a_file_that_does_not_belong_is_named(artefact: Artefact, tmp_path: Path) -> None:
    save(tmp_path, artefact)
    (tmp_path / "model.pkl").write_bytes(b"")
    with pytest.raises(ModelError, match="does not belong") as caught:
        load(tmp_path)
    assert caught.value.found == "model.pkl"


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"sha256": 3}'])
def test_a_manifest_that_cannot_be_read_is_damage(artefact: Artefact, tmp_path: Path, manifest: str) -> None:
    save(tmp_path, artefact)
    (tmp_path / MANIFEST).write_text(manifest)
    with pytest.raises(ModelError, match="damaged"):
        load(tmp_path)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="does not hold a Patron model"):
        load(tmp_path / "nowhere")


def test_a_folder_that_is_not_empty_is_not_overwritten(artefact: Artefact, tmp_path: Path) -> None:
    save(tmp_path, artefact)
    with pytest.raises(ModelError, match="empty folder"):
        save(tmp_path, artefact)


def test_a_booster_that_does_not_fit_the_contract_is_refused(artefact: Artefact, snapshots: pa.Table) -> None:
    narrower = replace(artefact.contract, features=artefact.contract.features[:2])
    with pytest.raises(ModelError, match="do not fit each other"):
        replace(artefact, contract=narrower).predict(snapshots)


def test_no_file_names_a_machine_or_a_thread_count(artefact: Artefact) -> None:
    for content in artefact.files().values():
        assert b"num_threads" not in content
        assert str(Path.cwd()).encode() not in content
