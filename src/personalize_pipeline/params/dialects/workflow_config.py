"""The form with `serviceConfig` and `workflowConfig`: nested, with schedules per dataset group and solution.

Its datasets are an object: `datasets.users|items|interactions`, each with `dataset` and `schema`; what they
have in common is in `datasets.serviceConfig`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from personalize_pipeline.params.dialects.nesting import WORKFLOW, Nested, contains
from personalize_pipeline.params.dialects.sections import SERVICE
from personalize_pipeline.params.dialects.upgraded import Upgraded
from personalize_rules.schemas import VERSION

_FOLDERS: Final = (
    "Data is read from the folders Interactions/, Items/ and Users/ beside this file, the lines of batch "
    "jobs from batch/<name of the solution>/ there. Move interactions.csv (or the files in interactions/) "
    "and the others there, or give each dataset a dataLocation."
)


def recognises(document: Mapping[str, Any]) -> bool:
    """Tell by `workflowConfig` anywhere, or by datasets that are an object with `serviceConfig` inside."""
    datasets = document.get("datasets")
    return contains(document, WORKFLOW) or (isinstance(datasets, Mapping) and contains(datasets, SERVICE))


def upgrade(document: Mapping[str, Any]) -> Upgraded:
    """Take everything out of its `serviceConfig`, and gather the schedules."""
    nested = Nested()
    made = nested.read(document)
    if datasets := made.get("datasets"):
        nested.upgrade.notes += [*_versioned(datasets), _FOLDERS]
    if nested.schedules:
        nested.upgrade.notes.append(
            "Schedules that had a clock each are now 'schedules' of the whole file: what is due at the same "
            "time is one run. A run that trains imports changed data first."
        )
    return nested.upgrade.done(
        made,
        "The file is in the form with 'serviceConfig' and 'workflowConfig'. It was read as sections that "
        "hold the parameters themselves, and 'schedules'.",
    )


def _versioned(datasets: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    """Give schemas the version that the examples of this form do not have, and Personalize wants."""
    for word, dataset in datasets.items():
        schema = dataset.get("schema")
        if isinstance(schema, Mapping) and "fields" in schema and "version" not in schema:
            dataset["schema"] = {**schema, "version": VERSION}
            yield f'The schema of {word} has no version; "version": "{VERSION}" was added.'
