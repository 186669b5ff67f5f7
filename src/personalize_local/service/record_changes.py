"""What deployed models show of single records: renewed soon after one was put, and not for each one.

On AWS, filters and metadata know a record that was put after 15 to 20 minutes.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from personalize_local.service.deployments import Deployments
    from personalize_local.service.resource import Context


class RecordChanges:
    """Gathers the changes of `settings.put_records_seconds`, then has the group's models prepared anew."""

    def __init__(self, context: Context, deployments: Deployments) -> None:
        self._context = context
        self._deployments = deployments
        self._lock = threading.Lock()
        self._coming: set[str] = set()

    def note(self, group: str) -> None:
        """A record of a dataset group was put. To be called in the transaction that keeps it.

        The models are marked in it, so that a restart does not lose the change.
        """
        with self._lock:
            if group in self._coming:
                return
            self._coming.add(group)
        try:
            self._deployments.outdate(group)
        except BaseException:
            with self._lock:
                self._coming.discard(group)
            raise
        context = self._context
        due = context.clock.now() + context.settings.put_records_seconds
        context.lifecycle.at(due, lambda: self._renew(group))

    def _renew(self, group: str) -> None:
        with self._lock:
            self._coming.discard(group)  # first: what is put from now on needs another time
        with self._context.store.transaction():
            self._deployments.data_changed(group)
