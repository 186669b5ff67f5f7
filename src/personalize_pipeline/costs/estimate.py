"""What everything in a plan costs: once, and by the hour for as long as it exists."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from personalize_pipeline.costs.cost import Cost
from personalize_pipeline.costs.counting import Amount
from personalize_pipeline.costs.prices import HOURS_OF_A_DAY, HOURS_OF_A_MONTH, Price, PriceList
from personalize_pipeline.data.files import NotReadable
from personalize_pipeline.errors import DataInvalid
from personalize_rules.recipes import find_recipe

_GB = 10**9
_SECONDS = 3600
# Recipes whose prices are not those of the others, by the name of that price.
_OTHERS = {
    "aws-next-best-action": "actions",
    "aws-semantic-similarity": "semantic",
    "aws-item-affinity": "segments",
    "aws-item-attribute-affinity": "segments",
}

_BEYOND = (
    "recommenders for more than 100,000 users, or with more than 4,000 requests an hour (asked for or not)"
)

Look = Callable[[str, bool], Amount]
"""Location, whether its files have a header -> how much is there."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The costs of a plan."""

    region: str
    prices: PriceList
    costs: Sequence[Cost]

    @property
    def once(self) -> float:
        """What is due once, as far as it is known."""
        return sum(cost.once or 0 for cost in self.costs)

    @property
    def daily(self) -> float:
        """What is due every day, as far as it is known."""
        return sum((cost.hourly or 0) for cost in self.costs) * HOURS_OF_A_DAY

    @property
    def monthly(self) -> float:
        """What is due every month, as far as it is known."""
        return sum(cost.monthly or 0 for cost in self.costs)

    @property
    def unknown(self) -> list[Cost]:
        """Those whose price or quantity is not known."""
        return [cost for cost in self.costs if cost.unknown]

    def of(self, resource: str, name: str) -> Cost | None:
        """The cost of one resource; None if it is free."""
        return next((cost for cost in self.costs if (cost.resource, cost.name) == (resource, name)), None)


def estimate(plan: Mapping[str, Any], region: str, prices: PriceList, look: Look) -> Estimate:
    """Price everything that a plan (`params.plan`) asks for, as if nothing of it were there."""
    pricing = _Pricing(region, prices, look)
    return Estimate(region, prices, list(pricing.costs(plan)))


def training_price(recipe_arn: str) -> str:
    """The name of the price of training this recipe."""
    return _of_recipe(recipe_arn, "training")


def campaign_cost(name: str, recipe_arns: Sequence[str], tps: int, region: str, prices: PriceList) -> Cost:
    """What a campaign that serves one of these recipes costs for as long as it exists, asked or not."""
    pricing = _Pricing(region, prices, _nothing)
    quantity = f"{tps} request{'s' if tps > 1 else ''} per second at least"
    whats = [_of_recipe(recipe, "requests") for recipe in recipe_arns]
    return _dearest([pricing.running("Campaign", name, what, quantity, tps * _SECONDS) for what in whats])


def recommender_cost(name: str, region: str, prices: PriceList) -> Cost:
    """What a recommender costs for as long as it runs."""
    cost = _Pricing(region, prices, _nothing).running("Recommender", name, "recommender", "1 recommender", 1)
    return cost.model_copy(update={"notes": (_BEYOND,)}) if cost.hourly is not None else cost


def import_cost(name: str, files: int, size: int, region: str, prices: PriceList) -> Cost:
    """What an import of so many bytes costs."""
    return _Pricing(region, prices, _nothing).ingesting(name, Amount(files, size, 0, exact=False))


def _nothing(_: str, __: bool) -> Amount:  # noqa: FBT001
    return Amount(0, 0, 0, exact=True)


def _of_recipe(recipe_arn: str, what: str) -> str:
    recipe = find_recipe(recipe_arn)
    name = recipe.name if recipe else recipe_arn.rpartition("/")[2]
    if name in _OTHERS:
        return _OTHERS[name]
    return f"{what}-v2" if name.endswith("-v2") else what


