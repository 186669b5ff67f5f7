"""What the dataset group itself and its event tracker need."""

from collections.abc import Iterator, Mapping
from typing import Any

from personalize_pipeline.params.checks.entries import inner
from personalize_rules.schemas import Problem


def check(document: Mapping[str, Any]) -> Iterator[Problem]:
    """A key needs its role; events need a dataset to go into."""
    group = inner(document, "datasetGroup")
    for one, other in (("kmsKeyArn", "roleArn"), ("roleArn", "kmsKeyArn")):
        if one in group and other not in group:
            yield Problem(
                f"datasetGroup.{one}",
                f"it needs {other} beside it: Personalize uses the role to encrypt with the key.",
                f"Add {other}, or remove {one}.",
            )
    if "eventTracker" in document and "Interactions" not in inner(document, "datasets"):
        yield Problem(
            "eventTracker", "events go into the Interactions dataset, and there is none.", "Add it."
        )
