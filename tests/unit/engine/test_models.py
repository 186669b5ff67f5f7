"""The parts of the models, on data that can be checked by eye."""

import math

import numpy as np
import pytest
from tests.unit.engine.interactions_files import tastes, write

from personalize_local.engine.histories import seen
from personalize_local.engine.interactions import read_interactions
from personalize_local.engine.models import calibration
from personalize_local.engine.models.preference import Preference, best
from personalize_local.engine.models.products import gram, product_top
from personalize_local.engine.models.relations import (
    co_occurrence,
    distinct_users,
    ease,
    transitions,
    user_items,
)

sparse = pytest.importorskip("scipy.sparse")


@pytest.fixture(scope="module")
def interactions(tmp_path_factory):
    return read_interactions(write(tmp_path_factory.mktemp("data") / "tastes.parquet", tastes()))


def random_matrix(rows, columns, seed):
    return sparse.random_array((rows, columns), density=0.2, format="csr", rng=seed, dtype=np.float32)


def test_a_truncated_product_keeps_the_largest_of_the_whole_product(monkeypatch):
    monkeypatch.setattr("personalize_local.engine.models.products.PRODUCTS_PER_BLOCK", 50)  # many blocks
    left, right = random_matrix(40, 30, 1), random_matrix(30, 40, 2)
    whole = (left @ right).toarray()
    np.fill_diagonal(whole, 0)

    top = product_top(left, right, 5, lambda _row, _columns, values: values).toarray()

    for row in range(40):
        largest = np.sort(whole[row])[-5:]
        np.testing.assert_allclose(np.sort(top[row])[-5:], largest, rtol=1e-5)
        assert np.count_nonzero(top[row]) == np.count_nonzero(largest)


def test_the_gram_matrix_is_the_dense_product():
    matrix = random_matrix(50, 20, 3)

    np.testing.assert_allclose(gram(matrix), matrix.toarray().T @ matrix.toarray(), rtol=1e-5)


def test_ease_is_its_closed_form(interactions):
    matrix = user_items(interactions)
    dense = matrix.toarray().astype(np.float64)
    inverse = np.linalg.inv(dense.T @ dense + 200 * np.eye(dense.shape[1]))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)

    np.testing.assert_allclose(ease(matrix).toarray(), expected, atol=1e-5)


def test_transitions_weigh_by_distance_and_never_cross_users(tmp_path):
    rows = [("a", "p", 1), ("a", "q", 2), ("a", "r", 3), ("b", "s", 4), ("b", "p", 5)]
    found = read_interactions(write(tmp_path / "few.parquet", rows))
    matrix = transitions(found, window=2).toarray()
    p, q, r, s = range(4)

    assert matrix[p, q] == pytest.approx(1 / math.sqrt((2 + 10) * (1 + 10)))
    assert matrix[p, r] == pytest.approx(0.5 / math.sqrt((2 + 10) * (1 + 10)))
    assert matrix[s, p] > 0
    assert matrix[r, s] == matrix[q, p] == matrix[p, s] == 0


def test_pairs_below_the_minimum_are_not_related(interactions):
    dense = user_items(interactions).toarray()
    together = dense.T @ dense
    np.fill_diagonal(together, 0)

    matrix = co_occurrence(interactions, popularity_discount=0.5, minimum=4, kept=1000).toarray()

    np.testing.assert_array_equal(matrix > 0, together >= 4)


def test_weights_of_event_types_reach_the_matrix_as_the_largest(tmp_path):
    rows = [("a", "p", 1, "click"), ("a", "p", 2, "buy"), ("a", "p", 3, "click"), ("a", "q", 4, "click")]
    found = read_interactions(write(tmp_path / "weights.parquet", rows))

    matrix = user_items(found, np.array([3.0, 0.5], np.float32))  # buy, click

    assert matrix.toarray().tolist() == [[3.0, 0.5]]


def test_a_history_is_summarised_newest_first():
    history = seen(np.array([5, 3, 5, 7, 3], np.int32), np.array([0, 0, 1, 0, 1], np.int16))

    assert history.items.tolist() == [3, 7, 5]
    assert history.counts.tolist() == [2, 1, 2]
    assert history.event_types.tolist() == [1, 0, 1]
    assert history.rows == 5


def test_older_items_speak_more_softly(interactions):
    matrix = sparse.csr_array(np.array([[0, 0, 1.0], [0, 0, 0], [0, 0, 0]], np.float32))
    preference = Preference.of(matrix, np.array([1, 1, 1]), decay=0.5)
    history = seen(np.array([0, 1], np.int32), np.zeros(2, np.int16))

    assert preference.scores(history)[2] == pytest.approx(math.exp(-0.5))


@pytest.mark.parametrize("count", [0, 1, 3, 10])
def test_the_best_are_sorted_and_ties_keep_their_order(count):
    values = np.array([1, 3, 3, 0, 2], np.float32)

    assert best(values, count).tolist() == [1, 2, 4, 0, 3][:count]
    assert best(values, count, np.array([1, 0, 1, 1, 0], bool)).tolist() == [2, 0, 3][:count]


def cases(*, returning):
    """300 users with 20 seen items each; a share `returning` of them goes back to the newest, others on."""
    draw = np.random.default_rng(0)
    histories = [seen(draw.permutation(50)[:20].astype(np.int32), np.zeros(20, np.int16)) for _ in range(300)]
    scores = [draw.random(60, np.float32) for _ in histories]
    truths = []
    for number, (history, score) in enumerate(zip(histories, scores, strict=True)):
        new = np.array(score)
        new[history.items] = 0
        truths.append(np.array([history.items[0] if number < 300 * returning else int(np.argmax(new))]))
    return histories, scores, truths


def test_the_odds_of_coming_back_are_learnt():
    histories, scores, truths = cases(returning=0.6)
    odds = calibration.learn(histories, scores, truths, 1)

    values = odds.log_odds(scores[0].copy(), histories[0])
    chance = 1 / (1 + math.exp(-values[histories[0].items[0]]))

    assert chance == pytest.approx(0.6, abs=0.08)
    assert best(values, 1)[0] == histories[0].items[0]


def test_where_nobody_comes_back_seen_items_are_last():
    histories, scores, truths = cases(returning=0)
    odds = calibration.learn(histories, scores, truths, 1)

    order = best(odds.log_odds(scores[0].copy(), histories[0]), 60)

    assert set(order[-20:].tolist()) == set(histories[0].items.tolist())


def test_without_users_to_learn_from_the_odds_follow_the_scores():
    odds = calibration.learn([], [], [], 1)
    history = seen(np.array([2], np.int32), np.zeros(1, np.int16))

    assert best(odds.log_odds(np.array([0.1, 0.4, 0.9], np.float32), history), 3).tolist() == [1, 0, 2]


def test_distinct_users_count_once(tmp_path):
    rows = [("a", "p", 1), ("a", "p", 2), ("b", "p", 3), ("b", "q", 4)]
    found = read_interactions(write(tmp_path / "twice.parquet", rows))

    assert distinct_users(user_items(found)).tolist() == [2, 1]
