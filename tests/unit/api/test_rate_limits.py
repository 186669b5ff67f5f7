"""Token buckets of requests, on a clock that the test moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from personalize_local.service.clock import ManualClock
from personalize_local.service.errors import ThrottledError
from personalize_local.service.rate_limits import RateLimits
from personalize_local.service.settings import Quotas, Settings

GROUP = "arn:aws:personalize:us-east-1:000000000000:dataset/movies"
LIMITED = Settings(Path("unused"), rate_limits=True)


def admitted(limits: RateLimits, operation: str, calls: int, **params: Any) -> int:
    count = 0
    for _ in range(calls):
        try:
            limits.admit(operation, params)
        except ThrottledError as error:
            assert (error.code, error.message) == ("ThrottlingException", "Rate exceeded")  # noqa: PT017
        else:
            count += 1
    return count


@pytest.mark.parametrize(
    ("operation", "params", "rate"),
    [
        ("describe_campaign", {}, 1),
        ("list_campaigns", {}, 1),
        ("get_solution_metrics", {}, 1),
        ("get_recommendations", {"campaignArn": "a"}, 500),
        ("get_personalized_ranking", {"campaignArn": "a"}, 500),
        ("get_recommendations", {"recommenderArn": "r"}, 500),
        ("put_events", {"trackingId": "t"}, 1000),
        ("put_action_interactions", {"trackingId": "t"}, 1000),
        ("put_items", {"datasetArn": f"{GROUP}/ITEMS"}, 10),
        ("put_users", {"datasetArn": f"{GROUP}/USERS"}, 10),
        ("put_actions", {"datasetArn": f"{GROUP}/ACTIONS"}, 10),
    ],
)
def test_a_second_has_room_for_so_many_calls(operation: str, params: dict[str, Any], rate: int) -> None:
    clock = ManualClock()
    limits = RateLimits(LIMITED, clock)
    assert admitted(limits, operation, 3 * rate, **params) == rate
    clock.advance(1)
    assert admitted(limits, operation, 3 * rate, **params) == rate
    clock.advance(3600)
    assert admitted(limits, operation, 3 * rate, **params) == rate


def test_operations_campaigns_and_groups_have_limits_of_their_own() -> None:
    limits = RateLimits(LIMITED, ManualClock())
    assert admitted(limits, "describe_campaign", 2) == 1
    assert admitted(limits, "describe_solution", 2) == 1
    assert admitted(limits, "put_items", 20, datasetArn=f"{GROUP}/ITEMS") == 10
    assert admitted(limits, "put_items", 20, datasetArn=f"{GROUP}2/ITEMS") == 10


def test_all_campaigns_together_have_a_limit_too() -> None:
    limits = RateLimits(LIMITED, ManualClock())
    answered = [admitted(limits, "get_recommendations", 600, campaignArn=f"c{n}") for n in range(6)]
    assert answered == [500, 500, 500, 500, 500, 0]


def test_nothing_is_limited_unless_asked_for() -> None:
    limits = RateLimits(Settings(Path("unused")), ManualClock())
    assert admitted(limits, "describe_campaign", 50) == 50


def test_limits_are_quotas_that_can_be_set() -> None:
    settings = Settings(Path("unused"), rate_limits=True, quotas=Quotas(control_plane_calls_per_second=5))
    assert admitted(RateLimits(settings, ManualClock()), "describe_campaign", 20) == 5


def test_the_error_may_be_the_one_of_the_api_model() -> None:
    settings = Settings(Path("unused"), rate_limits=True, throttling_error="LimitExceededException")
    limits = RateLimits(settings, ManualClock())
    limits.admit("list_solutions", {})
    with pytest.raises(ThrottledError) as error:
        limits.admit("list_solutions", {})
    assert error.value.code == "LimitExceededException"
