"""What a plan costs: each kind of thing by its own price; what cannot be known says so."""

from typing import Any

import pytest
from tests.support.deployed_stack import params

from personalize_pipeline.costs.cost import Cost
from personalize_pipeline.costs.counting import Amount, measure
from personalize_pipeline.costs.estimate import Estimate, estimate
from personalize_pipeline.costs.prices import price_list
from personalize_pipeline.data.files import DataFile, Listing, NotReadable
from personalize_pipeline.params.plan import plan
from personalize_pipeline.reporting.mail.cost_lines import lines

AVRO = {"type": "record", "namespace": "com.amazonaws.personalize.schema", "version": "1.0"}
RECIPE = "arn:aws:personalize:::recipe/aws-"


def priced(region: str = "us-east-1", amount: Amount | None = None, **changes: Any) -> Estimate:
    def look(location: str, header: bool) -> Amount:
        if "elsewhere" in location:
            raise NotReadable(location)
        return amount or Amount(2, 3 * 10**9, 50_000_000 if header else 4_000, exact=True)

    return estimate(plan(params("shop", **changes), bucket="b", prefix="p/"), region, price_list(), look)


def solution(recipe: str, **more: Any) -> dict[str, Any]:
    return {"name": "one", "recipeArn": f"{RECIPE}{recipe}", **more}


def test_an_import_is_paid_by_its_size_and_a_v2_training_by_its_interactions():
    found = priced()

    assert found.of("DatasetImport", "shop-interactions").once == pytest.approx(0.15)  # type: ignore[union-attr]
    training = found.of("SolutionVersion", "shop-for-you")
    assert training
    assert training.once == pytest.approx(100)
    assert training.quantity == "50,000,000 interactions"
    assert found.once == pytest.approx(100.15)


def test_a_campaign_is_paid_by_its_minimum_as_long_as_it_exists():
    campaign = [{"name": "c", "minProvisionedTPS": 40}]
    found = priced(solutions=[solution("similar-items", campaigns=campaign)]).of("Campaign", "c")

    assert found
    assert found.hourly == pytest.approx(40 * 3.6 * 0.0556)
    # 105 million requests a month: the first 72 at one price, the rest at the next
    assert found.monthly == pytest.approx(72_000 * 0.0556 + (40 * 3.6 * 730 - 72_000) * 0.0278)


@pytest.mark.parametrize(
    ("changes", "resource", "reason"),
    [
        ({"solutions": [solution("similar-items")]}, "SolutionVersion", "shows only afterwards"),
        (
            {"solutions": [solution("item-affinity", batchSegmentJobs=[{}])]},
            "BatchSegmentJob",
            "the price of user segmentation",
        ),
        ({"dataDeletionJobs": [{}]}, "DataDeletionJob", "the price of data deletion jobs"),
        ({"region": "eu-north-1"}, "Campaign", "no price for eu-north-1 is known here"),
    ],
    ids=["hours", "segments", "deletion", "region"],
)
def test_what_cannot_be_known_says_so(changes: dict[str, Any], resource: str, reason: str):
    (cost,) = (one for one in priced(**changes).unknown if one.resource == resource)

    assert reason in cost.unknown
    assert (cost.once, cost.hourly) == (None, None)


def test_the_price_of_an_export_is_not_known():
    datasets = params("shop")["datasets"]
    datasets["Interactions"] |= {"datasetExportJobs": [{}]}

    (cost,) = (one for one in priced(datasets=datasets).unknown if one.resource == "DatasetExportJob")

    assert "the price of dataset export jobs is not known here" in cost.unknown


def test_what_a_glue_job_makes_is_not_known_before_it_ran():
    preprocess = {"jobName": "prepare"}
    new = priced(amount=Amount(0, 0, 0, exact=True), preprocess=preprocess)
    made_before = priced(preprocess=preprocess)

    unknown = {cost.resource: cost.unknown for cost in new.unknown}
    assert unknown == {
        "Preprocess": "AWS Glue bills it by DPU-hours",
        "DatasetImport": "the Glue job makes the files",
        "SolutionVersion": "the Glue job makes the files",
    }
    assert {cost.resource for cost in made_before.unknown} == {"Preprocess"}


