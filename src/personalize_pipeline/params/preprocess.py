"""The section `preprocess`: a Glue job before the imports, with the arguments of its StartJobRun call."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from personalize_pipeline.params.shapes import ALWAYS, Model, always, call_fields, make_model

RAW: Final = "raw"
"""Folder beside the params file: the raw data, out of which the job makes the CSV files."""

_LEFT_OUT = frozenset({"jobRunId", "allocatedCapacity"})  # of a repeated run; and deprecated


@cache
def preprocess() -> type[Model]:
    """StartJobRun of AWS Glue."""
    fields = {
        key: field
        for key, field in call_fields("StartJobRun", service="glue").items()
        if key not in _LEFT_OUT
    }
    otherwise = (
        "only if raw/ beside the params file, the job or its arguments have changed since its last run for "
        "this file, and if nothing is in raw/"
    )
    description = "A Glue job that makes the CSV files, before they are imported."
    model = make_model("Preprocess", {**fields, **always(otherwise)}, description)
    model.filled_in = _LEFT_OUT
    return model


def glue_job(section: Mapping[str, Any], bucket: str, prefix: str, makes: Sequence[str]) -> dict[str, Any]:
    """What the step needs: the call, where raw data may lie, and the places that the job fills.

    The job is told where the params file lies; what the file gives wins.
    """
    call = {_upper(key): value for key, value in section.items() if key != ALWAYS}
    if "notificationProperty" in section:
        call["NotificationProperty"] = {
            _upper(key): value for key, value in section["notificationProperty"].items()
        }
    beside = {"--bucket": bucket} | ({"--prefix": prefix} if prefix else {})
    return {
        "name": section["jobName"],
        "call": {**call, "Arguments": beside | dict(section.get("arguments", {}))},
        "raw": f"s3://{bucket}/{prefix}{RAW}/",
        "makes": list(makes),
        ALWAYS: section.get(ALWAYS, False),
    }


def _upper(key: str) -> str:
    return key[0].upper() + key[1:]
