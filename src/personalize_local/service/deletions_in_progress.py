"""Data deletion jobs and jobs that move data keep out of each other's way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personalize_local.service import kinds
from personalize_local.service.errors import ResourceInUseException
from personalize_local.service.kinds import CREATING

if TYPE_CHECKING:
    from personalize_local.service.store import Store

_JOBS = {
    kinds.IMPORT_JOB: "dataset import job",
    kinds.EXPORT_JOB: "dataset export job",
    kinds.SOLUTION_VERSION: "solution version",
    kinds.RECOMMENDER_MODEL: "training of a recommender",
    kinds.BATCH_INFERENCE_JOB: "batch inference job",
    kinds.BATCH_SEGMENT_JOB: "batch segment job",
}


def refuse_during_deletion(store: Store, group: str) -> None:
    """Refuse a job that moves the data of a group while users are deleted from it.

    Raises:
        ResourceInUseException: so it is.
    """
    for job in store.find(kinds.DATA_DELETION_JOB, group=group, statuses=CREATING):
        raise ResourceInUseException(
            f"Resource {group} has a data deletion job in progress: {job.arn}. Try again when it has ended."
        )


def refuse_beside_jobs(store: Store, group: str) -> None:
    """Refuse a data deletion job while others use the data of the group.

    Raises:
        ResourceInUseException: with all of them.
    """
    going = [
        f"{what} {job.arn}"
        for kind, what in _JOBS.items()
        for job in store.find(kind, group=group, statuses=CREATING)
    ]
    if going:
        raise ResourceInUseException(
            f"Resource {group} has other jobs in progress: {', '.join(going)}. Try again when they are done."
        )
