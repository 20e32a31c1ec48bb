"""Where runs are tracked and models are registered."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tracking:
    """An MLflow store: its address, the experiment, and the name under which models are registered.

    A relative `sqlite:///` path is relative to the configuration file, and so is the artefact store beside it.
    """

    uri: str = "sqlite:///mlflow.db"
    experiment: str = "patron"
    model_name: str = "repurchase"
