"""The form with everything inside `serviceConfig`, and `createNewJob`, `createCampaign`, ... beside it.

Its datasets are a list in the dataset group: `datasetGroup.datasets[]`, each with `type`, `schema`, `dataset`
and `datasetImportJob`.
"""

from collections.abc import Mapping
from typing import Any

from personalize_pipeline.params.dialects.nesting import Nested, contains
from personalize_pipeline.params.dialects.sections import SERVICE
from personalize_pipeline.params.dialects.upgraded import Upgraded


def recognises(document: Mapping[str, Any]) -> bool:
    """Tell by `serviceConfig` anywhere; the other form that has it has been looked for before."""
    return contains(document, SERVICE)


def upgrade(document: Mapping[str, Any]) -> Upgraded:
    """Take everything out of its `serviceConfig`."""
    nested = Nested()
    made = nested.read(document)
    return nested.upgrade.done(
        made,
        "The file is in the form with everything inside 'serviceConfig'. It was read as sections that hold "
        "the parameters themselves, with the list of datasets as 'datasets' by type.",
    )
