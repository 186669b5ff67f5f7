"""Sections that a later version builds, and what the dataset group itself needs."""

from collections.abc import Iterator, Mapping
from typing import Any

from personalize_pipeline.params.checks.entries import inner
from personalize_pipeline.params.models import SECTIONS_TO_COME
from personalize_pipeline.params.places import within
from personalize_rules.schemas import Problem


def check(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Refuse what is not built yet by name; nothing in the file is ever ignored."""
    for key in SECTIONS_TO_COME:
        yield from _empty(document, key, "")
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


def _empty(holder: Mapping[str, Any], key: str, place: str) -> Iterator[Problem]:
    if holder.get(key):
        message = "not built yet: this version of the pipeline cannot make it."
        yield Problem(within(place, key), message, "Remove it, or make it by hand.")
