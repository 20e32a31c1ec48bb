"""What is known about customers themselves, as it stood at the cutoff."""

from collections.abc import Iterator

from .expressions import Evidence
from .family import Family, Feature
from .words import name_part


class Profile(Family):
    """The attributes that held at the cutoff: those of the latest row that was valid and known by then.

    Words that are not frequent in the population are "other". Of a date it is the days since; none that lies ahead.
    """

    name = "profile"
    reads = ("profile",)
    vocabularies = ("profile.*",)

    def features(self, *evidence: Evidence) -> Iterator[Feature]:
        """One feature for each attribute."""
        (profile,) = evidence
        now = profile.ever()
        for column in profile.columns:
            kind, _, attribute = column.partition(" ")
            name = name_part(attribute)
            said = f"attribute {attribute} of the customer"
            if kind == "word":
                yield Feature(f"profile_{name}", now.category(column), "category", said)
            elif kind == "number":
                yield Feature(f"profile_{name}", now.current(column), "as given", said)
            else:
                yield Feature(
                    f"profile_days_since_{name}", now.days_since(column), "days", f"since the {said}"
                )
