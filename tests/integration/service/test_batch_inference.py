"""Batch inference jobs: lines from S3, answers to S3, the same ones as requests get."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pytest
from tests.support.batches import BUCKET, Batches, lines, refusal
from tests.support.world import ARN, World

if TYPE_CHECKING:
    from tests.support.local_server import LocalServer
    from tests.support.s3_server import S3Server


@pytest.fixture(scope="module")
def club(local: LocalServer, s3: S3Server) -> World:
    club = World(local, s3, "batch-club")
    club.fill()
    return club


@pytest.fixture(scope="module")
def jobs(club: World) -> Batches:
    return Batches(club, "inference")


@pytest.fixture(scope="module")
def personal(club: World) -> str:
    return club.version(club.solution("aws-user-personalization-v2", "personal"))


@pytest.fixture(scope="module")
def related(club: World) -> str:
    return club.version(club.solution("aws-similar-items", "related"))


def test_a_batch_says_what_requests_get(club: World, jobs: Batches, personal: str) -> None:
    campaign = club.campaign(personal, "personal")
    tracking = club.tracker()
    club.put(tracking, "u1", "i2", "i5")
    club.put(tracking, None, "i3", "i6", session="visitor")
    seen = club.filter(
        'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch") | '
        "INCLUDE ItemID WHERE Items.GENRE IN ($G)",
        "seen",
    )
    users = ["u0", "u1", "u2", "visitor", "nobody"]
    values = {"G": '"Comedy","Drama"'}

    plain = jobs.run(personal, "plain", *({"userId": user} for user in users))
    filtered = jobs.run(
        personal,
        "filtered",
        *({"userId": user, "filterValues": values} for user in users),
        filterArn=seen,
        numResults=7,
    )

    for user, line in zip(users, plain, strict=True):
        online = club.runtime.get_recommendations(campaignArn=campaign, userId=user)["itemList"]
        assert line["input"] == {"userId": user}
        assert line["error"] is None
        assert line["output"]["recommendedItems"] == [item["itemId"] for item in online]
        assert line["output"]["scores"] == [item.get("score") for item in online]
        assert line["output"]["reasons"] == [item.get("reason", []) for item in online]
    for user, line in zip(users, filtered, strict=True):
        online = club.runtime.get_recommendations(
            campaignArn=campaign, userId=user, filterArn=seen, filterValues=values, numResults=7
        )["itemList"]
        assert line["output"]["recommendedItems"] == [item["itemId"] for item in online]
    assert plain[1]["output"] != filtered[1]["output"]


def test_a_ranking_is_the_online_one(club: World, jobs: Batches) -> None:
    version = club.version(club.solution("aws-personalized-ranking-v2", "ranking"))
    campaign = club.campaign(version, "ranking")
    listed = ["i7", "i2", "unheard-of", "i9"]
    only = club.filter('EXCLUDE ItemID WHERE Items.GENRE IN ("Drama")', "no-drama")

    [line] = jobs.run(version, "ranked", {"userId": "u1", "itemList": listed})
    [left] = jobs.run(version, "ranked-left", {"userId": "u1", "itemList": listed}, filterArn=only)

    online = club.runtime.get_personalized_ranking(campaignArn=campaign, userId="u1", inputList=listed)
    assert line["output"]["recommendedItems"] == [item["itemId"] for item in online["personalizedRanking"]]
    assert line["output"]["scores"] == [item.get("score") for item in online["personalizedRanking"]]
    assert line["output"]["scores"][-1] is None
    assert line["output"]["recommendedItems"][-1] == "unheard-of"
    assert "i2" not in left["output"]["recommendedItems"]


def test_related_items_have_no_scores_and_filter_by_the_item(
    club: World, jobs: Batches, related: str
) -> None:
    campaign = club.campaign(related, "related")
    same = club.filter("INCLUDE ItemID WHERE Items.GENRE IN CurrentItem.GENRE", "same-genre")

    plain = jobs.run(related, "related-plain", {"itemId": "i1"}, {"itemId": "unheard-of"})
    [filtered] = jobs.run(related, "related-same", {"itemId": "i1"}, filterArn=same)

    for line in plain:
        item = line["input"]["itemId"]
        online = club.runtime.get_recommendations(campaignArn=campaign, itemId=item)["itemList"]
        assert line["output"] == {"recommendedItems": [one["itemId"] for one in online]}
    assert {int(item[1:]) % 3 for item in filtered["output"]["recommendedItems"]} == {1}


def test_popular_items_have_no_scores(club: World, jobs: Batches) -> None:
    version = club.version(club.solution("aws-popularity-count", "popular"))

    first, second = jobs.run(version, "popular", {"userId": "u1"}, {"userId": "stranger"}, numResults=3)

    assert first["output"] == second["output"]
    assert list(first["output"]) == ["recommendedItems"]
    assert len(first["output"]["recommendedItems"]) == 3


def test_a_bad_line_fails_alone_and_says_why(club: World, jobs: Batches, personal: str) -> None:
    wanted = club.filter("INCLUDE ItemID WHERE Items.PRICE < $PRICE", "price")
    bad = {
        "not json": ("{userId: 1}", "The line is not JSON"),
        "not a number of json": ('{"userId": "u1", "x": NaN}', "NaN is not JSON"),
        "half a character": ('{"userId": "\\ud800"}', "not JSON"),
        "no object": ('["u1"]', "must be a JSON object"),
        "nothing": ({}, "userId: missing"),
        "another key": ({"itemId": "i1"}, "userId: missing"),
        "a number": ({"userId": 1}, "userId: 1 must be a text"),
        "empty": ({"userId": ""}, "has 0 characters"),
        "long": ({"userId": "u" * 257}, "has 257 characters, it must have 1 to 256"),
        "no values": ({"userId": "u1"}, "missing: PRICE"),
        "values of another type": (
            {"userId": "u1", "filterValues": ["5"]},
            "filterValues: must be an object",
        ),
        "a number as value": ({"userId": "u1", "filterValues": {"PRICE": 5}}, 'must be a text, such as "5"'),
        "a text for a number": ({"userId": "u1", "filterValues": {"PRICE": '"x"'}}, "compares numbers"),
        "a long value": ({"userId": "u1", "filterValues": {"PRICE": "1" * 1001}}, "has 1001 characters"),
        "a long line": ("[" + "1," * 600_000 + "1]", "more than 1048576 bytes"),
    }
    good = {"userId": "u1", "filterValues": {"PRICE": "5"}}

    found = jobs.run(
        personal, "bad", good, "", *(document for document, _ in bad.values()), good, filterArn=wanted
    )

    assert len(found) == len(bad) + 2
    assert found[0] == found[-1]
    assert found[0]["output"]["recommendedItems"]
    for line, (what, (document, text)) in zip(found[1:-1], bad.items(), strict=True):
        assert line["output"] is None, what
        assert text in line["error"], what
        if isinstance(document, dict):
            assert line["input"] == document


def test_the_input_is_a_prefix_and_every_file_has_its_output(
    club: World, jobs: Batches, related: str
) -> None:
    one = lines({"itemId": "i1"})
    club.s3.put(
        BUCKET,
        {
            "prefix/in/a.json": one,
            "prefix/in/b": one + lines({"itemId": "i2"}),
            "prefix/in-more/c.json": "\ufeff" + one.rstrip("\n"),
            "prefix/in-more/a.json": one,
            "prefix/in/": "",
            "prefix/i": one,
        },
    )

    job = jobs.create(related, "prefix", source=f"s3://{BUCKET}/prefix/in")
    jobs.wait(job)

    found = club.s3.client.list_objects_v2(Bucket=BUCKET, Prefix="prefix/out/")["Contents"]
    assert [item["Key"].removeprefix("prefix/out/") for item in found] == [
        "b.out",
        "c.json.out",
        "in-more/a.json.out",
        "in/a.json.out",
    ]
    assert [len(jobs.outputs("prefix", name)) for name in ("b.out", "c.json.out")] == [2, 1]
    assert jobs.outputs("prefix", "c.json.out")[0] == jobs.outputs("prefix", "b.out")[0]


def test_themes_are_made_of_the_items_own_words(club: World, jobs: Batches, related: str) -> None:
    themes = {
        "batchInferenceJobMode": "THEME_GENERATION",
        "themeGenerationConfig": {"fieldsForThemeGeneration": {"itemName": "TITLE"}},
    }

    found = jobs.run(related, "themes", {"itemId": "i1"}, {"itemId": "i2"}, {}, numResults=6, **themes)

    for line in found[:2]:
        assert list(line["output"]) == ["recommendedItems", "theme", "itemsThemeRelevanceScores"]
        assert len(line["output"]["itemsThemeRelevanceScores"]) == 6
        assert line["output"]["theme"]
    assert "itemId: missing" in found[2]["error"]
    job = club.api.describe_batch_inference_job(
        batchInferenceJobArn=f"{ARN}batch-inference-job/{club.name}-themes"
    )["batchInferenceJob"]
    assert job["batchInferenceJobMode"] == "THEME_GENERATION"
    assert job["themeGenerationConfig"] == themes["themeGenerationConfig"]


def test_more_lines_than_themes_are_made_for_fail_the_job(club: World, jobs: Batches, related: str) -> None:
    club.s3.put(BUCKET, {"many-themes/in/lines.json": lines(*({"itemId": "i1"} for _ in range(101)))})

    job = jobs.create(
        related,
        "many-themes",
        batchInferenceJobMode="THEME_GENERATION",
        themeGenerationConfig={"fieldsForThemeGeneration": {"itemName": "TITLE"}},
    )
    found = jobs.wait(job, status="CREATE FAILED")

    assert "lines.json has more than 100 lines" in found["failureReason"]


def test_what_cannot_work_is_refused_with_all_reasons(
    club: World, jobs: Batches, personal: str, related: str
) -> None:
    users = club.filter('INCLUDE UserID WHERE Users.PLAN IN ("paid")', "users")
    other = World(club.server, club.s3, "batch-other")
    other.make_group()
    other.make_dataset("ITEMS")
    foreign = other.filter("INCLUDE ItemID WHERE Items.PRICE < 5", "foreign")

    code, text = refusal(
        lambda: jobs.create(
            personal,
            "wrong",
            source="http://x/y",
            destination=f"s3://{BUCKET}/out",
            filterArn=users,
            numResults=501,
            batchInferenceJobConfig={
                "itemExplorationConfig": {"explorationWeight": "2"},
                "rankingInfluence": {"POPULARITY": 0.5},
            },
            batchInferenceJobMode="THEME_GENERATION",
        )
    )
    assert code == "InvalidInputException"
    for part in (
        "Invalid S3 input path",
        "Invalid S3 output path",
        "must end with /",
        "is for UserID, not for ItemID",
        "numResults: 501 must be from 1 to 500",
        "itemExplorationConfig",
        "rankingInfluence is not supported by recipe aws-user-personalization-v2",
        "THEME_GENERATION is for recipe aws-similar-items",
        "themeGenerationConfig: required",
    ):
        assert part in text
    same = f"s3://{BUCKET}/same/"
    assert refusal(lambda: jobs.create(personal, "wrong", source=same, destination=same))[1].startswith(
        "Invalid S3 output path"
    )
    assert "another dataset group" in refusal(lambda: jobs.create(personal, "wrong", filterArn=foreign))[1]
    config = {"fieldsForThemeGeneration": {"itemName": "PRICE"}}
    assert (
        "has type float"
        in refusal(
            lambda: jobs.create(
                related,
                "wrong",
                batchInferenceJobMode="THEME_GENERATION",
                themeGenerationConfig=config,
            )
        )[1]
    )
    for arn in (f"{ARN}solution/none/12345678", personal.rpartition("/")[0]):
        assert refusal(functools.partial(jobs.create, arn, "wrong"))[0] == "ResourceNotFoundException"
    unknown = f"{ARN}filter/none"
    assert (
        refusal(lambda: jobs.create(personal, "wrong", filterArn=unknown))[0] == "ResourceNotFoundException"
    )


def test_a_recipe_without_batch_and_a_version_in_training_are_refused(club: World, jobs: Batches) -> None:
    trending = club.solution("aws-trending-now", "trending")
    version = club.version(trending)
    assert "has no batch inference" in refusal(lambda: jobs.create(version, "trending"))[1]

    solution = club.solution("aws-user-personalization-v2", "moving")
    moving = club.api.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    assert refusal(lambda: jobs.create(moving, "moving"))[0] == "ResourceInUseException"
    club.wait("solution_version", moving)


def test_jobs_are_listed_and_names_are_used_up(club: World, jobs: Batches, related: str) -> None:
    jobs.run(related, "listed", {"itemId": "i1"})
    arn = f"{ARN}batch-inference-job/{club.name}-listed"

    code, text = refusal(lambda: jobs.create(related, "listed"))

    assert (code, text) == (
        "ResourceAlreadyExistsException",
        f"Another resource with Arn {arn} already exists.",
    )
    pages = club.api.get_paginator("list_batch_inference_jobs").paginate(
        solutionVersionArn=related, PaginationConfig={"PageSize": 1}
    )
    found = [job for page in pages for job in page["batchInferenceJobs"]]
    assert arn in [job["batchInferenceJobArn"] for job in found]
    assert {job["solutionVersionArn"] for job in found} == {related}
    assert {job["batchInferenceJobMode"] for job in found} <= {"BATCH_INFERENCE", "THEME_GENERATION"}


@pytest.mark.parametrize(
    ("name", "bucket", "text"),
    [("no-input", BUCKET, "nowhere"), ("no-bucket", "no-such-bucket-at-all", "no-such-bucket-at-all")],
)
def test_places_that_are_not_there_fail_the_job(
    jobs: Batches, related: str, name: str, bucket: str, text: str
) -> None:
    jobs.club.s3.put(BUCKET, {"here": "x"})

    job = jobs.create(related, name, source=f"s3://{BUCKET}/nowhere/", destination=f"s3://{bucket}/o/")
    found = jobs.wait(job, status="CREATE FAILED")

    assert text in found["failureReason"]
    assert "Internal error" not in found["failureReason"]
