"""The simulated retailer as a whole: its contract, and the same bytes whatever the order of work."""

import pyarrow as pa
import pytest

from patron.features.contracts import TABLES
from patron.features.errors import ConfigurationError
from patron.simulator import Retailer, SimulatedRetailer, simulate, simulate_orders

SMALL = Retailer(customers=700, days=200, chunk_customers=300)
ARROW_KINDS = {
    "id": pa.int64(),
    "time": pa.timestamp("us"),
    "money": pa.float64(),
    "number": pa.float64(),
    "text": pa.string(),
    "flag": pa.bool_(),
}


@pytest.fixture(scope="module")
def small() -> SimulatedRetailer:
    return SimulatedRetailer(SMALL)


@pytest.mark.parametrize("name", TABLES)
def test_tables_have_the_columns_and_kinds_of_their_contract(small: SimulatedRetailer, name: str) -> None:
    contract = TABLES[name]
    schema = small.tables[name].schema
    # The attributes of a simulated customer are known from the day on which they hold.
    columns = [each for each in contract.columns if (name, each.name) != ("profile", "recorded_at")]
    assert {column.name for column in columns} <= set(schema.names)
    for column in columns:
        assert schema.field(column.name).type == ARROW_KINDS[column.kind], column.name


def test_only_the_profile_and_identities_have_columns_beyond_the_contract(small: SimulatedRetailer) -> None:
    beyond = {
        name: sorted(set(table.column_names) - set(TABLES[name].column_names))
        for name, table in small.tables.items()
    }
    assert {name: columns for name, columns in beyond.items() if columns} == {
        "identities": ["recorded_at"],
        "profile": ["acquired_by", "age_group", "opt_out", "region"],
    }


@pytest.mark.parametrize("name", TABLES)
def test_required_columns_are_never_null_but_for_unanswered_surveys(
    small: SimulatedRetailer, name: str
) -> None:
    for column in TABLES[name].required:
        nulls = small.tables[name][column].null_count
        assert (nulls > 0) == (name == "satisfaction" and column in {"answered_at", "score"}), column


@pytest.mark.parametrize("name", TABLES)
def test_nothing_is_known_at_or_after_observed_until(small: SimulatedRetailer, name: str) -> None:
    end = SMALL.observed_until
    for field in small.tables[name].schema:
        if pa.types.is_timestamp(field.type):
            latest = max(value for value in small.tables[name][field.name].to_pylist() if value is not None)
            assert latest.date() < end, field.name


def test_the_same_seed_gives_the_same_tables_and_another_seed_others() -> None:
    first, again, other = (simulate(150, seed=seed, days=90) for seed in (3, 3, 4))
    for name in TABLES:
        assert first.tables[name].equals(again.tables[name]), name
    assert not first.tables["purchases"].equals(other.tables["purchases"])


def test_a_chunk_is_the_same_alone_as_among_others(small: SimulatedRetailer) -> None:
    alone = SimulatedRetailer(SMALL).chunk(1)
    among = list(small.chunks())[1]
    for name in TABLES:
        assert alone.tables[name].equals(among.tables[name]), name
    assert alone.truth.customers.equals(among.truth.customers)


def test_more_customers_leave_the_earlier_chunks_as_they_are(small: SimulatedRetailer) -> None:
    more = SimulatedRetailer(Retailer(customers=1000, days=200, chunk_customers=300))
    assert more.chunk(0).tables["purchases"].equals(small.chunk(0).tables["purchases"])


def test_ids_and_orders_are_unique_over_chunks(small: SimulatedRetailer) -> None:
    ids = small.truth.customers["customer_id"].to_pylist()
    assert len(set(ids)) == len(ids) == 700
    orders = [set(small.chunk(index).tables["purchases"]["order_id"].to_pylist()) for index in range(3)]
    assert not orders[0] & orders[1]
    assert not orders[1] & orders[2]


@pytest.mark.parametrize(
    ("setting", "value"), [("customers", 0), ("days", 10), ("seed", -1), ("guests", 1.5), ("categories", ())]
)
def test_settings_that_make_no_retailer_are_refused(setting: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=setting):
        Retailer(**{setting: value})  # type: ignore[arg-type]


def test_benchmark_orders_have_the_size_that_was_asked_for_and_are_in_time_order() -> None:
    orders = simulate_orders(customers=1_000, events=20_000, seed=1)
    assert orders.num_rows == 20_000
    assert orders.schema.names == ["customer_id", "purchased_at", "amount"]
    at = orders["purchased_at"].to_numpy()
    assert (at[1:] >= at[:-1]).all()
    assert orders["amount"].to_numpy().min() > 0
    assert orders.equals(simulate_orders(customers=1_000, events=20_000, seed=1))
