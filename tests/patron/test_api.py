"""The verbs: from a configuration to a result, and what they say when something is not there."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyarrow import parquet

import patron
from patron.models.registry import champion, resolve


class Heard(list[str]):
    """A progress that remembers what it was told."""

    def __call__(self, what: str, done: int, total: int) -> None:
        self.append(what)
        assert 0 <= done <= max(total, done)


def test_importing_the_verbs_sets_nothing_up(tmp_path: Path) -> None:
    code = (
        "import sys, patron.api, patron.training.trainer, patron.serving.scorer\n"
        "patron.api.train, patron.api.score\n"
        "assert not {'mlflow', 'matplotlib', 'optuna'} & set(sys.modules), sorted(sys.modules)\n"
        "import mlflow\n"
        "assert not mlflow.is_tracking_uri_set()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


# Features and training sets


def same(one: pa.Table, other: pa.Table) -> bool:
    """Equal in every type and value; two unknown values are equal too."""
    return one.schema.equals(other.schema) and one.to_pandas().equals(other.to_pandas())


def test_cutoffs_and_pairs_agree_at_the_same_instants(trained: Any) -> None:
    days = ["2025-03-01", "2025-05-02"]
    at_cutoffs = patron.build_features(trained.config, cutoffs=days)
    pairs = at_cutoffs.select(["customer_id", "cutoff"])
    anchored = patron.build_features(
        trained.config, at=pairs.take(np.random.default_rng(1).permutation(len(pairs)))
    )
    assert same(anchored, at_cutoffs)
    assert len(pc.unique(anchored["cutoff"])) == 2


def test_a_single_cutoff_needs_no_list(trained: Any) -> None:
    alone = patron.build_features(trained.config, cutoffs="2025-05-02")
    assert same(alone, patron.build_features(trained.config, cutoffs=["2025-05-02"]))
    assert alone.column_names[:4] == ["customer_id", "cutoff", "stage", "population"]
    assert "customer" not in alone.column_names
    assert "target" not in alone.column_names


def test_features_are_written_as_they_are_built(trained: Any, tmp_path: Path) -> None:
    made = patron.write_features(trained.config, tmp_path / "features.parquet", "2025-05-02")
    built = patron.build_features(trained.config, "2025-05-02")
    assert same(parquet.read_table(made.path), built)
    assert (made.rows, list(made.columns)) == (built.num_rows, built.column_names)


def test_without_cutoffs_the_questions_own_are_taken(trained: Any) -> None:
    features = patron.build_features(trained.config)
    training = patron.build_training_set(trained.config)
    assert same(training.drop_columns(["target"]), features)
    assert [str(day.date()) for day in pc.unique(features["cutoff"]).sort().to_pylist()][::7] == [
        "2024-10-04",
        "2025-05-02",
    ]


@pytest.mark.parametrize(
    ("cutoffs", "at"), [([], None), (["2025-05-02"], pa.table({}))], ids=["none", "both"]
)
def test_no_cutoff_and_two_kinds_of_them_are_refused(trained: Any, cutoffs: list[str], at: Any) -> None:
    with pytest.raises(patron.ConfigurationError, match="cutoffs, or at the pairs"):
        patron.build_features(trained.config, cutoffs=cutoffs, at=at)


def test_no_pairs_give_no_rows(trained: Any) -> None:
    pairs = pa.table({"customer_id": pa.array([], pa.string()), "cutoff": pa.array([], pa.timestamp("us"))})
    nobody = patron.build_features(trained.config, at=pairs)
    assert nobody.num_rows == 0
    assert nobody.column_names[:5] == ["customer_id", "cutoff", "stage", "population", "days_since_order"]


def test_the_target_is_whether_a_purchase_followed_within_the_horizon(trained: Any, shop: Any) -> None:
    training = patron.build_training_set(trained.config).to_pandas()
    assert training["target"].dtype == np.int8
    purchases = shop.tables["purchases"].to_pandas()
    bought = purchases[purchases["amount"] > 0]
    cutoff = pd.Timestamp("2025-03-03")
    in_horizon = bought[
        bought["purchased_at"].between(cutoff, cutoff + pd.Timedelta(days=30), inclusive="left")
    ]
    at = training[training["cutoff"] == cutoff.tz_localize("UTC")]
    assert set(at.loc[at["target"] == 1, "customer_id"]) == set(in_horizon["customer_id"]) & set(
        at["customer_id"]
    )
    lately = bought[bought["purchased_at"].between(cutoff - pd.Timedelta(days=180), cutoff, inclusive="left")]
    assert set(at["customer_id"]) == set(lately["customer_id"])


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_frames_of_every_kind_give_the_same(trained: Any, shop: Any, kind: str, tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    convert = {"pandas": pa.Table.to_pandas, "polars": polars.from_arrow}[kind]
    tables = {name: convert(table) for name, table in shop.tables.items()}
    config = shop.config(tmp_path, tables)
    expected = patron.build_features(trained.config, cutoffs="2025-05-02")
    assert same(patron.build_features(config, cutoffs="2025-05-02"), expected)
    pairs = expected.select(["customer_id", "cutoff"]).slice(0, 50)
    assert same(
        patron.build_features(config, at=convert(pairs)), patron.build_features(trained.config, at=pairs)
    )


def test_files_give_the_same_as_frames(trained: Any, shop: Any, tmp_path: Path) -> None:
    for name, table in shop.tables.items():
        parquet.write_table(table, tmp_path / f"{name}.parquet")
    (tmp_path / "patron.toml").write_text(
        '[data]\nobserved_until = "2025-06-01"\n[purchases]\npath = "purchases.parquet"\n'
        '[activities]\npath = "activities.parquet"\n[question]\ncutoffs = 8\n'
    )
    config = patron.load_config(tmp_path / "patron.toml")
    assert same(patron.build_training_set(config), patron.build_training_set(trained.config))


# Scoring


def test_the_champion_scores_unless_another_model_is_named(trained: Any, tmp_path: Path) -> None:
    result = patron.score(trained.config, "2025-06-01", out=tmp_path / "scores")
    assert result.model == "models:/repurchase/1"
    assert result.folder.is_relative_to(tmp_path / "scores")
    folder = resolve("models:/repurchase/1", trained.config.tracking).folder
    again = patron.score(trained.config, "2025-06-01", model=str(folder), out=tmp_path / "scores")
    assert again.repeated  # the very same model, by another way


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("models:/nobody@champion", "nobody is not registered"),
        ("models:/repurchase@challenger", "no alias challenger"),
        ("models:/repurchase/7", "no version 7"),
        ("what is this?", "neither a folder with a model nor a model of the registry"),
    ],
)
def test_a_model_that_is_not_there_is_said_to_be_unknown(
    trained: Any, model: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(patron.ModelError, match=said) as caught:
        patron.score(trained.config, "2025-06-01", model=model, out=tmp_path / "scores")
    assert caught.value.exit_code == 2
    assert not (tmp_path / "scores").exists()


@pytest.mark.parametrize("file", ["booster.txt", "contract.json", "calibration.json", "card.md"])
def test_a_model_with_a_changed_byte_is_not_applied(trained: Any, file: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(resolve("models:/repurchase/1", trained.config.tracking).folder, folder)
    content = bytearray((folder / file).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / file).write_bytes(content)
    with pytest.raises(patron.ModelError, match="damaged") as caught:
        patron.score(trained.config, "2025-06-01", model=str(folder), out=tmp_path / "scores")
    assert file in str(caught.value)


@pytest.fixture
def train_here(
    quick: None, no_pages: None, make_store: Callable[[Path], Path], tmp_path: Path
) -> Callable[[Any], Any]:
    """Trains in the test's own store, without drawing a report."""
    make_store(tmp_path)
    return patron.train


