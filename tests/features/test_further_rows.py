"""Rows that plans add to an evidence table: under their own names, read as the business's own are."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import patron
from patron.features.errors import DataError
from patron.features.store import EvidenceStore

PURCHASES = pd.DataFrame(
    {
        "customer_id": [1, 2],
        "purchased_at": pd.to_datetime(["2020-01-01", "2020-01-02"]),
        "amount": [1.0, 2.0],
    }
)

MIDNIGHT = 1_583_017_200_000_000
"""1 March in Berlin."""


@pytest.fixture
def plans(tmp_path):
    """The assignments of a plan of 1 March, in Berlin, and a configuration's folder beside it."""
    table = pa.table(
        {
            "customer_id": [1, 2],
            "test": ["mail", "mail"],
            "arm": ["contact", "hold out"],
            "assigned_at": pa.array([MIDNIGHT] * 2).cast(pa.timestamp("us", tz="UTC")),
            "probability": [0.5, 0.5],
            "control_arm": ["hold out", "hold out"],
        }
    )
    folder = tmp_path / "plans" / "repurchase" / "2020-03-01" / "assignments"
    folder.mkdir(parents=True)
    pq.write_table(table, folder / "part-00000.parquet")
    PURCHASES.to_parquet(tmp_path / "purchases.parquet")
    return tmp_path


def read(folder, until="2020-06-01", section=""):
    (folder / "patron.toml").write_text(
        f'[data]\nobserved_until = "{until}"\ntimezone = "Europe/Berlin"\n'
        f'[purchases]\npath = "purchases.parquet"\n{section}'
    )
    config = patron.load_config(folder / "patron.toml")
    with EvidenceStore(config.data, config.question, memory=1 << 30) as store:
        if "assignments" not in store.columns:
            return None
        return store.connection.sql(
            "SELECT customer, test, arm, happened FROM assignments ORDER BY test, customer"
        ).fetchall()


def test_they_are_read_without_being_asked_for(plans):
    assert read(plans) == [(0, "mail", "contact", MIDNIGHT), (1, "mail", "hold out", MIDNIGHT)]


def test_a_plan_of_the_day_on_which_the_evidence_ends_is_not_evidence_yet(plans):
    assert read(plans, until="2020-03-01") is None


@pytest.mark.parametrize(
    "day", [pd.Timestamp("2020-03-01"), pd.Timestamp("2020-03-01", tz="Europe/Berlin"), "2020-03-01 00:00:00"]
)
def test_they_stand_beside_the_businesss_own_whatever_the_type_of_its_times(plans, day):
    own = pd.DataFrame({"who": [2], "lot": ["letter"], "arm": ["a"], "day": [day], "kept": [True]})
    own.to_parquet(plans / "own.parquet")
    section = (
        '[assignments]\npath = "own.parquet"\ncustomer_id = "who"\ntest = "lot"\nassigned_at = "day"\n'
        'where = "kept"\n'
    )
    assert read(plans, section=section) == [
        (1, "letter", "a", MIDNIGHT),
        (0, "mail", "contact", MIDNIGHT),
        (1, "mail", "hold out", MIDNIGHT),
    ]


def test_what_does_not_fit_is_refused_by_name(plans):
    own = pd.DataFrame(
        {"customer_id": [2], "test": ["letter"], "arm": ["a"], "assigned_at": [pd.Timestamp("2020-03-01")]}
    )
    own["probability"] = [[0.5]]
    own.to_parquet(plans / "own.parquet")
    with pytest.raises(DataError) as refused:
        read(plans, section='[assignments]\npath = "own.parquet"\n')
    assert "assignments" in str(refused.value)
