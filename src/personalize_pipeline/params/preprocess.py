"""The section `preprocess`: a Glue job before the imports, with the arguments of its StartJobRun call."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from personalize_pipeline.params.shapes import Model, call_fields, make_model

_LEFT_OUT = frozenset({"jobRunId", "allocatedCapacity"})  # of a repeated run; and deprecated


@cache
def preprocess() -> type[Model]:
    """StartJobRun of AWS Glue."""
    fields = {
        key: field
        for key, field in call_fields("StartJobRun", service="glue").items()
        if key not in _LEFT_OUT
    }
    model = make_model("Preprocess", fields, "A Glue job that makes the CSV files, before they are imported.")
    model.filled_in = _LEFT_OUT
    return model


def start_job_run(section: Mapping[str, Any], bucket: str, prefix: str) -> dict[str, Any]:
    """The arguments of StartJobRun. The job is told where the params file lies; what the file gives wins."""
    call = {_upper(key): value for key, value in section.items()}
    if "notificationProperty" in section:
        call["NotificationProperty"] = {
            _upper(key): value for key, value in section["notificationProperty"].items()
        }
    beside = {"--bucket": bucket} | ({"--prefix": prefix} if prefix else {})
    return {**call, "Arguments": beside | dict(section.get("arguments", {}))}


def _upper(key: str) -> str:
    return key[0].upper() + key[1:]
