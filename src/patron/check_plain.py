"""The check as plain data for machines: keys stay, numbers that are not known are null."""

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from patron.features.localtime import LocalTime
from patron.features.order_rhythm import OrderRhythm, Rhythm
from patron.features.reading import TableAccount
from patron.features.table_facts import TableFacts
from patron.models.separability import Separability, SeparatingFeature

if TYPE_CHECKING:
    from .checkup import CheckReport


def plain_report(report: "CheckReport") -> dict[str, Any]:
    """A report as plain data."""
    zone = LocalTime(report.timezone)
    found = {
        "ready": report.ready,
        "problems": list(report.problems),
        "notes": list(report.notes),
        "provisional": report.provisional,
        "customers": report.customers,
        "question": report.question.to_dict(),
        "advice": {each.setting: {**asdict(each), "verdict": each.verdict} for each in report.advice},
        "history": {**asdict(report.history), "enough_on": report.history.enough_on},
        "gate": [{**asdict(row), "is_enough": row.is_enough} for row in report.gate],
        "tables": {
            account.table: _table(account, facts, zone)
            for account, facts in zip(report.accounts, report.tables, strict=True)
        },
        "orders": _orders(report.rhythm),
        "categories": {name: _rhythm(rhythm) for name, rhythm in report.rhythm.categories},
        "cutoffs": [{**asdict(count), "is_test": count.cutoff in report.tests} for count in report.cutoffs],
        "excluded": dict(report.excluded),
        "separability": None if report.separability is None else _separability(report.separability),
        "quarantine": [str(path) for path in report.quarantine],
        "page": None if report.page is None else str(report.page),
    }
    return {name: _plain(value) for name, value in found.items()}


def _table(account: TableAccount, facts: TableFacts, zone: LocalTime) -> dict[str, Any]:
    dated = account.first is not None and account.first > -(2**61)
    return {
        **asdict(account),
        **asdict(facts),
        "first_day": zone.day_of(account.first) if dated and account.first is not None else None,
        "last_day": zone.day_of(account.last) if dated and account.last is not None else None,
    }


def _orders(rhythm: OrderRhythm) -> dict[str, Any]:
    regularity = {**asdict(rhythm.regularity), "words": rhythm.regularity.words}
    return {
        **_rhythm(rhythm.overall),
        "horizons": [asdict(row) for row in rhythm.horizons],
        "regularity": regularity,
        "first_orders_in_first_30_days": rhythm.early,
        "days_since_last_order": rhythm.silent_days,
        "order_days_median": rhythm.order_days_median,
    }


def _rhythm(rhythm: Rhythm) -> dict[str, Any]:
    gaps = rhythm.gaps
    return {
        "customers": gaps.customers,
        "order_days": gaps.silences,
        "gap_days": {name: gaps.quantile(share) for name, share in _QUANTILES},
        "repeats": asdict(rhythm.repeats),
        "follow_days": rhythm.follow_days,
        "windows": [asdict(errors) for errors in rhythm.errors],
        "balanced_window_days": rhythm.balanced,
        "shortest_window_days": rhythm.shortest,
    }


_QUANTILES = (("p10", 0.1), ("p25", 0.25), ("median", 0.5), ("p75", 0.75), ("p90", 0.9), ("p99", 0.99))


def _separability(told: Separability) -> dict[str, Any]:
    return {
        "auc": told.auc.to_dict(),
        "auc_of_bounded": told.bounded_auc.to_dict(),
        "says": told.words,
        "features": [_feature(each) for each in told.features],
        "features_of_bounded": [_feature(each) for each in told.bounded_features],
        "families": {name: estimate.to_dict() for name, estimate in told.families},
        "unbounded": list(told.unbounded),
        "earlier_snapshots": told.earlier,
        "later_snapshots": told.later,
        "customers": told.customers,
    }


def _feature(each: SeparatingFeature) -> dict[str, Any]:
    return {
        "name": each.field.name,
        "share": each.share,
        "auc_alone": each.alone,
        "missing_earlier": each.missing_earlier,
        "missing_later": each.missing_later,
    }


def _plain(value: Any) -> Any:
    """Numbers of numpy as numbers, days as text, what is not finite as None; all the way down."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    if isinstance(value, np.integer):
        return int(value)
    return value.isoformat() if isinstance(value, date) else value
