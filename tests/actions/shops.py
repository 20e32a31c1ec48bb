"""A shop with a test whose effect is planted, and scores of its customers as a published run."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from patron.actions.conditions import Condition
from patron.actions.programme import Programme
from patron.features.partition import CUTOFF_TYPE
from patron.features.store import EvidenceStore
from patron.serving.publishing import Publication, point_to_latest
from patron.serving.sent import SentRun

from .businesses import store_of

CUTOFF = "2020-09-01"
CUSTOMERS = 600


@dataclass(frozen=True)
class Shop:
    """Frames of evidence: an order of 10 every 20 days or so for everybody; the test `mail` of June added one of 30."""

    purchases: pd.DataFrame
    assignments: pd.DataFrame
    activities: pd.DataFrame
    profile: pd.DataFrame

    @classmethod
    def of(cls, customers: int = CUSTOMERS, extra: float = 0.5, seed: int = 1) -> "Shop":
        """So many customers; of those in the arm `contact`, this share buys for another 30."""
        random = np.random.default_rng(seed)
        ids = np.arange(customers)
        rows = [(who, day + int(random.integers(0, 15)), 10.0) for who in ids for day in range(-150, 180, 20)]
        contact = random.random(customers) < 0.5
        rows += [(who, 95, 30.0) for who in ids[contact & (random.random(customers) < extra)]]
        who, day, amount = zip(*rows, strict=True)
        start = pd.Timestamp("2020-03-01")
        return cls(
            pd.DataFrame(
                {"customer_id": who, "purchased_at": start + pd.to_timedelta(day, "D"), "amount": amount}
            ),
            pd.DataFrame(
                {
                    "customer_id": ids,
                    "test": "mail",
                    "arm": np.where(contact, "contact", "hold out"),
                    "assigned_at": pd.Timestamp("2020-06-01"),
                    "probability": 0.5,
                    "control_arm": "hold out",
                }
            ),
            pd.DataFrame(
                {
                    "customer_id": [0, 1, 1],
                    "occurred_at": pd.to_datetime(["2020-08-25", "2020-08-25", "2020-03-25"]),
                    "activity": "newsletter",
                }
            ),
            pd.DataFrame({"customer_id": ids, "no_mail": np.where(ids % 50 == 7, "yes", "no")}),
        )

    def write(self, folder: Path) -> None:
        """The frames as files of their names."""
        for name, frame in vars(self).items():
            frame.to_parquet(folder / f"{name}.parquet")

    def store(self, until: str = CUTOFF, **frames: pd.DataFrame) -> EvidenceStore:
        """The evidence known before a day, some frames replaced."""
        return store_of({**vars(self), **frames}, until)


def programme(name: str, whom: str = "true", when: str = "0", **changes: object) -> Programme:
    """A programme of literal conditions, a letter for 1."""
    return Programme(
        **{
            "name": name,
            "title": name.title(),
            "objective": "a purchase",
            "whom": Condition(whom, f"{name}.toml [whom] code"),
            "whom_in_words": "customers",
            "when": Condition(when, f"{name}.toml [when] code"),
            "when_in_words": "at once",
            "channel": "letter",
            "cost": 1.0,
            "incentive": 0.0,
            "most": 1,
            "within_days": 14,
            "holdout": 0.2,
            **changes,
        }
    )


def scored(
    folder: Path, store: EvidenceStore, customers: int = CUSTOMERS, question: str = "repurchase"
) -> SentRun:
    """A published run of scores at the end of the evidence; probabilities fall with the id."""
    final = folder / "scores" / question / CUTOFF
    final.parent.mkdir(parents=True, exist_ok=True)
    staging = folder / "staging"
    staging.mkdir(exist_ok=True)
    ids = pa.array(np.arange(customers))
    table = pa.table(
        {
            "customer_id": ids,
            "cutoff": pa.array(np.full(customers, store.observed_until)).cast(CUTOFF_TYPE),
            "probability": 1 - np.arange(customers) / customers,
            "stage": np.where(np.arange(customers) % 3 == 0, "new", "repeat").tolist(),
        }
    )
    publication = Publication(final, staging)
    publication.write_parts("scores", [table], table.schema)
    facts = publication.publish({"question": {"name": question}, "cutoff": f"{CUTOFF}T00:00:00+00:00"})
    point_to_latest(final.parent)
    return SentRun(final, facts)
