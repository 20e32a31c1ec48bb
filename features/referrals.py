"""Who referred the customer and still buys, and whom the customer referred in turn."""

from collections.abc import Iterator

from .expressions import Evidence
from .family import Family, Feature


class Referrals(Family):
    """Being referred, the referrer's own buying, and what became of those whom the customer referred.

    A referral leads to a customer where who was referred has ordered since its day, and never before. Who refers
    themselves, under whatever id, is left out.
    """

    name = "referrals"
    reads = ("referred_by", "referrals_made", "referrer_days", "referred_days")

    def features(self, *evidence: Evidence) -> Iterator[Feature]:
        """From the side of who was referred, then from the side of who referred."""
        referred_by, made, referrer_days, referred_days = evidence
        yield Feature("referred_ever", referred_by.ever().count(), "referrals", "of this customer by others")
        yield Feature(
            "days_since_referred",
            referred_by.ever().days_since_last(),
            "days",
            "since the customer was last referred",
        )
        yield Feature(
            "referrer_days_since_order",
            referrer_days.ever().days_since_last(),
            "days",
            "since the last day on which who referred the customer ordered",
        )
        yield Feature(
            "referrer_order_days_90d",
            referrer_days.last(90).distinct("day"),
            "days",
            "of the last 90 on which who referred the customer ordered",
        )
        yield from self._made(made, referred_days)

    def _made(self, made: Evidence, referred_days: Evidence) -> Iterator[Feature]:
        for days in (30, 90, 365):
            yield Feature(
                f"referrals_made_{days}d",
                made.last(days).count(),
                "referrals",
                f"made in the last {days} days",
            )
        yield Feature(
            "referrals_made_ever", made.ever().count(), "referrals", "made in all that was observed"
        )
        yield Feature(
            "days_since_referral_made", made.ever().days_since_last(), "days", "since the last referral made"
        )
        ordered = referred_days.ever().distinct("referral")
        known_before = referred_days.where("moment", "before").ever().distinct("referral")
        won = ordered - known_before
        yield Feature("referrals_won_ever", won, "referrals", "made of people who then became customers")
        yield Feature(
            "referrals_won_share",
            won / made.ever().distinct("referral"),
            "share",
            "of the referrals made whose people then became customers",
        )
