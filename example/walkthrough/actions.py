"""A group of actions: what to offer to whom next."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from example.walkthrough import data
from example.walkthrough.account import PREFIX, WalkFailed, say

if TYPE_CHECKING:
    from example.walkthrough.account import Account
    from example.walkthrough.data import Films


def walk(account: Account, films: Films) -> None:
    """From actions to recommended actions."""
    group = account.dataset_group("offers")
    schemas = {
        "INTERACTIONS": data.INTERACTIONS,
        "USERS": data.USERS,
        "ACTIONS": data.ACTION_SCHEMA,
        "ACTION_INTERACTIONS": data.ACTION_INTERACTIONS,
    }
    datasets = account.datasets(group, "offers", schemas)
    answers = data.answers_to_actions(films, int(time.time()))
    files = {
        "INTERACTIONS": films.events,
        "USERS": films.people,
        "ACTIONS": data.actions(),
        "ACTION_INTERACTIONS": answers,
    }
    jobs = [
        account.load(datasets[kind], f"offers-{kind.lower().replace('_', '-')}", data.text(rows))
        for kind, rows in files.items()
    ]
    account.wait("dataset_import_job", *jobs)
    say(f"imported {len(files['ACTIONS'])} actions and {len(answers):,} answers to them")

    solution = account.create(
        "solution",
        "offers",
        datasetGroupArn=group,
        recipeArn=f"{PREFIX}aws-next-best-action",
        performAutoTraining=False,
    )
    account.wait("solution", solution)
    version = account.create("solution_version", "", solutionArn=solution)
    account.wait("solution_version", version)
    metrics = account.personalize.get_solution_metrics(solutionVersionArn=version)["metrics"]
    say(f"next-best-action: area under curve {metrics['area_under_curve']:.3f}")
    campaign = account.create("campaign", "offers", solutionVersionArn=version)
    account.wait("campaign", campaign)
    worthy = account.create(
        "filter",
        "worthy",
        datasetGroupArn=group,
        filterExpression="INCLUDE ActionID WHERE Actions.VALUE > ($VALUE)",
    )
    account.wait("filter", worthy)
    _ask(account, films, campaign, worthy)
    _put(account, datasets)


def _ask(account: Account, films: Films, campaign: str, worthy: str) -> None:
    for membership in ("premium", "free"):
        user = next(person["USER_ID"] for person in films.people if person["MEMBERSHIP"] == membership)
        found = account.runtime.get_action_recommendations(campaignArn=campaign, userId=user)["actionList"]
        if not found:
            raise WalkFailed(f"no action for {user}")
        offers = " ".join(f"{one['actionId']} {one['score']:.2f}" for one in found)
        say(f"{user} ({membership}): {offers}")
    chosen = account.runtime.get_action_recommendations(
        campaignArn=campaign, userId=user, filterArn=worthy, filterValues={"VALUE": "5"}
    )["actionList"]
    say(f"  worth more than 5: {' '.join(one['actionId'] for one in chosen)}")


def _put(account: Account, datasets: dict[str, str]) -> None:
    action = {"topic": "Western", "value": 7}
    account.events.put_actions(
        datasetArn=datasets["ACTIONS"],
        actions=[{"actionId": "offer-new", "properties": json.dumps(action)}],
    )
    tracking = account.describe("dataset", datasets["ACTION_INTERACTIONS"])["trackingId"]
    account.events.put_action_interactions(
        trackingId=tracking,
        actionInteractions=[
            {
                "actionId": "offer-01",
                "userId": "user-001",
                "sessionId": "evening",
                "timestamp": int(time.time()),
                "eventType": data.TAKEN,
            }
        ],
    )
    say("a new action put, and an old one taken")
