"""Tags: what the model's pattern does not say."""

from collections.abc import Iterator, Mapping
from typing import Any

from personalize_pipeline.params.checks.entries import entries, inner
from personalize_pipeline.params.places import shown
from personalize_pipeline.tagging import NOTE
from personalize_rules import quotas
from personalize_rules.schemas import Problem


def check(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Check the tags of every section together with those of the whole file."""
    common = document.get("tags", [])
    yield from _check(common, "tags", [])
    for place, section in _sections(document):
        yield from _check(section.get("tags", []), f"{place}.tags", common)


def merged(common: list[Any], own: list[Any]) -> list[dict[str, str]]:
    """Add the tags of a section to those of the file; the section's win."""
    by_key = {tag["tagKey"]: tag for tag in (*common, *own)}
    return list(by_key.values())


def _sections(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key in ("datasetGroup", "eventTracker"):
        yield key, inner(document, key)
    for word, dataset in inner(document, "datasets").items():
        yield f"datasets.{word}", dataset
        yield from entries(dataset, "datasetExportJobs", f"datasets.{word}")
    yield from entries(document, "filters")
    yield from entries(document, "dataDeletionJobs")
    for place, solution in entries(document, "solutions"):
        yield place, solution
        yield f"{place}.solutionVersion", inner(solution, "solutionVersion")
        for key in ("campaigns", "batchInferenceJobs", "batchSegmentJobs"):
            yield from entries(solution, key, place)
    yield from entries(document, "recommenders")


def _check(tags: list[Any], place: str, common: list[Any]) -> Iterator[Problem]:
    keys = [tag.get("tagKey") if tag else None for tag in tags]
    for index, key in enumerate(keys):
        if key is None:
            continue
        if key == NOTE:
            message = "the pipeline notes there which tags it put."
            yield Problem(f"{place}[{index}].tagKey", f"{shown(key)}: {message}", "Rename it.")
        if key.lower().startswith("aws:"):
            yield Problem(
                f"{place}[{index}].tagKey", f"{shown(key)}: keys with aws: belong to AWS.", "Rename it."
            )
        if key in keys[:index]:
            yield Problem(
                f"{place}[{index}].tagKey", f"{shown(key)} is given twice.", "Remove one of the two."
            )
    all_keys = {*keys, *(tag.get("tagKey") for tag in common if tag)} - {None}
    if tags and len(all_keys) >= quotas.TAGS:
        message = f"{len(all_keys)} tags, those of the whole file included; at most {quotas.TAGS - 1}."
        yield Problem(
            place, message, f"Personalize takes {quotas.TAGS}; one is the pipeline's own note ({NOTE})."
        )
