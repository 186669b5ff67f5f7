"""Batch jobs' files: lines in, lines out, a mistake in a line stays in its line.

Nothing here holds more than a few lines of a file in memory: files have up to 50 million.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any, Final

from personalize_local.service.objects import (
    Layout,
    ObjectsDenied,
    ObjectsMissing,
    ObjectsTooLarge,
    make_objects,
)
from personalize_local.service.scratch import SCRATCH
from personalize_local.service.tasks.rejected import Rejected
from personalize_rules.quotas import (
    FILTER_PARAMETER_VALUE_LENGTH,
    FILTER_PARAMETERS,
    ID_LENGTH,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from personalize_local.service.objects import Fetched
    from personalize_local.service.settings import Settings

logger = logging.getLogger(__name__)

LONGEST_LINE: Final = 2**20
"""Bytes. The longest that makes sense, a list of 500 items with long identifiers, has 140,000."""

SHOWN_OF_BAD_LINE: Final = 1_000
"""Characters of a line that is no JSON, in its output line."""

SUFFIX: Final = ".out"

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class LineRejected(Exception):  # noqa: N818 -- reads as what happened
    """One line cannot be answered; the text is its `error`. The job goes on."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an input file.

    Attributes:
        shown: what the output line says as `input`: the object, or the text if it is none.
        problem: why it cannot be answered, None if it is an object.

    """

    shown: Any
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of a line: an output or an error."""

    output: dict[str, Any] | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class BatchJob:
    """Whom a job asks, and where it reads and writes; as the service hands it over."""

    arn: str
    version: str
    group: str
    source: str
    destination: str
    kms_key_arn: str | None
    role_arn: str


def run(
    settings: Settings,
    job: BatchJob,
    answer: Callable[[Iterator[Line]], Iterator[tuple[Line, Answer]]],
    *,
    most_lines: int,
) -> dict[str, int]:
    """Read every file, have its lines answered, in order, and write `<name>.out` for each.

    Returns:
        How many files, lines, and lines with an error there were.

    Raises:
        Rejected: the input cannot be read, is none or too much; the output cannot be written.

    """
    objects = make_objects(settings)
    scratch = settings.data_dir / SCRATCH
    scratch.mkdir(parents=True, exist_ok=True)
    counts = {"files": 0, "lines": 0, "errors": 0}
    with TemporaryDirectory(dir=scratch) as temporary:
        try:
            # First, so that a role that may not write is known before hours of work.
            objects.check_writable(job.destination, job.role_arn, source_arn=job.arn)
            files = objects.fetch_all(
                job.source,
                job.role_arn,
                Path(temporary) / "input",
                source_arn=job.arn,
                layout=Layout.PREFIX,
                max_files=settings.quotas.batch_files,
                max_bytes=settings.quotas.batch_bytes,
            )
            for name, file in _named(files, job.source):
                written = Path(temporary) / "output"
                with file.path.open("rb") as source, written.open("wb") as target:
                    lines = _counted(_lines(source), most_lines, file.key)
                    _write(answer(lines), target, counts)
                file.path.unlink()
                objects.store(
                    written,
                    f"{job.destination}{name}{SUFFIX}",
                    job.role_arn,
                    source_arn=job.arn,
                    kms_key_arn=job.kms_key_arn,
                )
                counts["files"] += 1
        except ObjectsDenied as error:
            logger.warning("%s: %s", job.arn, error)
            raise Rejected(
                f"{_failed(job)} Insufficient privileges for accessing data in Amazon S3. {error}"
            ) from error
        except ObjectsMissing as error:
            raise Rejected(f"{_failed(job)} {error}") from error
        except ObjectsTooLarge as error:
            raise Rejected(f"{_failed(job)} {error}") from error
    return counts


def identifier(document: Mapping[str, Any], key: str) -> str:
    """The identifier under a key.

    Raises:
        LineRejected: it is missing, or none that a dataset can have.

    """
    if key not in document:
        raise LineRejected(f"{key}: missing. The line must have it.")
    return checked_id(document[key], key)


