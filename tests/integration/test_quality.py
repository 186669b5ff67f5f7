"""The recipes reach their bars on MovieLens small: all ten folds, the protocol of benchmarks/quality.py.

About two minutes on two idle cores. The data is not part of the repository; without it this skips.
"""

import pytest
from benchmarks.movielens import PLACE, ROWS, ratings, write_interactions
from benchmarks.quality import TASKS, measured

from personalize_local.engine.interactions import read_interactions

CSV = ratings()

pytestmark = pytest.mark.skipif(
    CSV is None, reason=f"{PLACE} does not name a folder with data/ml-latest-small/ratings.csv"
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    assert CSV is not None
    return write_interactions(CSV, tmp_path_factory.mktemp("movielens") / "interactions.parquet")


def test_the_rows_are_those_of_the_recorded_runs(data):
    found = read_interactions(data)

    assert (len(found), len(found.user_ids), len(found.item_ids)) == (ROWS, 610, 9477)


@pytest.mark.parametrize(
    "task", [task for task in TASKS if task.bars], ids=lambda task: f"{task.recipe}: {task.name}"
)
def test_a_recipe_reaches_its_bars(task, data):
    values = measured(task, data)

    short_of = {name: (values[name], bar) for name, bar in task.bars.items() if values[name] < bar}
    assert short_of == {}


def test_with_exploration_as_much_of_the_catalogue_is_recommended_as_by_the_service(data):
    values = measured(TASKS[0], data)

    assert values["coverage"] >= 0.077  # recorded: 0.0772 to 0.0791
