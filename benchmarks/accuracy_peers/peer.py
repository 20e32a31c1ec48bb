"""What every peer does: for each test cutoff learn from the fold's cutoffs and say the probabilities at it.

    python peer.py flaml FOLDER

FOLDER holds the snapshots, the orders and the folds; the probabilities go into FOLDER/said-flaml.parquet.
"""

import json
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd


def later_for_validation(train: list[int], horizon: int) -> tuple[list[int], list[int]]:
    """The cutoffs to learn from first and the latest one, by which settings are chosen.

    Targets of the first ones are over by the latest cutoff wherever there is such a cutoff; else all but the last.
    """
    last = train[-1]
    before = [cutoff for cutoff in train if cutoff + horizon <= last]
    return before or train[:-1] or train, [last]


def main() -> None:
    name, folder = sys.argv[1], Path(sys.argv[2])
    peer = import_module(f"{name}_peer")
    snapshots = pd.read_parquet(folder / "snapshots.parquet")
    plan = json.loads((folder / "folds.json").read_text())
    features = peer.features(snapshots, folder)
    said = np.full(len(snapshots), np.nan)
    for fold in plan["folds"]:
        first, latest = later_for_validation(fold["train"], plan["horizon"])
        parts = [snapshots["cutoff"].isin(cutoffs).to_numpy() for cutoffs in (first, latest, fold["train"])]
        at = (snapshots["cutoff"] == fold["cutoff"]).to_numpy()
        outcome = snapshots["outcome"].to_numpy()
        said[at] = peer.predict(features, outcome, *parts, at)
    pd.DataFrame({"said": said}).to_parquet(folder / f"said-{name}.parquet")


if __name__ == "__main__":
    main()
