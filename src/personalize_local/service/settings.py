"""What can be chosen about Personalize Local: where things are kept, how much is allowed, how long it takes.

Points that Amazon's documentation leaves open are settings here too, so that a finding about the real service
changes one default and not the code.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from random import Random
from typing import Any

from personalize_rules import quotas


@dataclass(frozen=True, slots=True)
class Quotas:
    """Amazon's quotas of accounts and requests; any of them can be set to another number here."""

    schemas: int = quotas.SCHEMAS
    dataset_groups: int = quotas.DATASET_GROUPS
    running_import_jobs: int = quotas.RUNNING_IMPORT_JOBS
    running_solution_versions: int = quotas.RUNNING_SOLUTION_VERSIONS
    solutions: int = quotas.SOLUTIONS
    campaigns: int = quotas.CAMPAIGNS
    filters: int = quotas.FILTERS
    filter_fields: int = quotas.FILTER_FIELDS
    filter_fields_of_group: int = quotas.FILTER_FIELDS_OF_DATASET_GROUP
    tags: int = quotas.TAGS
    event_types_and_metadata: int = quotas.EVENT_TYPES_AND_METADATA
    event_bytes: int = quotas.EVENT_SIZE
    results: int = quotas.RESULTS
    results_with_metadata: int = quotas.RESULTS_WITH_METADATA
    metadata_columns: int = quotas.METADATA_COLUMNS
    action_results: int = quotas.ACTION_RESULTS
    recommenders: int = quotas.RECOMMENDERS
    recommenders_of_region: int = quotas.RECOMMENDERS_OF_REGION
    running_batch_inference_jobs: int = quotas.RUNNING_BATCH_INFERENCE_JOBS
    running_batch_segment_jobs: int = quotas.RUNNING_BATCH_SEGMENT_JOBS
    running_data_deletion_jobs: int = quotas.RUNNING_DATA_DELETION_JOBS
    metric_attributions: int = quotas.METRIC_ATTRIBUTIONS
    filter_events_per_user_and_type: int = quotas.FILTER_EVENTS_PER_USER_AND_TYPE
    filter_action_events_per_user_and_type: int = quotas.FILTER_ACTION_EVENTS_PER_USER_AND_TYPE
    full_import_bytes: int = quotas.FULL_IMPORT_SIZE
    incremental_import_bytes: int = quotas.INCREMENTAL_IMPORT_SIZE
    data_deletion_bytes: int = quotas.DATA_DELETION_SIZE
    batch_files: int = quotas.BATCH_FILES
    batch_bytes: int = quotas.BATCH_SIZE
    batch_inference_records: int = quotas.BATCH_INFERENCE_RECORDS
    batch_theme_records: int = quotas.BATCH_THEME_RECORDS
    batch_segment_affinity_queries: int = quotas.BATCH_SEGMENT_AFFINITY_QUERIES
    batch_segment_attribute_queries: int = quotas.BATCH_SEGMENT_ATTRIBUTE_QUERIES
    batch_segment_users: int = quotas.BATCH_SEGMENT_USERS
    batch_results: int = quotas.RESULTS  # [U]: the guide says it of real time only
    metrics_of_attribution: int = quotas.METRICS_OF_ATTRIBUTION
    sources_of_attribution: int = quotas.SOURCES_OF_ATTRIBUTION
    training_data_columns: int = quotas.TRAINING_DATA_COLUMNS
    hpo_training_jobs: int = quotas.HPO_TRAINING_JOBS
    hpo_parallel_training_jobs: int = quotas.HPO_PARALLEL_TRAINING_JOBS
    # Calls per second; they count with Settings.rate_limits only.
    control_plane_calls_per_second: int = quotas.CONTROL_PLANE_CALLS_PER_SECOND
    runtime_calls_per_second: int = quotas.RUNTIME_CALLS_PER_SECOND
    runtime_calls_per_second_and_campaign: int = quotas.RUNTIME_CALLS_PER_SECOND_AND_CAMPAIGN
    put_events_per_second: int = quotas.PUT_EVENTS_PER_SECOND
    put_records_per_second: int = quotas.PUT_RECORDS_PER_SECOND

    def filter_events(self, *, of_actions: bool) -> int:
        """How many of a user's newest events of a type filters see."""
        if of_actions:
            return self.filter_action_events_per_user_and_type
        return self.filter_events_per_user_and_type


