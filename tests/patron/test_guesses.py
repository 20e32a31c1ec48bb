"""Which file is which table, which column is which, and how times are read."""

from pathlib import Path

import duckdb
import pytest

from patron.features.tables import ColumnSource
from patron.guesses import Guesses, guess_tables
from patron.inspection import inspect


def guess(folder: Path, **files: str) -> Guesses:
    """The guesses for CSV files of those names and contents."""
    paths = []
    for name, text in files.items():
        paths.append(folder / f"{name}.csv")
        paths[-1].write_text(text)
    with duckdb.connect() as connection:
        return guess_tables(connection, inspect(connection, paths, folder))


def sources(guesses: Guesses, table: str) -> dict[str, ColumnSource]:
    return {column.column: column.source for column in guesses.tables[table].columns}


def test_a_plain_file_of_purchases(tmp_path: Path):
    guesses = guess(
        tmp_path,
        shop="client_no,order_date,order_no,total,sku,color\na,2017-01-02,1,9.5,x,red\nb,2017-01-03,2,3.0,y,blue\n",
    )

    assert sources(guesses, "purchases") == {
        "customer_id": ColumnSource(name="client_no"),
        "purchased_at": ColumnSource(name="order_date"),
        "amount": ColumnSource(name="total"),
        "order_id": ColumnSource(name="order_no"),
        "product_id": ColumnSource(name="sku"),
    }
    assert guesses.tables["purchases"].unused == ("color",)


def test_without_an_amount_it_is_quantity_times_price(tmp_path: Path):
    text = "customer_id,date,Unit Price,qty\n1,2017-01-02,2.5,3\n2,2017-01-03,1.5,1\n"

    assert sources(guess(tmp_path, lines=text), "purchases")["amount"] == ColumnSource(
        sql='TRY_CAST("qty" AS DOUBLE) * TRY_CAST("Unit Price" AS DOUBLE)'
    )


def test_with_an_amount_the_product_is_an_alternative(tmp_path: Path):
    text = "customer_id,date,amount,price,qty\n1,2017-01-02,7.5,2.5,3\n2,2017-01-03,1.5,1.5,1\n"
    amount = guess(tmp_path, lines=text).tables["purchases"].column("amount")

    assert amount.source == ColumnSource(name="amount")
    assert amount.alternatives == ('TRY_CAST("qty" AS DOUBLE) * TRY_CAST("price" AS DOUBLE)',)


def test_a_price_without_quantity_is_the_amount(tmp_path: Path):
    text = "customer_id,date,price\n1,2017-01-02,7.5\n2,2017-01-03,1.5\n"

    assert sources(guess(tmp_path, lines=text), "purchases")["amount"] == ColumnSource(name="price")


def test_ids_that_became_floats_are_cast_back(tmp_path: Path):
    text = "customer_id,date,amount\n13085.0,2017-01-02,7.5\n,2017-01-02,7.5\n13086.0,2017-01-03,1.5\n"

    assert sources(guess(tmp_path, lines=text), "purchases")["customer_id"] == ColumnSource(
        sql='CAST("customer_id" AS BIGINT)'
    )


@pytest.mark.parametrize(
    ("first", "second", "source"),
    [
        ("2017-01-02", "2017-01-13", ColumnSource(name="date")),
        ("2017-01-02 10:00:00", "2017-01-13 11:00:00", ColumnSource(name="date")),
        ("2017-01-02T10:00:00Z", "2017-01-13T11:00:00+02:00", ColumnSource(name="date")),
        ("20170102", "20170113", ColumnSource(sql="try_strptime(CAST(\"date\" AS VARCHAR), '%Y%m%d')")),
        ("1483351200", "1484301600", ColumnSource(sql='to_timestamp("date")')),
        ("1483351200000", "1484301600000", ColumnSource(sql='to_timestamp("date" / 1000)')),
    ],
)
def test_times_are_read_as_they_are_written(tmp_path: Path, first: str, second: str, source: ColumnSource):
    text = f"customer_id,date,amount\n1,{first},7.5\n2,{second},1.5\n"

    assert sources(guess(tmp_path, lines=text), "purchases")["purchased_at"] == source


