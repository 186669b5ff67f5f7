"""Whether what serves is worth what it costs: idle, too small, too large. Pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from personalize_pipeline.watch.requests import WINDOW, Series
from personalize_pipeline.watch.serving import Serving

Run = tuple[datetime, datetime]
"""From when to when a run of the pipeline went."""

LATELY: Final = timedelta(hours=1)
LONG: Final = timedelta(days=7)
# A peak of a few minutes is what Personalize's own scaling is for; a quarter of an hour above the minimum, in
# one hour, is load that it was not provisioned for.
_WINDOWS_ABOVE = 3
# Of what is provisioned, the part that the busiest five minutes of a week need at least.
_USED_AT_LEAST = 0.5


@dataclass(frozen=True, slots=True)
class Usage:
    """How much one of them is used."""

    serving: Serving
    rate_lately: float
    """Requests per second in the busiest five minutes of the last hour."""
    rate_long: float
    """The same of the last seven days."""
    idle: bool
    under_provisioned: bool
    over_provisioned: bool

    @property
    def utilization(self) -> float:
        """The busiest five minutes of the last hour, in percent of what is provisioned."""
        return 100 * self.rate_lately / self.serving.provisioned

    @property
    def finding(self) -> str:
        """What a person should know of it, in words; empty if nothing."""
        provisioned = f"{self.serving.provisioned} requests per second provisioned"
        if self.idle:
            return f"no requests; delete it if nobody needs it ({provisioned})"
        if self.under_provisioned:
            return f"up to {self.rate_lately:.1f} requests per second in the last hour, {provisioned}"
        if self.over_provisioned:
            return f"at most {self.rate_long:.1f} requests per second in the last 7 days, {provisioned}"
        return ""


def usage(one: Serving, series: Series, now: datetime, idle_days: int, runs: Sequence[Run] = ()) -> Usage:
    """Judge one. It is not idle, nor too large, before it is that old; with 0 `idle_days` never idle.

    What is requested while one of `runs` goes may be its smoke test, which is no use: it does not count, as
    long as enough time is left to tell.
    """
    idle_time = timedelta(days=idle_days)
    running = sum((stop - start for start, stop in runs), timedelta())
    since_idle = [
        time
        for time in series
        if time > now - idle_time - WINDOW
        and series[time]
        and not (2 * running < idle_time and any(start - WINDOW < time < stop for start, stop in runs))
    ]
    lately, long = _rates(series, now - LATELY), _rates(series, now - LONG)
    return Usage(
        serving=one,
        rate_lately=max(lately, default=0.0),
        rate_long=max(long, default=0.0),
        idle=idle_days > 0 and one.created <= now - idle_time and not since_idle,
        under_provisioned=sum(rate > one.provisioned for rate in lately) >= _WINDOWS_ABOVE,
        over_provisioned=one.provisioned > 1
        and one.created <= now - LONG
        and max(long, default=0.0) < _USED_AT_LEAST * one.provisioned,
    )


def window(idle_days: int) -> timedelta:
    """How far back the series must reach."""
    return max(LONG, timedelta(days=idle_days))


def _rates(series: Series, since: datetime) -> list[float]:
    return list(_per_second(value for time, value in series.items() if time >= since))


def _per_second(values: Iterable[float]) -> Iterable[float]:
    return (value / WINDOW.total_seconds() for value in values)
