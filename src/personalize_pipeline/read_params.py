"""ReadParams: the params file of a run becomes its plan, or the list of all that is wrong with it."""

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from personalize_pipeline import clients, run_events
from personalize_pipeline.context import Message, Run
from personalize_pipeline.data.first_look import FilesInS3, FirstLook, first_look
from personalize_pipeline.errors import DataInvalid, ParamsInvalid, PipelineError
from personalize_pipeline.pacing import shares
from personalize_pipeline.params import main_form, plan, read
from personalize_pipeline.params.checks.outputs import check_beside
from personalize_pipeline.params.schedules import entries_of
from personalize_pipeline.params_source import ParamsMissing, ParamsSource, params_source
from personalize_pipeline.scheduling.scheduled import (
    Scheduled,
    check_still_asked_for,
    deleted,
    narrowed,
    scheduled_of,
)
from personalize_pipeline.step import failed
from personalize_rules.schemas import Problem

_NO_FILE = Problem(
    "schedules",
    "a schedule starts runs of a params file, and this run has none: its params are its input.",
    "Upload them as a file, or remove 'schedules'.",
)


class ReadParamsInput(Message):
    """What the execution was started with, and which execution it is."""

    input: Any = None
    run: Run


def read_params(event: Mapping[str, Any]) -> dict[str, Any]:
    """Read, upgrade and check the params document, and look at the beginnings of its data files.

    Returns:
        The plan; or, with all problems of the file and the data at once, the `failed` outcome together with
        the run and, if it can be told, the `datasetGroup`: both are for the mail.
    """
    given = ReadParamsInput.model_validate(event)
    run: Run = given.run
    document: Mapping[str, Any] = {}
    try:
        source = params_source(given.input, os.environ["INPUT_BUCKET"])
        run = run.model_copy(update={"bucket": source.bucket, "prefix": source.prefix})
        run = run.model_copy(update={"key": source.key, "version_id": source.version_id})
        scheduled = scheduled_of(given.input)
        run = run.model_copy(update={"scheduled": scheduled and scheduled.output()})
        text = _load(source, scheduled)
        document = main_form(text)
        made, look = _make_scheduled(source, text, scheduled) if scheduled else _make(source, text, document)
    except PipelineError as error:
        group = document.get("datasetGroup")
        name = group.get("name") if isinstance(group, Mapping) else None
        known = {"datasetGroup": name} if isinstance(name, str) else {}
        run = run.model_copy(update={"dataset_group": known.get("datasetGroup")})
        run_events.began(run)
        return failed(error) | {"run": run.output()} | known
    name = made["datasetGroup"]["name"]
    run = run.model_copy(update={"examples": look.examples, "dataset_group": name, "shares": shares(made)})
    run_events.began(run)
    superseded = source.superseded_note(clients.s3())
    notes = [*made["notes"], *look.notes, *([superseded] if superseded else [])]
    return made | {"run": run.output(), "notes": notes}


def _load(source: ParamsSource, scheduled: Scheduled | None) -> str | bytes:
    try:
        return source.load(clients.s3())
    except ParamsMissing as error:
        if scheduled:
            raise deleted(scheduled, source.bucket, str(source.key)) from error
        raise ParamsInvalid(error.problems) from error


def _make_scheduled(
    source: ParamsSource, text: str | bytes, scheduled: Scheduled
) -> tuple[dict[str, Any], FirstLook]:
    """The plan of what the schedule is about, and what the data for it looks like.

    Raises:
        ParamsInvalid: the file has problems, or does not ask for this schedule any more.
        DataInvalid: the data has problems.
    """
    # A time that has come is no problem of this run.
    params = read(text, now=datetime.min.replace(tzinfo=UTC))
    note = check_still_asked_for(scheduled, params.document, source.bucket, str(source.key))
    params = narrowed(params, scheduled)
    if here := list(_impossible_here(source, params.document)):
        raise ParamsInvalid(here)
    look = _look(source, params.document)
    if look.problems:
        raise DataInvalid(look.problems)
    made = plan(params, bucket=source.bucket, prefix=source.prefix)
    return made | {"notes": [*made["notes"], *([note] if note else [])]}, look


def _make(
    source: ParamsSource, text: str | bytes, document: Mapping[str, Any]
) -> tuple[dict[str, Any], FirstLook]:
    """The plan and what the data looks like.

    Raises:
        ParamsInvalid: the file has problems; those of the data are listed too.
        DataInvalid: only the data has problems.
    """
    look = _look(source, document)
    here = list(_impossible_here(source, document))
    try:
        made = plan(read(text), bucket=source.bucket, prefix=source.prefix, key=source.key)
    except ParamsInvalid as error:
        raise ParamsInvalid([*error.problems, *here, *look.problems]) from error
    if here:
        raise ParamsInvalid([*here, *look.problems])
    if look.problems:
        raise DataInvalid(look.problems)
    return made, look


def _impossible_here(source: ParamsSource, document: Mapping[str, Any]) -> Iterator[Problem]:
    """What is right in the file, but not possible for this run or this stack."""
    if source.key is None and any(entries_of(document)):
        yield _NO_FILE
    yield from impossible_on_this_stack(document, f"s3://{source.bucket}/{source.prefix}")


def impossible_on_this_stack(document: Mapping[str, Any], beside: str) -> Iterator[Problem]:
    """What is right in the file, but not possible for this stack; `beside` is the folder of the file."""
    yield from check_beside(document, beside)
    section = document.get("preprocess")
    job = section.get("jobName") if isinstance(section, Mapping) else None
    allowed = os.environ.get("GLUE_JOB_NAME", "")
    if isinstance(job, str) and not fnmatchcase(job, allowed):
        may = f"may start {allowed} only" if allowed else "may start no Glue job"
        advice = f"Deploy it again: sam deploy --parameter-overrides GlueJobName={job}"
        yield Problem("preprocess.jobName", f"this stack {may}, not {job}.", advice)


def _look(source: ParamsSource, document: Mapping[str, Any]) -> FirstLook:
    """Look at the beginnings of all files that the run reads."""
    return first_look(FilesInS3(clients.s3()), document, source.bucket, source.prefix)
