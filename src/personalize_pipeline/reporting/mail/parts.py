"""Everything that was done, a line each."""

from datetime import timedelta

from personalize_pipeline.reporting.mail.ending import Ending, Outcome, word_of
from personalize_pipeline.reporting.mail.text import duration, section, table
from personalize_pipeline.resources.resource import tail

# With sections of their own.
_ELSEWHERE = frozenset({"BestVersion", "Promotion", "Schedules", "SmokeTest"})


def parts(ending: Ending, title: str = "What was done") -> str:
    """A table of all that is as wanted."""
    parts = [item for item in ending.worked if item.resource not in _ELSEWHERE]
    if not parts:
        return ""
    rows = [
        (
            item.did or item.status.lower(),
            word_of(item.resource),
            item.name,
            "" if item.seconds is None else duration(timedelta(seconds=item.seconds)),
            tail(item.arn) + _size(item),
        )
        for item in parts
    ]
    return section(title, table([("", "what", "name", "took", "where"), *rows]))


def _size(item: Outcome) -> str:
    files, size = item.details.get("files"), item.details.get("bytes")
    if not files or size is None:
        return ""
    amount = f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{size / 1e3:,.1f} kB"
    mode = f", {item.details['importMode']}" if item.details.get("importMode") else ""
    return f" ({files} file{'s' if files > 1 else ''}, {amount}{mode})"
