"""Expressions of EventBridge Scheduler: read as documented, and fired as a slow second opinion says."""

import calendar
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalize_rules.schedule_expressions import DAYS, MONTHS, Cron, ExpressionInvalid, Rate, parse
from personalize_rules.timezones import time_zone

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)  # a Saturday
BERLIN = ZoneInfo("Europe/Berlin")
MOMENTS = st.integers(1_600_000_000, 2_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The examples of the documentation.
        ("cron(0 10 * * ? *)", "2026-11-22T10:00"),
        ("cron(15 12 * * ? *)", "2026-11-21T12:15"),
        ("cron(0 18 ? * MON-FRI *)", "2026-11-23T18:00"),
        ("cron(0 8 1 * ? *)", "2026-12-01T08:00"),
        ("cron(0/15 * * * ? *)", "2026-11-21T12:15"),
        ("cron(0/10 * ? * MON-FRI *)", "2026-11-23T00:00"),
        ("cron(0/5 8-17 ? * MON-FRI *)", "2026-11-23T08:00"),
        ("cron(0/30 20-2 ? * MON-FRI *)", None),  # goes backwards
        ("cron(15 10 ? * 6L 2026-2027)", "2026-11-27T10:15"),
        # Last days, workdays, numbered days.
        ("cron(0 0 L * ? *)", "2026-11-30T00:00"),
        ("cron(0 0 LW 1 ? *)", "2027-01-29T00:00"),
        ("cron(0 0 1W 8 ? *)", "2027-08-02T00:00"),  # the 1st is a Sunday
        ("cron(0 0 1W 5 ? *)", "2027-05-03T00:00"),  # the 1st is a Saturday: not in the month before
        ("cron(0 0 31W 1 ? *)", "2027-01-29T00:00"),  # the 31st is a Sunday: not in the month after
        ("cron(0 0 ? * L *)", "2026-11-28T00:00"),  # Saturday
        ("cron(0 0 ? * 3#2 *)", "2026-12-08T00:00"),
        ("cron(0 0 ? * tue#5 *)", "2026-12-29T00:00"),
        ("cron(0 0 29 2 ? *)", "2028-02-29T00:00"),
        ("cron(5,10-12 3 ? JAN,MAR 1 2030)", "2030-01-06T03:05"),
    ],
)
def test_cron_fires_when_the_documentation_says(text, expected):
    if expected is None:
        with pytest.raises(ExpressionInvalid, match="backwards"):
            parse(text)
        return
    following = parse(text).after(NOW, UTC)
    assert following == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no cron"),
        ("hourly", "no cron"),
        ("cron()", "0 fields"),
        ("cron(0 3 * * *)", "5 fields; a cron expression has six. The sixth is the year"),
        ("cron(0 3 * * * *)", "exactly one is '?'; here none is '?'"),
        ("cron(0 3 ? * ? *)", "exactly one is '?'; here both are '?'"),
        ("cron(60 3 * * ? *)", "minutes: 60 is not from 0 to 59"),
        ("cron(0 24 * * ? *)", "hours: 24"),
        ("cron(0 3 32 * ? *)", "day-of-month: 32"),
        ("cron(0 3 0W * ? *)", "day-of-month: 0"),
        ("cron(0 3 * 13 ? *)", "month: 13"),
        ("cron(0 3 ? * 8 *)", "day-of-week: 8"),
        ("cron(0 3 ? * 0 *)", "day-of-week: 0"),
        ("cron(0 3 ? * SUN,FOO *)", "day-of-week: 'FOO'"),
        ("cron(0 3 ? * 3#6 *)", "3#6"),
        ("cron(0 3 ? * 3#1,6#3 *)", "3#1,6#3"),
        ("cron(0 3 ? * 1/2 *)", "day-of-week: '/'"),
        ("cron(*/0 3 * * ? *)", "'*/0'"),
        ("cron(0 3 ? * ? 2200)", "exactly one"),
        ("cron(0 3 * * ? 2200)", "year: 2200"),
        ("cron(0 3 ? 3W * *)", "month: '3W'"),
        ("cron(0 3 30 2 ? *)", "no such day"),
        ("cron(? 3 * * ? *)", "minutes"),
        ("rate(7days)", "a whole number and a unit"),
        ("rate(0 days)", "never fires"),
        ("rate(1 days)", "'1 days'"),
        ("rate(2 day)", "'2 day'"),
        ("rate(2 weeks)", "no unit"),
        ("rate(-1 days)", "a whole number"),
        ("rate(99999999999999 days)", "too long"),
        ("at(2030-01-31)", "no date and time"),
        ("at(2030-01-31T03:00:00Z)", "no date and time"),
        ("at(2030-02-30T03:00:00)", "no date and time"),
        ("cron(0 3 ٣ * ? *)", "no value"),
    ],
)
def test_what_scheduler_refuses_is_refused_with_the_reason(text, why):
    with pytest.raises(ExpressionInvalid) as refused:
        parse(text)
    assert why in str(refused.value)
    assert refused.value.advice.endswith(".")


