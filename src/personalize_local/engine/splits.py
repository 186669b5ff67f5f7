"""Who is held out to measure a model: a stable tenth of the users, and of each the newest tenth.

The service trains on 90 % of the users; of the other 10 % the oldest 90 % of interactions are the input and
the newest 10 % the truth (developer guide, "Evaluating a solution version with metrics"). It does not say how
it draws them. Here a hash of the user id decides, so a user stays on his side of the split when data is
added.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from personalize_local.engine.arrays import Int64Array

FOLDS = 10


def user_hashes(user_ids: Iterable[str], *, purpose: str = "") -> Int64Array:
    """Return a 63-bit hash of each user id: the same on every machine; independent for another purpose."""
    salt = purpose.encode()[:16]
    return np.array(
        [
            int.from_bytes(hashlib.blake2b(user.encode(), digest_size=8, salt=salt).digest()) >> 1
            for user in user_ids
        ],
        dtype=np.int64,
    )


def folds(user_ids: Iterable[str]) -> Int64Array:
    """Return the fold, 0 to 9, of each user. A training holds out fold 0; a benchmark takes each in turn."""
    return user_hashes(user_ids) % FOLDS


def truth_size(rows: int) -> int:
    """Return how many of a test user's rows are the truth: the newest tenth, rounded down, at least one."""
    return max(1, rows // 10)
