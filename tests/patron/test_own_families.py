"""Families of a user's own: the documented example runs, named in a file or passed as a class."""

import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

import patron
from patron.catalogue_page import whole_catalogue
from patron.features.families import load_families

PAGE = Path(__file__).parents[2] / "docs" / "families.md"
MADE = [
    "orders_since_contact",
    "order_value_recent_ratio",
    "loyalty_full_price",
    "loyalty_above_usual",
    "contacted_by_web_recently",
]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with the example, a configuration that names it, and the evidence it reads."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "loyalty.py").write_text(code)
    (named,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    since = 'observed_from = "2019-01-01"'
    tables = [f'[{name}]\npath = "{name}.parquet"\n{since}' for name in ("purchases", "activities")]
    lines = ['[data]\nobserved_until = "2020-06-01"', *tables, named]
    (tmp_path / "patron.toml").write_text("\n".join(lines))
    days = ["2020-01-01", "2020-02-01", "2020-03-01", "2020-04-01"]
    purchases = {
        "customer_id": [1] * 4,
        "purchased_at": days,
        "amount": [10.0, 20.0, 30.0, 40.0],
        "discount": [0.0, 1.0, 0.0, 0.0],
    }
    contacts = {"customer_id": [1], "occurred_at": ["2020-02-20"], "activity": ["mail"], "channel": ["web"]}
    parquet.write_table(pa.table(purchases), tmp_path / "purchases.parquet")
    parquet.write_table(pa.table(contacts), tmp_path / "activities.parquet")
    return tmp_path


def test_the_documented_family_is_built_from_a_file_beside_the_configuration(shop: Path):
    built = patron.build_features(patron.load_config(shop / "patron.toml"), cutoffs=["2020-04-10"])
    found = built.select(MADE).to_pylist()
    assert found == [
        {
            "orders_since_contact": 2.0,
            "order_value_recent_ratio": pytest.approx(30 / 25),
            "loyalty_full_price": 0.75,
            "loyalty_above_usual": 0.0,
            "contacted_by_web_recently": 0.0,
        }
    ]


def test_its_features_are_in_the_catalogue(shop: Path):
    families = load_families(["loyalty.py:Loyalty"], str(shop))
    named = {each.feature.name: each.family for each in whole_catalogue(families)}
    assert [named[name] for name in MADE[:4]] == ["loyalty"] * 4


class Double(patron.Family):
    """A family given as a class."""

    name = "double"
    reads = ("orders",)

    def features(self, *evidence: patron.Evidence) -> Iterator[patron.Feature]:
        yield patron.Feature("twice", evidence[0].ever().count() * 2, "orders", "twice what there were")


def test_a_class_is_enough(shop: Path):
    config = patron.load_config(shop / "patron.toml", families=[Double])
    built = patron.build_features(config, cutoffs=["2020-04-10"])
    assert built["twice"].to_pylist() == [8.0]
    assert "loyalty_full_price" in built.column_names


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("missing.py:Loyalty", "No such file"),
        ("loyalty.py:Disloyalty", "has no attribute 'Disloyalty'"),
        ("broken.py:Loyalty", "ZeroDivisionError"),
    ],
)
def test_a_family_that_cannot_be_had_says_why(shop: Path, text: str, said: str):
    (shop / "broken.py").write_text("1 / 0\n")
    with pytest.raises(patron.ConfigurationError, match=said):
        load_families([text], str(shop))


def test_the_audit_proves_it_to_know_nothing_of_the_future(shop: Path):
    report = patron.audit(patron.load_config(shop / "patron.toml", families=[Double]))
    assert report.proven
    assert report.snapshots > 0
