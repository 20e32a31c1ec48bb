"""The page on a known trap: two things that change nothing, and look to a model as if they did.

The world is that of "Be careful when interpreting predictive models in search of causal insights" (Dillon, LaRiviere,
Lundberg, Roth and Syrgkanis, SHAP's documentation), built from its description: how much a customer needs the product
and how many bugs they meet is not recorded. Advertising follows usage and does nothing; bugs are bad for renewal, but
those who need the product report more of theirs.
"""

import re
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import expit

from patron.features.catalogue import FeatureField
from patron.reporting.answer_view import ASSOCIATION, AnswerView
from patron.reporting.training_page import render_training_page, summary_html
from patron.training.answer import answer
from patron.training.folds import plan_folds
from patron.training.recipe import Recipe
from patron.training.rolling import RollingBoosters, TrainingSet
from patron.training.trainer import card_section

DAY = 86_400_000_000
CUTOFFS = [day * DAY for day in (100, 130, 160, 190, 220)]
RENEWALS = 1_500
"""At each cutoff, of other customers each time."""

CATALOGUE = (
    FeatureField("sales_calls", "calls", "by the firm", "activities"),
    FeatureField("interactions", "contacts", "with the firm", "activities"),
    FeatureField("economy", "", "state of the economy", "economy"),
    FeatureField("last_upgrade", "months", "since the last upgrade", "upgrades"),
    FeatureField("discount", "", "offered for renewal", "discounts"),
    FeatureField("monthly_usage", "", "share of days with use", "usage"),
    FeatureField("ad_spend", "", "spent on advertising to the customer", "advertising"),
    FeatureField("bugs_reported", "bugs", "reported", "bugs"),
)

LEVER = re.compile(
    r"\b(driv\w*|levers?|caus\w*|because of|due to|leads? to|rais\w*|increas\w*|improv\w*|boost\w*|impact\w*|effect\w*"
    r"|influenc\w*|makes? customers|should|invest\w*|reduc\w*)\b",
    re.IGNORECASE,
)
"""Words by which a reader would take an association for something to act on."""


def customers(size, seed):
    """What is recorded of so many customers, and the two things that are not."""
    random = np.random.default_rng(seed)
    calls = random.uniform(0, 4, size).round()
    need = 0.1 * calls + random.normal(size=size)
    usage = expit(0.3 * need + random.normal(size=size))
    upgrade = random.uniform(0, 20, size)
    faced = random.poisson(2 * usage)
    recorded = {
        "sales_calls": calls,
        "interactions": calls + random.poisson(0.2, size),
        "economy": random.uniform(size=size),
        "last_upgrade": upgrade,
        "discount": 0.25 * (expit(-need) + random.uniform(size=size)),
        "monthly_usage": usage,
        "ad_spend": usage * random.uniform(0.9, 0.99, size) + (upgrade < 1) + (upgrade < 2),
        "bugs_reported": (faced * expit(need)).round(),
    }
    return recorded, need, faced


def chance_to_renew(recorded, need, faced, noise):
    """The true chance: advertising is not in it, and bugs are in it by how many were met."""
    return expit(
        7
        * (
            0.18 * need
            + 0.08 * recorded["monthly_usage"]
            + 0.1 * recorded["economy"]
            + 0.05 * recorded["discount"]
            + 0.05 * noise
            + 0.05 * (1 - faced / 20)
            + 0.005 * recorded["sales_calls"]
            + 0.015 * recorded["interactions"]
            + 0.1 / (recorded["last_upgrade"] / 4 + 0.25)
            - 0.45
        )
    )


@pytest.fixture(scope="module")
def told():
    """What Patron finds in the example."""
    size = RENEWALS * len(CUTOFFS)
    recorded, need, faced = customers(size, seed=0)
    random = np.random.default_rng(1)
    renewed = random.random(size) < chance_to_renew(recorded, need, faced, random.normal(size=size))
    cutoff = np.repeat(CUTOFFS, RENEWALS)
    table = pa.table(
        {
            "customer": np.arange(size),
            "cutoff": pa.array(cutoff).cast(pa.timestamp("us", tz="UTC")),
            "target": renewed.astype(np.int8),
            **{name: values.astype(np.float32) for name, values in recorded.items()},
        }
    )
    data = TrainingSet(table, CATALOGUE)
    plan = plan_folds(CUTOFFS, [each + 30 * DAY for each in CUTOFFS], 2)
    recipe = Recipe(n_trees=150)
    return answer(data, plan, RollingBoosters(data, recipe, 7, plan).fitted(plan.tests[0]), recipe, seed=7)


@pytest.fixture(scope="module")
def view(told):
    return AnswerView(told.gains, told.spend, told.stand_ins, told.attribution, CATALOGUE)


def part(told, group):
    return next(each for each in told.attribution.groups if each.group == group)


def test_the_model_is_misled_by_the_example(told):
    bugs, advertising = part(told, "bugs"), part(told, "advertising")

    assert bugs.direction == 1  # the more reports, the higher the score, though every bug harms
    assert bugs.share > 0.02
    assert advertising.share > 0.02  # a part in every score, though it does nothing


def test_advertising_does_nothing_and_bugs_harm_in_truth():
    recorded, need, faced = customers(1_000, seed=3)
    other = {**recorded, "ad_spend": recorded["ad_spend"] + 1}

    as_is, advertised = (chance_to_renew(each, need, faced, 0.0) for each in (recorded, other))

    np.testing.assert_array_equal(as_is, advertised)
    assert (chance_to_renew(recorded, need, faced + 1, 0.0) < as_is).all()


def test_no_sentence_makes_a_lever_of_anything(told, view):
    words = [*view.sentences, view.whole, view.how, card_section(told)]
    words += [text for row in view.parts for text in vars(row).values()]
    words += [f"{row.name} {row.holds} {row.alone} {row.adds} {row.shared}" for row in view.rows]

    assert "advertising" in " ".join(words).lower()
    assert "bugs" in " ".join(words)
    for text in words:
        assert not LEVER.search(text), text


def test_the_page_and_the_notebook_say_why(page, told, view):
    shown = replace(
        page,
        answer=told.gains,
        spend_answer=told.spend,
        stand_ins=told.stand_ins,
        attribution=told.attribution,
    )
    first_screen, rest = render_training_page(shown).split('<div class="first">')
    section = rest.split('<section id="back"')[1].split("</section>")[0]

    assert ASSOCIATION in first_screen
    assert ASSOCIATION in summary_html(shown)
    assert ASSOCIATION in card_section(told)
    assert "stands for what nobody recorded" in section
    assert not LEVER.search(first_screen.split("<main>")[1])
    captions = re.sub(r"<svg.*?</svg>", "", section, flags=re.DOTALL)
    named = {each.group().lower() for each in LEVER.finditer(captions)}
    assert named <= {"cause"}  # it is association, not cause
