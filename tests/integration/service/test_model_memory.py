"""Models are read when first asked for, and leave memory under its limit; answers come all the same."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.world import PATIENCE, eventually

from personalize_local.engine import serving
from personalize_local.service.service import Service
from personalize_local.service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.world import World

    from personalize_local.service.store import Record


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


def test_a_model_that_is_being_read_keeps_no_answer_of_another_waiting(
    campaigns: list[str], start_service: Callable[[int], Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = start_service(1_000_000_000)
    expected = ask(service, campaigns[0])
    reading, go_on = Event(), Event()
    load = serving.load

    def slow_load(folder: Path) -> Any:
        reading.set()
        assert go_on.wait(PATIENCE)
        return load(folder)

    monkeypatch.setattr(serving, "load", slow_load)
    with ThreadPoolExecutor(2) as threads:
        second = threads.submit(ask, service, campaigns[1])
        assert reading.wait(PATIENCE)
        try:
            assert threads.submit(ask, service, campaigns[0]).result(PATIENCE) == expected
        finally:
            go_on.set()
        assert len(second.result(PATIENCE)) == 5


def test_a_model_can_be_given_up_in_a_transaction_while_another_is_read(
    campaigns: list[str], start_service: Callable[[int], Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As StopRecommender does with a model in training: nobody who holds the store waits for a reader."""
    service = start_service(1_000_000_000)
    store, deployments = service.context.store, service._deployments
    version = store.get(campaigns[0])
    assert version
    asking = Event()
    get = store.get

    def get_from_store(arn: str) -> Record | None:
        asking.set()
        return get(arn)

    def give_up() -> None:
        with store.transaction():
            began.set()
            assert asking.wait(PATIENCE)
            deployments.forget("another")

    began = Event()
    threads = ThreadPoolExecutor(2)
    giving_up = threads.submit(give_up)
    assert began.wait(PATIENCE)
    monkeypatch.setattr(store, "get", get_from_store)
    reading = threads.submit(deployments.get, version.private["version"])
    giving_up.result(PATIENCE)
    assert len(reading.result(PATIENCE).model.item_ids)
    threads.shutdown()


def test_a_model_that_was_replaced_while_it_was_read_is_read_again(
    campaigns: list[str], start_service: Callable[[int], Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = start_service(1_000_000_000)
    deployments = service._deployments
    campaign = service.context.store.get(campaigns[0])
    assert campaign
    loads: list[Path] = []
    load = serving.load

    def load_and_replace(folder: Path) -> Any:
        loads.append(folder)
        if len(loads) == 1:
            deployments.forget(campaign.private["version"])
        return load(folder)

    monkeypatch.setattr(serving, "load", load_and_replace)

    assert len(ask(service, campaigns[0])) == 5
    assert len(loads) == 2
    assert in_memory(service, campaigns) == [True, False]


def test_the_old_data_answers_while_the_new_is_read(
    campaigns: list[str], start_service: Callable[[int], Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = start_service(1_000_000_000)
    store, deployments = service.context.store, service._deployments
    expected = ask(service, campaigns[0])
    campaign = store.get(campaigns[0])
    assert campaign
    version: str = campaign.private["version"]
    before = deployments.loaded(version)
    reading, go_on = Event(), Event()
    load = serving.load

    def slow_load(folder: Path) -> Any:
        reading.set()
        assert go_on.wait(PATIENCE)
        return load(folder)

    monkeypatch.setattr(serving, "load", slow_load)
    with ThreadPoolExecutor(2) as threads:
        renewal = threads.submit(deployments.replace, version, deployments.next_order(), {"stale": False})
        assert reading.wait(PATIENCE)
        try:
            assert threads.submit(ask, service, campaigns[0]).result(PATIENCE) == expected
            assert deployments.loaded(version) is before
        finally:
            go_on.set()
        renewal.result(PATIENCE)
    assert deployments.loaded(version) not in (None, before)
    assert ask(service, campaigns[0]) == expected


def test_what_must_be_read_from_the_store_is_no_answer_from_memory(
    campaigns: list[str], start_service: Callable[[int], Service]
) -> None:
    """The store may be locked by somebody who writes: the event loop must not wait for it."""
    service = start_service(1_000_000_000)
    asked = {"campaignArn": campaigns[0]}
    ask(service, campaigns[0])
    assert service.answers_at_once("get_recommendations", asked)
    unread = service.create_filter(
        name="unread",
        datasetGroupArn=next(iter(service.list_dataset_groups()["datasetGroups"]))["datasetGroupArn"],
        filterExpression='INCLUDE ItemID WHERE Items.GENRE IN ("Crime")',
    )["filterArn"]
    assert not service.answers_at_once("get_recommendations", asked)

    eventually(lambda: service.describe_filter(filterArn=unread)["filter"]["status"] == "ACTIVE")
    ask(service, campaigns[0])

    assert service.answers_at_once("get_recommendations", asked)
    for more in ({"filterArn": unread}, {"promotions": [{"filterArn": unread}]}):
        assert not service.answers_at_once("get_recommendations", {**asked, **more})
    service.get_recommendations(**asked, filterArn=unread)
    for more in ({"filterArn": unread}, {"promotions": [{"filterArn": unread}]}):
        assert service.answers_at_once("get_recommendations", {**asked, **more})


def test_data_that_changes_often_does_not_fill_the_disk(
    campaigns: list[str],
    world: World,
    start_service: Callable[[int], Service],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("personalize_local.service.prepared_files.GRACE_SECONDS", 0.0)
    service = start_service(1_000_000_000)
    prepared = world.server.data / "serving"
    store = service.context.store

    def served() -> set[str]:
        """The folders of items, one of each model."""
        found = [store.get(arn) for arn in campaigns]
        versions = [store.get(campaign.private["version"]) for campaign in found if campaign]
        return {version.private["serving"]["items"] for version in versions if version}

    folders = len(list(prepared.iterdir()))
    for price in range(100, 105):
        before = served()
        item = {"itemId": "i1", "properties": json.dumps({"genre": "Crime", "price": price + 0.5})}
        service.put_items(datasetArn=world.dataset("ITEMS"), items=[item])
        eventually(lambda before=before: not before & served(), PATIENCE)  # type: ignore[misc]

    eventually(lambda: len(list(prepared.iterdir())) == folders, PATIENCE)
    assert served() <= {folder.name for folder in prepared.iterdir()}
    assert len(ask(service, campaigns[0])) == 5
