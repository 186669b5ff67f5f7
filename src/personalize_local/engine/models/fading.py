"""How fast the past fades is a property of the data: films are watched in moods, groceries are not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from personalize_local.engine.metrics import LIST_LENGTH
from personalize_local.engine.models.preference import Preference, best

if TYPE_CHECKING:
    from collections.abc import Sequence

    from personalize_local.engine.models.inner_split import Case

DECAYS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4)
DEFAULT_DECAY = 0.1


def learn_decay(
    preference: Preference, cases: Sequence[Case], *, recency: bool = True
) -> tuple[float, float]:
    """Return the decay that finds the users' next new items best, and how well: a mean NDCG at 25, 0 to 1.

    Here NDCG has its usual ideal (all of the truth in front), because it rewards every further hit. Seen
    items are left out on both sides. Without `recency` only a decay of 0 is measured.
    """
    decays = DECAYS if recency else (0.0,)
    qualities = [
        np.mean([_gain(replace(preference, decay=decay), case) for case in cases] or [0.0])
        for decay in decays
    ]
    if max(qualities) <= 0:
        return (DEFAULT_DECAY if recency else 0.0), 0.0
    winner = int(np.argmax(qualities))
    return decays[winner], float(qualities[winner])


def _gain(preference: Preference, case: Case) -> float:
    fresh = np.setdiff1d(case.truth, case.history.items)
    if not len(fresh):
        return 0.0
    scores = preference.scores(case.history)
    scores[case.history.items] = -np.inf
    hits = np.flatnonzero(np.isin(best(scores, LIST_LENGTH), fresh))
    ideal = np.arange(min(len(fresh), LIST_LENGTH))
    return float((1 / np.log2(hits + 2)).sum() / (1 / np.log2(ideal + 2)).sum())
