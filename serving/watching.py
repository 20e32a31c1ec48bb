"""Watching one scoring run: its scores as they were sent, beside training and beside what came."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from patron.features.engine import Prepared, anchored_tables
from patron.features.localtime import to_datetime
from patron.features.outcomes import horizon_maturity, outcome_names
from patron.features.question import Question
from patron.features.store import EvidenceStore
from patron.features.targets import maturity
from patron.models.artefact import Artefact
from patron.models.contract import REFERENCE_ROWS, Contract
from patron.models.drift import Drift, drift_of
from patron.models.encoding import encode, unseen_categories
from patron.models.groups import recency_bands, spend_tiers
from patron.models.live import Tenth, live_part, tenths
from patron.models.live_forecast import LiveForecast, further_horizon, live_forecast
from patron.models.predictions import Predictions
from patron.models.promise import Promise
from patron.models.watched import ControlGroup, RowAccount, WatchedRun

from .contacted import Control, Window, contacted_within, control_of
from .sent import SentRun

EXPLAINED_ROWS = 5_000
"""Customers over whom contributions are averaged."""

SAME = 1e-9
"""Probabilities closer than this are the same: sums of trees may differ in their last digit between machines."""


@dataclass(frozen=True)
class Watch:
    """A model, and the evidence that its runs are watched with."""

    store: EvidenceStore
    artefact: Artefact
    question: Question
    prepared: Prepared
    promise: Promise
    memory: int
    seed: int = 0

    def run(self, sent: SentRun) -> tuple[WatchedRun, Predictions | None, npt.NDArray[np.bool_]]:
        """What is found of a run; what can be judged of it, with who of them was left alone by lot."""
        window = self._window(sent.cutoff)
        is_mature = self.is_mature(sent)
        scores = sent.scores()
        code = self.store.codes(scores["customer_id"].combine_chunks())
        known, order = code >= 0, np.argsort(code, kind="stable")
        order = order[known[order]]
        probability = np.asarray(scores["probability"], np.float64)
        further = {name: np.asarray(scores[name], np.float64)[order] for name in scores.column_names[2:]}
        rebuilt = self._rebuilt(sent.cutoff, code[order], with_outcomes=bool(further) and is_mature)
        said = probability[order]
        defined = rebuilt.has_target if is_mature else np.zeros(len(order), np.bool_)
        contacted = self._contacted(window, rebuilt.customer)
        control = control_of(self.store, window)
        alone = np.isin(rebuilt.customer, control.customers) if control else np.zeros(len(order), np.bool_)
        judged = None
        if is_mature and defined.any():
            judged = Predictions(
                rebuilt.customer, np.full(len(order), sent.cutoff), rebuilt.outcome, said, {}, rebuilt.groups
            ).where(defined)
        watched = WatchedRun(
            name=sent.folder.name,
            folder=sent.folder,
            cutoff=to_datetime(sent.cutoff),
            day=self.store.zone.day_of(sent.cutoff).isoformat(),
            scored_at=str(sent.facts["scored_at"]),
            mature_at=to_datetime(window.known_at),
            is_mature=is_mature,
            account=self._account(sent, rebuilt, said, len(code), is_mature),
            drift=self._drift(rebuilt, probability),
            everyone=None if judged is None else live_part("everyone", judged, self._spread, self.seed),
            control=self._control(control, alone, judged, defined, contacted),
            tenths=_tenths(rebuilt, said, judged, None if contacted is None else contacted[defined]),
            warnings=tuple(sent.facts.get("warnings", ())),
            forecast=self._forecast(sent.cutoff, further, rebuilt) if further else None,
        )
        return watched, judged, alone[defined]

    def _forecast(
        self, cutoff: int, said: Mapping[str, npt.NDArray[np.float64]], rebuilt: "_Rebuilt"
    ) -> LiveForecast:
        """What was said beside the first probability, each part once its own target is mature."""
        moment = np.array([cutoff], np.int64)
        days = sorted(each for each in map(further_horizon, said) if each is not None)
        mature_at = {
            each: to_datetime(int(horizon_maturity(self.question, self.store.zone, moment, each)[0]))
            for each in days
        }
        return live_forecast(
            said, rebuilt.outcomes, rebuilt.customer, cutoff, mature_at, self._spread, self.seed
        )

    def _account(
        self, sent: SentRun, rebuilt: "_Rebuilt", said: npt.NDArray[np.float64], scored: int, is_mature: bool
    ) -> RowAccount:
        """What became of each of the scores that were sent."""
        changed = np.abs(rebuilt.scores_today - said[rebuilt.sampled])
        judged = int(rebuilt.has_target.sum()) if is_mature else 0
        return RowAccount(
            scored=scored,
            judged=judged,
            unknown=scored - len(said),
            undefined=len(said) - judged if is_mature else 0,
            waiting=0 if is_mature else len(said),
            compared=changed.size,
            changed=int((changed > SAME).sum()),
            changed_by_a_point=int((changed > 0.01).sum()),
            largest_change=float(changed.max(initial=0.0)),
            late_customers=self.store.known_before(sent.cutoff) - int(sent.facts["customers"]),
            excluded_now=int(rebuilt.is_excluded.sum()),
        )

    def is_mature(self, sent: SentRun) -> bool:
        """Whether the target of a run is known for good."""
        return self._window(sent.cutoff).known_at <= self.store.observed_until

    @property
    def _spread(self) -> float:
        return self.promise.level_spread

    def _window(self, cutoff: int) -> Window:
        moment = np.array([cutoff], np.int64)
        end = self.store.zone.shift_days(moment, self.question.horizon_days)
        return Window(cutoff, int(end[0]), int(maturity(self.question, self.store.zone, moment)[0]))

    def _rebuilt(self, cutoff: int, codes: npt.NDArray[np.int64], *, with_outcomes: bool) -> "_Rebuilt":
        """The snapshots of those who were scored, from the evidence at hand."""
        gathered = _Gathered(self.artefact, self.question, cutoff, len(codes))
        tables = anchored_tables(
            self.store,
            self.prepared,
            codes,
            np.full(len(codes), cutoff),
            targets=True,
            with_outcomes=with_outcomes,
            memory=self.memory,
        )
        for table in tables:
            gathered.add(table)
        return gathered.together()

    def _contacted(self, window: Window, customer: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_] | None:
        codes = contacted_within(self.store, window)
        return None if codes is None else np.isin(customer, codes)

    def _control(
        self,
        control: Control | None,
        alone: npt.NDArray[np.bool_],
        judged: Predictions | None,
        defined: npt.NDArray[np.bool_],
        contacted: npt.NDArray[np.bool_] | None,
    ) -> ControlGroup | None:
        """How good the scores were for those whom lots left alone."""
        if control is None or judged is None or not alone[defined].any():
            return None
        part = live_part("left alone by lot", judged.where(alone[defined]), self._spread, self.seed)
        share = None if contacted is None else float(contacted[defined & alone].mean())
        return ControlGroup(part, int((defined & alone).sum()), share, control.tests)

    def _drift(self, rebuilt: "_Rebuilt", probability: npt.NDArray[np.float64]) -> Drift:
        drawn = np.linspace(0, len(rebuilt.matrix), min(EXPLAINED_ROWS, len(rebuilt.matrix)), endpoint=False)
        explained = self.artefact.contributions(rebuilt.matrix[drawn.astype(np.int64)]).features
        names = self.artefact.contract.feature_names
        here = (
            dict(zip(names, np.abs(explained).mean(axis=0).tolist(), strict=True)) if len(explained) else {}
        )
        return drift_of(
            self.artefact.contract.reference,
            self.artefact.contract.features,
            rebuilt.matrix,
            rebuilt.unseen,
            probability,
            self.promise.weights or here,
            explained,
        )


@dataclass(frozen=True)
class _Rebuilt:
    """Snapshots of customers, ascending: arrays [n], and of a sample of them (places `sampled`) all inputs."""

    customer: npt.NDArray[np.int64]
    outcome: npt.NDArray[np.int8]
    has_target: npt.NDArray[np.bool_]
    is_excluded: npt.NDArray[np.bool_]
    groups: Mapping[str, npt.NDArray[np.object_]]
    sampled: npt.NDArray[np.int64]
    matrix: npt.NDArray[np.float32]
    scores_today: npt.NDArray[np.float64]
    unseen: Mapping[str, float]
    outcomes: Mapping[str, npt.NDArray[np.float64]]
    """What came beside the first target, where that was asked for; NaN where it is not known."""


@dataclass
class _Gathered:
    """Gathers snapshots, table by table; inputs only of every so-manieth customer, so that they fit into memory."""

    artefact: Artefact
    question: Question
    cutoff: int
    expected: int
    parts: list[dict[str, npt.NDArray[np.generic]]] = field(default_factory=list)
    groups: list[dict[str, npt.NDArray[np.object_]]] = field(default_factory=list)
    outcomes: list[dict[str, npt.NDArray[np.float64]]] = field(default_factory=list)
    blocks: list[npt.NDArray[np.float32]] = field(default_factory=list)
    unseen: dict[str, int] = field(default_factory=dict)
    seen: int = 0

    @property
    def _stride(self) -> int:
        return max(1, -(-self.expected // REFERENCE_ROWS))

    def add(self, table: pa.Table) -> None:
        contract = self.artefact.contract
        first = -self.seen % self._stride
        drawn = table.take(pa.array(np.arange(first, table.num_rows, self._stride)))
        self.seen += table.num_rows
        self.blocks.append(encode(drawn, contract.features, needs=contract.tables))
        for name, counts in unseen_categories(drawn, contract.features).items():
            self.unseen[name] = self.unseen.get(name, 0) + sum(counts.values())
        target = table["target"]
        population = np.array(table["population"].to_pylist(), object)
        self.parts.append(
            {
                "customer": np.asarray(table["customer"], np.int64),
                "outcome": np.asarray(target.fill_null(0), np.int8),
                "has_target": np.asarray(target.is_valid(), np.bool_),
                "is_excluded": ~_is_asked(self.question, population),
            }
        )
        self.groups.append(dict(_groups(table, contract)))
        asked = [name for name in outcome_names(self.question) if name in table.column_names]
        self.outcomes.append(
            {name: np.asarray(table[name].cast(pa.float64()).fill_null(np.nan)) for name in asked}
        )

    def together(self) -> _Rebuilt:
        arrays = {name: np.concatenate([part[name] for part in self.parts]) for name in self.parts[0]}
        matrix = np.concatenate(self.blocks)
        return _Rebuilt(
            **arrays,
            groups={name: np.concatenate([each[name] for each in self.groups]) for name in self.groups[0]},
            outcomes={
                name: np.concatenate([each[name] for each in self.outcomes]) for name in self.outcomes[0]
            },
            sampled=np.arange(0, self.seen, self._stride),
            matrix=matrix,
            scores_today=self.artefact.predict_matrix(matrix, self.cutoff),
            unseen={name: counted / max(len(matrix), 1) for name, counted in self.unseen.items()},
        )


def _tenths(
    rebuilt: _Rebuilt,
    said: npt.NDArray[np.float64],
    judged: Predictions | None,
    contacted: npt.NDArray[np.bool_] | None,
) -> tuple[Tenth, ...]:
    """Tenths of those who are judged; until somebody is, of all, with nothing but what was promised."""
    if judged is None:
        return tenths(said, rebuilt.customer, None, None)
    return tenths(judged.probability, judged.customer, judged.outcome, contacted)


def _is_asked(question: Question, population: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    """Whether the question is about snapshots of these populations."""
    if question.population == "all":
        return np.asarray(population != "prospects", np.bool_)
    return np.asarray(population == question.population, np.bool_)


def _groups(table: pa.Table, contract: Contract) -> Iterator[tuple[str, npt.NDArray[np.object_]]]:
    """The groups by which the model was judged, as far as it reads what they are made of.

    Tiers of spend are thirds of training's, read off its reference.
    """
    yield "stage", _shared(table["stage"])
    if "days_since_order" in table.column_names:
        days = np.asarray(table["days_since_order"], np.float64)
        yield "recency", _shared(pa.array(recency_bands(days)))
    if "category_main" in table.column_names:
        yield "category", _shared(table["category_main"])
    if "spend_ever" in table.column_names:
        quantiles = contract.reference.inputs["spend_ever"].quantiles
        low, high = np.quantile(quantiles, [1 / 3, 2 / 3]) if quantiles else (np.nan, np.nan)
        spend = np.asarray(table["spend_ever"], np.float64)
        yield "spend", _shared(pa.array(spend_tiers(spend, (float(low), float(high)))))


def _shared(column: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.object_]:
    """Words [n] whose texts are shared by all rows that have them; "none" where there is none."""
    encoded = pa.chunked_array([column]) if isinstance(column, pa.Array) else column
    words = encoded.cast(pa.string()).fill_null("none").combine_chunks().dictionary_encode()
    texts = np.array(words.dictionary.to_pylist(), object)
    return np.asarray(texts[np.asarray(words.indices)], object)
