"""Quotas of the account that a run would hit: those that end it, and those for which it takes turns.

Who has more of something than the default allows has been given more, by whatever amount.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from personalize_pipeline.planning.entries import Foreseen
from personalize_pipeline.stack_quotas import LIMITS

if TYPE_CHECKING:
    from mypy_boto3_personalize import PersonalizeClient

_BEGUN = ("create", "import", "train", "retrain")
GONE = ("DELETE", "CREATE FAILED")
"""How the status of something begins that does not count any more."""
_WHY_MORE: Final = {"Filter": "While one is replaced, another stands in for it. "}


@dataclass(frozen=True, slots=True)
class Hit:
    """What a run meets: `stops` cannot pass by waiting, `turns` does."""

    stops: tuple[str, ...]
    turns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Quota:
    """How many of a kind of resource there may be in a place, and how to count them."""

    name: str
    resource: str
    of_group: bool
    count: Callable[["PersonalizeClient", str], Iterator[Any]]


def hit(
    client: "PersonalizeClient", foreseen: Sequence[Foreseen], group_arn: str, raised: Mapping[str, int]
) -> Hit:
    """Compare what there is, all pages, and what would be made with the quotas. Counts only what grows.

    `group_arn` is empty as long as there is no such group.
    """
    made = Counter(one.resource for one in foreseen if one.action == "create")
    # Several filters are replaced in turns, if there is room for the stand-in of one.
    made["Filter"] += any(one.action == "replace" and "CreateFilter" in one.calls for one in foreseen)
    return Hit(
        stops=tuple(_stops(client, made, group_arn, raised)),
        turns=tuple(_turns(Counter(one.resource for one in foreseen if one.action in _BEGUN), raised)),
    )


def _stops(
    client: "PersonalizeClient", made: Mapping[str, int], group_arn: str, raised: Mapping[str, int]
) -> Iterator[str]:
    for quota in _QUOTAS:
        more = made.get(quota.resource, 0)
        if not more:
            continue
        limit = raised.get(quota.name, LIMITS[quota.name])
        there = 0
        if group_arn or not quota.of_group:
            listed = quota.count(client, group_arn)
            there = sum(1 for item in listed if not item.get("status", "").startswith(GONE))
        if there + more <= limit or there > limit:
            continue
        place = f"in dataset group {group_arn.rpartition('/')[2]}" if group_arn and quota.of_group else ""
        where = place or ("in the new dataset group" if quota.of_group else "in this region of the account")
        words = quota.name.removesuffix("-of-region").replace("-", " ")
        yield (
            f"{words} {where}: {there} there, {more} more wanted, {limit} allowed.\n"
            f"{_WHY_MORE.get(quota.resource, '')}Delete what is not needed any more, or ask AWS for a higher "
            "quota (Service Quotas, Amazon Personalize) and say so: sam deploy --parameter-overrides "
            f"Quotas={quota.name}:{there + more}"
        )


def _turns(made: Mapping[str, int], raised: Mapping[str, int]) -> Iterator[str]:
    for name, resource in (
        ("running-import-jobs", "DatasetImport"),
        ("running-solution-versions", "SolutionVersion"),
        ("running-batch-inference-jobs", "BatchInferenceJob"),
        ("running-batch-segment-jobs", "BatchSegmentJob"),
    ):
        limit = raised.get(name, LIMITS[name])
        if made.get(resource, 0) > limit:
            words = name.removeprefix("running-").replace("-", " ")
            yield f"{made[resource]} {words}, of which {limit} may run at the same time; the others wait."


def _groups(client: "PersonalizeClient", _: str) -> Iterator[Any]:
    for page in client.get_paginator("list_dataset_groups").paginate():
        yield from page["datasetGroups"]


def _schemas(client: "PersonalizeClient", _: str) -> Iterator[Any]:
    for page in client.get_paginator("list_schemas").paginate():
        yield from page["schemas"]


def solutions(client: "PersonalizeClient", group: str) -> Iterator[Any]:
    """All solutions of a dataset group."""
    for page in client.get_paginator("list_solutions").paginate(datasetGroupArn=group):
        yield from page["solutions"]


def campaigns(client: "PersonalizeClient", group: str) -> Iterator[Any]:
    """All campaigns of a dataset group."""
    for solution in solutions(client, group):
        pages = client.get_paginator("list_campaigns").paginate(solutionArn=solution["solutionArn"])
        for page in pages:
            yield from page["campaigns"]


def _filters(client: "PersonalizeClient", group: str) -> Iterator[Any]:
    for page in client.get_paginator("list_filters").paginate(datasetGroupArn=group):
        yield from page["Filters"]


def recommenders(client: "PersonalizeClient", group: str) -> Iterator[Any]:
    """All recommenders of a dataset group."""
    for page in client.get_paginator("list_recommenders").paginate(datasetGroupArn=group):
        yield from page["recommenders"]


def _all_recommenders(client: "PersonalizeClient", _: str) -> Iterator[Any]:
    for page in client.get_paginator("list_recommenders").paginate():
        yield from page["recommenders"]


_QUOTAS: Final = (
    _Quota("dataset-groups", "DatasetGroup", of_group=False, count=_groups),
    _Quota("schemas", "Schema", of_group=False, count=_schemas),
    _Quota("filters", "Filter", of_group=True, count=_filters),
    _Quota("recommenders", "Recommender", of_group=True, count=recommenders),
    _Quota("recommenders-of-region", "Recommender", of_group=False, count=_all_recommenders),
    _Quota("solutions", "Solution", of_group=True, count=solutions),
    _Quota("campaigns", "Campaign", of_group=True, count=campaigns),
)