def test_a_time_that_the_clocks_leave_out_is_skipped_and_one_they_repeat_counts_once():
    nightly = parse("cron(30 2 * * ? *)")
    spring = datetime(2027, 3, 27, 12, tzinfo=UTC)
    assert nightly.after(spring, BERLIN) == datetime(2027, 3, 29, 0, 30, tzinfo=UTC)  # not on the 28th
    autumn = datetime(2027, 10, 31, 0, 0, tzinfo=UTC)
    first = nightly.after(autumn, BERLIN)
    assert first is not None
    assert first == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert nightly.after(first, BERLIN) == datetime(2027, 11, 1, 1, 30, tzinfo=UTC)


def test_once_is_once_in_its_time_zone():
    once = parse("at(2027-07-01T03:00:00)")
    when = datetime(2027, 7, 1, 1, 0, tzinfo=UTC)
    assert once.after(NOW, BERLIN) == when
    assert once.after(when, BERLIN) is None


@given(
    count=st.integers(1, 1000),
    unit=st.sampled_from(["minute", "hour", "day"]),
    start=MOMENTS,
    moment=MOMENTS,
)
def test_a_rate_keeps_its_beat(count, unit, start, moment):
    rate = parse(f"rate({count} {unit}{'' if count == 1 else 's'})")
    assert isinstance(rate, Rate)
    following = rate.after(moment, UTC, start)
    assert following is not None
    assert following >= start
    assert (following - start) % rate.interval == timedelta(0)
    assert moment < following
    assert following == start or following - rate.interval <= moment


# --- a second opinion on cron: minute by minute, from the text ----------------------------------------


def numbers(
    low: int, high: int, words: Sequence[str] | None = None, steps: bool = True
) -> st.SearchStrategy[str]:
    value = st.integers(low, high)
    shown = value.map(lambda n: words[n - 1] if words and n % 2 else str(n))
    span = st.tuples(value, value).map(lambda pair: f"{min(pair)}-{max(pair)}")
    parts = [shown, span]
    if steps:
        parts.append(
            st.tuples(st.one_of(st.just("*"), shown, span), st.integers(1, 30)).map("{0[0]}/{0[1]}".format)
        )
    return st.one_of(st.just("*"), st.lists(st.one_of(parts), min_size=1, max_size=3).map(",".join))


MONTH_DAYS = st.one_of(
    numbers(1, 31), st.just("L"), st.just("LW"), st.integers(1, 31).map("{}W".format), st.just("10,L,3W")
)
WEEK_DAYS = st.one_of(
    numbers(1, 7, DAYS, steps=False),
    st.just("L"),
    st.integers(1, 7).map("{}L".format),
    st.tuples(st.integers(1, 7), st.integers(1, 5)).map("{0[0]}#{0[1]}".format),
)
DAY_FIELDS = st.one_of(MONTH_DAYS.map(lambda f: (f, "?")), WEEK_DAYS.map(lambda f: ("?", f)))


