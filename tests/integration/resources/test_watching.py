"""What `watch` finds live: campaigns and recommenders, in the dataset groups that it is told."""

from __future__ import annotations

import pytest

from personalize_pipeline.resources.campaign import Campaign
from personalize_pipeline.watch.serving import serving


@pytest.fixture
def campaigns(cloud):
    """Two dataset groups with a campaign each; made for the first test that needs them."""
    if live := serving(cloud.personalize, "watched,other"):
        return {one.name: one.arn for one in live}
    arns = {}
    for name, tps in (("watched", 3), ("other", 1)):
        group, _ = cloud.filled(name)
        solution = cloud.solution(name, group)
        version = cloud.trained(solution)
        context = {"datasetGroupArn": group, "solutionArn": solution, "solutionVersionArn": version}
        arns[name] = cloud.loop(Campaign, {"name": name, "minProvisionedTPS": tps}, **context)["arn"]
    return arns


def test_all_of_the_account(cloud, campaigns):
    found = {one.arn: one for one in serving(cloud.personalize, "*")}

    assert found.keys() >= set(campaigns.values())
    watched = found[campaigns["watched"]]
    assert (watched.name, watched.provisioned, watched.dimension) == ("watched", 3, "CampaignArn")


@pytest.mark.parametrize(
    ("groups", "names"),
    [
        pytest.param("watched", {"watched"}, id="one"),
        pytest.param("watched, other,", {"watched", "other"}, id="two"),
        pytest.param("not-yet,watched", {"watched"}, id="one that is not there"),
        pytest.param("not-yet", set(), id="nothing there"),
    ],
)
def test_the_dataset_groups_that_are_named(cloud, campaigns, groups, names):
    assert {one.name for one in serving(cloud.personalize, groups)} == names


def test_recommenders_are_watched_unless_they_are_stopped(cloud):
    group, _ = cloud.filled("club", domain="VIDEO_ON_DEMAND")
    made = [
        cloud.personalize.create_recommender(
            name=name,
            datasetGroupArn=group,
            recipeArn=f"arn:aws:personalize:::recipe/aws-vod-{recipe}",
            recommenderConfig={"minRecommendationRequestsPerSecond": 2},
        )["recommenderArn"]
        for name, recipe in (("runs", "most-popular"), ("stopped", "because-you-watched-x"))
    ]
    for arn in made:
        cloud.until_settled("describe_recommender", recommenderArn=arn)
    cloud.personalize.stop_recommender(recommenderArn=made[1])
    cloud.until_settled("describe_recommender", recommenderArn=made[1])

    (one,) = serving(cloud.personalize, "club")

    assert (one.name, one.arn, one.provisioned, one.dimension) == ("runs", made[0], 2, "RecommenderArn")
