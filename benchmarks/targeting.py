"""Whom an e-mail moves, learned from a real test and judged on customers that were not learned from.

    python benchmarks/targeting.py --data hillstrom.parquet

The data is Kevin Hillstrom's e-mail test of 2008: 64,000 customers, a third each got an e-mail about men's or women's
merchandise, or none. Riskiest first: those who have not bought for longest.
"""

import argparse
from pathlib import Path

import pandas as pd

from patron.actions.targeting import learn_targeting

ARM, CONTROL = "segment", "No E-Mail"
OUTCOMES = ("visit", "conversion", "spend")
THIRD = 1 / 3


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data/hillstrom.parquet"))
    parser.add_argument("--outcomes", default=",".join(OUTCOMES))
    given = parser.parse_args()
    frame = pd.read_parquet(given.data)
    before = [name for name in frame.columns if name not in (ARM, *OUTCOMES)]
    chances = dict.fromkeys(sorted(frame[ARM].unique()), THIRD)
    for outcome in given.outcomes.split(","):
        for found in learn_targeting(frame, ARM, outcome, before, chances, risk="recency", control=CONTROL):
            print(f"{found.arm}, {outcome}, {found.rows:,} judged:")
            print("  " + "\n  ".join(found.words))
            print(
                f"  slope of effects on predictions"
                f" {found.slope.value:.2f} ({found.slope.low:.2f} to {found.slope.high:.2f})"
            )


if __name__ == "__main__":
    main()
