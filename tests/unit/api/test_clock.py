"""The clock that a user can stop and put forward, and durations that are replayed."""

from __future__ import annotations

import pytest

from personalize_local.service import kinds
from personalize_local.service.clock import SystemClock
from personalize_local.service.durations import MINUTES, realistic
from personalize_local.service.settings import Duration


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the clock on the wall shows; a test changes its only value."""
    shown = [1000.0]
    monkeypatch.setattr("personalize_local.service.clock.time.time", lambda: shown[0])
    return shown


def test_a_stopped_clock_shows_the_same_moment(wall: list[float]) -> None:
    clock = SystemClock()
    clock.stop()
    wall[0] += 60
    assert (clock.now(), clock.running) == (1000.0, False)
    assert clock.timeout(1001.0) is None
    assert clock.timeout(1000.0) == 0.0


def test_a_started_clock_goes_on_from_where_it_stood(wall: list[float]) -> None:
    clock = SystemClock()
    clock.stop()
    wall[0] += 60
    clock.start()
    assert (clock.now(), clock.running) == (1000.0, True)
    wall[0] += 5
    assert clock.now() == 1005.0


@pytest.mark.parametrize("stopped", [True, False])
def test_time_put_forward_wakes_who_waits(wall: list[float], stopped: bool) -> None:
    clock, woken = SystemClock(), []
    clock.on_change(lambda: woken.append(clock.now()))
    if stopped:
        clock.stop()
    clock.advance(3600)
    assert woken == [4600.0]
    assert clock.now() == 4600.0


def test_a_wall_clock_set_back_does_not_move_it_back(wall: list[float]) -> None:
    clock = SystemClock()
    assert clock.now() == 1000.0
    wall[0] = 500.0
    assert clock.now() == 1000.0
    wall[0] = 501.0
    assert clock.now() == 1001.0


def test_realistic_durations_differ_by_resource_and_not_by_run() -> None:
    training = realistic(speed=60)[kinds.SOLUTION_VERSION]
    seconds = [training.of(f"solution/s/{n}", seed=7) for n in range(50)]
    assert all(20 <= one <= 55 for one in seconds)
    assert len(set(seconds)) == 50
    assert seconds == [training.of(f"solution/s/{n}", seed=7) for n in range(50)]
    assert training.of("solution/s/0", seed=8) != seconds[0]


def test_every_kind_that_walks_has_a_realistic_duration() -> None:
    assert set(kinds.KINDS) - {kinds.SCHEMA} <= MINUTES.keys()
    assert Duration(in_progress=3).of("anything", seed=0) == 3
