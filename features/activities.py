"""Contacts between firm and customer, and what came back. Assignments to tests are never features."""

from collections.abc import Iterator

from .expressions import Constant, Evidence
from .family import Family, Feature
from .localtime import INSTANT
from .words import name_part

DUE_FROM, DUE_UNTIL = 0.75, 1.25
"""A customer is due from so many usual gaps after the last order until so many."""


class Activities(Family):
    """Contacts by activity, channel, objective and initiator, where in the customer's cycle they fell, and what came of
    them.
    """

    name = "activities"
    reads = ("contacts", "orders")
    may_read = ("responses",)
    vocabularies = (
        "contacts.channel",
        "contacts.activity",
        "contacts.objective",
        "responses.channel",
        "responses.result",
    )

    def features(self, *evidence: Evidence | None) -> Iterator[Feature]:
        """Counts by window and kind, pressure, timing within the customer's cycle, cost, responses and results."""
        contacts, orders, responses = evidence
        assert contacts is not None
        assert orders is not None
        yield from self._counts(contacts)
        yield from self._kinds(contacts)
        for who in ("firm", "customer"):
            if contacts.has("initiated_by"):
                yield from self._initiator(contacts, who)
        yield from self._timing(contacts, orders)
        if contacts.has("cost"):
            yield from self._cost(contacts, orders)
        if responses is not None:
            yield from self._responses(contacts, responses)
            if responses.has("result"):
                yield from self._results(contacts, responses)

    def _counts(self, contacts: Evidence) -> Iterator[Feature]:
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

    def _kinds(self, contacts: Evidence) -> Iterator[Feature]:
        kinds = (("channel", "through"), ("activity", "of the kind"), ("objective", "with the objective"))
        for column, words in kinds:
            for value, chosen in contacts.among(column):
                said = value.replace("_", " ")
                for days in (30, 90):
                    yield Feature(
                        f"contacts_{column}_{name_part(value)}_{days}d",
                        chosen.last(days).count(),
                        "contacts",
                        f"{words} {said} in the last {days} days",
                    )

    def _initiator(self, contacts: Evidence, who: str) -> Iterator[Feature]:
        chosen = contacts.where("initiated_by", who)
        name = "own" if who == "customer" else who
        for days in (30, 90, 365):
            yield Feature(
                f"{name}_contacts_{days}d",
                chosen.last(days).count(),
                "contacts",
                f"begun by the {who} in the last {days} days",
            )
        yield Feature(
            f"days_since_{name}_contact",
            chosen.ever().days_since_last(),
            "days",
            f"since the last contact begun by the {who}",
        )

    def _timing(self, contacts: Evidence, orders: Evidence) -> Iterator[Feature]:
        """Where in the customer's cycle contacts of the firm fell; who did not begin one is taken for the firm."""
        sent = contacts.where("initiated_by", "firm") if contacts.has("initiated_by") else contacts
        since_order, usual_gap = orders.ever().days_since_last(), orders.ever().median("gap")
        place = (since_order - sent.ever().days_since_last()) / usual_gap
        yield Feature(
            "contacts_since_order",
            sent.since(since_order - INSTANT).count(),
            "contacts",
            "by the firm since the last order",
        )
        yield Feature(
            "contact_cycle_position",
            place,
            "usual gaps",
            "from the last order to the firm's last contact; negative where the order came later",
        )
        yield Feature(
            "contact_in_due_window",
            place.reaches(DUE_FROM) * Constant(DUE_UNTIL).reaches(place),
            "1 or 0",
            f"whether the firm's last contact came {DUE_FROM} to {DUE_UNTIL} usual gaps after the last order",
        )
        yield Feature(
            "contacts_since_due",
            sent.since(since_order - usual_gap * DUE_FROM).count(),
            "contacts",
            f"by the firm since {DUE_FROM} usual gaps after the last order",
        )

    def _cost(self, contacts: Evidence, orders: Evidence) -> Iterator[Feature]:
        for days in (90, 365):
            yield Feature(
                f"contact_cost_{days}d",
                contacts.last(days).sum("cost"),
                "currency",
                f"spent on contacts in the last {days} days",
            )
        yield Feature(
            "contact_cost_per_order_365d",
            contacts.last(365).sum("cost") / orders.last(365).count(),
            "currency",
            "spent on contacts for each order, both of the last 365 days",
        )

    def _responses(self, contacts: Evidence, responses: Evidence) -> Iterator[Feature]:
        ever = responses.ever()
        for days in (30, 90, 365):
            yield Feature(
                f"responses_{days}d",
                responses.last(days).count(),
                "responses",
                f"to contacts, in the last {days} days",
            )
        yield Feature("responses_ever", ever.count(), "responses", "to contacts, in all that was observed")
        yield Feature(
            "response_share",
            ever.count() / contacts.ever().count(),
            "share",
            "of the contacts that were responded to",
        )
        yield Feature("days_since_response", ever.days_since_last(), "days", "since the last response")
        yield Feature(
            "response_delay_mean", ever.mean("duration"), "days", "from contact to response, on average"
        )
        yield Feature(
            "response_delay_last", ever.last("duration"), "days", "from contact to response, at the last one"
        )
        for channel, chosen in responses.among("channel"):
            yield Feature(
                f"response_share_channel_{name_part(channel)}",
                chosen.ever().count() / contacts.where("channel", channel).ever().count(),
                "share",
                f"of the contacts through {channel.replace('_', ' ')} that were responded to",
            )

    def _results(self, contacts: Evidence, responses: Evidence) -> Iterator[Feature]:
        """Results are known with the response, such as a voucher that was redeemed."""
        for result, chosen in responses.among("result"):
            name, said = f"result_{name_part(result)}", result.replace("_", " ")
            yield Feature(
                f"{name}_365d",
                chosen.last(365).count(),
                "responses",
                f"with the result {said} in the last 365 days",
            )
            yield Feature(
                f"{name}_share",
                chosen.ever().count() / contacts.ever().count(),
                "share",
                f"of the contacts, that were responded to with the result {said}",
            )
