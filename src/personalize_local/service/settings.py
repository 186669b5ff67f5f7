"""What can be chosen about Personalize Local: where things are kept, how much is allowed, how long it takes.

Points that Amazon's documentation leaves open are settings here too, so that a finding about the real service
changes one default and not the code.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
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
    event_bytes: int = quotas.EVENT_SIZE
    results: int = quotas.RESULTS
    results_with_metadata: int = quotas.RESULTS_WITH_METADATA
    metadata_columns: int = quotas.METADATA_COLUMNS
    action_results: int = quotas.ACTION_RESULTS
    recommenders: int = quotas.RECOMMENDERS
    recommenders_of_region: int = quotas.RECOMMENDERS_OF_REGION


@dataclass(frozen=True, slots=True)
class Duration:
    """How long a resource stays in a status at least, in seconds; work that takes longer takes longer."""

    pending: float = 0.0
    in_progress: float = 0.0


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
    page_size: int = 100
    # Undocumented in Amazon's guide (spec: [U]); change here when something becomes known.
    unready_parent_is_in_use: bool = True  # ResourceInUse, else InvalidInput, when a parent is not ACTIVE
    campaign_may_change_solution: bool = True  # UpdateCampaign to a version of another solution of the group
    latest_alias_is_resolved: bool = True  # DescribeCampaign shows the version behind $LATEST, not the alias
    unknown_ranked_items_score: float | None = None  # of items that the ranking model does not know

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
