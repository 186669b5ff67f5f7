"""The params file as a model: which sections there are, and which call each of them stands for."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

from pydantic import Field

from personalize_pipeline.params.data_job_models import (
    data_deletion_job,
    dataset_export_job,
    metric_attribution,
)
from personalize_pipeline.params.preprocess import preprocess
from personalize_pipeline.params.schedules import schedules
from personalize_pipeline.params.shapes import Fields, Model, call_keys, call_model, make_model, member_type
from personalize_pipeline.params.solution_models import solution
from personalize_rules.schemas import WORDS

IMPORT_FILLED_IN = frozenset({"jobName", "datasetArn"})


@cache
def params_model() -> type[Model]:
    """Make the model of the whole file. It takes a moment, so it is made when first needed, not on import."""
    return make_model(
        "Params",
        {
            "$schema": (str, Field("", description="Where the JSON Schema of this file is, for editors.")),
            "datasetGroup": (
                dataset_group(),
                Field(..., description="The dataset group that holds everything."),
            ),
            "datasets": (_datasets(), Field(None, description="The data: one section for each dataset.")),
            "eventTracker": (
                event_tracker(),
                Field(None, description="Takes live events; made before training."),
            ),
            "filters": (list[filter_()], Field([], description="Filters for recommendations.")),  # type: ignore[misc]
            "solutions": (
                list[solution()],  # type: ignore[misc]
                Field([], description="What to train. Solutions are trained side by side."),
            ),
            "recommenders": (
                list[recommender()],  # type: ignore[misc]
                Field([], description="Recommenders: use cases of the domain of the dataset group."),
            ),
            "schedules": (schedules(), Field(None, description="When the pipeline runs by itself.")),
            "metricAttribution": (
                metric_attribution(),
                Field(None, description="What recommendations bring about: sums and counts of events."),
            ),
            "dataDeletionJobs": (
                list[data_deletion_job()],  # type: ignore[misc]
                Field([], description="Users to forget, named in CSV files. They are gone before training."),
            ),
            "preprocess": (
                preprocess(),
                Field(None, description="A Glue job that makes the CSV files, before they are imported."),
            ),
            "tags": (
                member_type("CreateDatasetGroup", "tags"),
                Field(
                    [], description="Tags for everything that the pipeline makes. A section's own tags win."
                ),
            ),
        },
        "What Personalize Pipeline builds from the CSV files beside this file.",
    )


@cache
def dataset_group() -> type[Model]:
    """CreateDatasetGroup."""
    return call_model(
        "DatasetGroup",
        "CreateDatasetGroup",
        filled_in=frozenset(),
        description="The dataset group: its name, its domain if it has one, its encryption.",
    )


@cache
def _datasets() -> type[Model]:
    return make_model(
        "Datasets",
        {word: (dataset(), Field(None, description=f"The {word} dataset.")) for word in WORDS.values()},
        "The datasets by type.",
    )


@cache
def dataset() -> type[Model]:
    """CreateSchema, CreateDataset and CreateDatasetImportJob in one section."""
    own: Fields = {
        "schema": (Any, Field(..., description="The Avro schema of the CSV files, as an object.")),
        "schemaName": (
            member_type("CreateSchema", "name"),
            Field(
                None, description="The schema's name. If left out: the dataset's name with '-schema' added."
            ),
        ),
        "dataLocation": (
            member_type("CreateDatasetImportJob", "dataSource", "dataLocation"),
            Field(
                None,
                description="Where the CSV files are: s3://bucket/folder/ or one file. "
                "If left out: the folder of the dataset's type beside the params file: Interactions/.",
            ),
        ),
        "import": (
            bool,
            Field(
                default=True,
                description="false: the dataset is there and keeps its data; nothing is imported.",
            ),
        ),
        "datasetExportJobs": (
            list[dataset_export_job()],  # type: ignore[misc]
            Field([], description="Files of what the dataset holds at the end of every run."),
        ),
        # Beside dataLocation, which is the same in one word, the call's own spelling.
        "dataSource": (
            member_type("CreateDatasetImportJob", "dataSource"),
            Field(None, description="Where the CSV files are; dataLocation is shorter."),
        ),
    }
    return call_model(
        "Dataset",
        "CreateDataset",
        "CreateDatasetImportJob",
        filled_in=IMPORT_FILLED_IN | {"schemaArn", "datasetGroupArn", "datasetType"},
        description="A dataset: its schema, its name, and how its data is imported.",
        own=own,
    )


@cache
def event_tracker() -> type[Model]:
    """CreateEventTracker."""
    return call_model(
        "EventTracker",
        "CreateEventTracker",
        filled_in=frozenset({"datasetGroupArn"}),
        description="The event tracker of the dataset group.",
    )


@cache
def filter_() -> type[Model]:
    """CreateFilter."""
    return call_model(
        "Filter",
        "CreateFilter",
        filled_in=frozenset({"datasetGroupArn"}),
        description="A filter: which items recommendations may or may not contain.",
    )


@cache
def recommender() -> type[Model]:
    """CreateRecommender, and whether it runs."""
    return call_model(
        "Recommender",
        "CreateRecommender",
        filled_in=frozenset({"datasetGroupArn"}),
        description="A recommender: a use case of the domain, trained and served by Amazon Personalize.",
        own={
            "state": (
                Literal["ACTIVE", "INACTIVE"],
                Field(
                    "ACTIVE",
                    description="Whether it runs. INACTIVE: it is stopped, answers nothing, is not trained "
                    "again and costs nothing.",
                ),
            )
        },
    )


def import_keys() -> frozenset[str]:
    """Keys of a dataset section that go to CreateDatasetImportJob."""
    return call_keys("CreateDatasetImportJob") - IMPORT_FILLED_IN - {"tags"}


def model_at(path: Sequence[str | int]) -> type[Model] | None:
    """Find the model of the object at a path of the file; None where keys are free or unknown."""
    found: Any = params_model()
    for step in path:
        if isinstance(found, type) and issubclass(found, Model):
            field = next((f for f in found.model_fields.values() if f.alias == step), None)
            found = field.annotation if field else None
        else:
            arguments = getattr(found, "__args__", (None,))
            found = arguments[-1]
        # Limits wrap the type: Annotated[list[X], ...].
        while hasattr(found, "__metadata__"):
            found = found.__origin__
    return found if isinstance(found, type) and issubclass(found, Model) else None
