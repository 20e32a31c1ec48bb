"""Referrals on Spark: what is known of a customer through others, as dated facts of the customer.

The rules are those of `referral_facts`; what they give is compared value by value in the tests.
"""

from typing import TYPE_CHECKING

from .columns import utc_from_wall, wall_from_utc
from .localtime import DAY, LocalTime
from .spark_links import SparkLinks

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def spark_referral_facts(
    purchases: "DataFrame",
    referrals: "DataFrame",
    links: SparkLinks | None,
    zone: LocalTime,
    first: int,
    last: int,
) -> dict[str, "DataFrame"]:
    """The derived tables by name, from facts whose customers' aliases are resolved.

    `first` and `last` are the times of the first and the last of those facts.
    """
    from pyspark.sql import functions as sql

    day = sql.expr(f"floor(({wall_from_utc('happened', zone, first, last)}) / {DAY})")
    said = referrals.select(
        "customer",
        sql.col("referrer_id").alias("referrer"),
        "happened",
        "recorded",
        day.alias("day"),
        "until",
    )
    if links is not None:
        said = links.applied(said, "referrer")
    pairs = said.where("recorded < until")
    people = pairs.select("customer").union(pairs.select("referrer")).distinct()
    bought = purchases.where("amount > 0").join(people, "customer", "left_semi")
    midnight = sql.expr(utc_from_wall(f"day * {DAY}", zone, first - DAY, last))
    days = (
        bought.withColumn("day", day)
        .groupBy("customer", "day", "until")
        .agg(sql.min("recorded").alias("recorded"))
        .withColumn("midnight", midnight)
    )
    pairs = pairs.where("customer <> referrer").withColumn(
        "referral", sql.concat_ws(" ", sql.col("customer").cast("string"), sql.col("day").cast("string"))
    )
    return {
        "referred_by": pairs.select("customer", "happened", "recorded", "until"),
        "referrals_made": pairs.select(
            sql.col("referrer").alias("customer"), "happened", "recorded", "referral", "until"
        ),
        "referrer_days": _referrer_days(pairs, days),
        "referred_days": _referred_days(pairs, days),
    }


def _both_known(pairs: "DataFrame", days: "DataFrame", who: str) -> "DataFrame":
    """Referrals with the days on which `who` of the pair ordered, while both are known."""
    from pyspark.sql import functions as sql

    bought = days.select(
        sql.col("customer").alias("buyer"),
        sql.col("day").alias("bought_day"),
        "midnight",
        sql.col("recorded").alias("bought_recorded"),
        sql.col("until").alias("bought_until"),
    )
    met = pairs.join(bought, sql.col(who) == sql.col("buyer"))
    met = met.withColumn("recorded", sql.greatest("recorded", "bought_recorded"))
    return met.withColumn("until", sql.least("until", "bought_until")).where("recorded < until")


def _referrer_days(pairs: "DataFrame", days: "DataFrame") -> "DataFrame":
    """Days on which a referrer ordered, as facts of whom they referred."""
    from pyspark.sql import functions as sql

    met = _both_known(pairs, days, "referrer")
    found = met.groupBy("customer", sql.col("midnight").alias("happened"), "bought_day", "until")
    return found.agg(sql.min("recorded").alias("recorded")).select(
        "customer", "happened", "recorded", sql.col("bought_day").cast("string").alias("day"), "until"
    )


def _referred_days(pairs: "DataFrame", days: "DataFrame") -> "DataFrame":
    """That somebody who was referred has ordered before the day of the referral, or since, for the referrer."""
    from pyspark.sql import functions as sql

    moment = sql.when(sql.col("bought_day") < sql.col("day"), "before").otherwise("since")
    met = _both_known(pairs, days, "customer").withColumn("moment", moment)
    found = met.groupBy("referrer", "referral", "moment", "until").agg(sql.min("recorded").alias("recorded"))
    return found.select(
        sql.col("referrer").alias("customer"),
        sql.col("recorded").alias("happened"),
        "recorded",
        "referral",
        "moment",
        "until",
    )
