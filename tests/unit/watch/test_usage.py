"""Whether what serves is worth what it costs."""

from datetime import UTC, datetime, timedelta

import pytest

from personalize_pipeline.watch.serving import Serving
from personalize_pipeline.watch.usage import Usage, usage

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
WINDOW = timedelta(minutes=5)
DAY = timedelta(days=1)


def judged(
    *loads: tuple[timedelta, float],
    provisioned: int = 1,
    age: timedelta = 30 * DAY,
    idle_days: int = 7,
    runs: tuple[tuple[timedelta, timedelta], ...] = (),
) -> Usage:
    """`loads`: so long ago, for five minutes, so many requests per second; `runs`: from when to when."""
    serving = Serving("movies", "arn:c", "CampaignArn", provisioned, NOW - age)
    series = {NOW - ago: rate * WINDOW.total_seconds() for ago, rate in loads}
    spans = [(NOW - start, NOW - stop) for start, stop in runs]
    return usage(serving, series, NOW, idle_days, spans)


@pytest.mark.parametrize(
    ("loads", "age", "idle_days", "idle"),
    [
        pytest.param([], 30 * DAY, 7, True, id="never a request"),
        pytest.param([(6 * DAY, 0.01)], 30 * DAY, 7, False, id="one request this week"),
        pytest.param([(8 * DAY, 5)], 30 * DAY, 7, True, id="requests until last week"),
        pytest.param([(6 * DAY, 0)], 30 * DAY, 7, True, id="a metric without requests"),
        pytest.param([], 6 * DAY, 7, False, id="too young"),
        pytest.param([], 30 * DAY, 0, False, id="nobody wants to know"),
        pytest.param([(20 * DAY, 1)], 60 * DAY, 30, False, id="a month is allowed"),
    ],
)
def test_idle(loads, age, idle_days, idle):
    assert judged(*loads, age=age, idle_days=idle_days).idle is idle


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("ago", "runs", "idle"),
    [
        pytest.param(2 * DAY, [(2 * DAY + HOUR, 2 * DAY - HOUR)], True, id="while a run went"),
        pytest.param(2 * DAY, [(2 * DAY - 2 * timedelta(minutes=1), DAY)], True, id="when a run began"),
        pytest.param(2 * DAY, [(3 * DAY, 2 * DAY + HOUR)], False, id="after a run"),
        pytest.param(2 * DAY, [(4 * DAY, timedelta())], False, id="runs go nearly always"),
    ],
)
def test_smoke_tests_are_no_use_of_a_campaign(ago, runs, idle):
    assert judged((ago, 0.1), runs=tuple(runs)).idle is idle


@pytest.mark.parametrize(
    ("loads", "small"),
    [
        pytest.param([(number * WINDOW, 2.5) for number in (1, 2, 3)], True, id="a quarter of an hour above"),
        pytest.param([(number * WINDOW, 2.5) for number in (2, 6, 11)], True, id="in pieces"),
        pytest.param([(number * WINDOW, 2.5) for number in (1, 2)], False, id="a peak"),
        pytest.param(
            [(number * WINDOW, 2.0) for number in range(1, 12)], False, id="exactly what is paid for"
        ),
        pytest.param([(DAY + number * WINDOW, 9) for number in (1, 2, 3)], False, id="yesterday"),
    ],
)
def test_under_provisioned(loads, small):
    found = judged(*loads, provisioned=2)
    assert found.under_provisioned is small
    assert bool(found.finding) is small


@pytest.mark.parametrize(
    ("provisioned", "loads", "age", "large"),
    [
        pytest.param(10, [(DAY, 4.9)], 30 * DAY, True, id="half is never used"),
        pytest.param(10, [(6 * DAY, 5.0)], 30 * DAY, False, id="half is used once a week"),
        pytest.param(10, [(8 * DAY, 9.0), (DAY, 1)], 30 * DAY, True, id="used last week"),
        pytest.param(1, [(DAY, 0.01)], 30 * DAY, False, id="there is nothing smaller"),
        pytest.param(10, [(DAY, 1)], 6 * DAY, False, id="too young"),
    ],
)
def test_over_provisioned(provisioned, loads, age, large):
    found = judged(*loads, provisioned=provisioned, age=age)
    assert found.over_provisioned is large
    assert bool(found.finding) is large


def test_utilization_is_of_the_busiest_five_minutes_of_the_hour():
    found = judged((WINDOW, 1), (3 * WINDOW, 4), (2 * DAY, 100), provisioned=5)
    assert found.utilization == pytest.approx(80)
    assert judged(provisioned=5).utilization == 0


def test_a_finding_says_how_much_and_how_much_is_paid_for():
    small = judged(*((number * WINDOW, 3.26) for number in range(1, 5)), provisioned=2)
    assert (
        small.finding == "up to 3.3 requests per second in the last hour, 2 requests per second provisioned"
    )
    large = judged((DAY, 1.5), provisioned=8)
    assert (
        large.finding
        == "at most 1.5 requests per second in the last 7 days, 8 requests per second provisioned"
    )
    idle = judged(provisioned=8)
    assert idle.finding.startswith("no requests; delete it if nobody needs it (8 requests")
    assert judged((DAY, 1)).finding == ""
