"""Does the file make sense? Everything that can be known before the first API call, one module per section.

All checks read a document that passed the check of its shape: values have the right kind, but any of them may
be missing, and any element of a list may be None.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from personalize_pipeline.params.checks import (
    data_jobs,
    datasets,
    filters,
    metric_attribution,
    names,
    outputs,
    recommenders,
    schedules,
    sections,
    solutions,
    tags,
)
from personalize_rules.schemas import Problem


def check(document: Mapping[str, Any], now: datetime) -> Iterator[Problem]:
    """Find all problems of meaning, as of `now`."""
    data = datasets.read(document)
    yield from sections.check(document)
    yield from datasets.check(document, data)
    yield from filters.check(document, data)
    yield from metric_attribution.check(document, data)
    yield from data_jobs.check(document)
    yield from solutions.check(document, data)
    yield from outputs.check(document)
    yield from recommenders.check(document, data)
    yield from schedules.check(document, now)
    yield from names.check(document)
    yield from tags.check(document)
