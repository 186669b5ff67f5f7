"""When a schedule fires: the cron, rate and at expressions of EventBridge Scheduler.

Source: EventBridge Scheduler User Guide, "Schedule types". Days of the week count from 1, which is
Sunday. Times that a change of clocks leaves out are skipped; times that it repeats count once.
"""

import calendar
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2199

_UNITS: Final = {"minute": 60, "hour": 3600, "day": 86400}
_CALL = re.compile(r"(cron|rate|at)\((.*)\)", re.DOTALL)
_RATE = re.compile(r"(\d+)\s+([a-z]+)", re.ASCII)
_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", re.ASCII)
_SATURDAY: Final = 7
_WEEKS: Final = 5  # of a month, at most
_DAYS_IN_400_YEARS: Final = 146_097  # after these the calendar repeats itself

EXAMPLE: Final = "For example cron(0 3 ? * SUN *), rate(7 days) or at(2030-01-31T03:00:00)."


class ExpressionInvalid(Exception):  # noqa: N818  # as the pipeline's own errors are named
    """An expression that Scheduler would refuse; the text says why, `advice` what to write."""

    def __init__(self, reason: str, advice: str = EXAMPLE) -> None:
        super().__init__(reason)
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Rate:
    """`rate(7 days)`: again and again, counted from the start."""

    interval: timedelta

    def after(self, moment: datetime, zone: tzinfo, start: datetime | None = None) -> datetime | None:  # noqa: ARG002
        """The first time later than `moment`, counted from `start`: one interval on, if there is none."""
        if start is None:
            return moment + self.interval
        if start > moment:
            return start
        return start + ((moment - start) // self.interval + 1) * self.interval


@dataclass(frozen=True, slots=True)
class At:
    """`at(2030-01-31T03:00:00)`: once."""

    local: datetime

    def after(self, moment: datetime, zone: tzinfo, start: datetime | None = None) -> datetime | None:  # noqa: ARG002
        """The time, if it is later than `moment`."""
        when = self.local.replace(tzinfo=zone).astimezone(UTC)
        return when if when > moment else None


@dataclass(frozen=True, slots=True)
class Cron:
    """`cron(minutes hours day-of-month month day-of-week year)`, as what matches."""

    minutes: frozenset[int]
    hours: frozenset[int]
    months: frozenset[int]
    years: frozenset[int]
    days: "MonthDays | WeekDays"

    def after(self, moment: datetime, zone: tzinfo, start: datetime | None = None) -> datetime | None:
        """The first time later than `moment`, and not before `start`; None if there is none any more."""
        if start is not None and start > moment:
            moment = start - timedelta(microseconds=1)
        local = moment.astimezone(zone)
        for day in self._days_from(local.date()):
            for hour in sorted(self.hours):
                for minute in sorted(self.minutes):
                    when = _existing(datetime.combine(day, time(hour, minute)), zone)
                    if when and when > moment:
                        return when
        return None

    def _days_from(self, first: date) -> Iterator[date]:
        for year in sorted(year for year in self.years if year >= first.year):
            if (year - first.year) * 365 > _DAYS_IN_400_YEARS:
                return
            for month in sorted(self.months):
                if (year, month) < (first.year, first.month):
                    continue
                for day in self.days.in_month(year, month):
                    if (found := date(year, month, day)) >= first:
                        yield found


@dataclass(frozen=True, slots=True)
class MonthDays:
    """The day-of-month field."""

    days: frozenset[int] = frozenset()
    last: bool = False
    last_workday: bool = False
    workdays_near: frozenset[int] = frozenset()

    def in_month(self, year: int, month: int) -> list[int]:
        """The days of a month that match."""
        length = calendar.monthrange(year, month)[1]
        found = {day for day in self.days if day <= length}
        if self.last:
            found.add(length)
        if self.last_workday:
            found.add(_workday(year, month, length, length))
        found |= {_workday(year, month, day, length) for day in self.workdays_near if day <= length}
        return sorted(found)


@dataclass(frozen=True, slots=True)
class WeekDays:
    """The day-of-week field; 1 is Sunday."""

    days: frozenset[int] = frozenset()
    last: frozenset[int] = frozenset()
    """The last of these in the month: `6L`."""
    numbered: tuple[int, int] | None = None
    """The n-th of a day in the month: `3#2`."""

    def in_month(self, year: int, month: int) -> list[int]:
        """The days of a month that match."""
        first_weekday, length = calendar.monthrange(year, month)

        def weekday(day: int) -> int:
            return (first_weekday + 1 + day - 1) % 7 + 1  # Python's week begins with Monday as 0

        return [
            day
            for day in range(1, length + 1)
            if weekday(day) in self.days
            or (weekday(day) in self.last and day + 7 > length)
            or (weekday(day), (day - 1) // 7 + 1) == self.numbered
        ]


Expression = Rate | At | Cron


def parse(text: str) -> Expression:
    """Read an expression.

    Raises:
        ExpressionInvalid: Scheduler would refuse it, or it never fires.
    """
    call = _CALL.fullmatch(text.strip())
    if call is None:
        raise ExpressionInvalid("it is no cron(...), rate(...) or at(...).")
    kind, inside = call.groups()
    match kind:
        case "cron":
            return _cron(inside.strip())
        case "rate":
            return _rate(inside.strip())
    return _at(inside.strip())


def _rate(text: str) -> Rate:
    advice = "Write rate(<number> <unit>), with minute, hour or day as the unit: rate(1 day), rate(12 hours)."
    match = _RATE.fullmatch(text)
    if match is None:
        raise ExpressionInvalid("a rate is a whole number and a unit.", advice)
    count, unit = int(match[1]), match[2]
    one = unit.removesuffix("s")
    if one not in _UNITS:
        raise ExpressionInvalid(f"'{unit}' is no unit of a rate.", advice)
    if count == 0:
        raise ExpressionInvalid("a rate of 0 never fires.", advice)
    if (count == 1) != (unit == one):
        right = f"{count} {one}" if count == 1 else f"{count} {one}s"
        raise ExpressionInvalid(f"'{count} {unit}' is not written like this.", f"Write rate({right}).")
    try:
        return Rate(timedelta(seconds=count * _UNITS[one]))
    except OverflowError:
        raise ExpressionInvalid(f"{count} {unit} are too long.", advice) from None


def _at(text: str) -> At:
    advice = "Write at(yyyy-mm-ddThh:mm:ss), without a time zone: that is in 'timezone'."
    if not _AT.fullmatch(text):
        raise ExpressionInvalid(f"'{text}' is no date and time.", advice)
    try:
        return At(datetime.fromisoformat(text))
    except ValueError as error:
        raise ExpressionInvalid(f"'{text}' is no date and time: {error}.", advice) from None


# --- cron -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    words: Mapping[str, int] = field(default_factory=dict)
    steps: bool = True

    def values(self, text: str) -> frozenset[int]:
        """What `1,5-10,0/15,*` matches."""
        found: set[int] = set()
        for part in text.split(","):
            found.update(self._part(part))
        return frozenset(found)

    def number(self, text: str) -> int:
        """One value, as a number or a word."""
        value = self.words.get(text)
        if value is None:
            if not (text.isascii() and text.isdigit()):
                raise self.wrong(f"'{text}' is no value of it")
            value = int(text)
        if not self.low <= value <= self.high:
            raise self.wrong(f"{text} is not from {self.low} to {self.high}")
        return value

    def wrong(self, why: str) -> ExpressionInvalid:
        """What is wrong with this field."""
        words = list(self.words)
        named = f" or {words[0]}-{words[-1]}" if words else ""
        return ExpressionInvalid(
            f"{self.name}: {why}.", f"Write values from {self.low} to {self.high}{named}: single, 1,2 or 1-5."
        )

    def _part(self, part: str) -> range:
        base, slash, step = part.partition("/")
        if slash:
            if not self.steps:
                raise self.wrong("'/' is not possible here")
            if not (step.isascii() and step.isdigit() and int(step)):
                raise self.wrong(f"'{part}' has no whole number greater than 0 behind the '/'")
        if base == "*":
            first, last = self.low, self.high
        elif "-" in base:
            begin, _, end = base.partition("-")
            first, last = self.number(begin), self.number(end)
            if first > last:
                raise self.wrong(f"'{base}' goes backwards")
        else:
            first = self.number(base)
            last = self.high if slash else first
        return range(first, last + 1, int(step) if slash else 1)


_MINUTES = _Field("minutes", 0, 59)
_HOURS = _Field("hours", 0, 23)
_MONTH_DAY = _Field("day-of-month", 1, 31)
_MONTH = _Field("month", 1, 12, {word: number for number, word in enumerate(MONTHS, 1)})
_WEEK_DAY = _Field("day-of-week", 1, 7, {word: number for number, word in enumerate(DAYS, 1)}, steps=False)
_YEAR = _Field("year", FIRST_YEAR, LAST_YEAR)


def _cron(text: str) -> Cron:
    fields = text.upper().split()
    if len(fields) != 6:
        why = f"{len(fields)} fields; a cron expression has six."
        if len(fields) == 5:
            why += " The sixth is the year, and of day-of-month and day-of-week one is '?'."
        advice = "Write cron(minutes hours day-of-month month day-of-week year): cron(0 3 ? * SUN *)."
        raise ExpressionInvalid(why, advice)
    minutes, hours, month_day, month, week_day, year = fields
    if (month_day == "?") == (week_day == "?"):
        both = "both are '?'" if month_day == "?" else "none is '?'"
        why = f"of day-of-month and day-of-week exactly one is '?'; here {both}."
        advice = "Write cron(0 3 * * ? *) for every day, cron(0 3 ? * SUN *) for Sundays."
        raise ExpressionInvalid(why, advice)
    cron = Cron(
        _MINUTES.values(minutes),
        _HOURS.values(hours),
        _MONTH.values(month),
        _YEAR.values(year),
        _month_days(month_day) if week_day == "?" else _week_days(week_day),
    )
    if not any(cron.days.in_month(year, month) for year in cron.years for month in cron.months):
        raise ExpressionInvalid("there is no such day, so it never fires.", EXAMPLE)
    return cron


def _month_days(text: str) -> MonthDays:
    plain: list[str] = []
    near: set[int] = set()
    last = last_workday = False
    for part in text.split(","):
        if part == "L":
            last = True
        elif part == "LW":
            last_workday = True
        elif part.endswith("W"):
            near.add(_MONTH_DAY.number(part.removesuffix("W")))
        else:
            plain.append(part)
    days = _MONTH_DAY.values(",".join(plain)) if plain else frozenset[int]()
    return MonthDays(days, last, last_workday, frozenset(near))


def _week_days(text: str) -> WeekDays:
    if "#" in text:
        day, _, number = text.partition("#")
        if not (number.isascii() and number.isdigit() and 1 <= int(number) <= _WEEKS):
            raise _WEEK_DAY.wrong(f"'{text}' is not one day, '#', and a number from 1 to {_WEEKS}")
        return WeekDays(numbered=(_WEEK_DAY.number(day), int(number)))
    plain: list[str] = []
    days: set[int] = set()
    last: set[int] = set()
    for part in text.split(","):
        if part == "L":  # the last day of the week
            days.add(_SATURDAY)
        elif part.endswith("L"):
            last.add(_WEEK_DAY.number(part.removesuffix("L")))
        else:
            plain.append(part)
    if plain:
        days |= _WEEK_DAY.values(",".join(plain))
    return WeekDays(frozenset(days), frozenset(last))


def _existing(local: datetime, zone: tzinfo) -> datetime | None:
    """The moment of a local time, the first of two; None if the clocks leave it out."""
    when = local.replace(tzinfo=zone).astimezone(UTC)
    return when if when.astimezone(zone).replace(tzinfo=None) == local else None


def _workday(year: int, month: int, day: int, length: int) -> int:
    """The day from Monday to Friday that is nearest, in the same month."""
    match date(year, month, day).isoweekday():
        case 6:
            return day - 1 if day > 1 else day + 2
        case 7:
            return day + 1 if day < length else day - 2
    return day
