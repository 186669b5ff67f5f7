"""How metrics reach CloudWatch, without knowing CloudWatch; made like `objects` (`Settings.metrics`)."""

from __future__ import annotations

from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from personalize_local.service.settings import Settings


class MetricsDenied(Exception):  # noqa: N818 -- reads as what happened
    """The role cannot be assumed, or may not put metric data; the text says which."""


class MetricsUnreachable(Exception):  # noqa: N818 -- reads as what happened
    """There is no CloudWatch, or it does not answer; the text says where it was looked for."""


class NoMetrics(MetricsUnreachable):
    """Nobody said where CloudWatch is: it makes no sense to try again."""


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a metric; `timestamp` in epoch seconds."""

    name: str
    value: float
    timestamp: int
    dimensions: Mapping[str, str]


class Metrics(Protocol):
    """Access to CloudWatch with the rights of a service role, on behalf of `source_arn`."""

    def put(self, points: Sequence[Point], role_arn: str, *, source_arn: str) -> None:  # pragma: no cover
        """Put values into the namespace that the settings name.

        Raises:
            MetricsDenied, MetricsUnreachable: see there.
        """

    def check_writable(self, role_arn: str, *, source_arn: str) -> None:  # pragma: no cover
        """Find out whether `put` may; nothing is written.

        Raises:
            MetricsDenied: it may not.
        """


def make_metrics(settings: Settings) -> Metrics:
    """Make the implementation that the settings name."""
    factory = cast("Callable[[Settings], Metrics]", resolve_name(settings.metrics))
    return factory(settings)
