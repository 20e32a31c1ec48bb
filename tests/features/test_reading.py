"""Reading a table: every row is used or set apart for a reason, and a table that cannot be used says why."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from patron.features.errors import DataError
from patron.features.reading import TableAccount
from patron.features.tables import ColumnSource

GOOD = (1, "2020-01-01 10:00", 5.0)
Rows = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def account(business: Callable[..., Any]) -> Callable[..., TableAccount]:
    """The account of a table of literal rows, beside a good line of customer 1 where it is not the purchases."""

    def read(rows: Rows, columns: str | None = None, name: str = "purchases", **options: Any) -> TableAccount:
        made = business(timezone=options.pop("business_zone", "UTC")).table(name, rows, columns, **options)
        if name != "purchases":
            made.table("purchases", [GOOD])
        with made.store() as store:
            found = store.accounts[name]
        assert found.rows == len(rows) == found.used + sum(found.quarantined.values())
        return found

    return read


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ((None, "2020-01-01", 5.0), "no customer_id"),
        ((2, None, 5.0), "no purchased_at"),
        ((2, "  ", 5.0), "no purchased_at"),
        ((2, "31.12.2019", 5.0), "unreadable purchased_at"),
        ((2, "2020-02-30", 5.0), "unreadable purchased_at"),
        ((2, "infinity", 5.0), "unreadable purchased_at"),
        ((2, "epoch", 5.0), "unreadable purchased_at"),
        ((2, "0001-01-01", 5.0), "purchased_at before 1900"),
        ((2, "2021-01-01", 5.0), "purchased_at at or after observed_until"),
        ((2, "9999-12-31", 5.0), "purchased_at at or after observed_until"),
        ((2, "2020-01-01", None), "no amount"),
        ((2, "2020-01-01", float("nan")), "amount is not finite"),
        ((2, "2020-01-01", float("-inf")), "amount is not finite"),
        ((2, "2020-01-01", 1e10), "amount is beyond ±10,000,000,000 or nearer to zero than 1/10,000"),
        ((2, "2020-01-01", 0.00001), "amount is beyond ±10,000,000,000 or nearer to zero than 1/10,000"),
    ],
)
def test_a_bad_line_is_quarantined_for_its_reason(
    account: Callable[..., TableAccount], bad: tuple[Any, ...], reason: str
):
    found = account([GOOD, bad, bad, GOOD])
    assert (found.used, dict(found.quarantined)) == (2, {reason: 2})


@pytest.mark.parametrize("written", ["twelve", "1,234.50", "$5", "5 EUR"])
def test_an_amount_that_is_no_number_is_quarantined(
    account: Callable[..., TableAccount], written: str, business: Any
):
    frame = pd.DataFrame(
        {"customer_id": [1, 2], "purchased_at": ["2020-01-01"] * 2, "amount": ["5", written]}
    )
    with business().frame("purchases", frame).store() as store:
        assert store.accounts["purchases"].quarantined == {"amount is not a number": 1}


@pytest.mark.parametrize("moment", ["1969-12-31 23:59:59", "1900-01-01", "2020-12-31 23:59:59.999999"])
def test_times_before_1970_and_up_to_the_last_moment_are_used(
    account: Callable[..., TableAccount], moment: str
):
    assert account([(1, moment, 5.0)]).used == 1


def test_only_times_that_no_row_can_be_used_for_are_an_error(business: Any):
    with pytest.raises(DataError, match="No row of the table purchases can be used") as error:
        business().table("purchases", [(1, "31/12/2019", 5.0), (2, "30/12/2019", 5.0)]).store()
    assert error.value.found == "2 × unreadable purchased_at"


def test_an_empty_table_is_an_error(business: Any):
    with pytest.raises(DataError, match="The table purchases is empty"):
        business().table("purchases", []).store()


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2020-01-01T10:00:00Z", "2020-01-01 10:00"),
        ("2020-01-01T10:00:00+02:00", "2020-01-01 08:00"),
        ("2020-01-01 10:00:00.5 -0500", "2020-01-01 15:00:00.500"),
        ("2020-01-01 10:00:00 UTC", "2020-01-01 10:00"),
        ("2020-01-01 10:00:00 Europe/Berlin", "2020-01-01 09:00"),
        ("2020-01-01 10:00:00", "2020-01-01 15:00"),
        ("2020/01/01 10:00", "2020-01-01 15:00"),
        (" 2020-01-01 ", "2020-01-01 05:00"),
    ],
)
def test_a_zone_in_the_text_is_honoured_and_other_times_are_local(business: Any, written: str, instant: str):
    made = business(timezone="America/New_York").table("purchases", [(1, written, 5.0)])
    with made.store() as store:
        assert datetime.fromisoformat(instant) == _naive_utc(store.accounts["purchases"].first)


def _naive_utc(microseconds: int | None) -> datetime:
    assert microseconds is not None
    return datetime(1970, 1, 1) + pd.Timedelta(microseconds, "us").to_pytimedelta()


def test_a_table_may_have_a_time_zone_of_its_own(business: Any):
    made = business(timezone="America/New_York").table(
        "purchases", [(1, "2020-07-01 10:00", 5.0)], timezone="Asia/Tokyo"
    )
    with made.store() as store:
        assert _naive_utc(store.accounts["purchases"].first) == datetime(2020, 7, 1, 1)


@pytest.mark.parametrize(
    ("written", "instant"),
    [("2020-03-08 02:30", "2020-03-08 07:30"), ("2020-11-01 01:30", "2020-11-01 05:30")],
)
def test_local_times_that_do_not_exist_or_exist_twice_are_counted(business: Any, written: str, instant: str):
    rows = [(1, written, 5.0), (1, "2020-12-01", 5.0)]
    with business(timezone="America/New_York").table("purchases", rows).store() as store:
        found = store.accounts["purchases"]
    assert (found.odd_times, _naive_utc(found.first)) == (1, datetime.fromisoformat(instant))


def test_times_far_off_do_not_slow_down_the_zone(business: Any):
    rows = [(1, "2020-03-08 12:00", 5.0), (1, "0001-01-01", 5.0), (1, "9999-12-31", 5.0)]
    with business(timezone="America/New_York").table("purchases", rows).store() as store:
        assert _naive_utc(store.accounts["purchases"].first) == datetime(2020, 3, 8, 16)


@pytest.mark.parametrize(
    "kind",
    [
        pa.timestamp("s"),
        pa.timestamp("ms"),
        pa.timestamp("ns"),
        pa.timestamp("us", tz="Asia/Tokyo"),
        pa.date32(),
    ],
)
def test_every_type_of_time_is_read(business: Any, kind: pa.DataType):
    moment = pa.array([datetime(2020, 5, 1)]).cast(
        pa.timestamp("us", tz="UTC") if getattr(kind, "tz", None) else kind
    )
    frame = pa.table({"customer_id": [1], "purchased_at": moment.cast(kind), "amount": [1.0]})
    with business().frame("purchases", frame).store() as store:
        assert _naive_utc(store.accounts["purchases"].first) == datetime(2020, 5, 1)


def test_a_column_of_numbers_is_no_time_and_the_cure_names_the_source(business: Any):
    frame = pa.table({"customer_id": [1], "bought": [1577836800], "amount": [1.0]})
    with pytest.raises(DataError, match="does not hold times") as error:
        business().frame("purchases", frame, columns={"purchased_at": "bought"}).store()
    assert error.value.remedy == "for seconds since 1970 map it as { sql = 'to_timestamp(\"bought\")' }"


SURVEY = "customer_id answered_at score asked_at"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ((1, "2020-01-01", 5.0, "2020-02-01"), "answered_at before asked_at"),
        ((1, None, 5.0, "2020-02-01"), "score without answered_at"),
        ((1, "2020-01-01", None, None), "neither score nor asked_at"),
        ((1, None, None, None), "no answered_at"),
        ((1, None, 5.0, "yesterday"), "unreadable asked_at"),
        ((1, "2020-01-01", float("inf"), None), "score is not a finite number"),
    ],
)
def test_a_survey_that_makes_no_sense_is_quarantined(
    account: Callable[..., TableAccount], row: tuple[Any, ...], reason: str
):
    asked = (1, None, None, "2020-03-01")
    found = account([asked, row], SURVEY, "satisfaction")
    assert (found.used, dict(found.quarantined)) == (1, {reason: 1})


def test_a_survey_answered_after_all_that_is_known_is_unanswered(
    business: Any, account: Callable[..., TableAccount]
):
    rows: Rows = [(1, "2021-02-01", 5.0, "2020-03-01"), (1, "2020-02-01", 5.0, "2020-01-01")]
    assert account(rows, SURVEY, "satisfaction").used == 2
    made = business().table("satisfaction", rows).table("purchases", [GOOD])
    with made.store() as store:
        answers = store.connection.execute("SELECT count(answered_at) FROM satisfaction").fetchall()
    assert answers == [(1,)]


def test_a_case_closed_before_it_was_opened_is_quarantined(account: Callable[..., TableAccount]):
    rows: Rows = [(1, "2020-02-01", "2020-01-01"), (1, "2020-02-01", None)]
    assert account(rows, name="cases").quarantined == {"closed_at before opened_at": 1}


def test_a_row_recorded_after_all_that_is_known_is_quarantined(account: Callable[..., TableAccount]):
    columns = "customer_id purchased_at amount recorded_at"
    found = account([(1, "2020-01-01", 1.0, "2021-01-01"), (1, "2020-01-01", 1.0, None)], columns)
    assert found.quarantined == {"recorded at or after observed_until": 1}


def test_a_column_without_a_single_value_is_no_error(business: Any):
    survey = pa.table(
        {"customer_id": [1], "asked_at": ["2020-01-01"], "answered_at": [None], "score": [None]}
    )
    with business().table("purchases", [GOOD]).frame("satisfaction", survey).store() as store:
        assert store.accounts["satisfaction"].used == 1


def test_an_unreadable_optional_value_is_missing_and_counted(business: Any):
    rows = [(1, "2020-01-01", 5.0, float("inf"), float("nan"))]
    columns = "customer_id purchased_at amount quantity discount"
    with business().table("purchases", rows, columns).store() as store:
        assert store.accounts["purchases"].unreadable == {"quantity": 1, "discount": 1}
        assert store.connection.execute("SELECT quantity, discount FROM purchases").fetchall() == [
            (None, None)
        ]


def test_a_reason_that_customers_give_is_not_the_reason_of_a_refusal(business: Any):
    rows = [(1, "2020-01-01", 5.0, "birthday"), (1, None, 5.0, "wedding")]
    with business().table("purchases", rows, "customer_id purchased_at amount reason").store() as store:
        assert store.accounts["purchases"].quarantined == {"no purchased_at": 1}
        assert store.connection.execute("SELECT reason FROM purchases").fetchall() == [("birthday",)]


def test_blank_texts_are_missing(business: Any):
    rows = [(1, "2020-01-01", 5.0, " ", ""), (1, "2020-01-02", 5.0, "", "\u00a0 ")]
    with (
        business()
        .table("purchases", rows, "customer_id purchased_at amount order_id channel")
        .store() as store
    ):
        assert (
            store.connection.execute("SELECT order_id, channel FROM purchases").fetchall()
            == [(None, None)] * 2
        )


CURRENCIES = [(1, "2020-01-01", 5.0, "EUR"), (1, "2020-01-02", 5.0, "EUR"), (1, "2020-01-03", 5.0, "USD")]
CURRENCY = "customer_id purchased_at amount currency"


def test_several_currencies_are_refused(business: Any):
    with pytest.raises(DataError, match="several currencies") as error:
        business().table("purchases", CURRENCIES, CURRENCY).store()
    assert error.value.found == "EUR (2 rows), USD (1 rows)"
    assert 'currency = "EUR"' in str(error.value.remedy)


def test_rows_in_another_currency_than_the_stated_one_are_quarantined(account: Callable[..., TableAccount]):
    found = account(CURRENCIES, CURRENCY, currency="USD")
    assert (found.used, dict(found.quarantined)) == (1, {"currency is not USD": 2})


def test_of_versions_known_at_the_same_moment_the_last_recorded_counts(business: Any):
    columns = "customer_id purchased_at amount product_id recorded_at"
    rows = [(1, "2020-01-05", 1.0, "k", "2020-01-02"), (1, "2020-01-05", 2.0, "k", "2020-01-04")]
    with business().table("purchases", rows, columns, key=("product_id",)).store() as store:
        assert store.accounts["purchases"].quarantined == {"repeats a key and its recorded_at": 1}
        assert store.connection.execute("SELECT amount FROM purchases").fetchall() == [(20_000,)]


def test_rows_without_a_key_do_not_supersede_each_other(business: Any):
    columns = "customer_id purchased_at amount product_id recorded_at"
    rows = [(1, "2020-01-05", 1.0, None, "2020-01-05"), (1, "2020-01-05", 2.0, None, "2020-01-05")]
    with business().table("purchases", [*rows, rows[0]], columns, key=("product_id",)).store() as store:
        assert store.accounts["purchases"].used == 3
        assert store.connection.execute("SELECT DISTINCT until FROM purchases").fetchall() == [(2**63 - 1,)]


def test_a_key_needs_its_columns_and_when_rows_were_recorded(business: Any):
    with pytest.raises(DataError, match="key of purchases cannot be used") as error:
        business().table("purchases", [GOOD], key=("order_id",)).store()
    assert error.value.found == "not mapped: order_id, recorded_at"


def test_an_expression_that_cannot_be_evaluated_names_the_columns_there_are(business: Any):
    with pytest.raises(DataError, match="The expression for amount cannot be evaluated") as error:
        business().table("purchases", [GOOD], columns={"amount": ColumnSource(sql="price * amount")}).store()
    assert "price" in str(error.value.found)
    assert (
        error.value.remedy
        == "use the source's columns: customer_id (BIGINT), purchased_at (VARCHAR), amount (DOUBLE)"
    )


@pytest.mark.parametrize("sql", ["sum(amount)", "amount +"])
def test_expressions_that_are_not_of_a_row_are_refused(business: Any, sql: str):
    with pytest.raises(DataError, match="The expression for amount cannot be evaluated"):
        business().table("purchases", [GOOD], columns={"amount": ColumnSource(sql=sql)}).store()


def test_an_expression_fails_on_a_row_with_the_place_and_not_with_a_traceback(business: Any):
    rows = [("1", "2020-01-01", 5.0), ("one", "2020-01-01", 5.0)]
    with pytest.raises(DataError, match="The table purchases cannot be read") as error:
        business().table(
            "purchases", rows, columns={"customer_id": ColumnSource(sql="CAST(customer_id AS INT)")}
        ).store()
    assert "one" in str(error.value.found)


def test_refused_rows_are_written_as_they_came(business: Any, tmp_path: Path):
    rows = [(1, "2020-01-01", 5.0, "x"), (2, "someday", 7.5, "y")]
    with business().table("purchases", rows, "customer_id purchased_at amount note").store() as store:
        (written,) = store.write_quarantine(tmp_path / "quarantine")
    assert written == tmp_path / "quarantine" / "purchases.parquet"
    assert parquet.read_table(written).to_pylist() == [
        {
            "customer_id": 2,
            "purchased_at": "someday",
            "amount": 7.5,
            "note": "y",
            "quarantined because": "unreadable purchased_at",
        }
    ]


def test_an_undated_profile_has_no_first_fact(business: Any):
    made = business().table("purchases", [GOOD]).table("profile", [(1,), (2,)])
    with made.store() as store:
        assert (store.accounts["profile"].first, store.accounts["profile"].last) == (None, None)


def test_dates_are_local_midnights(business: Any):
    frame = pa.table({"customer_id": [1], "purchased_at": [date(2020, 7, 1)], "amount": [1.0]})
    with business(timezone="America/New_York").frame("purchases", frame).store() as store:
        assert _naive_utc(store.accounts["purchases"].first) == datetime(2020, 7, 1, 4)
