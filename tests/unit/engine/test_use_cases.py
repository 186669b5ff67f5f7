"""Domain use cases: each is trained on the events it is about, and gives what it is for."""

import pytest
from tests.unit.engine.interactions_files import write

from personalize_local.engine.recipes import trained_recipes
from personalize_local.engine.serving import load
from personalize_local.engine.training import train
from personalize_local.engine.training_job import TrainingJob, TrainingRejected
from personalize_rules.recipes import RECIPES as RULES

USE_CASES = sorted(name for name, recipe in RULES.items() if recipe.domain)
BY_EVENT = {name: RULES[name].event_type for name in USE_CASES if RULES[name].event_type}


def shop(kinds, users=60):
    """Each kind of event has a world of ten items of its own, in pairs: who has one item of a pair has both.

    Item 0 of each world is in every history, so it is the most popular.
    """
    rows = []
    for user in range(users):
        for kind in kinds:
            pairs = [1 + (user + step) % 4 for step in range(3)]
            items = [0] + [number for pair in pairs for number in (2 * pair, 2 * pair + 1)] * 2
            rows += [
                (f"u{user:03d}", f"{kind.lower()}-{item}", 1_600_000_000 + 60 * at + user, kind)
                for at, item in enumerate(items)
            ]
    return rows


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("use-cases")
    # The data writes its types in lower case: they compare without case.
    data = write(folder / "shop.parquet", shop(["watch", "view", "purchase", "click"], users=100))

    def of(name):
        if not (folder / name).exists():
            train(TrainingJob(recipe=name, interactions=data, output=folder / name))
        return load(folder / name)

    return of


def test_every_use_case_has_a_model():
    assert set(USE_CASES) <= set(trained_recipes())


@pytest.mark.parametrize(("name", "kind"), sorted(BY_EVENT.items()))
def test_a_use_case_knows_the_items_of_its_events_only(trained, name, kind):
    model = trained(name)

    assert {item.split("-")[0] for item in model.item_ids} == {kind.lower()}


@pytest.mark.parametrize("name", [name for name in USE_CASES if name not in BY_EVENT])
def test_a_use_case_about_all_events_knows_all_items(trained, name):
    assert {item.split("-")[0] for item in trained(name).item_ids} == {"watch", "view", "purchase", "click"}


@pytest.mark.parametrize("name", [name for name in USE_CASES if RULES[name].type == "RELATED_ITEMS"])
def test_related_use_cases_find_the_partner(trained, name):
    kind = (BY_EVENT.get(name) or "click").lower()

    first = trained(name).similar(f"{kind}-4", count=1).items[0]

    assert first.endswith("-5")


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name, kind in BY_EVENT.items() if RULES[name].type == "POPULAR_ITEMS"]
)
def test_popular_use_cases_begin_with_what_most_users_have(trained, name, kind):
    assert trained(name).recommend("u001", count=1).items == [f"{kind.lower()}-0"]


@pytest.mark.parametrize("name", ["aws-vod-top-picks", "aws-ecomm-recommended-for-you"])
def test_personal_use_cases_know_the_user(trained, name):
    model = trained(name)
    right = []
    for user in range(1, 100, 9):
        # The three pairs of the user and item 0; a place or two may be used to explore.
        mine = {event.item_id for event in model.history(f"u{user:03d}")}
        right += [item in mine for item in model.recommend(f"u{user:03d}", count=8).items]

    assert sum(right) > 0.8 * len(right)


def test_too_few_events_of_the_use_case_are_refused(tmp_path):
    data = write(tmp_path / "views.parquet", shop(["View", "Click"], users=100))
    job = TrainingJob("aws-ecomm-popular-items-by-purchases", tmp_path / "model", data)

    with pytest.raises(TrainingRejected, match=r"fewer than 1000 interactions after .*event type: Purchase"):
        train(job)


def test_an_event_type_of_the_job_is_used_instead(tmp_path):
    data = write(tmp_path / "views.parquet", shop(["View", "Click"], users=100))
    job = TrainingJob("aws-ecomm-popular-items-by-purchases", tmp_path / "model", data, event_type="CLICK")

    train(job)

    assert {item.split("-")[0] for item in load(tmp_path / "model").item_ids} == {"click"}
