"""Walking a document of which parts may be missing."""

from collections.abc import Iterator, Mapping
from typing import Any

from personalize_pipeline.params.places import within


def entries(holder: Mapping[str, Any], key: str, place: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give each object of a list with its place."""
    for index, entry in enumerate(holder.get(key, [])):
        if entry is not None:
            yield within(place, f"{key}[{index}]"), entry


def inner(holder: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """Give the object at the end of a path of keys; an empty one if it is not there."""
    for key in keys:
        holder = holder.get(key, {})
    return holder
