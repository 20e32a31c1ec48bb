"""What a night's scoring takes beside what it cannot do without, measured in one run.

python benchmarks/scoring.py --customers 1000000 --events 20000000
python benchmarks/scoring.py --customers 20000 --events 400000 --trees 50
python benchmarks/scoring.py --customers 5000000 --events 100000000 --memory 4GB --only "patron score"
python benchmarks/scoring.py --customers 20000 --events 400000 --one 1000000 --only "patron score"

A model of so many trees is trained on a few customers first. Then two things are compared, each part in a process of
its own, turn by turn, the least of the repetitions counting:

- the predict step, calibration included, beside bare `booster.predict` on the same matrix;
- the whole command `patron score` beside the sum of its unavoidable parts: starting Python and importing what scoring
  needs, reading the facts and sorting them by customer, bare predict on the customers' matrix, writing the scores.

With `--one` one of the customers has so many orders more; with `--only` a single part is run, and its peak told.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
from measure import peak_bytes
from table import gigabytes, render
from workload import HORIZON_DAYS, LOOKBACK_DAYS, UNTIL, Workload

MOST_TRAINED = 3_000
"""Customers whom the model learns from; what it learns changes nothing in what scoring takes."""

CUTOFF = UNTIL.isoformat()


@dataclass(frozen=True)
class Took:
    """Seconds on the clock and of processor time, the most memory that was held (bytes), and for the command after how
    many seconds the first partition was under way.
    """

    seconds: float
    processor: float
    peak: int = 0
    under_way: float = 0.0


@dataclass(frozen=True)
class Setting:
    """Where everything lies: the orders, the configuration that names them, and the model."""

    folder: Path
    customers: int
    events: int
    trees: int
    leaves: int
    memory: str
    one: int = 0
    """So many orders more has one customer."""
    forecast: bool = False
    """Whether the model keeps its forecast of purchases, spend and dates."""

    @property
    def config(self) -> Path:
        """The configuration of the evidence that is scored."""
        return self.folder / f"score-{self.customers}-{self.events}-{self.one}.toml"

    @property
    def model(self) -> Path:
        """The folder of the model."""
        return self.folder / f"model-{self.trees}-{self.leaves}{'-forecast' * self.forecast}"

    @property
    def out(self) -> Path:
        """Where scores go."""
        return self.folder / "scores"


def prepare(setting: Setting) -> None:
    """Write orders, configuration and model, unless they are there."""
    from data import orders

    workload = Workload(str(setting.folder), setting.customers, setting.events, ())
    orders(workload)()
    _configure(setting.config, _with_one(workload.orders, setting.one), setting)
    if not setting.model.exists():
        few = min(setting.customers, MOST_TRAINED)
        sample = Workload(str(setting.folder), few, few * setting.events // setting.customers, ())
        orders(sample)()
        small = setting.folder / "train.toml"
        _configure(small, sample.orders, setting)
        _train(small, setting)


def _with_one(orders: Path, more: int) -> Path:
    """The orders with so many more of their first customer, a minute apart, back from the last order of all."""
    if not more:
        return orders
    from pyarrow import compute, parquet

    path = orders.with_name(f"{orders.stem}-one-{more}.parquet")
    table = parquet.read_table(orders)
    first = table.slice(0, 1).take(np.zeros(more, np.int64))
    newest = compute.max(table["purchased_at"]).as_py()
    moments = np.datetime64(newest.replace(tzinfo=None), "us") - np.arange(more) * np.timedelta64(60, "s")
    place = first.schema.get_field_index("purchased_at")
    kind = first.schema.field(place).type
    first = first.set_column(place, "purchased_at", pa.array(moments).cast(kind))
    parquet.write_table(pa.concat_tables([table, first]), path)
    return path


def _configure(file: Path, orders: Path, setting: Setting) -> None:
    file.write_text(
        f'[data]\nobserved_until = "{CUTOFF}"\n[purchases]\npath = "{orders}"\n'
        f"[question]\nhorizon_days = {HORIZON_DAYS}\nlookback_days = {LOOKBACK_DAYS}\ncutoffs = 8\n"
        f'[run]\nmemory = "{setting.memory}"\n[tracking]\nuri = "sqlite:///{setting.folder / "mlflow.db"}"\n'
    )


def _train(config: Path, setting: Setting) -> None:
    """A trained model whose booster is grown anew to exactly so many trees, whatever inner folds would keep.

    It has no forecast unless asked for: what other boosters say of spend and dates would be predicted on top of what is
    compared.
    """
    import lightgbm

    import patron
    from patron.models.artefact import save
    from patron.models.encoding import encode
    from patron.models.registry import resolve

    loaded = patron.load_config(config)
    artefact = resolve(patron.train(loaded).model_uri, loaded.tracking).artefact
    snapshots = patron.build_training_set(loaded)
    matrix = encode(snapshots, artefact.contract.features)
    target = np.asarray(snapshots["target"])
    parameters = {"objective": "binary", "num_leaves": setting.leaves, "seed": 7, "verbose": -1}
    grown = lightgbm.train(parameters, lightgbm.Dataset(matrix, target), setting.trees)
    forecast = artefact.forecast if setting.forecast else None
    save(setting.model, replace(artefact, booster=grown.model_to_string(), forecast=forecast))


# Parts, each run in a process of its own by `main`


def imports(_: Setting) -> Took:
    """Starting Python, and importing what `patron score` imports."""
    code = (
        "import patron.cli, patron.api, patron.config, patron.serving.scorer, patron.serving.patience,"
        " patron.serving.partitions, lightgbm, numba, pyarrow.parquet, duckdb"
    )
    return _command([sys.executable, "-c", code])


def command(setting: Setting) -> Took:
    """The whole of `patron score`."""
    shutil.rmtree(setting.out, ignore_errors=True)
    code = f"import sys; sys.argv = ['patron']; from patron.cli import app; app({_arguments(setting)!r})"
    started = datetime.now(UTC)
    took = _command([sys.executable, "-c", code])
    (manifest,) = setting.out.glob("*/2*/manifest.json")
    # A run is created when the evidence was read and compared, just before its first partition.
    created = datetime.fromisoformat(json.loads(manifest.read_text())["scored_at"])
    return replace(took, under_way=(created - started).total_seconds())


def _arguments(setting: Setting) -> list[str]:
    # The same evidence as in training, but of more customers: nothing that is compared with it is meant.
    allow = [
        part for name in ("shifted", "emptied", "unseen", "stale", "fewer") for part in ("--allow", name)
    ]
    model = ["--model", str(setting.model), "--out", str(setting.out)]
    return ["score", "--config", str(setting.config), "--cutoff", CUTOFF, *model, *allow]


def reading(setting: Setting) -> Took:
    """Reading the facts and sorting them by customer and time, as the engine gets them; nothing is made of them."""
    with _Opened(setting) as opened:
        started = _now()
        opened.read()
        return _since(started)


def predicting(setting: Setting) -> Took:
    """Bare predict on the matrix of all customers."""
    with _Opened(setting) as opened:
        matrix, booster = opened.matrix(), opened.booster
    started = _now()
    booster.predict(matrix)
    return _since(started)


def writing(setting: Setting) -> Took:
    """Writing the scores as they were published."""
    from pyarrow import parquet

    (run,) = (path.parent for path in setting.out.glob("*/2*/manifest.json"))
    tables = {file: parquet.read_table(file) for file in run.rglob("*.parquet")}
    with tempfile.TemporaryDirectory(dir=setting.folder) as folder:
        started = _now()
        for number, table in enumerate(tables.values()):
            parquet.write_table(table, Path(folder) / f"{number}.parquet")
        return _since(started)


def step(setting: Setting) -> dict[str, Any]:
    """The predict step and bare predict on the same matrix, turn by turn: the least of five, and their ratio."""
    with _Opened(setting) as opened:
        matrix, booster, artefact = opened.matrix(), opened.booster, opened.artefact
        moment = opened.moment
    jobs: tuple[Callable[[], Any], ...] = (
        lambda: artefact.predict_matrix(matrix, moment),
        lambda: booster.predict(matrix),
    )
    times = np.array([[_timed(job) for job in jobs] for _ in range(5)])
    ours, bare = times.min(axis=0)
    return {
        "ours": ours,
        "bare": bare,
        "ratio": ours / bare,
        "rows": len(matrix),
        "features": matrix.shape[1],
        "trees": booster.num_trees(),
    }


class _Opened:
    """The evidence and the model, as scoring has them; a context."""

    def __init__(self, setting: Setting) -> None:
        import lightgbm

        from patron.config import load_config
        from patron.features.families import load_families
        from patron.models.artefact import load

        self._config = load_config(setting.config)
        self.artefact = load(setting.model)
        self.booster = lightgbm.Booster(model_str=self.artefact.booster)
        self._families = load_families((), self._config.data.folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if hasattr(self, "store"):
            self.store.close()

    def _open(self) -> None:
        from patron.features.snapshots import parse_cutoffs
        from patron.models.keeping import evidence_for, prepare_for, question_of
        from patron.serving.partitions import Partitions

        contract = self.artefact.contract
        question = question_of(contract)
        self.store = evidence_for(contract, self._config.data, question, self._config.run.memory)
        self.prepared = prepare_for(contract, self.store, question, self._families)
        self.moment = int(parse_cutoffs([CUTOFF], self.store.zone, self.store.observed_until)[0])
        memory = self._config.run.memory
        self.partitions = Partitions.of(self.store, self.prepared, self.artefact, self.moment, memory)

    def read(self) -> None:
        """Hand out the rows of every partition, sorted by customer and time."""
        from patron.features.row_order import sort_rows
        from patron.features.rows import Rows

        self._open()
        for pieces in self.partitions.pieces:
            for part in pieces:
                for table in self.store.tables(part, self.prepared.plan.columns).values():
                    columns = [np.asarray(table[name]) for name in ("customer", "happened", "recorded")]
                    sort_rows(columns[0] - part.low, part.high - part.low, columns[1:])
                    Rows.of(table, part.low, part.high - part.low)

    def matrix(self) -> "np.ndarray[Any, np.dtype[np.float32]]":
        """The encoded features of everyone who is scored."""
        from patron.features.engine import build_range
        from patron.models.encoding import encode

        self._open()
        cutoffs = np.array([self.moment], np.int64)
        return np.concatenate(
            [
                encode(
                    build_range(self.store, self.prepared, cutoffs, part).snapshots,
                    self.artefact.contract.features,
                )
                for pieces in self.partitions.pieces
                for part in pieces
            ]
        )


def _timed(job: Callable[[], Any]) -> float:
    started = time.perf_counter()
    job()
    return time.perf_counter() - started


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(started: tuple[float, float]) -> Took:
    return Took(time.perf_counter() - started[0], time.process_time() - started[1], peak_bytes())


def _command(arguments: Sequence[str]) -> Took:
    """A command that must end well: its time on the clock, its processor time, its peak."""
    import os

    started = time.perf_counter()
    child = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert child.stderr is not None
    with child.stderr:
        said = child.stderr.read()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise SystemExit(said.decode())
    unit = 1 if sys.platform == "darwin" else 1024
    return Took(time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss * unit)


PARTS: dict[str, Callable[[Setting], Any]] = {
    "imports": imports,
    "reading and sorting": reading,
    "bare predict": predicting,
    "writing": writing,
    "patron score": command,
    "step": step,
}


def measured(part: str, setting: Setting) -> dict[str, Any]:
    """What a part took, in a process of its own."""
    asked = json.dumps({**vars(setting), "folder": str(setting.folder)})
    arguments = [sys.executable, "-W", "ignore", __file__, "--part", part, "--setting", asked]
    done = subprocess.run(arguments, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def compared(setting: Setting, repeat: int) -> dict[str, dict[str, Any]]:
    """Every part by name, by the least of so many turns; the command first, which compiles what has to be."""
    turns = [
        {part: measured(part, setting) for part in ("patron score", *PARTS) if part != "step"}
        for _ in range(repeat)
    ]
    found = {part: min((turn[part] for turn in turns), key=lambda took: took["seconds"]) for part in turns[0]}
    return {**found, "step": measured("step", setting)}


def tables(found: dict[str, dict[str, Any]], *, markdown: bool) -> str:
    """Both comparisons, for people."""
    parts = [part for part in PARTS if part not in ("patron score", "step")]
    total = {kind: sum(found[part][kind] for part in parts) for kind in ("seconds", "processor")}
    whole, step_took = found["patron score"], found["step"]
    rows = [(part, _s(found[part]["seconds"]), _s(found[part]["processor"]), "") for part in parts]
    rows.append(("sum of these", _s(total["seconds"]), _s(total["processor"]), ""))
    rows.append(
        ("`patron score`", _s(whole["seconds"]), _s(whole["processor"]), gigabytes(whole["peak"])),
    )
    times = [f"{whole[kind] / total[kind]:.2f}" for kind in ("seconds", "processor")]
    rows.append(("times the sum", *times, ""))
    rows.append(("first partition under way after", _s(whole["under_way"]), "", ""))
    first = render("The command", ("part", "seconds", "processor", "peak"), rows, markdown=markdown)
    title = f"{step_took['rows']:,} rows of {step_took['features']} features, {step_took['trees']} trees"
    heads = ("", "seconds", "times bare")
    second = [
        ("bare `booster.predict`", _s(step_took["bare"]), ""),
        ("predict step", _s(step_took["ours"]), f"{step_took['ratio']:.2f}"),
    ]
    return first + "\n" + render(title, heads, second, markdown=markdown)


def _s(value: float) -> str:
    return f"{value:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument("--trees", type=int, default=300)
    parser.add_argument("--leaves", type=int, default=63)
    parser.add_argument("--memory", default="8GB")
    parser.add_argument("--one", type=int, default=0, help="so many orders more of one customer")
    parser.add_argument("--forecast", action="store_true", help="score purchases, spend and dates too")
    parser.add_argument("--only", choices=[part for part in PARTS if part != "step"])
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "patron-scoring")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--setting", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        plain = json.loads(options.setting)
        took = PARTS[options.part](Setting(**{**plain, "folder": Path(plain["folder"])}))
        sys.stdout.write(json.dumps(took if isinstance(took, dict) else vars(took)) + "\n")
        return
    options.folder.mkdir(parents=True, exist_ok=True)
    setting = Setting(
        options.folder,
        options.customers,
        options.events,
        options.trees,
        options.leaves,
        options.memory,
        options.one,
        options.forecast,
    )
    prepare(setting)
    if options.only:
        took = measured(options.only, setting)
        row = (options.only, _s(took["seconds"]), _s(took["processor"]), gigabytes(took["peak"]))
        heads = ("part", "seconds", "processor", "peak")
        print(render(f"memory = {setting.memory}", heads, [row], markdown=options.markdown))
        return
    print(tables(compared(setting, options.repeat), markdown=options.markdown))


if __name__ == "__main__":
    main()
