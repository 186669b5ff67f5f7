"""Trending-now: what rises, over the interval chosen, until the newest interaction or the time given."""

import random

import numpy as np
import pytest
from tests.unit.engine.interactions_files import write

from personalize_local.engine.answers import RequestNotSupported
from personalize_local.engine.folder import read_description
from personalize_local.engine.models.trending import ACCURACY, refresh
from personalize_local.engine.serving import load
from personalize_local.engine.training import train
from personalize_local.engine.training_job import TrainingJob, TrainingRejected

END = 1_700_000_000
HOUR = 3600


def history(extra=(), *, seed=1):
    """100 items, popular by number, used evenly over ten days by 150 users; and further (item, time) rows."""
    draw = random.Random(seed)
    rows = [
        (f"u{draw.randrange(150):03d}", f"i{min(draw.randrange(100), draw.randrange(100)):02d}", END - at)
        for at in range(0, 240 * HOUR, 240)
    ]
    return rows + [(f"u{draw.randrange(150):03d}", item, when) for item, when in extra]


def burst(item, count, hours_ago):
    return [(item, END - int(hours_ago * HOUR) - number) for number in range(count)]


def model_of(tmp_path, rows, *, recipe="aws-trending-now", name="model", interval=None, now=None):
    data = write(tmp_path / f"{name}.parquet", rows)
    parameters = {} if interval is None else {"trend_discovery_frequency": interval}
    result = train(TrainingJob(recipe, tmp_path / name, data, feature_parameters=parameters, now=now))
    return load(tmp_path / name), result


@pytest.mark.parametrize("recipe", ["aws-trending-now", "aws-vod-trending-now"])
def test_what_rises_is_first_whatever_its_popularity(tmp_path, recipe):
    rows = history(burst("i95", 30, 0.5) + burst("i90", 12, 1) + burst("i05", 30, 2.5))

    model, _ = model_of(tmp_path, rows, recipe=recipe)
    answer = model.recommend("anybody", count=5)

    assert answer.items[:2] == ["i95", "i90"]
    assert "i05" not in answer.items  # its burst was in the interval before: it falls
    assert answer.scores is None


def test_the_same_rise_counts_more_for_an_item_that_had_little(tmp_path):
    rows = history(burst("i98", 20, 0.5) + burst("i99", 220, 0.5) + burst("i99", 200, 2.5))

    model, _ = model_of(tmp_path, rows)

    assert model.recommend(None, count=2).items == ["i98", "i99"]


@pytest.mark.parametrize(
    ("interval", "first"),
    [("30 minutes", "i91"), ("1 hour", "i92"), ("2 hours", "i93"), ("3 hours", "i94"), ("1 day", "i95")],
)
def test_the_interval_decides_what_is_new(tmp_path, interval, first):
    bursts = [
        row
        for item, count, hours in (
            ("i91", 20, 0.3),
            ("i92", 40, 0.8),
            ("i93", 80, 1.6),
            ("i94", 160, 2.7),
            ("i95", 320, 20),
        )
        for row in burst(item, count, hours)
    ]

    model, _ = model_of(tmp_path, history(bursts), interval=interval)

    assert model.recommend(None, count=1).items == [first]


def test_where_nothing_happened_in_two_intervals_popular_items_are_given(tmp_path):
    rows = history(burst("i95", 30, 0.5))
    users = {item: len({row[0] for row in rows if row[1] == item}) for _, item, _ in rows}

    model, result = model_of(tmp_path, rows, now=END + 30 * 24 * HOUR)
    answer = model.recommend(None, count=10)

    counts = [users[item] for item in answer.items]
    assert counts == sorted(users.values(), reverse=True)[:10]
    assert result.metrics[ACCURACY] == 0


def test_popular_items_fill_the_list_and_filters_hold(tmp_path):
    model, _ = model_of(tmp_path, history(burst("i95", 30, 0.5)))
    size = len(model.item_ids)
    allowed = np.arange(size) != model.position("i95")

    assert len(set(model.recommend(None, count=100).items)) == size
    assert "i95" not in model.recommend(None, allowed=allowed, count=100).items


def test_a_trend_that_goes_on_is_foreseen_and_one_that_comes_from_nowhere_is_not(tmp_path):
    going_on = [row for n in range(25) for row in burst(f"i{70 + n}", 5, 3) + burst(f"i{70 + n}", 20, 1)]
    nowhere = [row for n in range(25) for row in burst(f"i{70 + n}", 20, 1)]

    foreseen = model_of(tmp_path, history(going_on), name="on")[1].metrics[ACCURACY]
    surprising = model_of(tmp_path, history(nowhere), name="nowhere")[1].metrics[ACCURACY]

    assert foreseen > 0.8
    assert surprising < 0.5


def test_the_metrics_are_those_of_items_and_the_accuracy(tmp_path):
    _, result = model_of(tmp_path, history())

    assert {"coverage", "mean_reciprocal_rank_at_25", "precision_at_25", ACCURACY} <= set(result.metrics)
    assert all(0 <= value <= 1 for value in result.metrics.values())


def test_a_refresh_follows_the_trend_and_keeps_the_metrics(tmp_path):
    model_of(tmp_path, history(burst("i95", 30, 0.5)))
    later = [("u001", "i97", END + 3 * HOUR + number) for number in range(20)]
    data = write(tmp_path / "later.parquet", history(burst("i95", 30, 0.5)) + later)

    assert refresh(tmp_path / "model", TrainingJob("aws-trending-now", tmp_path / "newer", data))
    model = load(tmp_path / "newer")

    assert model.recommend(None, count=1).items == ["i97"]
    assert load(tmp_path / "model").recommend(None, count=1).items == ["i95"]
    metrics = [read_description(tmp_path / name)["metrics"] for name in ("model", "newer")]
    assert metrics[0] == metrics[1]


def test_too_little_data_is_refused_and_a_wrong_interval_named(tmp_path):
    with pytest.raises(TrainingRejected, match="fewer than 1000 interactions"):
        model_of(tmp_path, history()[:900])
    with pytest.raises(ValueError, match="'5 minutes' is not one of 30 minutes, 1 hour"):
        model_of(tmp_path, history(), interval="5 minutes")
    assert not (tmp_path / "model").exists()


def test_related_items_are_refused_and_damaged_files_are_said(tmp_path):
    model, _ = model_of(tmp_path, history())

    with pytest.raises(RequestNotSupported, match="aws-trending-now does not give items related"):
        model.similar("i01")
    np.save(tmp_path / "model" / "order.npy", np.zeros(3, np.float32))
    with pytest.raises(ValueError, match=r"order has shape .* the model is damaged. Train it again"):
        load(tmp_path / "model")
