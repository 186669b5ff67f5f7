"""What goes on costing in the dataset group although the params file does not name it: nothing is deleted."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from personalize_pipeline.costs.cost import Cost
from personalize_pipeline.costs.estimate import campaign_cost, recommender_cost
from personalize_pipeline.costs.prices import PriceList
from personalize_pipeline.planning.entries import Beside
from personalize_pipeline.planning.quotas import GONE, campaigns, recommenders, solutions
from personalize_pipeline.resources.solution_version import solution_of

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient

_STOPPED = (*GONE, "INACTIVE")


def beside(
    client: "PersonalizeClient", plan: Mapping[str, Any], group_arn: str, region: str, prices: PriceList
) -> Iterator[Beside]:
    """List the campaigns and the running recommenders of the group that the plan leaves out, with prices."""
    named = {one["name"] for solution in plan["solutions"] for one in solution["campaigns"]}
    recipes = {one["solutionArn"]: one.get("recipeArn", "") for one in solutions(client, group_arn)}
    for item in campaigns(client, group_arn):
        if item["name"] in named or item["status"].startswith(GONE):
            continue
        shown: Any = client.describe_campaign(campaignArn=item["campaignArn"])["campaign"]
        recipe = recipes.get(solution_of(shown["solutionVersionArn"]), "")
        tps = shown.get("minProvisionedTPS", 1)
        yield _beside(item["campaignArn"], campaign_cost(item["name"], [recipe], tps, region, prices))
    named = {one["name"] for one in plan["recommenders"]}
    for item in recommenders(client, group_arn):
        if item["name"] not in named and not item["status"].startswith(_STOPPED):
            yield _beside(item["recommenderArn"], recommender_cost(item["name"], region, prices))


def _beside(arn: str, cost: Cost) -> Beside:
    kind = cost.resource.lower()
    command = f"aws personalize delete-{kind} --{kind}-arn {arn}"
    return Beside(resource=cost.resource, name=cost.name, cost=cost, remove=command)
