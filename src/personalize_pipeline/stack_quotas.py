"""Quotas of the account, by default and as AWS has raised them: the stack parameter Quotas says the latter.

It is written `campaigns:10,filters:50`.
"""

import os
from collections.abc import Mapping
from typing import Final

from personalize_pipeline.errors import ParamsInvalid
from personalize_rules import quotas
from personalize_rules.schemas import Problem
from personalize_rules.spelling import did_you_mean

# By the names that `personalize-local --quota` takes too.
LIMITS: Final[Mapping[str, int]] = {
    "schemas": quotas.SCHEMAS,
    "dataset-groups": quotas.DATASET_GROUPS,
    "solutions": quotas.SOLUTIONS,
    "campaigns": quotas.CAMPAIGNS,
    "filters": quotas.FILTERS,
    "recommenders": quotas.RECOMMENDERS,
    "recommenders-of-region": quotas.RECOMMENDERS_OF_REGION,
    "running-import-jobs": quotas.RUNNING_IMPORT_JOBS,
    "running-solution-versions": quotas.RUNNING_SOLUTION_VERSIONS,
    "running-batch-inference-jobs": quotas.RUNNING_BATCH_INFERENCE_JOBS,
    "running-batch-segment-jobs": quotas.RUNNING_BATCH_SEGMENT_JOBS,
    "full-import-bytes": quotas.FULL_IMPORT_SIZE,
    "incremental-import-bytes": quotas.INCREMENTAL_IMPORT_SIZE,
}


def read_quotas(text: str) -> dict[str, int]:
    """Read the stack parameter Quotas.

    Raises:
        ParamsInvalid: it names a quota that there is not.
    """
    found = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = part.partition(":")
        if name not in LIMITS or not value.isdecimal():
            known = f"Known are {', '.join(LIMITS)}.{did_you_mean(name, LIMITS)}"
            advice = f"{known} Example: campaigns:10,filters:50"
            raise ParamsInvalid([Problem("stack parameter Quotas", f"'{part}' is no quota.", advice)])
        found[name] = int(value)
    return found


def quotas_of_stack() -> dict[str, int]:
    """The stack parameter Quotas, as the functions are given it.

    Raises:
        ParamsInvalid: it names a quota that there is not.
    """
    return read_quotas(os.environ.get("PERSONALIZE_QUOTAS", ""))


def import_limit(mode: str) -> tuple[str, int]:
    """The quota of the bytes that an import of this mode may have, by its name, and how many they are."""
    name = f"{mode.lower()}-import-bytes"
    return name, quotas_of_stack().get(name, LIMITS[name])
