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
from personalize_rules.recipe_metrics import DEFAULT_METRIC
from personalize_rules.schemas import WORDS

"""Sections of the file that a later version builds. They may be there, empty."""

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
def solution() -> type[Model]:
    """CreateSolution, with its versions and campaigns."""
    return call_model(
        "Solution",
        "CreateSolution",
        filled_in=frozenset({"datasetGroupArn"}),
        description="What to train and how, and where to serve it.",
        own={
            # What Personalize's own words would say of these two is not so here.
            "performAutoTraining": (
                member_type("CreateSolution", "performAutoTraining"),
                Field(
                    None,
                    description="Whether Personalize trains by itself too, every seven days, at your cost. "
                    "If left out: false; Personalize's own default is true.",
                ),
            ),
            "performAutoML": (
                member_type("CreateSolution", "performAutoML"),
                Field(
                    None,
                    description="true: several recipes are trained and the best is served, as in candidates. "
                    "Personalize itself does this no longer.",
                ),
            ),
            "solutionVersion": (
                solution_version(),
                Field(None, description="How this run trains it. If left out: in full."),
            ),
            "campaigns": (
                list[campaign()],  # type: ignore[misc]
                Field(
                    [],
                    description="Where the newest version is served. A campaign costs money while it lives.",
                ),
            ),
            "candidates": (
                list[candidate()],  # type: ignore[misc]
                Field(
                    None,
                    min_length=1,
                    description="A bake-off: each of these is trained (and billed) as a solution of its own; "
                    "the best by promotion.metric is served.",
                ),
            ),
            "promotion": (
                promotion(),
                Field(None, description="How good a version must be for the campaigns to move to it."),
            ),
            "batchInferenceJobs": (
                list[batch_inference_job()],  # type: ignore[misc]
                Field([], description="Recommendations written to files, by every version that is trained."),
            ),
            "batchSegmentJobs": (
                list[batch_segment_job()],  # type: ignore[misc]
                Field([], description="User segments written to files, by every version that is trained."),
            ),
        },
    )


@cache
def candidate() -> type[Model]:
    """CreateSolution, as far as it differs from the solution that it is a candidate of."""
    return call_model(
        "Candidate",
        "CreateSolution",
        filled_in=frozenset({"datasetGroupArn", "performAutoML"}),
        description="A variation of the solution: its keys replace those of the solution.",
        own={
            "name": (
                member_type("CreateSolution", "name"),
                Field(None, description="If left out: the solution's name with the recipe's added."),
            )
        },
    )


@cache
def solution_version() -> type[Model]:
    """CreateSolutionVersion; the name comes from the run, so that a repeated step finds its own version."""
    return call_model(
        "SolutionVersion",
        "CreateSolutionVersion",
        filled_in=frozenset({"solutionArn", "name"}),
        description="How a run trains the solution.",
        own={
            "train": (
                bool,
                Field(
                    default=None,
                    description="true: every run trains. false: nothing is trained; the newest version that "
                    "is ACTIVE is used. If left out: a run trains if data or settings have changed since.",
                ),
            )
        },
    )


@cache
def campaign() -> type[Model]:
    """CreateCampaign."""
    return call_model(
        "Campaign",
        "CreateCampaign",
        filled_in=frozenset({"solutionVersionArn"}),
        description="A campaign: real-time recommendations from the newest version of the solution.",
        own={
            "solutionVersionArn": (
                member_type("CreateCampaign", "solutionVersionArn"),
                Field(
                    None,
                    description="The version to stay at, whatever is trained; or <solutionArn>/$LATEST, and "
                    "Personalize moves the campaign by itself. If left out: the version of the run.",
                ),
            )
        },
    )


@cache
def promotion() -> type[Model]:
    """What the step `Promotion` decides by; no call of Personalize."""
    return make_model(
        "Promotion",
        {
            "metric": (
                str,
                Field(
                    DEFAULT_METRIC,
                    description="What counts, of the metrics of GetSolutionMetrics: more is better.",
                ),
            ),
            "atLeast": (
                float,
                Field(None, ge=0, description="The floor: a version with less is not served."),
            ),
            "maxDrop": (
                float,
                Field(
                    None,
                    ge=0,
                    description="How much less than the version that the campaign serves now is allowed, in "
                    "units of the metric: 0.05 lets 0.30 fall to 0.25.",
                ),
            ),
        },
        "A campaign moves to a new version only if that is good enough; otherwise it keeps what it serves.",
    )


@cache
def batch_inference_job() -> type[Model]:
    """CreateBatchInferenceJob."""
    return _batch_job("Inference", "ItemID", "Recommendations for the lines of files in S3, as files in S3.")


@cache
def batch_segment_job() -> type[Model]:
    """CreateBatchSegmentJob."""
    return _batch_job("Segment", "UserID", "Segments of users for the lines of files in S3, as files in S3.")


def _batch_job(kind: str, target: str, description: str) -> type[Model]:
    operation = f"CreateBatch{kind}Job"
    own: Fields = {
        "jobName": (
            member_type(operation, "jobName"),
            Field(
                None,
                description="The beginning of the jobs' names; each run adds an ending of its own, because a "
                "name can be used only once. If left out: the solution's name.",
            ),
        ),
        "jobInput": (
            member_type(operation, "jobInput"),
            Field(
                None,
                description="Where the lines are. If left out: batch/<name of the solution>/ beside the "
                "params file.",
            ),
        ),
        "jobOutput": (
            member_type(operation, "jobOutput"),
            Field(
                None,
                description="Where the answers go. If left out: a new folder for each job in "
                "batch-output/<name of the solution>/ beside the params file.",
            ),
        ),
        "filterArn": (
            str,
            Field(None, description=f"A filter for {target}: the name of one of this file, or an ARN."),
        ),
        "roleArn": (
            member_type(operation, "roleArn"),
            Field(
                None, description="As whom Personalize reads and writes. If left out: the role of the stack."
            ),
        ),
    }
    return call_model(
        f"Batch{kind}Job",
        operation,
        filled_in=frozenset({"solutionVersionArn"}),
        description=description,
        own=own,
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