def test_of_a_bake_off_the_dearest_candidate_counts():
    candidates = [{}, {"recipeArn": f"{RECIPE}popularity-count"}]
    for several in (candidates, candidates[::-1]):
        asked = solution(
            "user-personalization-v2",
            candidates=several,
            promotion={"metric": "precision_at_5"},
            campaigns=[{"name": "c"}],
        )

        cost = priced(solutions=[asked]).of("Campaign", "c")

        assert cost
        assert cost.hourly == pytest.approx(3.6 * 0.15)
        assert cost.quantity == "1 request per second at least, with the dearest of the candidates"


def test_more_than_the_price_covers_is_named():
    campaign = {"name": "c", "campaignConfig": {"enableMetadataWithRecommendations": True}}
    fields: list[dict[str, Any]] = [{"name": "ITEM_ID"}, {"name": "GENRE", "categorical": True}]
    schema = {**AVRO, "name": "Items", "fields": [{"type": "string", **field} for field in fields]}
    datasets = {**params("shop")["datasets"], "Items": {"name": "shop-items", "schema": schema}}

    def cost_with(recipe: str) -> Cost | None:
        solutions = [solution(recipe, campaigns=[campaign])]
        return priced(datasets=datasets, solutions=solutions).of("Campaign", "c")

    dear, with_v2 = cost_with("similar-items"), cost_with("user-personalization-v2")

    assert dear
    assert "metadata in recommendations" in dear.notes[0]
    assert with_v2
    assert with_v2.notes == ()


def test_batch_jobs_are_paid_by_the_line():
    asked = solution("user-personalization-v2", batchInferenceJobs=[{"jobName": "mail"}])

    cost = priced(solutions=[asked]).of("BatchInferenceJob", "mail")

    assert cost
    assert cost.quantity == "4,000 lines"
    assert cost.once == pytest.approx(0.6)


def test_nothing_is_paid_for_a_training_that_the_file_does_not_want():
    found = priced(solutions=[solution("similar-items", solutionVersion={"train": False})])

    assert found.of("SolutionVersion", "one") is None


def test_data_that_may_not_be_read_is_not_known():
    document = params("shop")
    document["datasets"]["Interactions"]["dataLocation"] = "s3://elsewhere/data/"

    found = priced(datasets=document["datasets"])

    assert {cost.unknown for cost in found.unknown} == {"s3://elsewhere/data/ may not be read"}


@pytest.mark.parametrize(
    ("limit", "lines", "exact"),
    [(1000, 5, True), (16, 4, False)],
    ids=["all of it", "the beginning"],
)
def test_lines_are_counted_within_a_limit_and_inferred_beyond(limit: int, lines: int, exact: bool):
    content = {"a.csv": b"ID\n1111\n2222\n3333\n", "b.csv": b"ID\n4444\n5555"}
    files = tuple(DataFile(key, len(text), "") for key, text in content.items())

    def read(_: Listing, file: DataFile) -> list[bytes]:
        text = content[file.key]
        return [text[start : start + 4] for start in range(0, len(text), 4)]

    found = measure(Listing("b", files, ()), read, limit, header=True)

    assert (found.files, found.size, found.exact) == (2, 30, exact)
    assert found.lines == lines


def test_without_campaigns_nothing_is_said_of_days():
    job = {"jobInput": {"s3DataSource": {"path": "s3://b/p/batch/"}}}
    text = "\n".join(lines(priced(solutions=[solution("user-personalization-v2", batchInferenceJobs=[job])])))

    assert "Together $101 for one run in which everything is new.\nPrices of" in text
    assert "a day" not in text
