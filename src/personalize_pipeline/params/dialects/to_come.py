"""Older forms that a later version will read. They are recognised, so that they are refused by name."""

from collections.abc import Mapping
from typing import Any

from personalize_pipeline.params.dialects.upgraded import Upgraded
from personalize_rules.schemas import Problem

_SINGLE_DATASET = frozenset(
    {
        "Bucket",
        "Key",
        "SchemaName",
        "Schema",
        "DatasetGroupName",
        "DatasetName",
        "DatasetType",
        "ImportJobName",
        "SolutionName",
        "CampaignName",
        "RecipieName",
        "MinProvisionedTPS",
    }
)
_NESTING = ("workflowConfig", "serviceConfig")
_ADVICE = "Write 'datasetGroup', 'datasets' and 'solutions' as params.schema.json describes them."


def recognises(document: Mapping[str, Any]) -> bool:
    """Tell by two keys of the single-dataset input, or by `serviceConfig` or `workflowConfig` anywhere."""
    return len(_SINGLE_DATASET & document.keys()) > 1 or _nesting(document) is not None


def upgrade(document: Mapping[str, Any]) -> Upgraded:
    """Refuse it, saying which form it is."""
    found = _nesting(document)
    if found == "workflowConfig":
        form = "with 'serviceConfig' and 'workflowConfig' (schedules per dataset group and solution)"
    elif found == "serviceConfig":
        form = "with everything inside 'serviceConfig'"
    else:
        form = "for a single dataset ('DatasetGroupName', 'SchemaName', ...)"
    problem = Problem("", f"the form {form} is not read yet.", _ADVICE)
    return Upgraded(document, problems=(problem,), unreadable=True)


def _nesting(document: Mapping[str, Any]) -> str | None:
    """Find the first of the keys that stands anywhere, outside of schemas."""
    found: set[str] = set()
    stack: list[Any] = [document]
    while stack:
        value = stack.pop()
        if isinstance(value, Mapping):
            found |= value.keys() & set(_NESTING)
            stack += [inner for key, inner in value.items() if key != "schema"]
        elif isinstance(value, list):
            stack += value
    return next((key for key in _NESTING if key in found), None)