def matches(text: str, value: int, low: int, high: int, words: Sequence[str] | None = None) -> bool:
    for part in text.split(","):
        base, _, step = part.partition("/")
        ends = (
            [low, high]
            if base == "*"
            else [words.index(b) + 1 if words and b in words else int(b) for b in base.split("-")]
        )
        if len(ends) == 1:
            ends.append(high if step else ends[0])
        if ends[0] <= value <= ends[1] and (value - ends[0]) % int(step or 1) == 0:
            return True
    return False


def week_day_matches(text: str, day: date, length: int) -> bool:
    own = day.isoweekday() % 7 + 1
    if text == "L":
        return own == 7
    if text.endswith("L"):
        return own == int(text[:-1]) and day.day > length - 7
    if "#" in text:
        wanted, number = map(int, text.split("#"))
        return own == wanted and 7 * (number - 1) < day.day <= 7 * number
    return matches(text, own, 1, 7, DAYS)


def month_day_matches(part: str, day: date, length: int) -> bool:
    workdays = [d for d in range(1, length + 1) if date(day.year, day.month, d).isoweekday() < 6]
    if part == "L":
        return day.day == length
    if part == "LW":
        return day.day == workdays[-1]
    if part.endswith("W"):
        target = int(part[:-1])
        return target <= length and day.day == min(workdays, key=lambda d: (abs(d - target), d))
    return matches(part, day.day, 1, 31)


def day_matches(month_day: str, week_day: str, day: date) -> bool:
    length = calendar.monthrange(day.year, day.month)[1]
    if week_day != "?":
        return week_day_matches(week_day, day, length)
    return any(month_day_matches(part, day, length) for part in month_day.split(","))


def possible(month_day: str, week_day: str, month: str) -> bool:
    """Whether there is such a day in four years, leap day included."""
    days = (date(2027, 1, 1) + timedelta(days=n) for n in range(1461))
    return any(
        matches(month, day.month, 1, 12, MONTHS) and day_matches(month_day, week_day, day) for day in days
    )


@given(
    minutes=numbers(0, 59),
    hours=numbers(0, 23),
    days=DAY_FIELDS,
    month=numbers(1, 12, MONTHS),
    moment=MOMENTS,
)
def test_cron_fires_as_a_calendar_says(minutes, hours, days, month, moment):
    month_day, week_day = days
    if not possible(month_day, week_day, month):
        return
    cron = parse(f"cron({minutes} {hours} {month_day} {month} {week_day} *)")
    assert isinstance(cron, Cron)

    following = cron.after(moment, UTC)

    assert following is not None
    assert following > moment

    def on(day: date) -> bool:
        return matches(month, day.month, 1, 12, MONTHS) and day_matches(month_day, week_day, day)

    times = [
        timedelta(hours=h, minutes=m)
        for h in range(24)
        if matches(hours, h, 0, 23)
        for m in range(60)
        if matches(minutes, m, 0, 59)
    ]
    day = moment.date()
    while True:
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        if on(day) and (later := [midnight + time for time in times if midnight + time > moment]):
            assert following == later[0]
            return
        day += timedelta(days=1)


@given(st.text("cronrateat()?*/,-#LW0123456789 SUNJ:T", max_size=40))
def test_any_text_is_read_or_refused(text):
    for form in (text, f"cron({text})", f"cron(0 0 {text} ? *)", f"rate({text})", f"at({text})"):
        try:
            parse(form).after(NOW, UTC)
        except ExpressionInvalid:
            continue


# --- time zones ----------------------------------------


def test_time_zones_are_found_by_their_exact_names():
    assert time_zone("Europe/Berlin")
    assert time_zone("UTC")
    assert [time_zone(name) for name in ("europe/berlin", "Mars/Olympus", "", "../etc/passwd")] == [None] * 4


def test_without_a_database_on_the_computer_the_one_that_comes_with_boto3_is_used():
    program = (
        "import zoneinfo; zoneinfo.reset_tzpath(to=[]); import sys; sys.modules['tzdata'] = None; "
        "from personalize_rules.timezones import time_zone, zone_names; from datetime import datetime; "
        "print(datetime(2027, 7, 1, tzinfo=time_zone('Europe/Berlin')).utcoffset(), len(zone_names()) > 400)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2:00:00", "True"]
