"""ReadParams: the params file of a run becomes its plan, or the list of all that is wrong with it."""

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from personalize_pipeline import clients
from personalize_pipeline.context import Message, Run
from personalize_pipeline.data.batch_lines import lines_of
from personalize_pipeline.data.deletion_lists import user_lists
from personalize_pipeline.data.first_look import FirstLook, data_of, first_look, look_at_lines, look_at_users
from personalize_pipeline.errors import DataInvalid, ParamsInvalid, PipelineError
from personalize_pipeline.params import main_form, plan, read
from personalize_pipeline.params_source import ParamsSource, params_source
from personalize_pipeline.step import failed


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
        text = source.load(clients.s3())
        document = main_form(text)
        made, look = _make(source, text, document)
    except PipelineError as error:
        group = document.get("datasetGroup")
        name = group.get("name") if isinstance(group, Mapping) else None
        known = {"datasetGroup": name} if isinstance(name, str) else {}
        return failed(error) | {"run": run.output()} | known
    run = run.model_copy(update={"examples": look.examples})
    superseded = source.superseded_note(clients.s3())
    notes = [*made["notes"], *look.notes, *([superseded] if superseded else [])]
    return made | {"run": run.output(), "notes": notes}


def _make(
    source: ParamsSource, text: str | bytes, document: Mapping[str, Any]
) -> tuple[dict[str, Any], FirstLook]:
    """The plan and what the data looks like.

    Raises:
        ParamsInvalid: the file has problems; those of the data are listed too.
        DataInvalid: only the data has problems.
    """
    look = first_look(clients.s3(), data_of(document, source.bucket, source.prefix))
    lines = look_at_lines(clients.s3(), lines_of(document, f"s3://{source.bucket}/{source.prefix}"))
    users = look_at_users(clients.s3(), user_lists(document, f"s3://{source.bucket}/{source.prefix}"))
    look = replace(
        look,
        problems=look.problems + lines.problems + users.problems,
        notes=look.notes + lines.notes + users.notes,
    )
    try:
        made = plan(read(text), bucket=source.bucket, prefix=source.prefix)
    except ParamsInvalid as error:
        raise ParamsInvalid([*error.problems, *look.problems]) from error
    if look.problems:
        raise DataInvalid(look.problems)
    return made, look
