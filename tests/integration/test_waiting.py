"""Whole runs in virtual time: what waiting costs, and what Personalize is asked. More in benchmarks/."""

from benchmarks.waiting import CALLS, GOAL, LOOKS, LOST, runs


def test_runs_lose_at_most_1_percent_to_waiting_with_at_most_120_looks_at_anything():
    found = [run for seed in (0, 1) for run in runs(3, GOAL, seed=seed)]

    assert sum(run.lost for run in found) <= LOST * sum(run.building for run in found)
    assert max(run.looks for run in found) <= LOOKS


def test_with_20_things_building_a_run_stays_under_one_call_a_second():
    for run in runs(20, {}, limits=True):
        assert run.busiest <= CALLS * 1.1  # the SDK's own retries are left to chance
        assert run.throttled <= run.calls / 20
