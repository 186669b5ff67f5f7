"""What goes from S3 to S3: batch jobs, exports, deletions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from example.walkthrough.account import WalkFailed, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from example.walkthrough.account import Account
    from example.walkthrough.data import Films


def batch(account: Account, films: Films, versions: dict[str, str], filters: dict[str, str]) -> None:
    """Recommendations, themes and segments, from and to S3."""
    users = [person["USER_ID"] for person in films.people[:50]]
    items = [film["ITEM_ID"] for film in films.films[:5]]
    inputs: Mapping[str, Sequence[Mapping[str, Any]]] = {
        "user-personalization-v2": [{"userId": user} for user in users],
        "personalized-ranking-v2": [{"userId": user, "itemList": items} for user in users],
        "similar-items": [{"itemId": item} for item in items],
    }
    theme = {"batchInferenceJobMode": "THEME_GENERATION"} | {
        "themeGenerationConfig": {"fieldsForThemeGeneration": {"itemName": "TITLE"}}
    }
    more: Mapping[str, dict[str, Any]] = {
        "user-personalization-v2": {"filterArn": filters["unseen"], "numResults": 10},
        "similar-items": {**theme, "numResults": 5},
    }
    jobs = [
        _batch(account, "inference", recipe, versions[recipe], lines, **more.get(recipe, {}))
        for recipe, lines in inputs.items()
    ]
    account.wait("batch_inference_job", *jobs)
    for recipe in inputs:
        first = account.lines(f"{recipe}/out/")[0]
        output = first["output"]
        about = f" ({output['theme']})" if "theme" in output else ""
        say(f"batch, {recipe}: {_asked(first)} -> {films.titles(output['recommendedItems'])}{about}")
    segments = {
        "item-affinity": [{"itemId": item} for item in items],
        "item-attribute-affinity": [{"itemAttributes": 'ITEMS.genres = "Comedy"'}],
    }
    jobs = [
        _batch(
            account, "segment", recipe, versions[recipe], lines, filterArn=filters["premium"], numResults=5
        )
        for recipe, lines in segments.items()
    ]
    account.wait("batch_segment_job", *jobs)
    for recipe in segments:
        first = account.lines(f"{recipe}/out/")[0]
        say(f"segment, {recipe}: {_asked(first)} -> {' '.join(first['output']['usersList'])}")


def _asked(line: Mapping[str, Any]) -> str:
    """What a line of a job's output answers, without the lists in it."""
    return " ".join(str(value) for value in line["input"].values() if isinstance(value, str))


def _batch(
    account: Account, kind: str, name: str, version: str, lines: Sequence[Mapping[str, Any]], **more: Any
) -> str:
    text = "".join(json.dumps(line) + "\n" for line in lines)
    return account.create(
        f"batch_{kind}_job",
        name,
        solutionVersionArn=version,
        jobInput={"s3DataSource": {"path": account.put(f"{name}/in/input.json", text)}},
        jobOutput={"s3DataDestination": {"path": account.at(f"{name}/out/")}},
        roleArn=account.role,
        **more,
    )


def export_and_forget(account: Account, group: str, datasets: dict[str, str], films: Films) -> None:
    """The data comes out again; then one person's is deleted."""
    export = account.create(
        "dataset_export_job",
        "films",
        datasetArn=datasets["INTERACTIONS"],
        ingestionMode="ALL",
        roleArn=account.role,
        jobOutput={"s3DataDestination": {"path": account.at("export/")}},
    )
    account.wait("dataset_export_job", export)
    rows = sum(len(found.splitlines()) - 1 for found in account.objects("export/").values())
    if rows < len(films.events):
        raise WalkFailed(f"{rows} of {len(films.events)} events came out")
    say(f"{rows:,} events exported")
    forgotten = account.create(
        "data_deletion_job",
        "films",
        datasetGroupArn=group,
        dataSource={"dataLocation": account.put("forget/users.csv", "USER_ID\nuser-003\n")},
        roleArn=account.role,
    )
    account.wait("data_deletion_job", forgotten)
    say(f"user-003 forgotten: {account.describe('data_deletion_job', forgotten)['numDeleted']} records")
