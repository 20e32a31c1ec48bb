"""The model as MLflow serves it: frames of features in, calibrated probabilities out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .artefact import Artefact
from .contract import Contract

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.models import ModelSignature


MLFLOW_TYPES = {"number": "double", "category": "string"}
"""What MLflow calls the two kinds of features."""


@dataclass(frozen=True)
class PatronModel:
    """What `mlflow.pyfunc.load_model` wraps; `artefact` is the model itself."""

    artefact: Artefact

    def predict(self, model_input: "pd.DataFrame") -> NDArray[np.float64]:
        """A frame with the contract's features [n] to calibrated probabilities [n]; ModelError if one lacks.

        MLflow hands over the columns of the signature and no other, so that the cutoff is not known here: where a model
        follows the season, it is that of the first cutoff after training. For another one use `patron score`, or
        `Artefact.predict`, which reads the column `cutoff`.
        """
        return self.artefact.predict(model_input)


def signature_of(contract: Contract) -> "ModelSignature":
    """The features as MLflow checks them: numbers are doubles, categories strings; the result is a double."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    inputs = Schema([ColSpec(MLFLOW_TYPES[field.kind], field.name) for field in contract.features])
    return ModelSignature(inputs=inputs, outputs=Schema([ColSpec("double")]))


def example_of(contract: Contract) -> "pd.DataFrame":
    """Three invented customers: every number at its lower quartile, median and upper quartile; no one's data.

    A category is the most common one; a number that training never saw is 0.
    """
    import pandas as pd

    columns: dict[str, list[float] | list[str]] = {}
    for field in contract.features:
        usual = contract.reference.inputs[field.name]
        if field.kind == "category":
            shares = usual.shares
            columns[field.name] = [max(shares, key=lambda name: shares[name], default="")] * 3
        else:
            last = len(usual.quantiles) - 1
            columns[field.name] = [
                usual.quantiles[last * i // 4] if usual.quantiles else 0.0 for i in (1, 2, 3)
            ]
    return pd.DataFrame(columns)
