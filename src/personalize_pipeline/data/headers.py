"""The first line of CSV files against the schema: cheap to read, and the commonest reason of failed imports.

Pure functions on the first bytes of files, shared by the pipeline (S3) and `personalize check` (a folder).
Amazon Personalize wants every column of the schema in the header, also those that may be null, and the same
header in all files of an import (Developer Guide, "Preparing training data").
"""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping

from personalize_rules.schemas import Problem, Schema

# Enough for the header of the largest schema (20,000 characters) and some rows to show as examples.
HEAD_BYTES = 65_536

_OTHER_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_MAX_SHOWN = 200  # characters of a header in a message


def check_headers(heads: Mapping[str, bytes], schema: Schema) -> list[Problem]:
    """Check the headers of all files of one dataset; `heads` maps file names to the first HEAD_BYTES bytes.

    A problem's place is the file's name.
    """
    problems: list[Problem] = []
    first: tuple[str, list[str]] | None = None
    for name, head in heads.items():
        problems += check_header(head, schema, name)
        header = _columns(head)
        if not header:
            continue
        if first is None:
            first = (name, header)
        elif header != first[1]:
            problems.append(
                Problem(
                    name,
                    f"the header ({_short(header)}) is not that of {first[0]} ({_short(first[1])}).",
                    "All files of an import have the same columns in the same order.",
                )
            )
    return problems


def check_header(head: bytes, schema: Schema, name: str) -> list[Problem]:
    """Check the header of one file."""
    if not head.strip():
        return [Problem(name, "the file is empty.", "Its first line must name the columns.")]
    header = _columns(head)
    if header is None:
        return [Problem(name, "the header is not UTF-8.", "Save the file as UTF-8.")]
    return list(_problems(header, schema, name))


def values(head: bytes, column: str, count: int) -> list[str]:
    """The first distinct values of a column in the complete lines of `head`, up to `count`."""
    lines = head.decode("utf-8-sig", errors="replace").splitlines()
    whole = lines if len(head) < HEAD_BYTES else lines[:-1]
    rows = csv.DictReader(whole, escapechar="\\", doublequote=False)
    return list(dict.fromkeys(row[column] for row in rows if row.get(column)))[:count]


def _columns(head: bytes) -> list[str] | None:
    """The columns as Personalize matches them; None if they cannot be read."""
    try:
        # A byte order mark is no part of the first name.
        return head.split(b"\n", 1)[0].decode("utf-8-sig").rstrip("\r").split(",")
    except UnicodeDecodeError:
        return None


def _problems(header: list[str], schema: Schema, name: str) -> Iterator[Problem]:
    missing = [field.name for field in schema.fields if field.name not in header]
    if missing:
        yield Problem(
            name,
            f"the header ({_short(header)}) lacks {', '.join(missing)}.",
            _advice(header, missing) or "Add the columns to the file, or take them out of the schema.",
        )
    for column, times in Counter(header).items():
        if times > 1 and schema.field(column):
            yield Problem(name, f"the header names {column} {times} times.", "Name it once.")


def _advice(header: list[str], missing: list[str]) -> str:
    for delimiter, words in _OTHER_DELIMITERS.items():
        if len(header) == 1 and delimiter in header[0]:
            return f"The columns seem to be separated by {words}: separate them by commas."
    alike = {column.strip().strip('"').casefold(): column for column in header}
    pairs = [(alike[column.casefold()], column) for column in missing if column.casefold() in alike]
    if any(found.strip().startswith('"') for found, _ in pairs):
        return "Write the names of the columns without quotes."
    return " ".join(f"Write {column} instead of '{found}'." for found, column in pairs)


def _short(header: list[str]) -> str:
    text = ",".join(header)
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."
