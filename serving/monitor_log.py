"""What watching found, logged to MLflow beside the run of the model: one run for each version, however often."""

from pathlib import Path
from typing import Any

from patron.features.tracking import Tracking
from patron.models.registry import RegisteredVersion
from patron.models.tracking_store import tracking_to
from patron.models.watched import MonitorReport, WatchedRun

MONITORS = "patron.monitors"
"""The tag of a run of the monitor: the run of the model that it watches."""

LIVE_METRICS = ("auc", "average_precision", "log_loss", "lift_at_10", "calibration_error", "mean_difference")


def log_watching(report: MonitorReport, registered: RegisteredVersion, tracking: Tracking, page: Path) -> str:
    """Log figures that are not there yet, the verdict and the page; the id of the MLflow run.

    It is a child of the model's run. The step of a figure is the day of its cutoff since 1970, so that a night which
    finds nothing new adds nothing. No customer is among what is logged.
    """
    with tracking_to(tracking.uri) as mlflow:
        client = mlflow.MlflowClient()
        run_id = _run_of(client, registered)
        there = client.get_run(run_id).data.metrics
        for run in report.runs:
            step = int(run.cutoff.timestamp() // 86_400)
            for name, value in _figures(run).items():
                if name not in there or not _has_step(client, run_id, name, step):
                    client.log_metric(run_id, name, value, step=step)
        for tag, text in (("verdict", report.verdict.standing), ("sentence", report.verdict.sentence)):
            client.set_tag(run_id, f"patron.{tag}", text)
        client.log_artifact(run_id, str(page))
        client.log_dict(run_id, _without_folders(report), "monitoring.json")
        client.set_terminated(run_id)
    return run_id


def _run_of(client: Any, registered: RegisteredVersion) -> str:
    """The monitor's run of a version, made if need be."""
    experiment = client.get_run(registered.run_id).info.experiment_id
    wanted = f"tags.`{MONITORS}` = '{registered.run_id}'"
    found = client.search_runs([experiment], wanted, max_results=1)
    if found:
        return str(found[0].info.run_id)
    tags = {MONITORS: registered.run_id, "mlflow.parentRunId": registered.run_id}
    made = client.create_run(experiment, tags=tags, run_name=f"monitor of version {registered.version}")
    return str(made.info.run_id)


def _figures(run: WatchedRun) -> dict[str, float]:
    """The figures of a run by name, those that are defined."""
    account, drift = run.account, run.drift
    found = {
        "scored": float(account.scored),
        "mean_score": drift.mean_score,
        "drift_inputs": drift.weighted,
        "drift_scores": drift.scores,
        "changed_share": account.changed / max(account.compared, 1),
    }
    if run.everyone is not None:
        total = run.everyone.total
        found |= {"live_promised": total.promised.value, "live_came": float(total.came)}
        metrics = run.everyone.metrics
        found |= {f"live_{name}": metrics[name].value for name in LIVE_METRICS if name in metrics}
    if run.control is not None and run.control.part is not None:
        total = run.control.part.total
        found |= {"control_promised": total.promised.value, "control_came": float(total.came)}
    found |= _further_figures(run)
    return {name: value for name, value in found.items() if value == value}


def _further_figures(run: WatchedRun) -> dict[str, float]:
    """The figures of what was said beside the first probability, as far as it is known."""
    found: dict[str, float] = {}
    for each in () if run.forecast is None else run.forecast.horizons:
        if each.part is not None:
            start = f"live_{each.horizon_days}d"
            total, metrics = each.part.total, each.part.metrics
            found |= {f"{start}_promised": total.promised.value, f"{start}_came": float(total.came)}
            found |= {f"{start}_{name}": metrics[name].value for name in LIVE_METRICS if name in metrics}
    for amount in () if run.forecast is None else run.forecast.amounts:
        found[f"live_expected_{amount.name}"] = amount.expected
        found[f"live_came_{amount.name}"] = amount.came.value
    return found


def _has_step(client: Any, run_id: str, name: str, step: int) -> bool:
    return any(each.step == step for each in client.get_metric_history(run_id, name))


def _without_folders(report: MonitorReport) -> dict[str, Any]:
    """The report as plain data, without what only means something on this machine."""
    plain = report.to_dict()
    for run in plain["runs"]:
        run.pop("folder")
    plain.pop("page")
    return plain
