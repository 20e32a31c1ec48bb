"""Contacts between firm and customer, and what came back. Assignments to tests are never features."""

from collections.abc import Iterator

from .expressions import Evidence
from .family import Family, Feature
from .words import name_part


class Activities(Family):
    """Contacts, responses, and the pressure of contacts by channel."""

    name = "activities"
    reads = ("contacts",)
    may_read = ("responses",)
    vocabularies = ("contacts.channel", "contacts.activity")

    def features(self, *evidence: Evidence | None) -> Iterator[Feature]:
        """Counts by window, by channel and by activity; responses; days since."""
        contacts, responses = evidence
        assert contacts is not None
        for days in (7, 30, 90, 365):
            yield Feature(
                f"contacts_{days}d", contacts.last(days).count(), "contacts", f"in the last {days} days"
            )
        yield Feature("contacts_ever", contacts.ever().count(), "contacts", "in all that was observed")
        yield Feature(
            "days_since_contact", contacts.ever().days_since_last(), "days", "since the last contact"
        )
        yield Feature(
            "contact_pressure",
            contacts.ever().decayed(30),
            "contacts",
            "each counting half as much for every 30 days that have passed",
        )
        yield from self._pressure(contacts, "channel", "through")
        yield from self._pressure(contacts, "activity", "of the kind")
        if contacts.has("initiated_by"):
            own = contacts.where("initiated_by", "customer")
            yield Feature(
                "own_contacts_90d",
                own.last(90).count(),
                "contacts",
                "begun by the customer in the last 90 days",
            )
            yield Feature(
                "days_since_own_contact",
                own.ever().days_since_last(),
                "days",
                "since the last contact begun by the customer",
            )
        if contacts.has("cost"):
            yield Feature(
                "contact_cost_90d",
                contacts.last(90).sum("cost"),
                "currency",
                "spent on contacts in the last 90 days",
            )
        if responses is not None:
            yield from self._responses(contacts, responses)

    def _pressure(self, contacts: Evidence, column: str, words: str) -> Iterator[Feature]:
        for value, chosen in contacts.among(column):
            name = f"contacts_{column}_{name_part(value)}"
            said = value.replace("_", " ")
            yield Feature(
                f"{name}_30d", chosen.last(30).count(), "contacts", f"{words} {said} in the last 30 days"
            )
            yield Feature(
                f"{name}_90d", chosen.last(90).count(), "contacts", f"{words} {said} in the last 90 days"
            )

    def _responses(self, contacts: Evidence, responses: Evidence) -> Iterator[Feature]:
        yield Feature(
            "responses_90d", responses.last(90).count(), "responses", "to contacts, in the last 90 days"
        )
        yield Feature(
            "responses_ever", responses.ever().count(), "responses", "to contacts, in all that was observed"
        )
        yield Feature(
            "response_share",
            responses.ever().count() / contacts.ever().count(),
            "share",
            "of the contacts that were responded to",
        )
        yield Feature(
            "days_since_response", responses.ever().days_since_last(), "days", "since the last response"
        )
        yield Feature(
            "response_delay_mean",
            responses.ever().mean("duration"),
            "days",
            "from contact to response, on average",
        )
