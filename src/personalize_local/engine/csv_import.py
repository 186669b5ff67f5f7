"""Bulk imports: CSV files to one Parquet file, by the rules of Amazon Personalize.

Good files are read once: DuckDB parses, checks every value and writes in one streaming pass, and the first
bad value stops it. Only then are the files read again, one by one, to find all that is wrong and where.

Source: Developer Guide, "Preparing training data" and "Troubleshooting"; texts known from there are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from personalize_local.engine.atomic import written
from personalize_local.engine.csv_lines import line_at, lines_of_rows, with_one_line_end
from personalize_local.engine.database import COLUMN_TYPES, connect, name, text
from personalize_rules import quotas
from personalize_rules.schemas import ACTION_EVENTS, DatasetType, Field, Schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from duckdb import DuckDBPyConnection

SHOWN_PROBLEMS = 20
"""A failure names so many problems; the rest are counted."""

_SHOWN_VALUE = 60
_STORED_REJECTS = 1000
"""Of the lines that cannot be read, so many are kept: a file of another format must not fill the memory."""

_IDENTIFIERS = frozenset({"USER_ID", "ITEM_ID", "ACTION_ID"})
_LINE_BREAK = "has a line break inside the value."


class DataRejected(Exception):  # noqa: N818  # the name is part of the contract between engine and service
    """The files cannot be imported; the text is the job's failureReason, with all that is wrong."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import read.

    Attributes:
        rows: records in all files, duplicates included.
        files: number of files.
        ignored_columns: header names that the schema does not have.

    """

    rows: int
    files: int
    ignored_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Rule:
    """A condition that no value may meet, in SQL, and what to say about a value that does."""

    column: str
    bad: str
    message: str


def import_csv(
    files: Sequence[Path], schema: Schema, dataset_type: DatasetType, target: Path, *, dataset_arn: str = ""
) -> ImportReport:
    """Check CSV files against a schema and write their rows, in order, to one Parquet file.

    The columns of `target` are those of the schema in its order and with its names. Multi-valued categories
    stay as they are written ("a|b"), an empty value is null, and too long text in a textual field is cut.
    `target` appears whole or not at all. Memory is bounded, whatever the size of the files.

    Args:
        files: the CSV files of the job; their names appear in failures.
        schema: of the dataset.
        dataset_type: of the dataset.
        target: the Parquet file to write, in a folder that exists.
        dataset_arn: named in failures for which the service's own text is not known.

    Raises:
        DataRejected: with everything that is wrong, each with its file, line, column and value.

    """
    header = _common_header(files, schema, dataset_type, dataset_arn)
    rules = [rule for field in schema.fields for rule in _rules(field, header, dataset_type)]
    with (
        connect() as connection,
        TemporaryDirectory(dir=target.parent) as folder,
        written(target) as temporary,
    ):
        try:
            quick = [rule for rule in rules if rule.message != _LINE_BREAK]
            rows = _copy(connection, _query(files, header, schema, quick), temporary)
            if _records(files) != rows:
                rows = _copy(connection, _query(files, header, schema, rules), temporary)
        except _UnreadableError:
            files = [with_one_line_end(file, Path(folder)) for file in files]
            try:
                rows = _copy(connection, _query(files, header, schema, rules), temporary)
            except _UnreadableError as error:
                problems = [
                    problem for file in files for problem in _problems_of(connection, file, header, rules)
                ]
                raise _rejected(problems or [str(error)], dataset_type, dataset_arn) from None
        if problem := _too_few(rows, dataset_type):
            raise _rejected([problem], dataset_type, dataset_arn)
    known = {field.name for field in schema.fields}
    return ImportReport(rows, len(files), tuple(column for column in header if column not in known))


class _UnreadableError(Exception):
    """A line or a value is bad; which one, the fast pass does not know."""


def _too_few(rows: int, dataset_type: DatasetType) -> str | None:
    if dataset_type == DatasetType.INTERACTIONS and rows < quotas.INTERACTIONS_PER_IMPORT:
        return (
            f"The import has {rows} interactions, and needs at least {quotas.INTERACTIONS_PER_IMPORT}. "
            "Add data and import again."
        )
    if rows == 0:
        return f"The import has no {dataset_type.word}: there is nothing below the header."
    return None


def _rejected(problems: list[str], dataset_type: DatasetType, dataset_arn: str) -> DataRejected:
    lines = problems[:SHOWN_PROBLEMS]
    if left := len(problems) - len(lines):
        lines.append(f"And {left} more problems.")
    if not lines[0].startswith(("Input CSV is missing", "Length cannot be more")) and dataset_arn:
        lines.insert(0, f"Failed to create a data import job for {dataset_type.word} dataset {dataset_arn}.")
    return DataRejected("\n".join(lines))


# Headers


def _common_header(
    files: Sequence[Path], schema: Schema, dataset_type: DatasetType, dataset_arn: str
) -> list[str]:
    """Return the header of all files, or raise with what is wrong with any of them."""
    if not files:
        raise _rejected(["There is no CSV file at the data location."], dataset_type, dataset_arn)
    problems: list[str] = []
    headers: list[list[str] | None] = []
    for file in files:
        try:
            headers.append(_header(file))
        except UnicodeError:
            headers.append(None)
            way = "Imports read CSV files, saved as UTF-8 and not compressed."
            problems.append(f"{file.name}, line 1: the header is not UTF-8. {way}")
    first = headers[0]
    if first is not None:
        problems += _header_problems(files[0], first, schema)
        problems += [
            f"{file.name}: its header ({_cut(','.join(header))}) is not that of {files[0].name} "
            f"({_cut(','.join(first))}). All files of an import have the same header, in the same order."
            for file, header in zip(files[1:], headers[1:], strict=True)
            if header is not None and header != first
        ]
    if problems or first is None:
        raise _rejected(problems, dataset_type, dataset_arn)
    return first


def _header(file: Path) -> list[str]:
    with file.open("rb") as lines:
        line = lines.readline(quotas.SCHEMA_LENGTH * 4)
    if b"\0" in line:
        raise UnicodeError(f"{file.name} is no text")  # Parquet, for one
    return line.decode("utf-8-sig").rstrip("\r\n").split(",")


def _header_problems(file: Path, header: list[str], schema: Schema) -> Iterator[str]:
    missing = [field.name for field in schema.fields if field.name not in header]
    if missing:
        problem = f"Input CSV is missing the following columns: [{', '.join(missing)}]."
        found = f"begins with {_cut(','.join(header))}" if any(header) else "begins with an empty line"
        hints = [f"{file.name} {found if file.stat().st_size else 'is empty'}."]
        if "\r" in "".join(header):
            hints.append("Its lines end in a lone CR: write LF or CR LF.")
        folded = {column.strip().strip('"').casefold(): column for column in header}
        alike = [(folded[column.casefold()], column) for column in missing if column.casefold() in folded]
        if any(column.startswith('"') for column, _ in alike):
            hints.append("Column names in the header must not be in quotes.")
        elif alike:
            hints.append(f"Write {', '.join(f'{column} for {found!r}' for found, column in alike)}.")
        yield " ".join([problem, *hints])
    for column in dict.fromkeys(header):
        if header.count(column) > 1 and schema.field(column):
            yield f"{file.name}, line 1: the column {column} is there {header.count(column)} times."


# The pass that reads good files


def _query(files: Sequence[Path], header: list[str], schema: Schema, rules: Sequence[_Rule]) -> str:
    columns = ", ".join(
        f"{_converted(field, _place(header, field.name))} AS {name(field.name)}" for field in schema.fields
    )
    bad = " OR ".join(rule.bad for rule in rules) or "false"
    check = f"CASE WHEN {bad} THEN error('bad value') ELSE true END"
    return f"SELECT {columns} FROM {_reader(files, header)} WHERE {check}"  # noqa: S608


def _copy(connection: DuckDBPyConnection, query: str, target: Path) -> int:
    """Write the rows and return their number."""
    import duckdb  # noqa: PLC0415

    try:
        [(rows,)] = connection.execute(f"COPY ({query}) TO {text(target)} (FORMAT parquet)").fetchall()
    except duckdb.InvalidInputException as error:
        raise _UnreadableError(f"Input CSV cannot be read: {str(error).splitlines()[0]}") from error
    return int(rows)


def _records(files: Sequence[Path]) -> int:
    """Count the lines below the headers; -1 if it takes more than counting.

    When there are as many as rows, no value has a line break, and no value needs to be searched for one.
    """
    records = 0
    for file in files:
        lines = returns = 0
        last = b""
        with file.open("rb") as opened:
            while block := opened.read(1 << 20):
                lines += block.count(b"\n")
                returns += block.count(b"\r")
                last = block[-1:]
        if returns not in (0, lines):
            return -1
        records += lines - (last == b"\n")  # the header ends with one of them
    return records


def _reader(files: Sequence[Path], header: list[str], *, rejects: bool = False) -> str:
    """Write a table function that reads every column as text; columns are named by their place."""
    listed = ", ".join(text(file) for file in files)
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(header)))
    keep = f", store_rejects = true, rejects_limit = {_STORED_REJECTS}" if rejects else ""
    return (
        f"read_csv([{listed}], auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\\',"
        f" strict_mode = true, compression = 'none', columns = {{{columns}}}{keep})"
    )


def _place(header: list[str], column: str) -> str:
    return f"c{header.index(column)}"


def _converted(field: Field, column: str) -> str:
    """Write the value of a column that follows the rules."""
    if field.textual:
        # Bytes first: counting characters costs, and nearly all texts are short.
        return (
            f"CASE WHEN strlen({column}) <= {quotas.TEXTUAL_VALUE_LENGTH_EAST_ASIAN} THEN {column}"
            f" WHEN regexp_matches({column}, '[\\p{{Han}}\\p{{Hiragana}}\\p{{Katakana}}]')"
            f" THEN left({column}, {quotas.TEXTUAL_VALUE_LENGTH_EAST_ASIAN})"
            f" ELSE left({column}, {quotas.TEXTUAL_VALUE_LENGTH}) END"
        )
    if field.type == "boolean":
        return f"{column} = 'true'"
    if field.type == "string":
        return column
    return f"TRY_CAST({column} AS {COLUMN_TYPES[field.type]})"


def _rules(field: Field, header: list[str], dataset_type: DatasetType) -> Iterator[_Rule]:
    """Give what no value of a field may be. Of null, a condition is false or null, and OR goes on."""
    column = _place(header, field.name)
    if not field.nullable:
        yield _Rule(
            field.name,
            f"{column} IS NULL",
            "is empty, and the schema does not allow null. Fill it, or remove the line.",
        )
    for bad, message in _value_rules(field, column, dataset_type):
        yield _Rule(field.name, f"({bad})", message)


def _value_rules(field: Field, column: str, dataset_type: DatasetType) -> Iterator[tuple[str, str]]:
    if field.type == "string":
        if not field.textual:
            limit = quotas.ID_LENGTH if field.name in _IDENTIFIERS else quotas.STRING_VALUE_LENGTH
            message = (
                f"Length cannot be more than {limit} characters for {field.name}. If no values exceed the "
                "character limit, make sure your data follows the formatting guidelines "
                '(quotes inside a value are written \\").'
            )
            yield f"strlen({column}) > {limit} AND length({column}) > {limit}", message
        yield f"contains({column}, chr(10)) OR contains({column}, chr(13))", _LINE_BREAK
        if dataset_type == DatasetType.ACTION_INTERACTIONS and field.name == "EVENT_TYPE":
            known = ", ".join(text(event) for event in ACTION_EVENTS)
            yield f"lower({column}) NOT IN ({known})", "must be Taken, Not Taken or Viewed."
    elif field.type == "boolean":
        yield f"{column} NOT IN ('true', 'false')", "must be true or false, in lower case."
    elif field.type in ("int", "long"):
        # DuckDB alone would take 1.5 and round it, and 1_000, and 0x10.
        kind = COLUMN_TYPES[field.type]
        size = "32" if field.type == "int" else "64"
        example = " (seconds since 1970)" if field.name == "TIMESTAMP" else ""
        digits = 9 if field.type == "int" else 18  # so many always fit, and need no second look
        fits = f"regexp_full_match({column}, '[+-]?[0-9]+') AND TRY_CAST({column} AS {kind}) IS NOT NULL"
        yield (
            f"NOT regexp_full_match({column}, '[+-]?[0-9]{{1,{digits}}}') AND NOT ({fits})",
            f"must be a whole number of {size} bits{example}, written with digits only.",
        )
    else:
        kind = COLUMN_TYPES[field.type]
        number = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
        finite = f"isfinite(TRY_CAST({column} AS {kind}))"
        yield (
            f"NOT regexp_full_match({column}, '{number}') OR NOT {finite}",
            f"must be a number such as 4.5 that a {field.type} can hold.",
        )


# What is wrong, and where


def _problems_of(
    connection: DuckDBPyConnection, file: Path, header: list[str], rules: Sequence[_Rule]
) -> Iterator[str]:
    import duckdb  # noqa: PLC0415

    found = ", ".join(
        f"count(*) FILTER ({rule.bad}), min(row) FILTER ({rule.bad}),"
        f" arg_min({_place(header, rule.column)}, row) FILTER ({rule.bad})"
        for rule in rules
    )
    for table in ("reject_errors", "reject_scans"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    rows = f"SELECT *, row_number() OVER () AS row FROM {_reader([file], header, rejects=True)}"  # noqa: S608
    try:
        # DuckDB fills the table of rejects when a result is read to its end, which fetchone() does not do.
        [counted] = connection.execute(f"SELECT {found} FROM ({rows})").fetchall()  # noqa: S608
    except duckdb.InvalidInputException as error:
        yield f"{file.name} cannot be read as CSV. {str(error).splitlines()[0]}"
        return
    rejects = connection.execute(
        "SELECT line_byte_position - 1, error_type, column_name, csv_line, error_message"
        " FROM reject_errors ORDER BY line_byte_position"
    ).fetchall()
    yield from _reject_problems(file, header, rejects)
    # A quote that never closes swallows lines; then nobody can say which line a row stands on.
    if len(rejects) == _STORED_REJECTS or any(reject[1] == "UNQUOTED VALUE" for reject in rejects):
        return
    broken = {
        rule: (int(counted[3 * index]), int(counted[3 * index + 1]), counted[3 * index + 2])
        for index, rule in enumerate(rules)
        if counted[3 * index]
    }
    lines = lines_of_rows(file, {row for _, row, _ in broken.values()}, {reject[0] for reject in rejects})
    for rule, (count, row, value) in sorted(broken.items(), key=lambda found: found[1][1]):
        place = f"{file.name}, line {lines[row]}, column {rule.column}"
        more = f" So it is in {count} lines." if count > 1 else ""
        if rule.message.startswith("Length"):
            yield f"{rule.message} {place}: {len(value)} characters: {_cut(value)!r}.{more}"
        else:
            yield f"{place}: {'the value' if value is None else repr(_cut(value))} {rule.message}{more}"


_REJECTS = {
    "MISSING COLUMNS": "has fewer values than the header",
    "TOO MANY COLUMNS": "has more values than the header; values with commas must stand in double quotes",
    "UNQUOTED VALUE": 'has a quote that does not close or is not escaped; inside a quoted value write \\",'
    ' not ""'
    ' (pandas: to_csv(doublequote=False, escapechar="\\\\"))',
    "INVALID ENCODING": "is not UTF-8; save the file as UTF-8",
    "LINE SIZE OVER MAXIMUM": "is too long to be a record; look for a quote that does not close",
}


def _reject_problems(
    file: Path, header: list[str], rejects: Sequence[tuple[int, str, str | None, str, str]]
) -> Iterator[str]:
    first: dict[str, tuple[int, str, str]] = {}
    places: dict[str, set[int]] = {}
    for position, kind, _, line, message in rejects:
        first.setdefault(kind, (position, line, message))
        places.setdefault(kind, set()).add(position)
    for kind, (position, line, message) in first.items():
        reason = _REJECTS.get(kind) or f"cannot be read ({message})"
        columns = f" ({len(header)} columns)" if kind in ("MISSING COLUMNS", "TOO MANY COLUMNS") else ""
        count = len(places[kind])
        more = (
            f" So it is in {count}{' or more' * (len(rejects) == _STORED_REJECTS)} lines."
            if count > 1
            else ""
        )
        yield f"{file.name}, line {line_at(file, position)}: {_cut(line)!r} {reason}{columns}.{more}"


def _cut(value: str) -> str:
    return value if len(value) <= _SHOWN_VALUE else value[: _SHOWN_VALUE - 3] + "..."
