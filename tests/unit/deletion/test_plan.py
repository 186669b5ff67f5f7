"""What a deletion would take, and what it leaves to others; answered by a small account in memory."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from personalize_pipeline.deletion.plan import Known, Plan, make_plan

ARN = "arn:aws:personalize:us-east-1:123456789012:"
FILMS, BOOKS = f"{ARN}dataset-group/films", f"{ARN}dataset-group/books"
OWN, SHARED = f"{ARN}schema/films-own", f"{ARN}schema/shared"


class NotFoundError(Exception):
    pass


class Account:
    """Two groups: films with two datasets, books with one, which has a schema of films too."""

    exceptions = SimpleNamespace(ResourceNotFoundException=NotFoundError)

    def __init__(self) -> None:
        self.groups = {FILMS, BOOKS}
        self.schemas = {OWN, SHARED}
        self.datasets = {
            f"{ARN}dataset/films/ITEMS": (FILMS, OWN, "s3://input/films/Items/"),
            f"{ARN}dataset/films/INTERACTIONS": (FILMS, SHARED, "s3://theirs/films/"),
            f"{ARN}dataset/books/INTERACTIONS": (BOOKS, SHARED, "s3://input/books/"),
        }

    def get_paginator(self, operation: str) -> Any:
        def paginate(datasetGroupArn: str = "", datasetArn: str = "", **_: str) -> Iterator[dict[str, Any]]:  # noqa: N803
            things: dict[str, list[dict[str, Any]]] = {"Filters": []}
            for word in ("solutions", "recommenders", "eventTrackers", "metricAttributions"):
                things[word] = []
            yield {
                **things,
                "datasets": [
                    {"name": arn.rpartition("/")[2].lower(), "datasetArn": arn}
                    for arn, (group, _, _) in self.datasets.items()
                    if datasetGroupArn in {"", group}
                ],
                "datasetImportJobs": [
                    {"datasetImportJobArn": datasetArn + suffix, "creationDateTime": at}
                    for suffix, at in (("!new", 2), ("!old", 1))
                ],
            }

        return SimpleNamespace(paginate=paginate)

    def describe_dataset_group(self, *, datasetGroupArn: str) -> None:  # noqa: N803
        if datasetGroupArn not in self.groups:
            raise NotFoundError

    def describe_schema(self, *, schemaArn: str) -> None:  # noqa: N803
        if schemaArn not in self.schemas:
            raise NotFoundError

    def describe_dataset(self, *, datasetArn: str) -> Any:  # noqa: N803
        return {"dataset": {"schemaArn": self.datasets[datasetArn][1]}}

    def describe_dataset_import_job(self, *, datasetImportJobArn: str) -> Any:  # noqa: N803
        dataset, _, which = datasetImportJobArn.partition("!")
        place = self.datasets[dataset][2] if which == "new" else "s3://input/long-ago/"
        return {"datasetImportJob": {"dataSource": {"dataLocation": place}}}


@pytest.fixture
def account() -> Account:
    return Account()


def plan(account: Any, known: Known | None = None, *, data: bool = False) -> Plan:
    return make_plan(account, FILMS, "input", known, data=data)


def listed(made: Plan) -> list[str]:
    return [f"{thing.kind} {thing.name}" for thing in made.things]


def test_a_schema_that_another_group_uses_is_kept_and_said_so(account: Account):
    made = plan(account)

    assert listed(made) == ["Dataset items", "Dataset interactions", "DatasetGroup films", "Schema films-own"]
    assert made.notes == (
        "schema shared is kept: dataset/books/INTERACTIONS uses it too.",
        "the data in s3://input/films/Items/ is kept.",
        "the data in s3://theirs/films/ is kept.",
    )


def test_data_goes_if_asked_where_it_was_imported_from_last_and_only_from_the_input_bucket(account: Account):
    made = plan(account, data=True)

    assert [line for line in listed(made) if line.startswith("Data ")] == ["Data s3://input/films/Items/"]
    assert (
        "the data in s3://theirs/films/ is kept: it is not in the input bucket of this stack." in made.notes
    )


@pytest.mark.parametrize("data", [True, False])
def test_what_an_interrupted_deletion_knew_is_still_found_when_the_group_is_gone(
    account: Account,
    data: bool,
):
    first = plan(account, data=data)
    account.groups.remove(FILMS)
    account.datasets = {arn: known for arn, known in account.datasets.items() if known[0] == BOOKS}

    second = plan(account, first.known, data=True)

    assert listed(second) == ["Schema films-own", "Data s3://input/films/Items/"]


def test_of_a_group_that_is_gone_with_its_schemas_nothing_is_left(account: Account):
    account.groups.remove(FILMS)
    account.schemas.remove(OWN)

    assert plan(account).things == []
    assert plan(account, Known(schemas=(OWN,))).things == []
