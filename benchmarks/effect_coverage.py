"""How often 95% intervals of effects hold the truth, and whether placebos catch what is hidden.

    python benchmarks/effect_coverage.py --worlds 200 --folder effect-worlds
    python benchmarks/effect_coverage.py --worlds 1 --customers 2000

In every world of the simulated retailer customers are drawn into tests, and contacted for reasons that the evidence has
or has not; contacts work. Everything is measured as `patron activities` measures it, of the hidden reasons one in each
world, in turn. Worlds that are done are kept in the folder, and the same command goes on.

- the truth is the mean, over the customers (at their moments) that the estimate speaks of, of what the contact changes
  for each, as expected from where they stood then: hidden state is known, what chance brings later is not.
- coverage: how often the interval holds it; mean error and spread of errors are in standard errors as told.
- placebo: the same comparison in the two horizons before. Where it finds something for one of the outcomes no number
  is given for any: for reasons seen a false alarm, for hidden ones what it is there for.
"""

import argparse
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from effect_tables import tables
from effect_worlds import HORIZON, OUTCOMES, EffectWorld, Happened, occasions
from kept_worlds import kept_worlds
from plan_run import grounded

from patron.actions.contact_effects import beside_before
from patron.actions.contacts import Contacts, contacts_of
from patron.actions.draws import Draw, draws_of
from patron.actions.effects import Effect
from patron.actions.measuring import measure_effect
from patron.actions.moments import EXPECTED, Ground, compared_by, covariates_of, rows_with_expectation
from patron.actions.moments import OUTCOMES as COLUMNS

EFFECT = 0.4
SLOPE = 0.9


def world(seed: int, customers: int, effect: float = EFFECT, slope: float = SLOPE) -> dict[str, Any]:
    """Every estimate `found` in one world beside its truth, as plain numbers."""
    mine = EffectWorld(seed, customers, effect, slope)
    happened, evidence = mine.lived()
    hidden = [each.occasion.name for each in happened if each.occasion.hidden]
    asked = {each.occasion.name for each in happened} - {*hidden} | {hidden[seed % len(hidden)]}
    last = max(each.day for each in occasions(effect)) + HORIZON
    with grounded(evidence, mine.moment(last + 1)) as ground:
        found = [
            record for draw in draws_of(ground.store, HORIZON) for record in of_test(ground, draw, happened)
        ]
        prepared = compared_by(ground, ground.earlier_cutoffs(ground.store.observed_until))
        tests = frozenset(each.occasion.name for each in happened if each.occasion.drawn)
        latest = int(ground.store.zone.midnight(mine.moment(last + 1 - HORIZON).date()))
        for contacts in contacts_of(ground.store, latest, tests, ground.seed):
            if contacts.activity in asked:
                found += of_contacts(ground, prepared, contacts, happened)
    return {"found": found}


def of_test(ground: Ground, draw: Draw, happened: tuple[Happened, ...]) -> Iterator[dict[str, Any]]:
    """A test measured with nothing known before, with Patron's own prediction, and with all covariates."""
    rows = rows_with_expectation(ground, draw.customer, draw.moment)
    order = np.lexsort([draw.moment, draw.customer])
    rows = rows.append_column("arm", pa.array(draw.arm[order].tolist()))
    rows = rows.append_column("chance", pa.array(draw.chance[order]))
    truth = _truth(ground, draw.test, draw.customer[order], draw.moment[order], happened)
    ways = {
        "nothing known before": [],
        "Patron's prediction": [EXPECTED],
        "all covariates": covariates_of(rows),
    }
    for way, covariates in ways.items():
        for outcome, column in COLUMNS.items():
            named = rows.rename_columns([outcome if each == column else each for each in rows.column_names])
            found = measure_effect(
                named, "arm", outcome, covariates, "chance", control=draw.control, customer="customer"
            )
            for effect in found.effects:
                case = draw.test if len(found.effects) == 1 else f"{draw.test}: {effect.arm}"
                yield _record(f"{case}, {way}", effect, truth[effect.arm], np.ones(rows.num_rows))


def of_contacts(
    ground: Ground, prepared: Any, contacts: Contacts, happened: tuple[Happened, ...]
) -> Iterator[dict[str, Any]]:
    """Contacts that nobody drew lots for, what was measured before the placebo was looked at and what it says."""
    order = np.lexsort([contacts.moment, contacts.customer])
    truth = _truth(ground, contacts.activity, contacts.customer[order], contacts.moment[order], happened)
    for effect, placebo in beside_before(ground, prepared, contacts):
        compared = effect.compared
        weight = np.ones(order.size) if compared is None else compared.comparable.astype(np.float64)
        yield {
            **_record(contacts.activity, effect, truth["contact"], weight),
            "why_not": effect.why_not,
            "placebo": None if placebo is None or placebo.estimate is None else placebo.estimate.to_dict(),
        }


def _truth(
    ground: Ground, name: str, customer: Any, moment: Any, happened: tuple[Happened, ...]
) -> Mapping[str, Any]:
    """What each arm of a test or activity changes for rows of customers (codes) and moments [n, outcomes]."""
    everybody = np.arange(len(next(iter(happened[0].truth.values()))))
    codes = ground.store.codes(pa.array(everybody))
    place = np.full(ground.store.customers, -1)
    place[codes[codes >= 0]] = everybody[codes >= 0]
    ids = place[customer]
    mine = [each for each in happened if each.occasion.name == name]
    days = np.round((moment - moment.min()) / 86_400e6).astype(np.int64)
    found = {arm: np.full((ids.size, len(OUTCOMES)), np.nan) for arm in mine[0].occasion.arms}
    for each in mine:
        rows = days == each.occasion.day - mine[0].occasion.day
        for arm, values in each.truth.items():
            found[arm][rows] = values[ids[rows]]
    return found


def _record(case: str, effect: Effect, truth: Any, weight: Any) -> dict[str, Any]:
    estimate = effect.estimate
    mean = float(np.average(truth[:, OUTCOMES.index(effect.outcome)], weights=weight))
    numbers = (
        {} if estimate is None else {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    )
    plain = {"plain": effect.plain.value, "plain_low": effect.plain.low, "plain_high": effect.plain.high}
    return {"case": case, "outcome": effect.outcome, "truth": mean, **numbers, **plain}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--customers", type=int, default=4000)
    parser.add_argument("--slope", type=float, default=SLOPE, help="how much reasons decide who is contacted")
    parser.add_argument("--folder", type=Path, default=Path("effect-worlds"))
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args()
    named = f"{given.customers}" if given.slope == SLOPE else f"{given.customers}-{given.slope}"
    one = partial(world, customers=given.customers, slope=given.slope)
    worlds = kept_worlds(given.folder / f"{named}.jsonl", given.worlds, one)
    print("\n\n".join(tables([each["found"] for each in worlds], markdown=given.markdown)))


if __name__ == "__main__":
    main()
