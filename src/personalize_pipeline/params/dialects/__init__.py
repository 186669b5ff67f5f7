"""Older forms of the params file, recognised by their shape, one module each.

A module has `recognises(document)` and `upgrade(document)`.
"""

from collections.abc import Mapping
from typing import Any, Final

from personalize_pipeline.params.dialects import (
    named_slots,
    one_solution,
    service_config,
    single_dataset,
    workflow_config,
)
from personalize_pipeline.params.dialects.upgraded import Upgraded

MAIN: Final = "main"
"""The form that params.schema.json describes."""

# The first that recognises the file counts.
_DIALECTS: Final = {
    "workflow-config": workflow_config,
    "service-config": service_config,
    "single-dataset": single_dataset,
    "one-solution": one_solution,
    "named-slots": named_slots,
}

FORMS: Final[Mapping[str, str]] = {
    MAIN: "the form of this pipeline (params.schema.json)",
    "single-dataset": "for a single dataset ('DatasetGroupName', 'SchemaName', ...)",
    "one-solution": "with one 'solution' and one 'campaign'",
    "named-slots": "with named slots ('solutions.userPersonalization', ...)",
    "service-config": "with everything inside 'serviceConfig'",
    "workflow-config": "with 'serviceConfig' and 'workflowConfig' (schedules per dataset group and solution)",
}
"""Every form with words for it."""


def form_of(document: Mapping[str, Any]) -> str:
    """Tell which form a document is in: a key of FORMS."""
    return next((form for form, module in _DIALECTS.items() if module.recognises(document)), MAIN)


def upgrade(document: Mapping[str, Any]) -> Upgraded:
    """Turn a document of any known form into the main form; one in the main form comes back as it is."""
    form = form_of(document)
    return Upgraded(document) if form == MAIN else _DIALECTS[form].upgrade(document)
