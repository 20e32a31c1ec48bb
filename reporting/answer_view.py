"""What brings customers back, or to a first purchase: sentences for the first screen, and the rows of a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from patron.features.catalogue import FeatureField
from patron.models.attribution import Attribution, GroupAttribution
from patron.models.feature_groups import GROUPS, words_of
from patron.models.group_gains import Gain, GroupGain, GroupGains
from patron.models.intervals import Estimate
from patron.models.stand_ins import StandIn

from .formats import count, decimal, percent, sentence
from .wording import COMING_BACK, FIRST_PURCHASE, Aim

ASKED = ("satisfaction", "reasons", "asking", "habit", "advocacy", "spend_recency")
"""The groups that the question names, whether or not there is evidence of them."""

OF_BUYERS = ("habit", "spend_recency")
"""Those of them that only who has bought can have."""


def association(aim: Aim) -> str:
    """Why nothing that the answer names is thereby something to act on."""
    return (
        f"All of this is association. Changing what is associated with {aim.deed} need not change who does: it may"
        " stand for what nobody recorded, such as how much a customer needs the product. Only a randomised test can"
        " tell."
    )


ASSOCIATION = association(COMING_BACK)


@dataclass(frozen=True)
class Said:
    """What is said of a gain, and the ends of its interval or the bound that it does not exceed."""

    value: str
    ends: str

    @classmethod
    def of(cls, gain: Gain, nothing: str) -> "Said":
        """A gain, one-sided: its share with the interval, or that it cannot be measured."""
        if gain.is_measurable:
            return cls(percent(gain.share.value), _ends(gain.share))
        return cls(nothing, f"at most {percent(gain.at_most)}")


@dataclass(frozen=True)
class GroupRow:
    """One group in the table: what it holds, tells alone, adds to all others, and shares with them."""

    name: str
    holds: str
    alone: Said
    adds: Said
    shared: Said


@dataclass(frozen=True)
class PartRow:
    """One group's part in the scores: its mean size, its share, and the feature that leads it, with its way."""

    name: str
    size: str
    share: str
    leading: str
    way: str


