"""How long things take on Amazon Personalize, to be replayed: `--durations realistic`.

Imports, trainings and campaigns: the shortest and longest of recorded runs with MovieLens. Nothing was
recorded for the others: theirs are estimates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from personalize_local.service import kinds
from personalize_local.service.settings import Duration

if TYPE_CHECKING:
    from collections.abc import Mapping

MINUTES: Final[Mapping[str, tuple[float, float]]] = {
    kinds.DATASET_GROUP: (0.5, 1),
    kinds.DATASET: (0.3, 0.6),
    kinds.IMPORT_JOB: (5, 17),
    kinds.EVENT_TRACKER: (0.3, 0.6),
    kinds.FILTER: (0.5, 2),
    kinds.SOLUTION: (0.3, 1),
    kinds.SOLUTION_VERSION: (20, 55),
    kinds.CAMPAIGN: (7, 11),
    kinds.RECOMMENDER: (30, 65),  # training and deployment
    "dataset-export-job": (5, 15),
    "data-deletion-job": (15, 60),
    "metric-attribution": (0.5, 2),
    "batch-inference-job": (15, 40),
    "batch-segment-job": (15, 40),
}
"""From status CREATE IN_PROGRESS to ACTIVE, shortest and longest."""

PENDING_MINUTES: Final = 0.2
INCREMENTAL_UPDATE_SECONDS: Final = 7200.0
PUT_RECORDS_SECONDS: Final = 900.0
TREND_UPDATE_SECONDS: Final = 1800.0
ATTRIBUTION_SECONDS: Final = 900.0


def realistic(speed: float = 1.0) -> dict[str, Duration]:
    """The durations of all kinds of resources, `speed` times as fast."""
    return {
        kind: Duration(
            pending=PENDING_MINUTES * 60 / speed,
            in_progress=shortest * 60 / speed,
            in_progress_most=longest * 60 / speed,
        )
        for kind, (shortest, longest) in MINUTES.items()
    }
