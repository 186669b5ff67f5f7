"""Users whose data was deleted: models trained before that know them still, and must not use it.

A model of a resource that was created later was trained on data without them. So a user who comes back is a
new one to the old models, and is known again to those trained from then on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from personalize_local.service.store import Store

_ALL = "SELECT dataset_group, user, last_number FROM forgotten_users"


class ForgottenUsers:
    """Asked with every request for a user. Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, dict[str, int]] = {}
        for group, user, number in store.rows(_ALL):
            self._known.setdefault(group, {})[user] = number

    def __call__(self, group: str, user: str, model: str) -> bool:
        """Whether a model must take a user for unknown: `model` is the ARN of the version it belongs to."""
        users = self._known.get(group)
        last = users.get(user) if users else None
        if last is None:
            return False
        version = self._store.get(model)
        return version is not None and version.number <= last

    def add(self, group: str, users: Sequence[str]) -> None:
        """Forget users in all models of today. In a transaction; `read` belongs after it."""
        [(last,)] = self._store.rows("SELECT coalesce(max(number), 0) FROM resources")
        with self._store.transaction():
            for user in users:
                self._store.execute(
                    "INSERT OR REPLACE INTO forgotten_users VALUES (?, ?, ?)", (group, user, last)
                )

    def read(self, group: str, users: Sequence[str]) -> None:
        """Take in what `add` has written, once it is committed."""
        marks = ", ".join("?" * len(users))
        rows = self._store.rows(
            f"SELECT user, last_number FROM forgotten_users WHERE dataset_group = ? AND user IN ({marks})",  # noqa: S608
            (group, *users),
        )
        self._known.setdefault(group, {}).update(rows)


def forgotten_by(reader: sqlite3.Connection, group: str, model: str) -> frozenset[str]:
    """The users that a model (ARN of its version) must take for unknown; for jobs in other processes."""
    rows = reader.execute(
        "SELECT user FROM forgotten_users WHERE dataset_group = ?"
        " AND last_number >= (SELECT number FROM resources WHERE arn = ?)",
        (group, model),
    )
    return frozenset(user for (user,) in rows)