@dataclass(frozen=True, slots=True)
class Duration:
    """How long a resource stays in a status at least, in seconds; work that takes longer takes longer.

    With `in_progress_most`, each resource takes a time of its own between that and `in_progress`.
    """

    pending: float = 0.0
    in_progress: float = 0.0
    in_progress_most: float = 0.0

    def of(self, name: str, seed: int) -> float:
        """The seconds that the resource `name` is IN_PROGRESS: always the same for the same seed."""
        longest = max(self.in_progress, self.in_progress_most)
        return Random(f"{seed}/{name}").uniform(self.in_progress, longest)  # noqa: S311 - nothing secret


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a Service needs to know. Plain values only: jobs get it as JSON."""

    data_dir: Path
    region: str = "us-east-1"
    account_id: str = "000000000000"
    partition: str = "aws"
    seed: int = 0
    objects: str = "personalize_local.aws.s3:make_objects"
    quotas: Quotas = field(default_factory=Quotas)
    # By kind of resource ("campaign", "solution-version"); a missing kind takes as long as its work takes.
    durations: dict[str, Duration] = field(default_factory=dict)
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    # How often a job is started again after the server died under it, before it is given up.
    job_attempts: int = 3
    # Loaded models are evicted, the least recently used first, when their files are larger than this in sum.
    model_memory_bytes: int = 1_500_000_000
    live_users_in_memory: int = 100_000
    # Newest events of one user that an answer takes into account.
    live_events_per_user: int = 500
    # Newest answers whose items are known to events that carry their recommendationId.
    remembered_answers: int = 10_000
    page_size: int = 100
    # Undocumented in Amazon's guide (spec: [U]); change here when something becomes known.
    unready_parent_is_in_use: bool = True  # ResourceInUse, else InvalidInput, when a parent is not ACTIVE
    campaign_may_change_solution: bool = True  # UpdateCampaign to a version of another solution of the group
    latest_alias_is_resolved: bool = True  # DescribeCampaign shows the version behind $LATEST, not the alias
    unknown_ranked_items_score: float | None = None  # of items that the ranking model does not know
    # Requests per second are limited as in Amazon's quotas; what is too much is throttled.
    rate_limits: bool = False
    throttling_error: str = "ThrottlingException"  # or LimitExceededException, which the API model has
    # aws-hrnn, aws-hrnn-metadata and aws-hrnn-coldstart work, as they did when they could be used.
    legacy_recipes: bool = False
    # The first automatic training begins at the end of this time, unless somebody trained in it.
    first_auto_training_seconds: float = 3600.0
    manual_training_restarts_schedule: bool = True  # N days after any training, else after automatic ones
    # New items can be recommended without retraining this long after they came. Amazon: every 2 hours (7200).
    incremental_update_seconds: float = 2.0
    # What is trending follows the events at this distance. Amazon: every 30 minutes to 2 hours.
    trend_update_seconds: float = 30.0

    # Undocumented points of batch jobs (spec: [U]).
    batch_jobs_say_create: bool = True  # CREATE PENDING, CREATE IN_PROGRESS; else PENDING, IN PROGRESS
    batch_reasons_key: str = "reasons"  # of the list of reasons per item, for recipes that give reasons
    batch_unknown_ids_are_errors: bool = False  # else answered as online: with popular items
    segment_users_key: str = "usersList"  # the guide's samples say recommendedUsers, recorded runs usersList

    # Put records must have a value for each column that allows no null; else it becomes null.
    put_records_need_required_columns: bool = True
    # How long after PutItems, PutUsers or PutActions filters and metadata know the record; on AWS 15 minutes.
    put_records_seconds: float = 0.25

    # Metric attributions. Events that came by PutEvents are reported this often; Amazon: every 15 minutes.
    attribution_seconds: float = 5.0
    # A report that cannot be delivered is tried again each time, until it was tried this often.
    attribution_attempts: int = 100
    metrics: str = "personalize_local.aws.cloudwatch:make_metrics"
    # Undocumented points of them (spec: [U]).
    attribution_namespace: str = "AWS/Personalize"
    attribution_of_events_to_s3: bool = True  # the guide speaks of imports only

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, for a job in another process."""
        return {**asdict(self), "data_dir": str(self.data_dir)}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Settings:
        """The inverse of `to_json`."""
        known = {f.name: document[f.name] for f in fields(cls)}
        return cls(
            **{
                **known,
                "data_dir": Path(known["data_dir"]),
                "quotas": Quotas(**known["quotas"]),
                "durations": {kind: Duration(**value) for kind, value in known["durations"].items()},
            }
        )
