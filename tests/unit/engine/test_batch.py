"""Batches: many answers, each the one that the user would get online."""

import numpy as np
import pytest
from tests.unit.engine.interactions_files import tastes, write

from personalize_local.engine.answers import Event, RequestNotSupported
from personalize_local.engine.batch import Query, recommend_many
from personalize_local.engine.serving import load
from personalize_local.engine.training import train
from personalize_local.engine.training_job import TrainingJob


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    data = write(folder / "tastes.parquet", tastes())

    def of(recipe):
        if not (folder / recipe).exists():
            train(TrainingJob(recipe=recipe, interactions=data, output=folder / recipe))
        return load(folder / recipe)

    return of


@pytest.mark.parametrize("recipe", ["aws-user-personalization", "aws-user-personalization-v2"])
def test_a_batch_gives_the_online_answers_in_the_order_of_the_queries(models, recipe):
    model = models(recipe)
    allowed = np.arange(60) % 2 == 0
    queries = [Query(f"u{number:03d}") for number in range(119, -1, -1)]
    queries += [
        Query(None),
        Query("u003", [Event("blue-03", "", 1_700_000_000)]),
        Query("u004", allowed=allowed),
        Query("u005", allowed=np.zeros(60, bool)),
    ]

    answers = list(recommend_many(model, queries, count=7))

    assert len(answers) == len(queries)
    for query, answer in zip(queries, answers, strict=True):
        online = model.recommend(query.user_id, query.live, allowed=query.allowed, count=7)
        assert answer.items == online.items
        assert answer.reasons == online.reasons
        assert answer.scores is not None
        assert online.scores is not None
        np.testing.assert_allclose(answer.scores, online.scores)
    assert answers[-1].items == []


def test_a_model_of_items_has_no_batch_of_users(models):
    with pytest.raises(RequestNotSupported, match="aws-sims does not give recommendations for a user"):
        list(recommend_many(models("aws-sims"), [Query("u001")], count=5))