def checked_id(value: Any, place: str) -> str:
    """An identifier.

    Raises:
        LineRejected: it is none that a dataset can have.

    """
    if not isinstance(value, str):
        raise LineRejected(f"{place}: {json.dumps(value)[:100]} must be a text in double quotes.")
    if not 1 <= len(value) <= ID_LENGTH:
        raise LineRejected(f"{place}: has {len(value)} characters, it must have 1 to {ID_LENGTH}.")
    return value


def filter_values(document: Mapping[str, Any]) -> dict[str, str]:
    """The values for the placeholders of the job's filter; empty without.

    Raises:
        LineRejected: they are not what a filter can take.

    """
    values = document.get("filterValues", {})
    if not isinstance(values, dict):
        raise LineRejected("filterValues: must be an object of texts.")
    if len(values) > FILTER_PARAMETERS:
        raise LineRejected(
            f"filterValues: has {len(values)} values, at most {FILTER_PARAMETERS} are allowed."
        )
    for name, value in values.items():
        if not isinstance(value, str):
            raise LineRejected(f"filterValues.{name}: must be a text, such as {_as_text(value)}.")
        if len(value) > FILTER_PARAMETER_VALUE_LENGTH:
            raise LineRejected(
                f"filterValues.{name}: has {len(value)} characters, at most "
                f"{FILTER_PARAMETER_VALUE_LENGTH} are allowed."
            )
    return values


def _as_text(value: Any) -> str:
    inner = json.dumps(value) if isinstance(value, int | float) else '"comedy","drama"'
    return json.dumps(inner)


def _failed(job: BatchJob) -> str:
    return f"Failed to create a batch job for solution version {job.version}."


def _named(files: Iterable[Fetched], source: str) -> Iterator[tuple[str, Fetched]]:
    """The files with their names in the destination.

    That is the last part of the key; of files in several folders with the same one, what follows the folder
    of the input path, so that no output overwrites another. The service does not document this case.
    """
    files = list(files)
    again = Counter(_last(file.key) for file in files)
    prefix = source.partition("://")[2].partition("/")[2]
    folder = prefix[: prefix.rfind("/") + 1]
    for file in files:
        name = _last(file.key)
        yield name if again[name] == 1 else file.key.removeprefix(folder), file


def _last(key: str) -> str:
    return key.rpartition("/")[2]


def _lines(source: IO[bytes]) -> Iterator[Line]:
    """Lines as they are read; empty ones count nothing."""
    first = True
    while raw := source.readline(LONGEST_LINE + 1):
        if len(raw) > LONGEST_LINE:
            while not raw.endswith(b"\n") and (raw := source.readline(LONGEST_LINE)):
                pass
            yield Line(None, f"The line has more than {LONGEST_LINE} bytes.")
        else:
            line = raw.removeprefix(b"\xef\xbb\xbf") if first else raw
            if line.strip():
                yield _read(line)
        first = False


def _read(raw: bytes) -> Line:
    try:
        text = raw.decode().strip()
    except UnicodeDecodeError as error:
        shown = raw.decode(errors="replace").strip()[:SHOWN_OF_BAD_LINE]
        return Line(shown, f"The line is not UTF-8: {error}.")
    try:
        found = json.loads(text, parse_constant=_no_constant)
        if "\\ud" in text.lower():  # an escaped half of a surrogate pair is no text
            json.dumps(found, ensure_ascii=False).encode()
    except RecursionError:
        return Line(
            text[:SHOWN_OF_BAD_LINE], "The line is not JSON that can be read: it is nested too deeply."
        )
    except ValueError as error:
        return Line(text[:SHOWN_OF_BAD_LINE], f"The line is not JSON: {error}.")
    if not isinstance(found, dict):
        return Line(found, 'The line must be a JSON object, such as {"userId": "1"}.')
    return Line(found)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _counted(lines: Iterator[Line], most: int, key: str) -> Iterator[Line]:
    for number, line in enumerate(lines, start=1):
        if number > most:
            raise Rejected(f"{key} has more than {most} lines. Divide it into several files or jobs.")
        yield line


def _write(answers: Iterator[tuple[Line, Answer]], target: IO[bytes], counts: dict[str, int]) -> None:
    for line, answer in answers:
        document = {"input": line.shown, "output": answer.output, "error": answer.error}
        target.write(_ENCODER.encode(document).encode() + b"\n")
        counts["lines"] += 1
        counts["errors"] += answer.error is not None
