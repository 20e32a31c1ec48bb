"""Plans on the disk: whole or not at all, once for a cutoff, and known to the next one."""

import numpy as np
import pyarrow as pa
import pytest

from patron.actions.contactable import Contacts
from patron.actions.economics import PlanSettings
from patron.actions.plan_files import earlier_contacts, folder_of, planned_before, publish_plan
from patron.actions.planning import make_plan
from patron.features.errors import ConfigurationError

from .businesses import ground_of
from .shops import CUTOFF, Shop, programme, scored

NOTHING = Contacts(np.empty(0, np.int64), np.empty(0, np.int64))
IDENTITY = {"scores": "a", "settings": {"budget": 50.0}}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    shop, folder = Shop.of(60), tmp_path_factory.mktemp("plan")
    with shop.store() as store:
        run = scored(folder, store, 60)
        settings = PlanSettings(margin=0.5, budget=20.0)
        return shop, make_plan(ground_of(store), run, [programme("letter", when="5")], settings, NOTHING, [])


def test_what_is_written_is_what_was_made(made, tmp_path):
    _, plan = made
    folder = folder_of(tmp_path, "Repurchase soon", CUTOFF)
    assert folder == tmp_path / "repurchase_soon" / CUTOFF
    written = publish_plan(plan, folder, IDENTITY)
    assert written.rows.equals(plan.rows)
    assert written.assignments.equals(plan.assignments)
    assert written.contacts.equals(plan.contacts)
    assert sorted(each.name for each in folder.parent.iterdir()) == [CUTOFF]
    assert "customer_id" not in str(written.to_dict())


def test_the_same_plan_is_found_again_and_another_is_refused(made, tmp_path):
    _, plan = made
    folder = folder_of(tmp_path, "repurchase", CUTOFF)
    assert planned_before(folder, IDENTITY) is None
    publish_plan(plan, folder, IDENTITY)
    again = planned_before(folder, IDENTITY)
    assert again.repeated
    assert str(again) == "\n".join(plan.words)
    with pytest.raises(ConfigurationError, match="another plan"):
        planned_before(folder, {**IDENTITY, "scores": "b"})
    with pytest.raises(ConfigurationError, match="another plan"):
        publish_plan(plan, folder, {**IDENTITY, "scores": "b"})
    publish_plan(plan, folder, {**IDENTITY, "scores": "b"}, replacing=True)
    assert planned_before(folder, {**IDENTITY, "scores": "b"}).rows.equals(plan.rows)


def test_a_file_that_was_changed_is_refused(made, tmp_path):
    _, plan = made
    folder = folder_of(tmp_path, "repurchase", CUTOFF)
    publish_plan(plan, folder, IDENTITY)
    (folder / "assignments" / "part-00000.parquet").write_bytes(b"")
    with pytest.raises(ConfigurationError):
        planned_before(folder, IDENTITY)


def test_contacts_of_other_plans_count_from_the_day_on(made, tmp_path):
    shop, plan = made
    publish_plan(plan, folder_of(tmp_path, "prospects", CUTOFF), IDENTITY)
    own = folder_of(tmp_path, "repurchase", CUTOFF)
    publish_plan(plan, own, IDENTITY)
    with shop.store() as store:
        found = earlier_contacts(tmp_path, store, own, CUTOFF)
        later = earlier_contacts(tmp_path, store, own, "2020-09-07")
        codes = store.codes(plan.contacts["customer_id"].combine_chunks())
    assert found.customer.tolist() == codes.tolist()
    assert (
        pa.array(found.moment)
        .cast(plan.contacts["occurred_at"].type)
        .equals(plan.contacts["occurred_at"].combine_chunks())
    )
    assert later.customer.size == 0
