"""Check a folder on this computer, or a params file alone: what is in it, and the first lines of its data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from personalize_pipeline.cli import folder as folders
from personalize_pipeline.data.batch_lines import Lines, check_lines, lines_of
from personalize_pipeline.data.deletion_lists import UserList, check_user_list, user_lists
from personalize_pipeline.data.headers import HEAD_BYTES, check_headers
from personalize_pipeline.data.limits import check_batch, check_import
from personalize_pipeline.errors import ParamsInvalid
from personalize_pipeline.params import read
from personalize_pipeline.params.dialects import FORMS, form_of
from personalize_pipeline.params.document import load
from personalize_rules import quotas
from personalize_rules.schemas import DatasetType, Problem, Schema


@dataclass(frozen=True, slots=True)
class Report:
    """What `personalize check` found: all problems at once, and notes on what was read differently."""

    folder: str
    """Or the params file, if that was given."""
    problems: list[Problem]
    notes: list[str]
    found: list[str]
    form: str | None = None
    """Which form the params file is in: a key of `dialects.FORMS`; None if it cannot be told."""

    def text(self) -> str:
        """The report for people."""
        lines = [f"Form: {FORMS[self.form]}"] if self.form else []
        lines += [f"Note: {note}" for note in self.notes]
        if self.problems:
            lines.append(self.error())
        else:
            alone = Path(self.folder).is_file()
            ready = "has no problems." if alone else f"is ready: personalize run {self.folder}"
            lines += [*self.found, f"{self.folder} {ready}"]
        return "\n".join(lines)

    def error(self) -> str:
        """The problems alone, for those who wanted something else than a report."""
        count = f"{len(self.problems)} problem{'s' if len(self.problems) > 1 else ''}"
        return "\n".join([f"{count} in {self.folder}:", *(f"- {problem}" for problem in self.problems)])


def check(path: Path) -> Report:
    """Check the folder, or the params file, at `path`; of the data beside a file, what there is.

    Raises:
        CommandError: it is neither a folder with a params.json nor a file.
    """
    folder = folders.find_params(path)
    alone = path.is_file()
    form = None
    try:
        document = load(folder.params.read_bytes())
        form = form_of(document)
        given = read(document)
    except ParamsInvalid as error:
        return Report(str(path), list(error.problems), [], [], form)
    notes = list(given.notes)
    found: list[str] = []
    problems: list[Problem] = []
    for dataset_type, schema in given.schemas.items():
        name = dataset_type.word
        section = given.document.get("datasets", {}).get(name, {})
        location = section.get("dataLocation") or section.get("dataSource", {}).get("dataLocation")
        if not section.get("import", True):
            found.append(f"{name}: not imported (import: false)")
        elif "preprocess" in given.document and not location:
            found.append(f"{name}: made by the Glue job, not looked at")
        elif left := _left_out(name, "data", location or str(folder.data / name), alone=alone):
            found.append(left)
        else:
            problems += _check_files(folder, name, schema, found)
            notes += _too_much_to_add(folder, name, section)
    for lines in lines_of(given.document, f"{folder.data}/"):
        left = _left_out(lines.place, "lines", lines.location, alone=alone)
        problems += [] if left else _check_lines(lines, found)
        found += [left] if left else []
    for users in user_lists(given.document, f"{folder.data}/"):
        left = _left_out(users.place, "users", users.location, alone=alone)
        problems += [] if left else _check_users(users, found)
        found += [left] if left else []
    return Report(str(path), problems, notes, found, form)


def _left_out(place: str, what: str, location: str, *, alone: bool) -> str:
    """What is said of data that is not looked at; empty if it is."""
    if location.startswith("s3://"):
        return f"{place}: {what} at {location}, not looked at"
    if alone and not Path(location).is_dir():
        return f"{place}: there is no folder {location}, not looked at"
    return ""


def _check_files(folder: folders.Folder, name: str, schema: Schema, found: list[str]) -> list[Problem]:
    """The CSV files of one dataset; what is fine is told in `found`."""
    files = sorted((folder.data / name).glob("*.csv"))
    if not files:
        return [
            Problem(
                f"{name}/",
                f"there is no CSV file in {folder.data / name}.",
                "Put the data there, or give the dataset a dataSource.",
            )
        ]
    heads = {f"{name}/{file.name}": _head(file) for file in files}
    size = sum(file.stat().st_size for file in files)
    problems = check_headers(heads, schema)
    problems += check_import(DatasetType.parse(name), f"{name}/", heads, size)
    if not problems:
        found.append(f"{name}: {len(files)} CSV file{'s' if len(files) > 1 else ''}, {size:,} bytes")
    return problems


def _too_much_to_add(folder: folders.Folder, name: str, section: Mapping[str, Any]) -> Iterator[str]:
    """Only a plan knows whether it is the first import, and what AWS has raised for the account."""
    size = sum(file.stat().st_size for file in (folder.data / name).glob("*.csv"))
    if section.get("importMode") == "INCREMENTAL" and size > quotas.INCREMENTAL_IMPORT_SIZE:
        yield (
            f"{name}: {size:,} bytes; an INCREMENTAL import takes {quotas.INCREMENTAL_IMPORT_SIZE:,}, unless "
            "AWS has raised this quota. The first import of a dataset is a FULL one and may have more; "
            "`personalize plan` knows which it is."
        )


def _check_lines(lines: Lines, found: list[str]) -> list[Problem]:
    """The lines of one batch job; what is fine is told in `found`."""
    files = [
        file for file in sorted(Path(lines.location).glob("*")) if file.is_file() and file.stat().st_size
    ]
    if not files:
        advice = "Put files of JSON lines there, or give the job a jobInput."
        return [Problem(lines.place, f"there is no file in {lines.location}.", advice)]
    heads = {str(file): _head(file) for file in files}
    sizes = [file.stat().st_size for file in files]
    problems = [
        Problem(f"{lines.place}, {one.place}", one.message, one.advice)
        for one in (*check_lines(lines, heads), *check_batch(lines, heads, sizes))
    ]
    if not problems:
        found.append(f"{lines.place}: {len(files)} file{'s' if len(files) > 1 else ''} of lines")
    return problems


def _check_users(users: UserList, found: list[str]) -> list[Problem]:
    """The users of one data deletion job; what is fine is told in `found`."""
    files = sorted(Path(users.location).rglob("*.csv"))
    heads = {str(file): _head(file) for file in files}
    problems = list(check_user_list(users, heads, sum(file.stat().st_size for file in files)))
    if not problems:
        found.append(f"{users.place}: {len(files)} file{'s' if len(files) > 1 else ''} of users to delete")
    return [Problem(f"{users.place}, {one.place}", one.message, one.advice) for one in problems]


def _head(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(HEAD_BYTES)
