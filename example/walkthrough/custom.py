"""A custom dataset group: every kind of data, recipe, request and job that there is for it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from example.walkthrough import data, jobs
from example.walkthrough.account import PREFIX, WalkFailed, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from example.walkthrough.account import Account
    from example.walkthrough.data import Films

LATE_EVENTS = 1_500  # imported after the others; an incremental import needs 1,000
RECIPES: Mapping[str, dict[str, Any]] = {
    "user-personalization-v2": {
        "solutionConfig": {
            "eventsConfig": {
                "eventParametersList": [
                    {"eventType": "watch", "weight": 1.0},
                    {"eventType": "click", "weight": 0.3},
                ]
            }
        }
    },
    "user-personalization": {"eventType": "watch"},
    "personalized-ranking-v2": {},
    "similar-items": {},
    "sims": {
        "performHPO": True,
        "solutionConfig": {
            "hpoConfig": {
                "hpoResourceConfig": {"maxNumberOfTrainingJobs": "2", "maxParallelTrainingJobs": "1"},
                "algorithmHyperParameterRanges": {
                    "integerHyperParameterRanges": [],
                    "continuousHyperParameterRanges": [
                        {"name": "popularity_discount_factor", "minValue": 0.0, "maxValue": 1.0}
                    ],
                    "categoricalHyperParameterRanges": [],
                },
            }
        },
    },
    "semantic-similarity": {},
    "popularity-count": {},
    "trending-now": {
        "solutionConfig": {"featureTransformationParameters": {"trend_discovery_frequency": "1 day"}}
    },
    "item-affinity": {},
    "item-attribute-affinity": {},
}
SHOWN_METRICS = {
    "normalized_discounted_cumulative_gain_at_25": "NDCG@25",
    "precision_at_25": "P@25",
    "hits_at_1_percent": "hits@1%",
    "recall_at_1_percent": "recall@1%",
    "coverage": "coverage",
}
CAMPAIGNS: Mapping[str, dict[str, Any]] = {
    "user-personalization-v2": {},
    "user-personalization": {
        "itemExplorationConfig": {"explorationWeight": "0.3", "explorationItemAgeCutOff": "30"}
    },
    "personalized-ranking-v2": {},
    "similar-items": {"enableMetadataWithRecommendations": True},
    "semantic-similarity": {"rankingInfluence": {"POPULARITY": 0.5, "FRESHNESS": 0.2}},
}


def walk(account: Account, films: Films) -> None:
    """From schemas to the clean-up."""
    group = account.dataset_group("films", tags=[{"tagKey": "made-by", "tagValue": "walkthrough"}])
    schemas = {"INTERACTIONS": data.INTERACTIONS, "ITEMS": data.ITEMS, "USERS": data.USERS}
    datasets = account.datasets(group, "films", schemas)
    tracker = account.create("event_tracker", "films", datasetGroupArn=group)
    account.wait("event_tracker", tracker)
    attribution(account, group)
    imports(account, datasets, films)
    filters = make_filters(account, group)
    versions = train(account, group)
    campaigns = deploy(account, versions)
    requests(account, films, campaigns, filters)
    tracking = account.describe("event_tracker", tracker)["trackingId"]
    events(account, films, campaigns["user-personalization-v2"], filters["unseen"], tracking)
    puts(account, datasets)
    updates(account, datasets, versions, campaigns)
    jobs.batch(account, films, versions, filters)
    jobs.export_and_forget(account, group, datasets, films)


def attribution(account: Account, group: str) -> None:
    """What recommendations bring about is counted, by source."""
    arn = account.create(
        "metric_attribution",
        "films",
        datasetGroupArn=group,
        metrics=[
            {"eventType": "watch", "metricName": "watched", "expression": "SAMPLECOUNT()"},
            {"eventType": "watch", "metricName": "years", "expression": "SUM(Items.YEAR)"},
        ],
        metricsOutputConfig={
            "roleArn": account.role,
            "s3DataDestination": {"path": account.at("attribution/")},
        },
    )
    account.wait("metric_attribution", arn)
    account.personalize.update_metric_attribution(
        metricAttributionArn=arn,
        addMetrics=[{"eventType": "click", "metricName": "clicked", "expression": "SAMPLECOUNT()"}],
        removeMetrics=["years"],
    )
    account.wait("metric_attribution", arn)
    metrics = account.personalize.list_metric_attribution_metrics(metricAttributionArn=arn)["metrics"]
    say(f"metric attribution of {', '.join(sorted(metric['metricName'] for metric in metrics))}")


def imports(account: Account, datasets: dict[str, str], films: Films) -> None:
    """All data but the latest events, and then those."""
    early, late = films.events[:-LATE_EVENTS], films.events[-LATE_EVENTS:]
    jobs = [
        account.load(datasets["INTERACTIONS"], "films-events", data.text(early)),
        account.load(datasets["ITEMS"], "films-items", data.text(data.described(films))),
        account.load(datasets["USERS"], "films-users", data.text(films.people)),
    ]
    account.wait("dataset_import_job", *jobs)
    say(f"FULL imports: {len(early):,} events, {len(films.films)} films, {len(films.people)} people")
    job = account.load(
        datasets["INTERACTIONS"],
        "films-late",
        data.text(late),
        "INCREMENTAL",
        publishAttributionMetricsToS3=True,
    )
    account.wait("dataset_import_job", job)
    say(f"INCREMENTAL import: {len(late):,} events more; report {', '.join(account.objects('attribution/'))}")


def make_filters(account: Account, group: str) -> dict[str, str]:
    """With values, with placeholders, of the item asked about, of users."""
    expressions = {
        "unseen": 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch")',
        "genre": "INCLUDE ItemID WHERE Items.GENRES IN ($GENRE) AND Items.YEAR >= $YEAR",
        "older": "INCLUDE ItemID WHERE Items.YEAR < CurrentItem.YEAR",
        "premium": 'INCLUDE UserID WHERE Users.MEMBERSHIP IN ("premium")',
    }
    made = {
        name: account.create("filter", name, datasetGroupArn=group, filterExpression=expression)
        for name, expression in expressions.items()
    }
    account.wait("filter", *made.values())
    say(f"filters {', '.join(made)}")
    return made


def train(account: Account, group: str) -> dict[str, str]:
    """A solution and a version of every recipe, at once."""
    solutions = {
        recipe: account.create(
            "solution",
            recipe,
            datasetGroupArn=group,
            recipeArn=f"{PREFIX}aws-{recipe}",
            performAutoTraining=False,
            **parameters,
        )
        for recipe, parameters in RECIPES.items()
    }
    account.wait("solution", *solutions.values())
    versions = {
        recipe: account.create("solution_version", "", solutionArn=solution)
        for recipe, solution in solutions.items()
    }
    for recipe, version in versions.items():
        account.wait("solution_version", version)
        metrics = account.personalize.get_solution_metrics(solutionVersionArn=version)["metrics"]
        figures = [f"{shown} {metrics[name]:.3f}" for name, shown in SHOWN_METRICS.items() if name in metrics]
        say(f"{recipe}: {', '.join(figures)}")
    tuned = account.describe("solution_version", versions["sims"])["tunedHPOParams"]
    say(f"sims, tuned: {tuned['algorithmHyperParameters']}")
    stop(account, solutions["similar-items"])
    return versions


def stop(account: Account, solution: str) -> None:
    """A training that nobody needs."""
    version = account.create("solution_version", "", solutionArn=solution)
    account.personalize.stop_solution_version_creation(solutionVersionArn=version)
    account.wait("solution_version", version, until=["CREATE STOPPED"])
    say("a training stopped on its way")


def deploy(account: Account, versions: dict[str, str]) -> dict[str, str]:
    """Campaigns of what answers requests."""
    campaigns = {
        recipe: account.create(
            "campaign",
            recipe,
            solutionVersionArn=versions[recipe],
            minProvisionedTPS=1,
            campaignConfig=config,
        )
        for recipe, config in CAMPAIGNS.items()
    }
    account.wait("campaign", *campaigns.values())
    say(f"campaigns {', '.join(campaigns)}")
    return campaigns


def ask(account: Account, **parameters: Any) -> list[dict[str, Any]]:
    """GetRecommendations, of which something must come."""
    found: list[dict[str, Any]] = account.runtime.get_recommendations(**parameters)["itemList"]
    if not found:
        raise WalkFailed(f"nothing recommended: {parameters}")
    return found


def ids(items: list[dict[str, Any]]) -> list[str]:
    return [item["itemId"] for item in items]


def requests(account: Account, films: Films, campaigns: dict[str, str], filters: dict[str, str]) -> None:
    """Each kind of request, with what it can be given."""
    user, item = films.people[0]["USER_ID"], films.films[0]["ITEM_ID"]
    personal = campaigns["user-personalization-v2"]
    say(f"for {user}: {films.titles(ids(ask(account, campaignArn=personal, userId=user, numResults=5)))}")
    genre = {"GENRE": '"Comedy","Crime"', "YEAR": "1990"}
    chosen = ask(
        account,
        campaignArn=personal,
        userId=user,
        numResults=5,
        filterArn=filters["genre"],
        filterValues=genre,
        metadataColumns={"ITEMS": ["TITLE", "GENRES"]},
    )
    described = [f"{one['metadata']['TITLE']} ({one['metadata']['GENRES']})" for one in chosen]
    say(f"  comedies and crime since 1990: {'; '.join(described[:3])}")
    promoted = ask(
        account,
        campaignArn=personal,
        userId=user,
        numResults=10,
        promotions=[
            {
                "name": "westerns",
                "percentPromotedItems": 30,
                "filterArn": filters["genre"],
                "filterValues": {"GENRE": '"Western"', "YEAR": "0"},
            }
        ],
    )
    westerns = [one for one in promoted if "promotionName" in one]
    say(f"  {len(westerns)} of {len(promoted)} promoted, westerns: {films.titles(ids(westerns))}")
    exploring = ask(account, campaignArn=campaigns["user-personalization"], userId=user)
    say(f"  exploring: {films.titles(ids(exploring))}")
    similar = ask(account, campaignArn=campaigns["similar-items"], itemId=item, filterArn=filters["older"])
    say(f"like {films.titles([item])}, and older: {films.titles(ids(similar))}")
    by_text = ask(account, campaignArn=campaigns["semantic-similarity"], itemId=item)
    say(f"  by its text: {films.titles(ids(by_text))}")
    ranking = account.runtime.get_personalized_ranking(
        campaignArn=campaigns["personalized-ranking-v2"],
        userId=user,
        inputList=[film["ITEM_ID"] for film in films.films[:8]],
    )["personalizedRanking"]
    say(f"8 films ranked for {user}: {films.titles(ids(ranking))}; ...")


def events(account: Account, films: Films, campaign: str, unseen: str, tracking: str) -> None:
    """One event changes the next answer; what was watched is filtered out."""
    user = films.people[1]["USER_ID"]
    first = ask(account, campaignArn=campaign, userId=user, filterArn=unseen)
    watched = first[0]["itemId"]
    answer = account.runtime.get_recommendations(campaignArn=campaign, userId=user)
    account.events.put_events(
        trackingId=tracking,
        userId=user,
        sessionId="evening",
        eventList=[
            {
                "eventType": "watch",
                "itemId": watched,
                "sentAt": int(time.time()),
                "recommendationId": answer["recommendationId"],
                "impression": [one["itemId"] for one in answer["itemList"]],
                "metricAttribution": {"eventAttributionSource": "walkthrough"},
            }
        ],
    )
    give_up = time.monotonic() + 120
    while watched in ids(then := ask(account, campaignArn=campaign, userId=user, filterArn=unseen)):
        if time.monotonic() > give_up:
            raise WalkFailed(f"{user} watched {watched}, and gets it all the same")
        time.sleep(account.seconds)
    say(f"for {user}: {films.titles(ids(first))}")
    say(f"  after {films.titles([watched])}: {films.titles(ids(then))}")


def puts(account: Account, datasets: dict[str, str]) -> None:
    """New films and people, one by one."""
    film = {
        "title": "The Walk",
        "genres": "Drama|Adventure",
        "year": 2026,
        "creationTimestamp": int(time.time()),
        "description": "The Walk: somebody goes through everything once.",
    }
    account.events.put_items(
        datasetArn=datasets["ITEMS"], items=[{"itemId": "film-new", "properties": json.dumps(film)}]
    )
    person = {"ageGroup": "25-34", "membership": "premium"}
    account.events.put_users(
        datasetArn=datasets["USERS"], users=[{"userId": "user-new", "properties": json.dumps(person)}]
    )
    say("a film and a person put")


def updates(
    account: Account, datasets: dict[str, str], versions: dict[str, str], campaigns: dict[str, str]
) -> None:
    """A version of new items, served by a campaign that never stops answering; a column more."""
    recipe = "user-personalization"
    solution = versions[recipe].rpartition("/")[0]
    version = account.create("solution_version", "", solutionArn=solution, trainingMode="UPDATE")
    account.wait("solution_version", version)
    account.personalize.update_campaign(
        campaignArn=campaigns[recipe], solutionVersionArn=version, minProvisionedTPS=2
    )
    ask(account, campaignArn=campaigns[recipe], userId="user-001")
    account.wait_for_update("campaign", campaigns[recipe])
    say(f"{recipe}: UPDATE training, campaign moved to it while it answered")
    account.personalize.update_solution(
        solutionArn=solution,
        performAutoTraining=True,
        solutionUpdateConfig={"autoTrainingConfig": {"schedulingExpression": "rate(30 days)"}},
    )
    account.wait_for_update("solution", solution)
    account.personalize.update_solution(solutionArn=solution, performAutoTraining=False)
    account.wait_for_update("solution", solution)
    schema = account.create("schema", "films-priced", schema=json.dumps(data.ITEMS_WITH_PRICE))
    account.personalize.update_dataset(datasetArn=datasets["ITEMS"], schemaArn=schema)
    account.wait_for_update("dataset", datasets["ITEMS"])
    say("automatic training on and off again; the films have a PRICE now")
