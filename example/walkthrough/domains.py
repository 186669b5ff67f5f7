"""Domain dataset groups: recommenders of all their use cases."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from example.walkthrough import data
from example.walkthrough.account import PREFIX, WalkFailed, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from example.walkthrough.account import Account
    from example.walkthrough.data import Films, Row

# Use case -> what a request for it must name.
VIDEO_ON_DEMAND = {
    "aws-vod-top-picks": ("userId",),
    "aws-vod-because-you-watched-x": ("userId", "itemId"),
    "aws-vod-more-like-x": ("userId", "itemId"),
    "aws-vod-most-popular": ("userId",),
    "aws-vod-trending-now": (),
}
ECOMMERCE = {
    "aws-ecomm-recommended-for-you": ("userId",),
    "aws-ecomm-frequently-bought-together": ("itemId",),
    "aws-ecomm-customers-who-viewed-x-also-viewed": ("userId", "itemId"),
    "aws-ecomm-popular-items-by-views": ("userId",),
    "aws-ecomm-popular-items-by-purchases": ("userId",),
}


@dataclass(frozen=True)
class Domain:
    """A group's data, and its recommenders; an item that a user has `liked` is not recommended again."""

    name: str
    events: list[Row]
    items: list[Row]
    items_schema: dict[str, Any]
    use_cases: Mapping[str, tuple[str, ...]]
    liked: str


def video_on_demand(account: Account, films: Films) -> None:
    """A streaming service."""
    events = data.events_named(films, "Click", "Watch")
    domain = Domain(
        "VIDEO_ON_DEMAND", events, data.streamed(films), data.STREAMED, VIDEO_ON_DEMAND, liked="Watch"
    )
    _walk(account, films, domain)


def ecommerce(account: Account, films: Films) -> None:
    """A shop."""
    events = data.events_named(films, "View", "Purchase")
    _walk(
        account, films, Domain("ECOMMERCE", events, data.sold(films), data.SOLD, ECOMMERCE, liked="Purchase")
    )


def _walk(account: Account, films: Films, domain: Domain) -> None:
    name = domain.name.lower().replace("_", "-")
    group = account.dataset_group(name, domain=domain.name)
    schemas = {"INTERACTIONS": data.INTERACTIONS, "ITEMS": domain.items_schema}
    datasets = account.datasets(group, name, schemas, domain=domain.name)
    jobs = [
        account.load(datasets["INTERACTIONS"], f"{name}-events", data.text(domain.events)),
        account.load(datasets["ITEMS"], f"{name}-items", data.text(domain.items)),
    ]
    account.wait("dataset_import_job", *jobs)
    say(f"imported {len(domain.events):,} events and {len(domain.items)} items")

    recommenders = {
        use_case: account.create(
            "recommender", use_case.removeprefix("aws-"), datasetGroupArn=group, recipeArn=PREFIX + use_case
        )
        for use_case in domain.use_cases
    }
    account.wait("recommender", *recommenders.values())
    subject = {"userId": films.people[0]["USER_ID"], "itemId": films.films[0]["ITEM_ID"]}
    for use_case, needs in domain.use_cases.items():
        asked = {need: subject[need] for need in needs}
        found = _ask(account, recommenders[use_case], **asked)
        subjects = " ".join(["", *asked.values()])
        say(f"{use_case.removeprefix('aws-')}{subjects}: {films.titles(found)}")

    first = recommenders[next(iter(domain.use_cases))]
    _update(account, first, subject["userId"])
    tracker = account.create("event_tracker", name, datasetGroupArn=group)
    account.wait("event_tracker", tracker)
    tracking = account.describe("event_tracker", tracker)["trackingId"]
    liked = _event(account, first, subject["userId"], tracking=tracking, event_type=domain.liked)
    say(f"{domain.liked} of {films.titles([liked])} by {subject['userId']}: it is not recommended again")
    _pause(account, first)


def _ask(account: Account, recommender: str, **asked: str) -> list[str]:
    answer = account.runtime.get_recommendations(recommenderArn=recommender, **asked)
    found = [item["itemId"] for item in answer["itemList"]]
    if not found:
        raise WalkFailed(f"{recommender} recommends nothing: {asked}")
    return found


def _update(account: Account, recommender: str, user: str) -> None:
    exploration = {"explorationWeight": "0.6", "explorationItemAgeCutOff": "60"}
    account.personalize.update_recommender(
        recommenderArn=recommender,
        recommenderConfig={"itemExplorationConfig": exploration, "minRecommendationRequestsPerSecond": 2},
    )
    _ask(account, recommender, userId=user)
    account.wait_for_update("recommender", recommender)
    say("more exploration, by an update that no request noticed")


def _event(account: Account, recommender: str, user: str, *, tracking: str, event_type: str) -> str:
    """What somebody has watched or bought is not recommended again; answers what it was."""
    item = _ask(account, recommender, userId=user)[0]
    event = {"eventType": event_type, "itemId": item, "sentAt": int(time.time())}
    account.events.put_events(trackingId=tracking, userId=user, sessionId="visit", eventList=[event])
    give_up = time.monotonic() + 120
    while item in _ask(account, recommender, userId=user):
        if time.monotonic() > give_up:
            raise WalkFailed(f"{event_type} of {item} by {user}, which is recommended all the same")
        time.sleep(account.seconds)
    return item


def _pause(account: Account, recommender: str) -> None:
    account.personalize.stop_recommender(recommenderArn=recommender)
    account.wait("recommender", recommender, until=["INACTIVE"])
    account.personalize.start_recommender(recommenderArn=recommender)
    account.wait("recommender", recommender, until=["ACTIVE"])
    say("stopped, and started again")
