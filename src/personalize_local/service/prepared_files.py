"""The folders that `tasks.serving` has prepared for requests, and their end.

Versions share them (one has the users of the dataset group, whatever the model), so a folder goes when no
version names it any more: at the start, or soon after the last one has changed to another.
"""

from __future__ import annotations

import shutil
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from personalize_local.service import kinds
from personalize_local.service.kinds import CREATING
from personalize_local.service.model_files import serving_folder, trained

if TYPE_CHECKING:
    from collections.abc import Mapping

    from personalize_local.service.resource import Context
    from personalize_local.service.store import Record

GRACE_SECONDS: Final = 10.0
"""Answers that had begun before a folder was replaced have ended after so long."""


class PreparedFiles:
    """What is on disk for requests. Thread-safe."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._replaced: dict[str, float] = {}  # when, by the name of a folder

    def complete(self, version: Record) -> bool:
        """Whether all that the version names is there."""
        folder = serving_folder(self._context)
        return all((folder / name).is_dir() for name in _names(version))

    def clean(self) -> None:
        """Remove what no version names. At the start only: later, somebody may be about to name it."""
        folder, used = serving_folder(self._context), self._used()
        for entry in folder.iterdir() if folder.is_dir() else ():
            if entry.name not in used:
                shutil.rmtree(entry, ignore_errors=True)

    def replaced(self, names: Mapping[str, Any]) -> None:
        """Remove the folders that a version does not name any more, and those replaced before, in time.

        A batch job reads the folders of its beginning to its end: while there are any, nothing is removed.
        """
        now = time.monotonic()
        with self._lock:
            self._replaced |= {name: now for name in names.values() if name}
            late = [name for name, when in self._replaced.items() if now - when >= GRACE_SECONDS]
            if not late or self._read_by_jobs():
                return
            used = self._used()
            for name in late:
                del self._replaced[name]
                if name not in used:
                    shutil.rmtree(serving_folder(self._context) / name, ignore_errors=True)

    def _used(self) -> set[str]:
        return {name for version in trained(self._context.store) for name in _names(version)}

    def _read_by_jobs(self) -> bool:
        jobs = (kinds.BATCH_INFERENCE_JOB, kinds.BATCH_SEGMENT_JOB)
        return any(self._context.store.count(kind, statuses=CREATING) for kind in jobs)


def _names(version: Record) -> list[str]:
    return [name for name in version.private.get("serving", {}).values() if name]
