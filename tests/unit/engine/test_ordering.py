"""The order of events is that of `np.lexsort`, which is slower and knows no ties to put right."""

import numpy as np
import pytest

from personalize_local.engine.ordering import by_key_and_time


@pytest.mark.parametrize(
    ("keys", "times"),
    [
        pytest.param(5, (0, 4), id="ties everywhere"),
        pytest.param(50, (-1_000, 1_000_000_000), id="before 1970, hardly a tie"),
        pytest.param(1, (7, 8), id="all alike"),
        pytest.param(2**40, (-(2**62), 2**62), id="too large for one number"),
    ],
)
def test_rows_are_ordered_by_key_then_time_then_place(keys: int, times: tuple[int, int]) -> None:
    draw = np.random.default_rng(3)
    key, time = draw.integers(0, keys, 500), draw.integers(*times, 500)

    assert by_key_and_time(key, time).tolist() == np.lexsort((time, key)).tolist()


def test_nothing_has_an_order() -> None:
    assert by_key_and_time(np.empty(0, np.int64), np.empty(0, np.int64)).tolist() == []


def test_narrow_keys_do_not_overflow() -> None:
    key, time = np.array([2, 1, 2], np.int32), np.array([5, 2_000_000_000, 4])

    assert by_key_and_time(key, time).tolist() == [1, 2, 0]
