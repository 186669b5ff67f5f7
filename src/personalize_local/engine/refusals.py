"""Data that the service would not train on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from personalize_local.engine.interactions import has_event_types
from personalize_local.engine.training_job import TrainingJob, TrainingRejected
from personalize_rules import quotas

if TYPE_CHECKING:
    from personalize_local.engine.interactions import Interactions


def refuse_what_the_service_refuses(interactions: Interactions, job: TrainingJob) -> None:
    """Raise `TrainingRejected` with the service's failureReason if there is too little data."""
    event_type = job.event_type
    assert job.interactions
    if not len(interactions) and event_type is not None and not has_event_types(job.interactions):
        raise TrainingRejected("All values in the event_type column are either reserved keywords or null")
    if len(interactions) < quotas.INTERACTIONS_FOR_TRAINING:
        filtered = f" after filtering by event type: {event_type}" if event_type else ""
        raise TrainingRejected(
            f"Dataset has fewer than {quotas.INTERACTIONS_FOR_TRAINING} interactions{filtered}"
        )
    several = int(np.count_nonzero(np.diff(interactions.user_starts()) >= quotas.INTERACTIONS_PER_USER))
    share = quotas.USERS_SHARE_FOR_TRAINING * len(interactions.user_ids)
    if several < max(quotas.USERS_FOR_TRAINING, share):
        raise TrainingRejected(
            f"Create failed. Dataset has fewer than {quotas.USERS_FOR_TRAINING} users with at least "
            f"{quotas.INTERACTIONS_PER_USER} interactions each."
        )
