"""A first look at the data of a params file: is there a CSV file for every dataset, and has it the columns?

Only the beginnings of files are read, so this takes seconds whatever the size of the data.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from botocore.exceptions import ClientError

from personalize_pipeline.context import Examples
from personalize_pipeline.data.batch_lines import Lines, check_lines, lines_of
from personalize_pipeline.data.deletion_lists import UserList, check_user_list, user_lists
from personalize_pipeline.data.examples import Head, examples_of
from personalize_pipeline.data.files import DENIED, Listing, NotReadable, list_files, list_tree
from personalize_pipeline.data.headers import HEAD_BYTES, check_headers
from personalize_pipeline.data.limits import check_batch, check_import
from personalize_pipeline.errors import DataInvalid
from personalize_pipeline.params.checks.in_s3 import in_s3
from personalize_rules import quotas
from personalize_rules.schemas import DatasetType, Problem, Schema, parse_schema

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_AT_ONCE = 16


class Files(Protocol):
    """Where the files are. What is not there is DataInvalid, what one may not see NotReadable."""

    def listing(self, location: str) -> Listing:
        """The files at a location, without those of folders inside."""
        ...

    def tree(self, location: str) -> Listing:
        """The files at a location, those of folders inside too."""
        ...

    def head(self, bucket: str, key: str) -> bytes:
        """The first bytes of a file."""
        ...


@dataclass(frozen=True, slots=True)
class FilesInS3:
    """What lies in S3 now."""

    client: "S3Client"

    def listing(self, location: str) -> Listing:
        """The files at a location, without those of folders inside."""
        return list_files(self.client, location)

    def tree(self, location: str) -> Listing:
        """The files at a location, those of folders inside too."""
        return list_tree(self.client, location)

    def head(self, bucket: str, key: str) -> bytes:
        """The first bytes of an object."""
        try:
            answer = self.client.get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{HEAD_BYTES - 1}")
        except ClientError as error:
            if error.response["Error"]["Code"] in DENIED:
                raise NotReadable(bucket) from error
            raise
        return answer["Body"].read()


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


def first_look(
    files: Files,
    document: Mapping[str, Any],
    bucket: str,
    prefix: str,
    unseen: Callable[[str, str], str] | None = None,
) -> FirstLook:
    """Look at the beginnings of all files that a run of this document reads, and find all problems at once.

    `bucket` and `prefix` are where the params file is; `unseen` words a note on a place of the file and its
    location that one may not look into, if it is not the pipeline that may not.
    """
    beside = f"s3://{bucket}/{prefix}"
    look = _Look(files, unseen)
    glue = "preprocess" in document
    examples = _look_at_data(look, () if glue else data_of(document, bucket, prefix), document)
    if glue:
        look.notes.append("the CSV files were not checked before the run: the Glue job makes them.")
    _look_at_lines(look, lines_of(document, beside))
    _look_at_users(look, user_lists(document, beside))
    return FirstLook(tuple(look.problems), tuple(look.notes), examples)


def _look_at_data(look: "_Look", data: Iterable[Data], document: Mapping[str, Any]) -> Examples:
    """The data of all datasets; examples are for the document."""
    known: dict[DatasetType, Head] = {}
    for item in data:
        place = f"datasets.{item.word}"
        unseen = (
            f"{place}: the pipeline may not look into {item.location}, so this data was not checked, and "
            "it is imported in every run. Amazon Personalize reads it with its own role. The stack "
            "parameter DataBucketArns lets both into other buckets (docs/data-elsewhere.md)."
        )
        if seen := look.into(place, item.location, look.files.listing, unseen):
            kind = _kind(item.word)
            look.found(place, _check(item, kind, *seen))
            if seen.heads and kind:
                known[kind] = Head(next(iter(seen.heads.values())), item.schema)
    return examples_of(known, document)


def _look_at_lines(look: "_Look", jobs: Iterable[Lines]) -> None:
    """The input of all batch jobs."""
    for job in jobs:
        unseen = (
            f"{job.place}: the pipeline may not look into {job.location}, so its lines were not checked. "
            "Amazon Personalize reads them with its own role. The stack parameter DataBucketArns lets "
            "both into other buckets (docs/data-elsewhere.md)."
        )
        if seen := look.into(job.place, job.location, look.files.listing, unseen, quotas.BATCH_FILES):
            if not seen.heads:
                advice = _slash(job.location, seen.listing)
                advice = advice or "Upload files of JSON lines there, or give jobInput."
                look.found(job.place, [Problem(job.location, "there is no file.", advice)])
            look.found(job.place, check_lines(job, seen.heads))
            look.found(job.place, check_batch(job, seen.heads, [file.size for file in seen.listing.files]))


def _look_at_users(look: "_Look", lists: Iterable[UserList]) -> None:
    """The lists of users to delete."""
    for users in lists:
        unseen = (
            f"{users.place}: the pipeline may not look into {users.location}, so its files were not "
            "checked, and the users are deleted anew in every run. Amazon Personalize reads them with "
            "its own role."
        )
        if seen := look.into(users.place, users.location, look.csv_tree, unseen):
            size = sum(file.size for file in seen.listing.files)
            look.found(users.place, check_user_list(users, seen.heads, size))


class _Seen(NamedTuple):
    """What is at a location: the files, and the first bytes of each by its address."""

    listing: Listing
    heads: Mapping[str, bytes]


class _Look:
    """What is found while looking from place to place."""

    def __init__(self, files: Files, unseen: Callable[[str, str], str] | None) -> None:
        self.files = files
        self.unseen = unseen
        self.problems: list[Problem] = []
        self.notes: list[str] = []

    def into(
        self,
        place: str,
        location: str,
        listed: Callable[[str], Listing],
        unseen: str,
        most: int | None = None,
    ) -> _Seen | None:
        """What is there; None if that is a problem, or noted as `unseen` because one may not look.

        Of more than `most` files only the names are looked at.

        A location that is none is a problem of the params file, and reported with those.
        """
        if not in_s3(location):
            return None
        try:
            listing = listed(location)
            return _Seen(listing, self._heads(listing, most))
        except DataInvalid as error:
            self.problems += [Problem(place, str(problem)) for problem in error.problems]
        except NotReadable:
            self.notes.append(self.unseen(place, location) if self.unseen else unseen)
        return None

    def found(self, place: str, problems: Iterable[Problem]) -> None:
        """Problems in what is at a place of the params file."""
        self.problems += [
            Problem(f"{place}, {found.place}", found.message, found.advice) for found in problems
        ]

    def csv_tree(self, location: str) -> Listing:
        """The CSV files at a location, those of folders inside too."""
        listing = self.files.tree(location)
        return replace(listing, files=tuple(file for file in listing.files if file.is_csv))

    def _heads(self, listing: Listing, most: int | None) -> dict[str, bytes]:
        """The first bytes of every file, of the first `most`, by its address."""
        keys = [file.key for file in listing.files[:most]]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            heads = list(pool.map(lambda key: self.files.head(listing.bucket, key), keys))
        return {f"s3://{listing.bucket}/{key}": found for key, found in zip(keys, heads, strict=True)}


def _check(
    item: Data, kind: DatasetType | None, listing: Listing, heads: Mapping[str, bytes]
) -> list[Problem]:
    if any(file.is_csv for file in listing.files):
        headers = check_headers(heads, item.schema) if item.schema else []
        return [*headers, *check_import(kind, item.location, heads, sum(file.size for file in listing.files))]
    advice = "Upload the data there, or give dataLocation."
    if slash := _slash(item.location, listing):
        advice = slash
    elif listing.deeper:
        advice = f"Folders inside ({listing.deeper[0]}) are not read: put the files one level up."
    elif listing.files:
        advice = f"{listing.files[0].key} does not end in .csv."
    return [Problem(item.location, "there is no CSV file.", advice)]


def _slash(location: str, listing: Listing) -> str:
    """What to say of a folder that was written like a file."""
    if f"{location}/" in {f"s3://{listing.bucket}/{folder}" for folder in listing.deeper}:
        return f"A folder is written with a slash at its end: {location}/"
    return ""


def _kind(word: str) -> DatasetType | None:
    try:
        return DatasetType.parse(word)
    except ValueError:
        return None
