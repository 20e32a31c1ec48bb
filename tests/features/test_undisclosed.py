"""Secrets in texts: used, and never shown."""

import copy
import pickle

import pytest

from patron.features.undisclosed import Undisclosed, shown, undisclosed, without_secrets


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://user:hunter2@host/db", "postgresql://user:***@host/db"),
        ("postgresql://user:hunter2@x/y@host/db", "postgresql://user:***@host/db"),
        ("postgresql://host/db?user=u&password=hunter2&sslmode=require",
         "postgresql://host/db?user=u&password=***&sslmode=require"),
        ("s3://bucket/a.parquet?s3_secret_access_key=hunter2", "s3://bucket/a.parquet?s3_secret_access_key=***"),
        ("postgresql://user:${PASSWORD}@host/db", "postgresql://user:${PASSWORD}@host/db"),
        ("postgresql://user@host:5432/db", "postgresql://user@host:5432/db"),
        ("data/at@noon:1.parquet", "data/at@noon:1.parquet"),
    ],
)  # fmt: skip
def test_passwords_in_urls_are_masked(url: str, expected: str):
    assert shown(undisclosed(url)) == expected
    assert undisclosed(url) == url


def test_a_masked_url_stays_masked_when_it_is_copied():
    url = undisclosed("postgresql://user:hunter2@host/db")

    for copied in (copy.deepcopy(url), pickle.loads(pickle.dumps(url))):  # noqa: S301 - our own bytes
        assert (copied, repr(copied)) == (url, "'postgresql://user:***@host/db'")


def test_what_others_say_of_a_secret_is_masked_in_every_form():
    url = undisclosed("postgresql://user:p%40ss@host/db")

    assert without_secrets("p%40ss, p@ss and postgresql://user:p%40ss@host/db", url) == (
        "***, *** and postgresql://user:***@host/db"
    )
    assert without_secrets("key A1 of A", Undisclosed("A1", "${K}", ("A", "A1"))) == "key ${K} of ***"
    assert without_secrets("nothing", None, "plain") == "nothing"
