"""What the params file no longer names goes on costing: the plan says so, and that is no change."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.integration.resources.cloud import ACCOUNT, BUCKET
from tests.integration.resources.test_foresee import POPULAR, do, look, params, upload

from personalize_pipeline.context import Run
from personalize_pipeline.costs.counting import Amount
from personalize_pipeline.params.plan import plan as make_arguments
from personalize_pipeline.planning.plan import make_plan
from personalize_pipeline.reporting.mail.plan_lines import lines

if TYPE_CHECKING:
    from tests.integration.resources.cloud import Cloud

    from personalize_pipeline.planning.entries import Planned


def planned(cloud: Cloud, name: str, scheduled: dict[str, Any] | None = None, **changes: Any) -> Planned:
    arns = "arn:aws:states:us-east-1:000000000000"
    run = Run(
        id="plan",
        execution=f"{arns}:execution:pipeline:plan",
        state_machine=f"{arns}:stateMachine:pipeline",
        start_time=datetime.fromtimestamp(cloud.clock.now(), UTC),
        scheduled=scheduled,
    )
    made = make_arguments(params(name, **changes), bucket=BUCKET, prefix=f"{name}/")
    return make_plan(made, run, lambda *_: Amount(1, 1000, 100, exact=True))


def test_a_campaign_that_the_file_no_longer_has_is_named_with_its_price_and_the_way_to_remove_it(
    cloud: Cloud,
):
    name = "beside"
    upload(cloud, name)
    campaigns = [{"name": f"{name}-kept"}, {"name": f"{name}-left", "minProvisionedTPS": 2}]
    solutions = [{"name": f"{name}-popular", "recipeArn": POPULAR, "campaigns": campaigns}]
    assert planned(cloud, name, solutions=solutions).beside == ()
    do(cloud, look(cloud, name, solutions=solutions), f"{name}-1")
    do(cloud, look(cloud, name, solutions=solutions), f"{name}-2")
    assert planned(cloud, name, solutions=solutions).beside == ()

    solutions = [{**solutions[0], "campaigns": campaigns[:1]}]
    found = planned(cloud, name, solutions=solutions)

    [left] = found.beside
    assert (left.resource, left.name) == ("Campaign", f"{name}-left")
    assert left.cost.hourly == 2 * 3.6 * 0.0556
    assert found.changes == []
    text = "\n".join(lines(found))
    assert "Nothing to do: everything is as the params file wants it." in text
    assert f"not in the file:\n- campaign {name}-left, $9.61 a day. To remove it:\n" in text
    assert f"aws personalize delete-campaign --campaign-arn {ACCOUNT}:campaign/{name}-left" in text
    # What a schedule starts has only a part of the file.
    assert planned(cloud, name, {"kind": "retrain"}, solutions=solutions).beside == ()


def test_of_recommenders_only_those_that_run_are_named(cloud: Cloud):
    name = "beside-shop"
    group, _ = cloud.filled(name, domain="VIDEO_ON_DEMAND")
    for word, recipe in (("runs", "most-popular"), ("stopped", "because-you-watched-x")):
        arn = cloud.personalize.create_recommender(
            name=f"{name}-{word}",
            datasetGroupArn=group,
            recipeArn=f"arn:aws:personalize:::recipe/aws-vod-{recipe}",
        )["recommenderArn"]
        cloud.until_settled("describe_recommender", recommenderArn=arn)
    cloud.personalize.stop_recommender(recommenderArn=arn)
    cloud.until_settled("describe_recommender", recommenderArn=arn)

    found = planned(cloud, name, datasetGroup={"name": name, "domain": "VIDEO_ON_DEMAND"}, solutions=[])

    assert [one.name for one in found.beside] == [f"{name}-runs"]
    assert found.beside[0].remove.startswith("aws personalize delete-recommender --recommender-arn arn:")
