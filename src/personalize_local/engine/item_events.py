"""Who did something with an item, as filters on users see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from personalize_local.engine.database import connect, text
from personalize_local.engine.events import NO_EVENTS, UserEvents

if TYPE_CHECKING:
    from pathlib import Path

    from personalize_local.engine.vocabulary import Vocabulary


class ItemEvents:
    """The users of items in the bulk data of an interactions dataset, read anew for each."""

    def __init__(self, parquet: Path | None, user_ids: Vocabulary) -> None:
        """Take a Parquet file of USER_ID, ITEM_ID, perhaps EVENT_TYPE; without it all have type ""."""
        self._parquet = parquet
        self._user_ids = user_ids

    def of(self, item_id: str) -> UserEvents:
        """Return the users with events about an item, by event type, as positions in `user_ids`."""
        if self._parquet is None:
            return NO_EVENTS
        with connect() as connection:
            source = connection.read_parquet(str(self._parquet))
            kind = "coalesce(lower(EVENT_TYPE), '')" if "EVENT_TYPE" in source.columns else "''"
            rows = connection.execute(
                f"SELECT DISTINCT {kind}, USER_ID FROM read_parquet({text(self._parquet)})"  # noqa: S608
                " WHERE ITEM_ID = ?",
                [item_id],
            ).fetchall()
        found: dict[str, list[int]] = {}
        for event_type, user in rows:
            position = self._user_ids.position(user)
            if position is not None:
                found.setdefault(event_type, []).append(position)
        return UserEvents({kind: np.array(users, np.int32) for kind, users in found.items()})
