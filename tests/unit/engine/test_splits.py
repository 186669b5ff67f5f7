"""Who is held out: a stable tenth."""

import numpy as np
import pytest

from personalize_local.engine.splits import folds, truth_size, user_hashes

USERS = [f"user-{number}" for number in range(5000)]


def test_each_fold_is_about_a_tenth_and_every_user_is_in_one():
    sizes = np.bincount(folds(USERS), minlength=10)

    assert sizes.sum() == 5000
    assert sizes.min() > 430
    assert sizes.max() < 570


def test_the_side_of_a_user_depends_on_nobody_else():
    assert folds(USERS)[1234] == folds(["user-1234"])[0]


def test_hashes_are_the_same_on_every_machine():
    # Fixed forever: a change would silently move users between training and test.
    assert folds(["1", "2", "3", "alice", "Zoë"]).tolist() == [5, 0, 0, 4, 1]


def test_another_purpose_draws_other_users():
    agree = np.mean(user_hashes(USERS) % 10 == user_hashes(USERS, purpose="inner 0") % 10)

    assert agree < 0.15


@pytest.mark.parametrize(("rows", "truth"), [(2, 1), (10, 1), (19, 1), (20, 2), (1000, 100)])
def test_the_truth_is_the_newest_tenth_at_least_one(rows, truth):
    assert truth_size(rows) == truth
