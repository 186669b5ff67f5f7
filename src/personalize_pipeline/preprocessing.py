"""Preprocess: is the Glue job to run, or has it made these CSV files out of the same raw data already?"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from personalize_pipeline import clients
from personalize_pipeline.context import Message, Step, StepInput
from personalize_pipeline.data.files import DataFile, Listing, NotReadable, list_files, list_tree
from personalize_pipeline.errors import DataInvalid, ResourceFailed
from personalize_pipeline.execution import short_hash
from personalize_pipeline.step import TROUBLE, wait_out, waiting_step

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_glue.type_defs import JobRunTypeDef

_RUN, _MARK = "--run", "--fingerprint"
"""Arguments that each run of the job gets: who started it, and what it works on."""
_OF_A_FILE = ("--bucket", "--prefix")  # arguments that tell for which params file a job ran

List = Callable[[Any, str], Listing]


class GlueJob(Message):
    """What `params.preprocess.glue_job` made of the section."""

    name: str
    call: dict[str, Any]
    raw: str
    makes: tuple[str, ...] = ()
    always: bool = False


def preprocessing(event: Mapping[str, Any], glue: "GlueClient | None" = None) -> dict[str, Any]:
    """Look at the raw data, the job and its last run for this params file.

    Follows the step contract. If the last run has done it, `did` is "reused" and `arn` the run of the job;
    else `details.call` are the arguments for StartJobRun, and `details.because` says why. What the job reads
    beside `raw/` is not known: who has such data says `always`.

    Raises:
        ResourceFailed: there is no such job.
    """
    given = StepInput.parse(event)
    job, now = GlueJob.model_validate(given.want), datetime.now(UTC)
    glue = glue or clients.glue()
    waiting = waiting_step(given.context, "", job.name, now)
    try:
        mark = _fingerprint(glue, job)
        last = next(_runs(glue, job), None)
        because = _because(job, mark, last)
    except glue.exceptions.EntityNotFoundException as error:
        reason = f"There is no Glue job {job.name} in this account and region. Make it, or correct the name."
        raise ResourceFailed(f"{reason} Then upload the params file again.") from error
    except TROUBLE as error:
        return wait_out(error, waiting, given.context.last, now).output()
    step = Step(done=True, arn="", name=job.name, status="WANTED")
    if last and not because:
        because = f"it has made these files out of the same raw data ({last['Id']})"
        made = {"arn": last["Id"], "status": last["JobRunState"], "did": "reused"}
        return step.model_copy(update={**made, "details": {"because": because}}).output()
    # What the file gives as arguments wins.
    arguments = {_RUN: given.context.run.id} | ({_MARK: mark} if mark else {}) | job.call["Arguments"]
    details = {"call": {**job.call, "Arguments": arguments}, "because": because}
    return step.model_copy(update={"details": details}).output()


def _fingerprint(glue: "GlueClient", job: GlueJob) -> str:
    """Of raw data, job and arguments; empty if there is no raw data."""
    definition = glue.get_job(JobName=job.name)["Job"]
    raw = _files(list_tree, job.raw)
    if not raw:
        return ""
    script = _files(list_files, definition.get("Command", {}).get("ScriptLocation", "")) or ()
    call = sorted(f"{key}={value}" for key, value in job.call.items())
    return short_hash(*call, str(definition.get("LastModifiedOn")), *_lines(script), *_lines(raw))


def _because(job: GlueJob, mark: str, last: "JobRunTypeDef | None") -> str:
    """Why the job is to run; empty if what it made last will do."""
    if not mark:
        return f"there is nothing in {job.raw}, so what it reads is not known"
    if last is None:
        return "it has not run before"
    if job.always:
        return "the params file asks for it (always: true)"
    if last["JobRunState"] != "SUCCEEDED":
        return f"its last run ended as {last['JobRunState']}"
    if last.get("Arguments", {}).get(_MARK) != mark:
        return "the raw data, the job or its arguments have changed since its last run"
    empty = next((place for place in job.makes if _files(list_files, place) == ()), None)
    return f"there is nothing in {empty}" if empty else ""


def _files(list_them: List, location: str) -> tuple[DataFile, ...] | None:
    """The files at a place; None if this function may not look, or there is no such place."""
    if not location.startswith("s3://"):
        return None
    try:
        return list_them(clients.s3(), location).files
    except (NotReadable, DataInvalid):
        return None


def _lines(files: Iterable[DataFile]) -> Iterator[str]:
    return (f"{file.key}\t{file.size}\t{file.etag}" for file in files)


def _runs(glue: "GlueClient", job: GlueJob) -> "Iterator[JobRunTypeDef]":
    """The runs for the same params file, the newest first; other files may use the same job."""
    ours = job.call["Arguments"]
    pages = glue.get_paginator("get_job_runs").paginate(JobName=job.name)
    runs = sorted(
        (run for page in pages for run in page["JobRuns"]), key=lambda run: run["StartedOn"], reverse=True
    )
    for run in runs:
        arguments = run.get("Arguments", {})
        if all(arguments.get(key) == ours.get(key) for key in _OF_A_FILE):
            yield run
