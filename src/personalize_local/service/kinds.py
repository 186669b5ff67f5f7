"""The kinds of resources, by the word that their ARNs use, and the statuses they go through."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

SCHEMA: Final = "schema"
DATASET_GROUP: Final = "dataset-group"
DATASET: Final = "dataset"
IMPORT_JOB: Final = "dataset-import-job"
EXPORT_JOB: Final = "dataset-export-job"
DATA_DELETION_JOB: Final = "data-deletion-job"
EVENT_TRACKER: Final = "event-tracker"
FILTER: Final = "filter"
SOLUTION: Final = "solution"
SOLUTION_VERSION: Final = "solution-version"  # the ARN says solution/<name>/<id>
CAMPAIGN: Final = "campaign"
BATCH_INFERENCE_JOB: Final = "batch-inference-job"
BATCH_SEGMENT_JOB: Final = "batch-segment-job"
METRIC_ATTRIBUTION: Final = "metric-attribution"
RECOMMENDER: Final = "recommender"
RECOMMENDER_MODEL: Final = "recommender-model"  # what a recommender has trained; no resource of the API

KINDS: Final = (
    SCHEMA,
    DATASET_GROUP,
    DATASET,
    IMPORT_JOB,
    EXPORT_JOB,
    DATA_DELETION_JOB,
    EVENT_TRACKER,
    FILTER,
    SOLUTION,
    SOLUTION_VERSION,
    CAMPAIGN,
    BATCH_INFERENCE_JOB,
    BATCH_SEGMENT_JOB,
    METRIC_ATTRIBUTION,
    RECOMMENDER,
)
TRAINED: Final = (SOLUTION_VERSION, RECOMMENDER_MODEL)
"""Those that have a model."""
TAGGABLE: Final = frozenset(KINDS) - {SCHEMA, METRIC_ATTRIBUTION}


class Status(StrEnum):
    """The statuses on the wire."""

    PENDING = "CREATE PENDING"
    IN_PROGRESS = "CREATE IN_PROGRESS"
    ACTIVE = "ACTIVE"
    FAILED = "CREATE FAILED"
    STOPPING = "CREATE STOPPING"
    STOPPED = "CREATE STOPPED"
    STOP_PENDING = "STOP PENDING"
    STOP_IN_PROGRESS = "STOP IN_PROGRESS"
    INACTIVE = "INACTIVE"
    START_PENDING = "START PENDING"
    START_IN_PROGRESS = "START IN_PROGRESS"
    DELETE_PENDING = "DELETE PENDING"
    DELETE_IN_PROGRESS = "DELETE IN_PROGRESS"


CREATING: Final = frozenset({Status.PENDING, Status.IN_PROGRESS})
DELETING: Final = frozenset({Status.DELETE_PENDING, Status.DELETE_IN_PROGRESS})
PAUSING: Final = frozenset(
    {Status.STOP_PENDING, Status.STOP_IN_PROGRESS, Status.START_PENDING, Status.START_IN_PROGRESS}
)
MOVING: Final = CREATING | DELETING | PAUSING | {Status.STOPPING}
