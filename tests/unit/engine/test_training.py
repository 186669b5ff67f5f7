"""Training and serving, through their front door, on two tastes of thirty items each."""

import dataclasses
import json
import random

import numpy as np
import pytest
from tests.unit.engine.interactions_files import tastes, write

from personalize_local.engine import folder as files
from personalize_local.engine.answers import Event, RequestNotSupported
from personalize_local.engine.interactions import EventWeight
from personalize_local.engine.models.personal import PersonalModel
from personalize_local.engine.recipes import RECIPES
from personalize_local.engine.serving import load
from personalize_local.engine.training import train
from personalize_local.engine.training_job import Table, TrainingJob, TrainingRejected
from personalize_rules.recipes import RECIPES as RULES
from personalize_rules.schemas import Schema

PERSONAL = ["aws-user-personalization", "aws-user-personalization-v2"]
RANKING = ["aws-personalized-ranking", "aws-personalized-ranking-v2"]
RELATED = ["aws-sims", "aws-similar-items"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A function that trains a recipe once, and gives (model, result)."""
    folder = tmp_path_factory.mktemp("models")
    data = write(folder / "tastes.parquet", tastes())
    done = {}

    def of(recipe):
        if recipe not in done:
            job = TrainingJob(recipe=recipe, interactions=data, output=folder / recipe)
            done[recipe] = (train(job), load(folder / recipe))
        return done[recipe][::-1]

    return of


def taste(items):
    return [item.split("-")[0] for item in items]


def event(item, kind="", value=None):
    return Event(item, kind, 1_700_000_000, value)


# Use cases want events of their type, and nothing here is cold.
EVERY_RECIPE = sorted(name for name in RECIPES if not RULES[name].event_type and name != "aws-hrnn-coldstart")


@pytest.mark.parametrize("recipe", EVERY_RECIPE)
def test_every_recipe_trains_measures_and_loads(trained, recipe):
    model, result = trained(recipe)

    assert (result.interactions, result.users, result.items) == (1440, 120, 60)
    assert result.seconds > 0
    assert set(result.metrics) >= {"coverage", "mean_reciprocal_rank_at_25", "precision_at_25"}
    assert all(0 <= value <= 1 and value == round(value, 4) for value in result.metrics.values())
    assert model.recipe == recipe
    assert len(model.item_ids) == 60
    assert model.item_ids[model.position("red-07")] == "red-07"
    assert model.position("green-00") is None


@pytest.mark.parametrize("recipe", PERSONAL)
def test_a_user_gets_items_of_his_taste(trained, recipe):
    model, _ = trained(recipe)

    assert taste(model.recommend("u001", count=10).items).count("red") >= 8
    assert taste(model.recommend("u002", count=10).items).count("blue") >= 8


def test_personal_models_beat_popularity(trained):
    metric = "normalized_discounted_cumulative_gain_at_25"
    popular = trained("aws-popularity-count")[1].metrics[metric]

    assert trained("aws-user-personalization-v2")[1].metrics[metric] > popular
    assert trained("aws-similar-items")[1].metrics[metric] > popular


@pytest.mark.parametrize("recipe", PERSONAL + RANKING)
def test_one_live_event_changes_the_next_answer_of_a_new_user(trained, recipe):
    model, _ = trained(recipe)

    for mine in ("red", "blue"):
        answer = model.recommend("somebody new", [event(f"{mine}-03"), event(f"{mine}-04")], count=10)
        assert taste(answer.items).count(mine) >= 8


def test_live_events_move_a_known_user_and_are_forgotten_after_the_call(trained):
    model, _ = trained("aws-user-personalization-v2")
    before = model.recommend("u001", count=20).items

    moved = model.recommend("u001", [event(f"blue-{n:02d}") for n in range(12)], count=20).items

    assert taste(moved).count("blue") > taste(before).count("blue")
    assert model.recommend("u001", count=20).items == before


def test_events_about_nothing_known_change_nothing(trained):
    model, _ = trained("aws-user-personalization-v2")
    noise = [event(None, "login"), event("green-77")]

    assert model.recommend("u001", noise).items == model.recommend("u001").items
    assert model.recommend("nobody", noise).reasons == ["Popular item"] * 25


@pytest.mark.parametrize("user", [None, "nobody"])
def test_a_cold_user_gets_what_users_begin_with_and_no_scores(trained, user):
    model, _ = trained("aws-user-personalization-v2")
    begun: dict[str, int] = {}
    for number in range(120):
        for first in model.history(f"u{number:03d}")[:5]:
            begun[first.item_id] = begun.get(first.item_id, 0) + 1

    answer = model.recommend(user, count=5)

    assert [begun[item] for item in answer.items] == sorted(begun.values(), reverse=True)[:5]
    assert np.isnan(answer.scores).all()
    assert answer.reasons == ["Popular item"] * 5


def test_version_1_scores_are_a_softmax_over_the_catalogue(trained):
    model, _ = trained("aws-user-personalization")
    answer = model.recommend("u001", count=60)

    assert answer.scores.sum() == pytest.approx(1)
    assert (np.diff(answer.scores) <= 0).all()
    assert answer.reasons is None


def test_a_filter_does_not_change_an_items_score(trained):
    model, _ = trained("aws-user-personalization")
    scores = dict(zip(*[(a := model.recommend("u001", count=60)).items, a.scores], strict=True))
    allowed = np.zeros(60, bool)
    allowed[[model.position("blue-01"), model.position("red-29")]] = True

    answer = model.recommend("u001", allowed=allowed, count=25)

    assert sorted(answer.items) == ["blue-01", "red-29"]
    assert [scores[item] for item in answer.items] == answer.scores.tolist()


def test_a_ranking_keeps_all_items_puts_unknown_last_and_sums_to_one(trained):
    model, _ = trained("aws-personalized-ranking")
    asked = ["green-1", "blue-05", "red-05", "red-06", "green-0", "red-05"]

    answer = model.rank("u001", [], asked)

    assert sorted(answer.items[:3]) == ["blue-05", "red-05", "red-06"]
    assert answer.items[2] == "blue-05" or "blue-05" in {one.item_id for one in model.history("u001")}
    assert answer.items[3:] == ["green-1", "green-0"]
    assert np.nansum(answer.scores) == pytest.approx(1)
    assert np.isnan(answer.scores[3:]).all()
    assert answer.positions[3:].tolist() == [-1, -1]


def test_a_ranking_of_unknown_items_only_has_no_scores(trained):
    answer = trained("aws-personalized-ranking-v2")[0].rank("u001", [], ["green-1", "green-0"])

    assert answer.items == ["green-1", "green-0"]
    assert np.isnan(answer.scores).all()


@pytest.mark.parametrize("recipe", RELATED)
def test_related_items_are_of_the_same_taste_and_never_the_item_itself(trained, recipe):
    model, _ = trained(recipe)
    answer = model.similar("red-10", count=10)

    assert taste(answer.items).count("red") >= 8
    assert "red-10" not in model.similar("red-10", count=500).items
    assert answer.scores is None


@pytest.mark.parametrize("recipe", RELATED)
def test_an_unknown_item_gets_popular_ones(trained, recipe):
    popular = trained("aws-popularity-count")[0].recommend(None).items

    assert trained(recipe)[0].similar("green-1").items == popular


def test_popularity_counts_users_not_events(tmp_path):
    rows = [("fan", "often", time) for time in range(500)]
    rows += [(f"u{one}", item, one) for one in range(300) for item in ("liked", "known")[: 1 + one % 2]]
    data = write(tmp_path / "fans.parquet", rows)
    train(
        TrainingJob(
            recipe="aws-popularity-count", interactions=data_of(data, rows, tmp_path), output=tmp_path / "m"
        )
    )

    assert load(tmp_path / "m").recommend(None).items == ["liked", "known", "often"]


def data_of(data, rows, folder):
    more = [(f"w{one}", "liked", time) for one in range(150) for time in range(2)]
    return write(folder / "more.parquet", rows + more)


def test_a_recipe_refuses_what_it_does_not_answer(trained):
    with pytest.raises(RequestNotSupported, match="aws-sims does not give recommendations for a user"):
        trained("aws-sims")[0].recommend("u001")
    with pytest.raises(RequestNotSupported, match="aws-popularity-count does not give items related"):
        trained("aws-popularity-count")[0].similar("red-01")


def test_fewer_items_than_asked_for_are_given_only_if_fewer_are_allowed(trained):
    model, _ = trained("aws-user-personalization-v2")

    assert len(model.recommend("u001", count=500).items) == 60
    assert model.recommend("u001", allowed=np.zeros(60, bool)).items == []


def test_the_history_is_the_training_data(trained):
    history = trained("aws-user-personalization")[0].history("u007")

    assert [(one.item_id, one.timestamp) for one in history] == [
        (item, when) for user, item, when in tastes() if user == "u007"
    ]
    assert trained("aws-user-personalization")[0].history("nobody") == []


def test_training_twice_gives_the_same_bytes(trained, tmp_path):
    data = write(tmp_path / "tastes.parquet", tastes(repeats=True))
    for name in ("one", "two"):
        train(TrainingJob(recipe="aws-user-personalization", interactions=data, output=tmp_path / name))

    first, second = tmp_path / "one", tmp_path / "two"
    assert {file.name for file in first.iterdir()} == {file.name for file in second.iterdir()}
    assert all(file.read_bytes() == (second / file.name).read_bytes() for file in first.iterdir())


def test_where_users_repeat_seen_items_are_recommended(tmp_path):
    data = write(tmp_path / "repeats.parquet", tastes(users=600, repeats=True))
    train(TrainingJob(recipe="aws-user-personalization-v2", interactions=data, output=tmp_path / "m"))
    model = load(tmp_path / "m")
    twice = sum(
        model.history(user)[-1].item_id in model.recommend(user, count=5).items
        for user in (f"u{number:03d}" for number in range(80) if number % 4 >= 2)
    )
    # Each item comes exactly twice: after the second time nobody returns to it.
    once = sum(
        item in model.recommend("somebody", [event(item)], count=5).items for item in model.item_ids[0:20]
    )

    assert once >= 18
    assert twice <= 2


@pytest.mark.parametrize(
    ("rows", "settings", "reason"),
    [
        pytest.param(
            tastes(users=50), {}, "Dataset has fewer than 1000 interactions", id="too few interactions"
        ),
        pytest.param(
            [(*row, "click") for row in tastes()],
            {"event_type": "purchase"},
            "Dataset has fewer than 1000 interactions after filtering by event type: purchase",
            id="too few of the event type",
        ),
        pytest.param(
            [(f"u{one % 24}", f"i{one % 50}", one) for one in range(1200)],
            {},
            "Create failed. Dataset has fewer than 25 users with at least 2 interactions each.",
            id="too few users",
        ),
        pytest.param(
            [(f"u{one}", f"i{one % 50}", one) for one in range(3000)]
            + [(f"u{one}", f"i{one % 7}", one) for one in range(26)],
            {},
            "Create failed. Dataset has fewer than 25 users with at least 2 interactions each.",
            id="less than 1 % of users",
        ),
        pytest.param(
            [(*row, None) for row in tastes()],
            {"event_type": "click"},
            "All values in the event_type column are either reserved keywords or null",
            id="no event type at all",
        ),
    ],
)
def test_what_the_service_would_not_train_on(tmp_path, rows, settings, reason):
    job = TrainingJob(
        recipe="aws-sims",
        interactions=write(tmp_path / "few.parquet", rows),
        output=tmp_path / "model",
        **settings,
    )

    with pytest.raises(TrainingRejected) as rejected:
        train(job)

    assert str(rejected.value) == reason
    assert not job.output.exists()


def test_events_of_other_types_do_not_count_in_training_nor_live(tmp_path):
    watched = [(*row, "watch") for row in tastes()]
    skipped = [(user, "green-00", when + 1, "skip") for user, _, when, _ in watched]
    data = write(tmp_path / "typed.parquet", watched + skipped)
    train(
        TrainingJob(
            recipe="aws-user-personalization", interactions=data, output=tmp_path / "m", event_type="Watch"
        )
    )
    model = load(tmp_path / "m")

    assert model.position("green-00") is None
    assert model.recommend(None, [event("red-01", "skip")]).items == model.recommend(None).items
    assert model.recommend(None, [event("red-01", "WATCH")]).items != model.recommend(None).items


def test_event_weights_drop_events_that_are_not_listed(tmp_path):
    rows = [(*row, "watch") for row in tastes()] + [("u001", "green-00", 5, "skip")]
    job = TrainingJob(
        recipe="aws-user-personalization-v2",
        interactions=write(tmp_path / "typed.parquet", rows),
        output=tmp_path / "m",
        event_weights=[EventWeight("Watch", 0.7)],
    )

    assert train(job).items == 60
    model = load(job.output)
    assert model.recommend(None, [event("red-01", "skip")]).items == model.recommend(None).items
    assert model.recommend(None, [event("red-01", "watch")]).items != model.recommend(None).items


def test_live_events_below_the_threshold_do_not_count(tmp_path):
    rows = [(*row, "rate", 5.0) for row in tastes()] + [("u001", "red-00", 5, "rate", 1.0)]
    job = TrainingJob(
        recipe="aws-user-personalization",
        interactions=write(tmp_path / "rated.parquet", rows),
        output=tmp_path / "m",
        event_type="Rate",
        event_value_threshold=3,
    )

    assert train(job).interactions == 1440
    model = load(job.output)
    cold = model.recommend(None).items
    assert model.recommend(None, [event("red-01", "rate", 2.9)]).items == cold
    assert model.recommend(None, [event("red-01", "rate")]).items == cold
    assert model.recommend(None, [event("red-01", "RATE", 3.0)]).items != cold


def test_the_search_stays_in_its_ranges_and_repeats_exactly(tmp_path):
    ranges = {
        "integerHyperParameterRanges": [{"name": "min_cointeraction_count", "minValue": 2, "maxValue": 3}],
        "continuousHyperParameterRanges": [
            {"name": "popularity_discount_factor", "minValue": 0.25, "maxValue": 0.75}
        ],
        "categoricalHyperParameterRanges": [],
    }
    job = TrainingJob(
        recipe="aws-sims",
        interactions=write(tmp_path / "tastes.parquet", tastes()),
        output=tmp_path / "m",
        perform_hpo=True,
        hpo={"hpoResourceConfig": {"maxNumberOfTrainingJobs": "4"}, "algorithmHyperParameterRanges": ranges},
    )

    tuned = train(job).tuned

    assert tuned["min_cointeraction_count"] in {"2", "3"}
    assert 0.25 <= float(tuned["popularity_discount_factor"]) <= 0.75
    assert train(job).tuned == tuned


def test_coverage_counts_items_that_nobody_has_met(tmp_path):
    data = write(tmp_path / "tastes.parquet", tastes())
    catalogue = write(tmp_path / "items.parquet", [("-", f"unknown-{one}", 0) for one in range(60)])
    job = TrainingJob(recipe="aws-personalized-ranking", interactions=data, output=tmp_path / "m")

    half = train(dataclasses.replace(job, items=Table(catalogue, Schema("Items", ())))).metrics["coverage"]

    assert half == pytest.approx(train(job).metrics["coverage"] / 2, abs=1e-4)


def test_a_model_of_another_format_says_train_again(trained, tmp_path):
    (tmp_path / "model.json").write_text(json.dumps({"format": 0, "recipe": "aws-sims"}))

    with pytest.raises(ValueError, match="Train it again"):
        load(tmp_path)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing")


def test_a_model_that_could_not_be_written_completely_is_not_there(tmp_path, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)

    with pytest.raises(OSError, match="No space"):
        files.save(tmp_path / "model", {"recipe": "aws-sims"}, {"users": np.zeros(3)})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("most", "learnt"), [("0.99", False), ("1.0", True)])
def test_history_lengths_outside_given_percentiles_are_not_learnt_from(tmp_path, most, learnt):
    robot = [("robot", f"noise-{one:03d}", one) for one in range(500)]
    job = TrainingJob(
        recipe="aws-similar-items",
        interactions=write(tmp_path / "robot.parquet", tastes() + robot),
        output=tmp_path / "m",
        feature_parameters={"max_user_history_length_percentile": most},
    )
    train(job)

    assert ("noise-002" in load(job.output).similar("noise-001", count=5).items) == learnt


def test_an_update_takes_new_data_with_what_was_learnt(tmp_path):
    """New users and items are known; decay, odds and hyperparameters are those of the base."""
    draw = random.Random(3)
    green = [
        (f"new{user:02d}", f"green-{item:02d}", 1_700_000_000 + item)
        for user in range(40)
        for item in draw.sample(range(20), 8)
    ]
    base = TrainingJob(
        recipe="aws-user-personalization",
        interactions=write(tmp_path / "old.parquet", tastes()),
        output=tmp_path / "base",
        hyperparameters={"bptt": "5"},
    )
    train(base)

    result = train(
        TrainingJob(
            recipe="aws-user-personalization",
            interactions=write(tmp_path / "new.parquet", tastes() + green),
            output=tmp_path / "updated",
            update_of=tmp_path / "base",
        )
    )

    old, new = load(tmp_path / "base"), load(tmp_path / "updated")
    assert isinstance(old, PersonalModel)
    assert isinstance(new, PersonalModel)
    assert (result.users, result.items) == (160, 80)
    assert old.position("green-03") is None
    assert taste(new.recommend("new01", count=6).items) == ["green"] * 6
    assert new.fit.preference.decay == old.fit.preference.decay
    assert new.fit.calibration.new == old.fit.calibration.new
    assert files.read_description(tmp_path / "updated")["parameters"] == {"bptt": "5"}


def test_an_update_finds_the_odds_of_an_event_type_at_its_new_number(tmp_path):
    rows = [(*row, ("buy", "view")[n % 2]) for n, row in enumerate(tastes(repeats=True))]
    asked = [(*row, "ask") for row in tastes(seed=2)]
    job = TrainingJob(
        recipe="aws-user-personalization",
        interactions=write(tmp_path / "old.parquet", rows),
        output=tmp_path / "base",
    )
    train(job)
    train(
        dataclasses.replace(
            job,
            interactions=write(tmp_path / "new.parquet", rows + asked),
            output=tmp_path / "updated",
            update_of=tmp_path / "base",
        )
    )

    def odds(name):
        model = load(tmp_path / name)
        assert isinstance(model, PersonalModel)
        repeat = model.fit.calibration.repeat
        names = ("", *model.histories.event_type_names)
        return {kind: repeat[..., number].tolist() for number, kind in enumerate(names)}

    old, new = odds("base"), odds("updated")
    assert old["buy"] != old["view"]
    assert new == {**old, "ask": old[""]}


def test_an_update_needs_a_recipe_that_has_it(tmp_path):
    data = write(tmp_path / "tastes.parquet", tastes())
    job = TrainingJob(recipe="aws-sims", interactions=data, output=tmp_path / "base")
    train(job)
    with pytest.raises(ValueError, match="aws-sims has no UPDATE"):
        train(dataclasses.replace(job, update_of=tmp_path / "base", output=tmp_path / "two"))
