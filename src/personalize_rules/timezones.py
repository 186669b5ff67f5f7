"""Time zones by their IANA names, also on a computer without a time zone database."""

import io
import tarfile
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones


def time_zone(name: str) -> ZoneInfo | None:
    """The time zone of this name (`Europe/Berlin`, `UTC`), or None: there is none.

    Names are compared as they are: Scheduler knows no `europe/berlin`.
    """
    if name not in zone_names():
        return None
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:
        return ZoneInfo.from_file(io.BytesIO(_packed()[name]), key=name)


@cache
def zone_names() -> frozenset[str]:
    """All names."""
    return frozenset(available_timezones() or _packed())


@cache
def _packed() -> dict[str, bytes]:
    """The database in python-dateutil, which boto3 brings along: a function's runtime may have no other."""
    archive = resources.files("dateutil.zoneinfo") / "dateutil-zoneinfo.tar.gz"
    with archive.open("rb") as packed, tarfile.open(fileobj=packed, mode="r:gz") as tar:
        return {
            member.name: content.read()
            for member in tar.getmembers()
            if (content := tar.extractfile(member)) is not None and member.name != "METADATA"
        }
