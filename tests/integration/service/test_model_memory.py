"""Models are read when first asked for, and leave memory under its limit; answers come all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from personalize_local.service.service import Service
from personalize_local.service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.world import World


@pytest.fixture
def campaigns(world: World) -> list[str]:
    """Two campaigns with models of their own; their server has ended."""
    world.fill()
    solution = world.solution("aws-popularity-count")
    arns = [world.campaign(world.version(solution), name) for name in ("one", "two")]
    world.server.stop()
    return arns


@pytest.fixture
def start_service(world: World) -> Iterator[Callable[[int], Service]]:
    started: list[Service] = []

    def start(model_memory_bytes: int) -> Service:
        folder: Path = world.server.data
        service = Service(Settings(data_dir=folder, model_memory_bytes=model_memory_bytes))
        started.append(service)
        service.start()
        return service

    yield start
    for service in started:
        service.stop()


def in_memory(service: Service, campaigns: list[str]) -> list[bool]:
    return [service.answers_at_once("get_recommendations", {"campaignArn": arn}) for arn in campaigns]


def ask(service: Service, campaign: str) -> list[str]:
    answer = service.get_recommendations(campaignArn=campaign, userId="u1", numResults=5)
    return [item["itemId"] for item in answer["itemList"]]


def test_models_under_the_limit_stay_once_they_were_asked(
    campaigns: list[str], start_service: Callable[[int], Service]
) -> None:
    service = start_service(1_000_000_000)

    assert in_memory(service, campaigns) == [False, False]
    assert len(ask(service, campaigns[0])) == 5
    assert in_memory(service, campaigns) == [True, False]
    assert len(ask(service, campaigns[1])) == 5
    assert in_memory(service, campaigns) == [True, True]


def test_over_the_limit_the_model_asked_longest_ago_leaves_and_comes_back(
    campaigns: list[str], start_service: Callable[[int], Service]
) -> None:
    service = start_service(1)  # not even one model

    first = ask(service, campaigns[0])
    assert in_memory(service, campaigns) == [True, False]
    ask(service, campaigns[1])
    assert in_memory(service, campaigns) == [False, True]
    assert ask(service, campaigns[0]) == first
    assert in_memory(service, campaigns) == [True, False]
