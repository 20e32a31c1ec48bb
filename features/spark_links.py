"""Links on Spark: whose facts are whose from when on, decided by the same code, and joined to the facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from .identities import link_aliases
from .localtime import FOREVER
from .spark_reading import connected

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class SparkLinks:
    """Links as `decided_links` gives them: when an alias stopped to be a customer of its own, and who holds its facts
    from when until when.
    """

    made: "DataFrame"

    @classmethod
    def of(cls, identities: "DataFrame", customers: "DataFrame", id_type: str) -> "SparkLinks":
        """The links that the facts of the table of identities make between customers who are known.

        The first link of an alias counts, and none that would close a circle: one worker looks at all of them in
        their order. Nothing but ids and times goes there.
        """
        from pyspark.sql import functions as sql

        known = customers.select(sql.col("customer").alias("alias_id"))
        named = identities.select("alias_id", "customer", "happened").join(known, "alias_id", "left_semi")
        schema = f"kind string, alias {id_type}, owner {id_type}, linked bigint, unlinked bigint"
        made = named.withColumn("all", sql.lit(0)).groupBy("all").applyInArrow(decided_links, schema)
        return cls(made)

    def kept(self) -> "SparkLinks":
        """The same, held on Spark's workers and counted: Spark then knows whether they are few, and joins them so."""
        made = self.made.persist()
        made.count()
        return SparkLinks(made)

    @property
    def first(self) -> "DataFrame":
        """alias, linked."""
        return self.made.where("kind = 'first'").select("alias", "linked")

    @property
    def held(self) -> "DataFrame":
        """alias, owner, linked, unlinked."""
        return self.made.where("kind = 'held'").select("alias", "owner", "linked", "unlinked")

    def applied(self, facts: "DataFrame", who: str = "customer") -> "DataFrame":
        """Facts of a linked alias end for the alias when it is linked, and begin for the customer it belongs to."""
        from pyspark.sql import functions as sql

        first = self.first.withColumnRenamed("alias", who)
        ended = facts.join(first, who, "left")
        ended = ended.withColumn("until", sql.least("until", sql.coalesce("linked", sql.lit(FOREVER))))
        handed = facts.join(self.held.withColumnRenamed("alias", who), who).withColumn(who, sql.col("owner"))
        handed = handed.withColumn("recorded", sql.greatest("recorded", "linked"))
        handed = handed.withColumn("until", sql.least("until", "unlinked")).where("recorded < until")
        columns: Sequence[Any] = facts.columns
        return ended.select(*columns).unionByName(handed.select(*columns))


def decided_links(named: pa.Table) -> pa.Table:
    """Rows of alias_id, customer and happened to the links that count, by `link_aliases`."""
    with connected() as connection:
        connection.register("named", named)
        connection.execute(
            "CREATE TEMP TABLE customers AS SELECT row_number() OVER (ORDER BY id) - 1 AS customer, id FROM"
            " (SELECT alias_id AS id FROM named UNION SELECT customer FROM named)"
        )
        connection.execute(
            "CREATE TEMP TABLE links_said AS SELECT alias_id, customer AS customer_id, happened FROM named"
        )
        count = connection.sql("SELECT count(*) FROM customers").fetchall()[0][0]
        link_aliases(connection, "links_said", int(count))
        found = connection.sql(
            "SELECT 'first' AS kind, a.id AS alias, b.id AS owner, linked, NULL::BIGINT AS unlinked FROM first_links"
            " JOIN customers AS a ON a.customer = alias JOIN customers AS b ON b.customer = first_links.customer"
            " UNION ALL SELECT 'held', a.id, b.id, linked, unlinked FROM links"
            " JOIN customers AS a ON a.customer = alias JOIN customers AS b ON b.customer = links.customer"
        ).to_arrow_table()
    ids = named.schema.field("alias_id").type
    kinds = [pa.string(), ids, ids, pa.int64(), pa.int64()]
    return found.cast(pa.schema(list(zip(found.column_names, kinds, strict=True))))