@dataclass(frozen=True, slots=True)
class _Pricing:
    region: str
    prices: PriceList
    look: Look

    def costs(self, plan: Mapping[str, Any]) -> Iterator[Cost]:
        interactions: Amount | str = "the plan imports no interactions"
        notes: tuple[str, ...] = ()
        if "preprocess" in plan:
            reason = "AWS Glue bills it by DPU-hours"
            yield Cost(resource="Preprocess", name=plan["preprocess"]["name"], unknown=reason)
        for dataset in plan["datasets"]:
            if "import" not in dataset:
                continue
            amount = self._data(dataset["import"], made="preprocess" in plan)
            if dataset["type"].upper() == "INTERACTIONS":
                interactions = amount
                if dataset["import"].get("importMode") == "INCREMENTAL":
                    notes = ("interactions that were imported before count too",)
            yield self.ingesting(dataset["dataset"]["name"], amount)
        if plan.get("eventTracker"):
            notes += ("events that came in live count too",)
        for recommender in plan["recommenders"]:
            if recommender.get("state", "ACTIVE") == "ACTIVE":
                yield recommender_cost(recommender["name"], self.region, self.prices)
        for solution in plan["solutions"]:
            yield from self._solution(solution, interactions, notes)
        yield from self._others(plan)

    def _data(self, want: Mapping[str, Any], *, made: bool) -> Amount | str:
        """How much there is to import; `made`: by a Glue job, which may not have run yet."""
        amount = self._amount(want.get("dataSource", {}).get("dataLocation", ""), header=True)
        empty = isinstance(amount, Amount) and not amount.files
        return "the Glue job makes the files" if made and empty else amount

    def _others(self, plan: Mapping[str, Any]) -> Iterator[Cost]:
        """What no price is known for."""
        if plan.get("metricAttribution"):
            name = plan["metricAttribution"].get("name", "")
            yield self._unknown("MetricAttribution", name, "attribution")
        for job in plan["dataDeletionJobs"]:
            yield self._unknown("DataDeletionJob", job["jobName"], "deletion")
        for job in plan["datasetExportJobs"]:
            yield self._unknown("DatasetExportJob", job["jobName"], "export")

    def _solution(
        self, solution: Mapping[str, Any], interactions: Amount | str, notes: tuple[str, ...]
    ) -> Iterator[Cost]:
        recipes = [candidate["solution"].get("recipeArn", "") for candidate in solution["candidates"]]
        for candidate in solution["candidates"]:
            if candidate.get("solutionVersion", {"train": False}).get("train", True) is not False:
                yield self._training(candidate["solution"], interactions, notes)
        for campaign in solution["campaigns"]:
            tps = campaign.get("minProvisionedTPS", 1)
            cost = campaign_cost(campaign["name"], recipes, tps, self.region, self.prices)
            yield cost.model_copy(update={"notes": tuple(self._metadata(campaign, recipes))})
        for job in solution["batchInferenceJobs"]:
            yield _dearest([self._batch(job, one) for one in recipes])
        for job in solution["batchSegmentJobs"]:
            yield self._unknown("BatchSegmentJob", job["jobName"], "segments")

    def _metadata(self, campaign: Mapping[str, Any], recipes: Sequence[str]) -> Iterator[str]:
        """What the -v2 recipes have without extra charge."""
        wanted = campaign.get("campaignConfig", {}).get("enableMetadataWithRecommendations")
        if wanted and not all(_of_recipe(recipe, "").endswith("-v2") for recipe in recipes):
            yield "metadata in recommendations, whose price is not known here"

    def ingesting(self, name: str, amount: Amount | str) -> Cost:
        """What is charged for importing so much."""
        if isinstance(amount, str):
            return Cost(resource="DatasetImport", name=name, unknown=amount)
        gigabytes = amount.size / _GB
        files = f"{amount.files} file{'s' if amount.files != 1 else ''}"
        return self._once("DatasetImport", name, "ingestion", f"{_size(amount.size)} in {files}", gigabytes)

    def _training(
        self, solution: Mapping[str, Any], interactions: Amount | str, notes: tuple[str, ...]
    ) -> Cost:
        name, what = solution["name"], training_price(solution.get("recipeArn", ""))
        if what == "training":
            price = self.prices.price(self.region, what)
            if price is None:
                return self._unknown("SolutionVersion", name, what)
            more = " Tuning (performHPO) multiplies them." if solution.get("performHPO") else ""
            reason = f"how many training hours it takes shows only afterwards.{more}"
            return Cost(resource="SolutionVersion", name=name, price=str(price), unknown=reason)
        if isinstance(interactions, str):
            return Cost(resource="SolutionVersion", name=name, unknown=interactions)
        quantity = f"{'' if interactions.exact else 'about '}{interactions.lines:,} interactions"
        cost = self._once("SolutionVersion", name, what, quantity, interactions.lines)
        return cost.model_copy(update={"notes": notes}) if cost.once is not None else cost

    def _batch(self, job: Mapping[str, Any], recipe: str) -> Cost:
        name = job["jobName"]
        if job.get("batchInferenceJobMode") == "THEME_GENERATION":
            return self._unknown("BatchInferenceJob", name, "themes")
        place = job.get("jobInput", {}).get("s3DataSource", {}).get("path", "")
        amount = self._amount(place, header=False)
        if isinstance(amount, str):
            return Cost(resource="BatchInferenceJob", name=name, unknown=amount)
        quantity = (
            f"{'' if amount.exact else 'about '}{amount.lines:,} line{'s' if amount.lines != 1 else ''}"
        )
        return self._once("BatchInferenceJob", name, _of_recipe(recipe, "batch"), quantity, amount.lines)

    def _once(self, resource: str, name: str, what: str, quantity: str, units: float) -> Cost:
        price = self.prices.price(self.region, what)
        if price is None:
            return self._unknown(resource, name, what, quantity)
        return Cost(
            resource=resource, name=name, quantity=quantity, price=_shown(price), once=price.of(units)
        )

    def running(self, resource: str, name: str, what: str, quantity: str, units: float) -> Cost:
        """What is charged for so many units an hour."""
        price = self.prices.price(self.region, what)
        if price is None:
            return self._unknown(resource, name, what, quantity)
        return Cost(
            resource=resource,
            name=name,
            quantity=quantity,
            price=_shown(price),
            hourly=price.of(units),
            monthly=price.of_month(units * HOURS_OF_A_MONTH),
        )

    def _unknown(self, resource: str, name: str, what: str, quantity: str = "") -> Cost:
        subject = self.prices.unknown.get(what, "")
        reason = (
            f"the price of {subject} is not known here"
            if subject
            else f"no price for {self.region} is known here"
        )
        return Cost(resource=resource, name=name, quantity=quantity, unknown=reason)

    def _amount(self, location: str, *, header: bool) -> Amount | str:
        """How much is at a location, or why that cannot be told."""
        if not location:
            return "where the data is shows only in the bucket"
        try:
            return self.look(location, header)
        except NotReadable:
            return f"{location} may not be read"
        except DataInvalid as error:
            return str(error)


def _dearest(costs: Sequence[Cost]) -> Cost:
    """Of the candidates, only the best is used: at most what the dearest costs; unknown if one is."""
    dearest = max(costs, key=lambda cost: (bool(cost.unknown), cost.hourly or cost.once or 0))
    if dearest.unknown or len({cost.price for cost in costs}) == 1:
        return dearest
    return dearest.model_copy(update={"quantity": f"{dearest.quantity}, with the dearest of the candidates"})


def _shown(price: Price) -> str:
    return str(price) if price.confirmed else f"{price} (not confirmed)"


def _size(size: int) -> str:
    for unit, bytes_ in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= bytes_:
            return f"{size / bytes_:,.1f} {unit}"
    return f"{size} bytes"