@pytest.mark.parametrize(
    ("first", "second"),
    [("02/01/2017", "13/01/2017"), ("02.01.2017", "13.01.2017"), ("01/02/2017", "01/13/2017")],
)
def test_dates_in_another_order_give_the_right_days(tmp_path: Path, first: str, second: str):
    text = f"customer_id,date,amount\n1,{first},7.5\n2,{second},1.5\n"
    source = sources(guess(tmp_path, lines=text), "purchases")["purchased_at"]

    with duckdb.connect() as connection:
        rows = connection.execute(
            f"SELECT CAST(CAST({source.sql} AS DATE) AS VARCHAR) FROM read_csv('{tmp_path}/lines.csv')"
        ).fetchall()
    assert rows == [("2017-01-02",), ("2017-01-13",)]


def test_every_file_finds_its_table(tmp_path: Path):
    guesses = guess(
        tmp_path,
        orders="customer_id,ordered_at,amount\na,2017-01-02,1.5\nb,2017-01-03,2.5\n",
        survey="customer_id,asked_at,answered_at,score\na,2017-01-01,2017-01-02,9\nb,2017-01-01,2017-01-03,3\n",
        complaints="customer_id,opened_at,closed_at,topic\na,2017-01-02,2017-01-03,late\nb,2017-01-03,,late\n",
        mailings="customer_id,sent_at,campaign\na,2017-01-02,spring\nb,2017-01-03,spring\n",
        trial="customer_id,test,arm,assigned_at\na,t,x,2017-01-02\nb,t,y,2017-01-03\n",
        posts="customer_id,posted_at,network,sentiment\na,2017-01-02,web,0.5\nb,2017-01-03,web,-0.5\n",
        invites="customer_id,referrer_id,referred_at\na,b,2017-01-02\nb,c,2017-01-03\n",
        people="customer_id,age,city\na,30,x\nb,40,y\n",
        aliases="alias_id,customer_id,linked_at\ng1,a,2017-01-02\ng2,b,2017-01-03\n",
        products="sku,price\nx,1.5\ny,2.5\n",
        groups="customer_id,group_name\na,x\na,y\na,z\n",
    )

    assert {table: guess.file.stem for table, guess in guesses.tables.items()} == {
        "purchases": "orders",
        "satisfaction": "survey",
        "cases": "complaints",
        "activities": "mailings",
        "assignments": "trial",
        "mentions": "posts",
        "referrals": "invites",
        "profile": "people",
        "identities": "aliases",
    }
    assert guesses.tables["profile"].attributes == ("age", "city")
    assert guesses.left_out == {
        "products.csv": "no column names customers",
        "groups.csv": "no column of times",
    }


def test_the_runner_up_is_named(tmp_path: Path):
    guesses = guess(
        tmp_path,
        orders="customer_id,order_date,amount,sku\na,2017-01-02,1.5,x\nb,2017-01-03,2.5,y\n",
        more="customer_id,date,amount\na,2017-01-02,1.5\nb,2017-01-03,2.5\n",
    )

    assert guesses.tables["purchases"].file.path == "orders.csv"
    assert guesses.runners_up == {"purchases": ("more.csv",)}
    assert guesses.left_out == {"more.csv": "another file fits [purchases] better"}


def test_names_are_quoted_whatever_stands_in_them(tmp_path: Path):
    text = 'customer_id,"order ""date""","qty""; DROP","price, net"\n1,20170102,2,1.5\n2,20170103,1,2.5\n'
    found = sources(guess(tmp_path, lines=text), "purchases")

    assert found["purchased_at"] == ColumnSource(
        sql='try_strptime(CAST("order ""date""" AS VARCHAR), \'%Y%m%d\')'
    )
    assert found["amount"] == ColumnSource(
        sql='TRY_CAST("qty""; DROP" AS DOUBLE) * TRY_CAST("price, net" AS DOUBLE)'
    )
