"""How many calls per second are answered: Amazon's request quotas, as token buckets.

One bucket holds what may be called in one second, and fills at that rate. Source: Developer Guide, "Amazon
Personalize endpoints and quotas"; about one call per second and operation of the control plane: AWS General
Reference.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from personalize_local.service.errors import ThrottledError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from personalize_local.service.clock import Clock
    from personalize_local.service.settings import Settings

_RUNTIME = frozenset({"get_recommendations", "get_personalized_ranking", "get_action_recommendations"})
_EVENTS = frozenset({"put_events", "put_action_interactions"})
_RECORDS = frozenset({"put_items", "put_users", "put_actions"})
_MOST_BUCKETS = 10_000  # a bucket that was full is as good as none: old ones are thrown away


class RateLimits:
    """The buckets. Without `settings.rate_limits` everything is admitted."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def admit(self, operation: str, params: dict[str, Any]) -> None:
        """Count a call of the method `operation` with its arguments.

        Raises:
            ThrottledError: one call too many. It takes nothing from any bucket.
        """
        if not self._settings.rate_limits:
            return
        with self._lock:
            now = self._clock.now()
            found = [self._bucket(key, rate, now) for key, rate in self._limits(operation, params)]
            if any(bucket.tokens < 1 for bucket in found):
                raise ThrottledError(self._settings.throttling_error)
            for bucket in found:
                bucket.tokens -= 1

    def _limits(self, operation: str, params: dict[str, Any]) -> Iterator[tuple[tuple[str, str], int]]:
        """The buckets that a call takes from, and their rates."""
        quotas = self._settings.quotas
        if operation in _RUNTIME:
            yield ("runtime", ""), quotas.runtime_calls_per_second
            target = params.get("campaignArn") or params.get("recommenderArn") or ""
            yield (operation, target), quotas.runtime_calls_per_second_and_campaign
        elif operation in _EVENTS:  # there is one tracking ID per dataset group
            yield (operation, params.get("trackingId", "")), quotas.put_events_per_second
        elif operation in _RECORDS:  # arn:…:dataset/<group>/<TYPE>
            group = params.get("datasetArn", "").rpartition("/")[0]
            yield (operation, group), quotas.put_records_per_second
        else:
            yield (operation, ""), quotas.control_plane_calls_per_second

    def _bucket(self, key: tuple[str, str], rate: int, now: float) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= _MOST_BUCKETS:
                del self._buckets[next(iter(self._buckets))]
            bucket = self._buckets[key] = _Bucket(float(rate), now)
        bucket.tokens = min(float(rate), bucket.tokens + max(0.0, now - bucket.filled) * rate)
        bucket.filled = now
        return bucket


class _Bucket:
    """Tokens for calls, and when they were counted."""

    __slots__ = ("filled", "tokens")

    def __init__(self, tokens: float, filled: float) -> None:
        self.tokens = tokens
        self.filled = filled
