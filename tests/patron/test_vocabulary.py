"""Names of columns and files, and what they speak for."""

import pytest

from patron.features.contracts import TABLES
from patron.vocabulary import COLUMNS, FILES, name_score, speaks_for, words_of


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("InvoiceDate", ("invoice", "date")),
        ("Customer ID", ("customer", "id")),
        ("userID", ("user", "id")),
        ("CUSTOMER_ID", ("customer", "id")),
        ("transaction_timestamp", ("transaction", "timestamp")),
        ("line.total-2", ("line", "total", "2")),
        ("", ()),
    ],
)
def test_words_of_a_name(name: str, words: tuple[str, ...]):
    assert words_of(name) == words


def test_every_table_and_column_of_the_contract_has_names():
    assert set(COLUMNS) == set(FILES) == set(TABLES)
    assert {table: set(columns) for table, columns in COLUMNS.items()} == {
        table: set(contract.column_names) for table, contract in TABLES.items()
    }


@pytest.mark.parametrize(
    ("table", "column", "better", "worse"),
    [
        ("purchases", "customer_id", "customer_id", "user"),
        ("purchases", "customer_id", "household_id", "household_size"),
        ("purchases", "customer_id", "CustomerNumber", "customer_name"),
        ("purchases", "purchased_at", "order_date", "date"),
        ("purchases", "purchased_at", "date", "week"),
        ("purchases", "amount", "sales_value", "total"),
        ("purchases", "order_id", "Invoice", "InvoiceLine"),
        ("cases", "opened_at", "opened_at", "redemption_date"),
    ],
)
def test_a_telling_name_scores_higher(table: str, column: str, better: str, worse: str):
    names = COLUMNS[table][column]

    assert name_score(better, names) > name_score(worse, names)


def test_a_bare_date_only_perhaps_dates_a_row():
    assert 0.4 <= name_score("date", COLUMNS["purchases"]["purchased_at"]) < 0.5


def test_files_speak_by_the_start_of_their_words():
    assert speaks_for("shop_transactions_2017", "purchases")
    assert speaks_for("CouponRedemptions", "activities")
    assert not speaks_for("preorders", "purchases")
