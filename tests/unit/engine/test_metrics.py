"""The metrics, against the documentation's examples and against values computed another way."""

import itertools
import math

import numpy as np
import pytest

from personalize_local.engine.metrics import CUTS, Measurement, ndcg, precision, reciprocal_rank


def places(*ranks, length=25):
    relevant = np.zeros(length, bool)
    relevant[[rank - 1 for rank in ranks]] = True
    return relevant


def test_the_documentations_reciprocal_ranks():
    three = [reciprocal_rank(places(rank)) for rank in (4, 2, 6)]

    assert round(sum(three) / 3, 4) == 0.3056


def test_the_documentations_ndcg():
    assert round(ndcg(places(2, 5), 5), 4) == 0.6241


def test_the_documentations_precision():
    assert precision(places(2, 5), 5) == 0.4


def test_every_pattern_of_hits_gives_what_plain_arithmetic_gives():
    for pattern in itertools.product([False, True], repeat=10):
        ranks = [rank for rank, hit in enumerate(pattern, start=1) if hit]
        for cut in (5, 10):
            top = [rank for rank in ranks if rank <= cut]
            gain = sum(1 / math.log(1 + rank) for rank in top)
            ideal = sum(1 / math.log(1 + rank) for rank in range(1, len(top) + 1))
            assert ndcg(np.array(pattern), cut) == pytest.approx(gain / ideal if top else 0)
            assert precision(np.array(pattern), cut) == pytest.approx(len(top) / cut)
        assert reciprocal_rank(np.array(pattern)) == pytest.approx(1 / ranks[0] if ranks else 0)


def test_a_list_shorter_than_the_cut_is_judged_by_the_cut():
    short = np.array([True])

    assert precision(short, 25) == 1 / 25
    assert ndcg(short, 25) == 1


def test_means_coverage_and_names_of_two_requests():
    measurement = Measurement(catalogue=100)
    measurement.add(np.arange(25, dtype=np.int32), [1, 4, 99])  # hits at 2 and 5
    measurement.add(np.arange(5, 30, dtype=np.int32), [98])  # no hit; 5 further items

    metrics = measurement.metrics()

    assert set(metrics) == {
        "coverage",
        "mean_reciprocal_rank_at_25",
        *(f"normalized_discounted_cumulative_gain_at_{cut}" for cut in CUTS),
        *(f"precision_at_{cut}" for cut in CUTS),
    }
    assert metrics["coverage"] == 0.3
    assert metrics["mean_reciprocal_rank_at_25"] == 0.25
    assert metrics["normalized_discounted_cumulative_gain_at_5"] == 0.3120  # 0.62406 / 2
    assert metrics["precision_at_10"] == 0.1
    assert metrics["precision_at_25"] == 0.04


def test_an_item_met_twice_in_the_truth_is_one_hit():
    measurement = Measurement(catalogue=30)
    measurement.add(np.arange(25, dtype=np.int32), [0, 0, 0])

    assert measurement.metrics()["precision_at_5"] == 0.2


def test_no_test_user_is_an_error_not_a_zero():
    with pytest.raises(ValueError, match="no test user"):
        Measurement(catalogue=10).metrics()
