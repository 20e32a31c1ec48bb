"""A simulated retailer on disk: evidence as Parquet, its configuration, and the truth apart from both."""

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from patron.features.contracts import TABLES
from patron.features.progress import Progress

from .simulator_retailer import Retailer
from .written_evidence import (
    WrittenEvidence,
    clear_parts,
    refuse_to_overwrite,
    write_configuration,
    write_table,
)

if TYPE_CHECKING:
    from .simulator import SimulatedRetailer

_EVIDENCE = "evidence"
_TRUTH = "truth"

_HEADING = "# A simulated retailer"
_CONFIGURATION = """\
{heading} of {customers:,} known customers (seed {seed}); every row is invented.
# The columns already have the names that Patron uses, so only paths are given.

[data]
observed_until = "{observed_until}"          # exclusive: nothing at or after this is known
timezone = "{timezone}"             # the business's days; the tables hold naive local times of this zone too

[purchases]
path = "evidence/purchases/*.parquet"  # one part for each {chunk_customers:,} customers
observed_from = "{observed_from}"           # three in ten buyers were customers before

[satisfaction]                         # who was asked, and what those who answered said
path = "evidence/satisfaction/*.parquet"
observed_from = "{surveys_from}"

[cases]                                # before this day there was no case system, which is not "no cases"
path = "evidence/cases/*.parquet"
observed_from = "{cases_from}"

[activities]                           # newsletters, win-back letters, questions, and the contacts of campaigns
path = "evidence/activities/*.parquet"
observed_from = "{observed_from}"

[assignments]                          # who was randomised to a campaign; never a feature
path = "evidence/assignments/*.parquet"

[mentions]
path = "evidence/mentions/*.parquet"
observed_from = "{observed_from}"

[referrals]
path = "evidence/referrals/*.parquet"
observed_from = "{observed_from}"

[profile]                              # valid_from says since when a row holds; prospects are here only
path = "evidence/profile/*.parquet"
attributes = ["region", "age_group", "acquired_by", "opt_out"]

[identities]                           # guests who registered later
path = "evidence/identities/*.parquet"

[question]
name = "repurchase"
horizon_days = 30
lookback_days = 180
population = "active"
settle_days = 7                        # one line in fifty is recorded up to six days late
cutoffs = 12

[training]
seed = {seed}
test_cutoffs = 3

[tracking]
uri = "sqlite:///mlflow.db"            # beside this file
experiment = "patron"
model_name = "repurchase"
"""


def write_retailer(simulated: "SimulatedRetailer", folder: Path, progress: Progress) -> WrittenEvidence:
    """Write everything, one chunk in memory at a time; ConfigurationError where the folder is another's."""
    retailer = simulated.retailer
    config = folder / "patron.toml"
    refuse_to_overwrite(config, _HEADING)
    for part_of in (*(folder / _EVIDENCE / name for name in TABLES), *_truth_folders(folder)):
        clear_parts(part_of)
    rows = dict.fromkeys(TABLES, 0)
    for index, chunk in enumerate(simulated.chunks()):
        part = f"part-{index:05d}.parquet"
        for name in TABLES:
            rows[name] += write_table(chunk.tables[name], folder / _EVIDENCE / name / part)
        truths: tuple[pa.Table, ...] = (chunk.truth.customers, chunk.truth.satisfaction)
        for part_of, table in zip(_truth_folders(folder), truths, strict=True):
            write_table(table, part_of / part)
        if index == 0:
            (folder / _TRUTH / "truth.json").write_bytes(
                json.dumps(chunk.truth.parameters, indent=2).encode()
            )
        progress("simulating customers", index + 1, retailer.chunks)
    write_configuration(configuration(retailer), config)
    return WrittenEvidence(folder, config, rows)


def configuration(retailer: Retailer) -> str:
    """The patron.toml of a simulated retailer."""
    first = retailer.observed_from
    return _CONFIGURATION.format(
        heading=_HEADING,
        customers=retailer.customers,
        seed=retailer.seed,
        observed_until=retailer.observed_until,
        timezone=retailer.timezone,
        chunk_customers=retailer.chunk_customers,
        observed_from=first,
        surveys_from=first + timedelta(days=retailer.surveys_from),
        cases_from=first + timedelta(days=retailer.cases_from),
    )


def _truth_folders(folder: Path) -> tuple[Path, Path]:
    return folder / _TRUTH / "customers", folder / _TRUTH / "satisfaction"