def test_a_kind_of_contact_that_went_out_of_use_does_not_stop_the_scoring(
    shop: Any, train_here: Callable[[Any], Any], tmp_path: Path
) -> None:
    activities = shop.tables["activities"]
    early = pc.less(activities["occurred_at"], pa.scalar(np.datetime64("2025-01-15", "us")))
    kind = pc.if_else(early, activities["activity"], "telephone")
    changed = activities.set_column(2, "activity", kind)
    config = shop.config(tmp_path, {"activities": changed})
    run = train_here(config)
    result = patron.score(config, "2025-06-01", model=run.model_uri, out=tmp_path / "scores")
    assert result.scored == 719


LOYALTY = """
from patron.features.family import Family, Feature

class Weekly(Family):
    name = "weekly"
    reads = ("orders",)

    def features(self, orders):
        yield Feature("orders_7d_own", orders.last(7).count(), "orders", "in the last week")
"""


def test_a_family_of_ones_own_goes_all_the_way(
    shop: Any, train_here: Callable[[Any], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_family_of_a_test.py").write_text(LOYALTY)
    monkeypatch.syspath_prepend(tmp_path)
    config = shop.config(tmp_path, run__families=["own_family_of_a_test:Weekly"])
    run = train_here(config)
    assert "orders_7d_own" in patron.build_features(config, cutoffs="2025-05-02").column_names
    assert "orders_7d_own" in resolve(run.model_uri, config.tracking).artefact.contract.feature_names
    assert patron.score(config, "2025-06-01", model=run.model_uri, out=tmp_path / "scores").scored == 719
    without = shop.config(tmp_path)
    with pytest.raises(patron.PatronError, match="orders_7d_own"):
        patron.score(without, "2025-06-01", model=run.model_uri, out=tmp_path / "scores")


# Reports


def test_the_report_is_the_champions_unless_another_run_is_named(trained: Any, tmp_path: Path) -> None:
    page = patron.report(trained.config, out=tmp_path / "deep" / "page.html")
    assert page == tmp_path / "deep" / "page.html"
    assert page.read_bytes() == trained.run.report.read_bytes()
    named = patron.report(trained.config, run=trained.run.run_id, out=tmp_path / "named.html")
    assert named.read_bytes() == page.read_bytes()
    assert champion(trained.config.tracking).run_id == trained.run.run_id


def test_the_report_of_an_unknown_run_is_refused(trained: Any, tmp_path: Path) -> None:
    with pytest.raises(patron.ModelError, match="no training report") as caught:
        patron.report(trained.config, run="0" * 32, out=tmp_path / "page.html")
    assert "0" * 32 in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_before_any_training_there_is_no_report_and_no_model(shop: Any, tmp_path: Path) -> None:
    config = shop.config(tmp_path)
    with pytest.raises(patron.ModelError, match="no training run"):
        patron.report(config)
    with pytest.raises(patron.ModelError, match="not registered"):
        patron.score(config, "2025-06-01", out=tmp_path / "scores")
    assert list(tmp_path.iterdir()) == []


def test_a_report_is_not_written_where_a_folder_is(trained: Any, tmp_path: Path) -> None:
    with pytest.raises(patron.ConfigurationError, match="report cannot be written"):
        patron.report(trained.config, out=tmp_path)


# Progress


@pytest.mark.parametrize(
    ("verb", "expected"),
    [
        (lambda config, out, heard: patron.check(config, progress=heard), "building snapshots"),
        (
            lambda config, out, heard: patron.build_features(config, "2025-05-02", progress=heard),
            "building snapshots",
        ),
        (lambda config, out, heard: patron.build_training_set(config, progress=heard), "building snapshots"),
        (
            lambda config, out, heard: patron.score(config, "2025-06-01", out=out, progress=heard),
            "writing scores",
        ),
        (lambda config, out, heard: patron.report(config, out=out / "page.html", progress=heard), "fetching"),
    ],
    ids=["check", "build_features", "build_training_set", "score", "report"],
)
def test_verbs_say_what_they_are_doing(
    trained: Any, tmp_path: Path, verb: Callable[..., Any], expected: str
) -> None:
    heard = Heard()
    verb(trained.config, tmp_path, heard)
    assert any(expected in what for what in heard)


def test_training_says_what_it_is_doing(trained: Any) -> None:
    told = list(dict.fromkeys(trained.heard))
    assert told == [
        "reading purchases",
        "reading activities",
        "coding purchases",
        "coding activities",
        "building snapshots",
        "fitting models",
        "judging",
        "asking what brings customers back",
        "expecting purchases and spend",
        "recording the run",
    ]


# What comes back


def test_a_run_is_plain_data_and_shows_itself_in_a_notebook(trained: Any) -> None:
    plain = json.loads(json.dumps(trained.run.to_dict()))
    assert plain["model_uri"] == "models:/repurchase/1"
    assert plain["metrics"]["auc"]["value"] > 0.7
    assert "fragment" not in plain
    assert "<" in trained.run._repr_html_()


def test_a_scoring_result_is_plain_data(trained: Any, tmp_path: Path) -> None:
    plain = json.loads(json.dumps(patron.score(trained.config, "2025-06-01", out=tmp_path).to_dict()))
    assert plain["customers"] == plain["scored"] + sum(plain["excluded"].values())
