"""A first look at the data of a params file: is there a CSV file for every dataset, and has it the columns?

Only the beginnings of files are read, so this takes seconds whatever the size of the data.
"""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from personalize_pipeline.context import Examples
from personalize_pipeline.data.batch_lines import Lines, check_lines
from personalize_pipeline.data.deletion_lists import UserList, check_user_list
from personalize_pipeline.data.examples import Head, examples_of
from personalize_pipeline.data.files import DENIED, Listing, NotReadable, list_files, list_tree
from personalize_pipeline.data.headers import HEAD_BYTES, check_headers
from personalize_pipeline.errors import DataInvalid
from personalize_rules.schemas import DatasetType, Problem, Schema, parse_schema

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Data:
    """A dataset's section, as far as it matters here; no readable schema, no columns to check."""

    word: str
    location: str
    schema: Schema | None


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What was found. `notes`: what could not be looked at."""

    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    examples: Examples


def data_of(document: Mapping[str, Any], bucket: str, prefix: str) -> Iterator[Data]:
    """The data that a params document (main form, maybe with mistakes in it) asks for."""
    sections = document.get("datasets")
    for word, section in sections.items() if isinstance(sections, Mapping) else ():
        if not isinstance(section, Mapping) or section.get("import") is False:
            continue
        schema = section.get("schema")
        source = section.get("dataSource")
        inner = source.get("dataLocation") if isinstance(source, Mapping) else None
        location = section.get("dataLocation") or inner
        yield Data(
            word,
            location if isinstance(location, str) else f"s3://{bucket}/{prefix}{word}/",
            parse_schema(schema)[0] if isinstance(schema, str | Mapping) else None,
        )


def first_look(client: "S3Client", data: Iterable[Data], document: Mapping[str, Any]) -> FirstLook:
    """Look at the data of all datasets and find all problems at once; examples are for the document."""
    problems: list[Problem] = []
    notes: list[str] = []
    known: dict[DatasetType, Head] = {}
    for item in data:
        place = f"datasets.{item.word}"
        try:
            listing = list_files(client, item.location)
            heads = _heads(client, listing)
        except DataInvalid as error:
            problems += [Problem(place, str(problem)) for problem in error.problems]
        except NotReadable:
            notes.append(
                f"{place}: the pipeline may not look into {item.location}, so this data was not checked, and "
                "it is imported in every run. Amazon Personalize reads it with its own role. The stack "
                "parameter DataBucketArns lets both into other buckets (docs/data-elsewhere.md)."
            )
        else:
            problems += [
                Problem(f"{place}, {found.place}", found.message, found.advice)
                for found in _check(item, listing, heads)
            ]
            if heads and (kind := _kind(item.word)):
                known[kind] = Head(next(iter(heads.values())), item.schema)
    return FirstLook(tuple(problems), tuple(notes), examples_of(known, document))


def look_at_lines(client: "S3Client", jobs: Iterable[Lines]) -> FirstLook:
    """Look at the input of all batch jobs and find all problems at once."""
    problems: list[Problem] = []
    notes: list[str] = []
    for job in jobs:
        try:
            listing = list_files(client, job.location)
            heads = _heads(client, listing)
        except DataInvalid as error:
            problems += [Problem(job.place, str(problem)) for problem in error.problems]
        except NotReadable:
            notes.append(
                f"{job.place}: the pipeline may not look into {job.location}, so its lines were not checked. "
                "Amazon Personalize reads them with its own role. The stack parameter DataBucketArns lets "
                "both into other buckets (docs/data-elsewhere.md)."
            )
        else:
            if not heads:
                advice = "Upload files of JSON lines there, or give jobInput."
                problems.append(Problem(f"{job.place}, {job.location}", "there is no file.", advice))
            problems += [
                Problem(f"{job.place}, {found.place}", found.message, found.advice)
                for found in check_lines(job, heads)
            ]
    return FirstLook(tuple(problems), tuple(notes), Examples())


def look_at_users(client: "S3Client", lists: Iterable[UserList]) -> FirstLook:
    """Look at the lists of users to delete and find all problems at once."""
    problems: list[Problem] = []
    notes: list[str] = []
    for users in lists:
        try:
            listing = list_tree(client, users.location)
            listing = replace(listing, files=tuple(file for file in listing.files if file.is_csv))
            heads = _heads(client, listing)
        except DataInvalid as error:
            problems += [Problem(users.place, str(problem)) for problem in error.problems]
        except NotReadable:
            notes.append(
                f"{users.place}: the pipeline may not look into {users.location}, so its files were not "
                "checked, and the users are deleted anew in every run. Amazon Personalize reads them with "
                "its own role."
            )
        else:
            size = sum(file.size for file in listing.files)
            problems += [
                Problem(f"{users.place}, {found.place}", found.message, found.advice)
                for found in check_user_list(users, heads, size)
            ]
    return FirstLook(tuple(problems), tuple(notes), Examples())


def _check(item: Data, listing: Listing, heads: Mapping[str, bytes]) -> list[Problem]:
    if any(file.is_csv for file in listing.files):
        return check_headers(heads, item.schema) if item.schema else []
    advice = "Upload the data there, or give dataLocation."
    if f"{item.location}/" in {f"s3://{listing.bucket}/{folder}" for folder in listing.deeper}:
        advice = f"A folder is written with a slash at its end: {item.location}/"
    elif listing.deeper:
        advice = f"Folders inside ({listing.deeper[0]}) are not read: put the files one level up."
    elif listing.files:
        advice = f"{listing.files[0].key} does not end in .csv."
    return [Problem(item.location, "there is no CSV file.", advice)]


def _heads(client: "S3Client", listing: Listing) -> dict[str, bytes]:
    """The first bytes of every file, by its address."""

    def head(key: str) -> bytes:
        answer = client.get_object(Bucket=listing.bucket, Key=key, Range=f"bytes=0-{HEAD_BYTES - 1}")
        return answer["Body"].read()

    keys = [file.key for file in listing.files]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            heads = list(pool.map(head, keys))
        except ClientError as error:
            if error.response["Error"]["Code"] in DENIED:
                raise NotReadable(listing.bucket) from error
            raise
    return {f"s3://{listing.bucket}/{key}": found for key, found in zip(keys, heads, strict=True)}


def _kind(word: str) -> DatasetType | None:
    try:
        return DatasetType.parse(word)
    except ValueError:
        return None
