"""Which features grow with the history: those over all that was ever observed, bounded ones not."""

from patron.features.expressions import Evidence
from patron.features.family import FamilyFeature, Feature
from patron.features.growing import growing_features

ORDERS = Evidence("orders", ("amount", "lines"))
EVER = ORDERS.ever()


def test_counts_and_extremes_over_everything_grow() -> None:
    made = {
        "ever": EVER.count(),
        "age": EVER.days_since_first(),
        "pace": EVER.count() / EVER.days_since_first(),
        "largest": EVER.maximum("amount"),
        "recent": ORDERS.last(30).count(),
        "recency": EVER.days_since_last(),
        "usual": EVER.median("gap"),
        "mean": EVER.mean("amount"),
    }
    features = [FamilyFeature("own", Feature(name, each, "orders", "")) for name, each in made.items()]
    assert growing_features(features) == {"ever", "age", "pace", "largest"}
