"""One hazard behind all horizons: probabilities rise, and their survival is the product of what is left."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from patron.models.artefact import Artefact
from patron.models.calibrators import Identity
from patron.models.hazard import HazardStep, probabilities_by_horizon

chances = st.lists(st.floats(1e-6, 1 - 1e-6), min_size=3, max_size=3)


@given(chances, chances, chances)
def test_probabilities_rise_for_every_customer_and_survival_is_the_product(
    first: list[float], second: list[float], third: list[float]
) -> None:
    p, q, r = (np.array(each) for each in (first, second, third))
    found = probabilities_by_horizon(p, [q, r])
    assert found[:, 0].tobytes() == p.tobytes()
    assert (np.diff(found, axis=1) >= 0).all()
    assert (found <= 1).all()
    np.testing.assert_allclose(1 - found[:, 2], (1 - p) * (1 - q) * (1 - r), rtol=1e-6, atol=1e-15)


def test_without_further_horizons_there_is_the_first() -> None:
    assert probabilities_by_horizon(np.array([0.2, 0.9]), []).tolist() == [[0.2], [0.9]]


def test_a_step_reads_its_own_features_and_calibrates(artefact: Artefact, snapshots: pa.Table) -> None:
    step = HazardStep(30, artefact.booster, Identity(), artefact.contract.features)
    shuffled = snapshots.select(snapshots.column_names[::-1])
    raw = step.hazard(shuffled)
    np.testing.assert_array_equal(artefact.calibrator.apply(raw), artefact.predict(snapshots))
    assert step.hazard(snapshots.slice(0, 0)).size == 0