class AnswerView:
    """The words and rows of what brings customers back."""

    def __init__(
        self,
        gains: GroupGains,
        spend: GroupGains | None = None,
        stand_ins: Sequence[StandIn] = (),
        attribution: Attribution | None = None,
        fields: Sequence[FeatureField] = (),
        aim: Aim = COMING_BACK,
    ) -> None:
        self.aim = aim
        self.gains = gains
        self.spend = spend
        self.stand_ins = tuple(stand_ins)
        self.attribution = attribution
        self.meanings = {field.name: field for field in fields}

    @property
    def sentences(self) -> tuple[str, ...]:
        """The answer, for the first screen."""
        if not self.gains.whole.is_measurable:
            return (
                f"The model tells nothing measurable about {self.aim.who}, so nothing can be divided up.",
            )
        said = (
            self._most,
            self._satisfaction,
            self._added,
            self._redundant,
            *self._net_spend,
            self._missing,
            association(self.aim),
        )
        return tuple(each for each in said if each)

    @property
    def _most(self) -> str:
        """The group that tells most by itself, and what cannot be told apart."""
        best = max(self.gains.groups, key=lambda each: each.alone.share.value)
        tells = f"{_share(best.alone)} of what the model can tell about {self.aim.who}"
        if best.alone.share.high >= 1:
            tells = f"about as much as everything together about {self.aim.who}"
        return (
            f"{sentence(words_of(best.group))} alone would tell {tells}. Of all that is told,"
            f" {percent(self.gains.unassigned, 0)} is found in more than one kind of evidence and belongs to none of"
            f" them: {self.aim.shared}."
        )

    @property
    def _satisfaction(self) -> str | None:
        """The group that Patron exists to ask about."""
        found = next((each for each in self.gains.groups if each.group == "satisfaction"), None)
        if found is None:
            return None
        alone = f"{_share(found.alone)} of what the model tells"
        if not found.alone.is_measurable:
            alone = "nothing measurable"
        adds = f"adds {_share(found.adds)}"
        if not found.adds.is_measurable:
            adds = f"no measurable gain, at most {percent(found.adds.at_most)}"
        return f"Satisfaction alone tells {alone}; on top of everything else: {adds}."

    @property
    def _added(self) -> str | None:
        """What cannot be had elsewhere, and where that is not measurable; the most first."""
        others = [each for each in self.gains.groups if each.group != "satisfaction"]
        found = sorted(others, key=lambda each: -each.adds.share.value)
        real = [f"{words_of(each.group)} {_share(each.adds)}" for each in found if each.adds.is_measurable]
        none = [
            f"{words_of(each.group)} (at most {percent(each.adds.at_most)})"
            for each in found
            if not each.adds.is_measurable
        ]
        parts = []
        if real:
            parts.append(f"On top of everything else, a gain is measured for {_listed(real)}.")
        if none:
            parts.append(f"No measurable gain: {_listed(none)}.")
        return " ".join(parts) or None

    @property
    def _redundant(self) -> str | None:
        """The groups that were found to cover for each other."""
        found = [each for each in self.stand_ins if each.is_measurable]
        if not found:
            return None
        pairs = [
            f"{words_of(each.first)} with {words_of(each.second)}"
            f" ({percent(each.covered.value)}, {_ends(each.covered)})"
            for each in found
        ]
        return (
            f"These can stand in for each other: {'; '.join(pairs)}. So much more is lost without both than the two"
            " losses add up to."
        )

    @property
    def _net_spend(self) -> tuple[str, ...]:
        """What each kind of evidence tells about net spend, shorter than about coming back."""
        if self.spend is None:
            return ()
        if not self.spend.whole.is_measurable:
            return ("Of net spend the model tells nothing measurable.",)
        best = max(self.spend.groups, key=lambda each: each.alone.share.value)
        view = AnswerView(self.spend)
        tells = f"Net spend: {words_of(best.group)} alone would tell {_share(best.alone)} of what the model can tell."
        found = next((each for each in self.spend.groups if each.group == "satisfaction"), None)
        satisfied = ""
        if found is not None:
            adds = f"adds {_share(found.adds)}" if found.adds.is_measurable else "adds nothing measurable"
            bound = "" if found.adds.is_measurable else f", at most {percent(found.adds.at_most)}"
            satisfied = f" Satisfaction {adds} on top of everything else{bound}."
        return (f"{tells}{satisfied} {view._added or ''}".strip(),)

    @property
    def _missing(self) -> str | None:
        """The groups that nothing can be said about."""
        missing = self.missing
        return (
            f"There is no evidence here on {_listed(missing)}: nothing is said of that." if missing else None
        )

    @property
    def missing(self) -> tuple[str, ...]:
        """What the question names and the evidence does not know."""
        there = {each.group for each in self.gains.groups}
        if self.aim == FIRST_PURCHASE:
            there |= set(OF_BUYERS)
        return tuple(words_of(name) for name in ASKED if name not in there)

    @cached_property
    def rows(self) -> tuple[GroupRow, ...]:
        """The groups, what adds most first."""
        ordered = sorted(self.gains.groups, key=lambda each: -each.adds.share.value)
        return tuple(_row(each) for each in ordered)

    @cached_property
    def spend_rows(self) -> tuple[GroupRow, ...]:
        """The same rows for net spend; none where it is not asked about."""
        return AnswerView(self.spend).rows if self.spend is not None else ()

    @property
    def parts(self) -> tuple[PartRow, ...]:
        """How the model comes to its scores, group by group, the largest part first."""
        if self.attribution is None:
            return ()
        return tuple(self._part(each) for each in self.attribution.groups)

    def _part(self, found: GroupAttribution) -> PartRow:
        field = self.meanings.get(found.leading)
        meaning = (
            found.leading if field is None else f"{found.leading}: {field.unit} {field.description}".strip()
        )
        way = {
            1: "more of it is associated with higher scores",
            -1: "more of it is associated with lower scores",
            0: "higher and lower scores both",
        }[found.direction]
        size = (
            f"{decimal(found.size.value, 2)} ({decimal(found.size.low, 2)} to {decimal(found.size.high, 2)})"
        )
        return PartRow(sentence(words_of(found.group)), size, percent(found.share, 0), meaning, way)

    @property
    def whole(self) -> str:
        """What 100 % is."""
        whole = self.gains.whole
        return (
            f"100% is what the model tells beyond the purchase rate: {decimal(whole.loss.value, 4)}"
            f" ({decimal(whole.loss.low, 4)} to {decimal(whole.loss.high, 4)}) of log loss, an AUC of"
            f" {decimal(0.5 + whole.auc.value, 3)}."
        )

    @property
    def how(self) -> str:
        """How it was measured, in a sentence."""
        gains = self.gains
        sampled = ""
        if gains.customers < gains.of_customers:
            sampled = (
                f" Each learned from {count(gains.customers)} of {count(gains.of_customers)} customers, the same for"
                " all."
            )
        return (
            f"Each model was fitted {gains.fits} times, and each group's features were given to other customers of the"
            f" same cutoff to see what is lost, on {count(gains.rows)} later snapshots.{sampled}"
        )


def _row(found: GroupGain) -> GroupRow:
    return GroupRow(
        sentence(words_of(found.group)),
        next((each.holds for each in GROUPS if each.name == found.group), "a family of your own"),
        Said.of(found.alone, "nothing measurable"),
        Said.of(found.adds, "no measurable gain"),
        Said(percent(max(found.shared.value, 0.0)), _ends(found.shared)),
    )


def _share(gain: Gain) -> str:
    return f"{percent(gain.share.value)} ({_ends(gain.share)})"


def _ends(share: Estimate) -> str:
    low, high = (percent(max(end, 0.0)) for end in (share.low, share.high))
    return f"{low} to {high}"


def _listed(names: Sequence[str]) -> str:
    """One, two and three."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
