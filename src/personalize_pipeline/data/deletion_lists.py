"""A first look at the lists of users that data deletion jobs shall delete."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from personalize_pipeline.data.headers import check_header
from personalize_pipeline.params.data_jobs import deletion_location
from personalize_rules import quotas
from personalize_rules.schemas import Field, Problem, Schema

_USERS = Schema("Users", (Field("USER_ID", "string"),))


@dataclass(frozen=True, slots=True)
class UserList:
    """The input of one data deletion job: where the job is in the file, and where the users are named."""

    place: str
    location: str


def user_lists(document: Mapping[str, Any], beside: str) -> Iterator[UserList]:
    """The lists of a params document (main form, maybe with mistakes in it).

    `beside` is the folder of the params file, with a slash at its end.
    """
    jobs = document.get("dataDeletionJobs")
    for index, job in enumerate(jobs if isinstance(jobs, list) else []):
        if isinstance(job, Mapping):
            yield UserList(f"dataDeletionJobs[{index}]", deletion_location(job, beside))


def check_user_list(users: UserList, heads: Mapping[str, bytes], total_bytes: int) -> Iterator[Problem]:
    """Check the first line of every CSV file, and the size of all; `heads` are the beginnings by name."""
    if not heads:
        advice = "Upload a CSV file with the column USER_ID there, or remove the data deletion job."
        yield Problem(users.location, "there is no CSV file.", advice)
    for name, head in heads.items():
        yield from check_header(head, _USERS, name)
    if total_bytes > quotas.DATA_DELETION_SIZE:
        message = f"{total_bytes:,} bytes; a data deletion job takes {quotas.DATA_DELETION_SIZE:,}."
        yield Problem(users.location, message, "Spread the users over several jobs.")
