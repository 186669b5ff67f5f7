"""The metric attribution: its expressions parse and name numbers, and events can have the types."""

from collections.abc import Iterator, Mapping
from typing import Any

from personalize_pipeline.params.checks.datasets import Data
from personalize_pipeline.params.checks.entries import entries, inner
from personalize_pipeline.params.checks.in_s3 import check_folder
from personalize_pipeline.params.places import shown
from personalize_rules.metric_expressions import check_metric_expression, parse_metric_expression
from personalize_rules.schemas import DatasetType, Problem

_SECTION = "metricAttribution"


def check(document: Mapping[str, Any], data: Data) -> Iterator[Problem]:
    """Check the metrics against the datasets, and where reports go."""
    if _SECTION not in document:
        return
    section = inner(document, _SECTION)
    interactions = data.schemas.get(DatasetType.INTERACTIONS)
    if DatasetType.INTERACTIONS not in data.present:
        message = "it counts events, which go into the Interactions dataset, and there is none."
        yield Problem(_SECTION, message, "Add datasets.Interactions.")
    elif interactions and not interactions.field("EVENT_TYPE"):
        message = "its metrics are of event types, and the Interactions schema has no field EVENT_TYPE."
        yield Problem(_SECTION, message, "Add the field, or remove the section.")
    names: dict[str, str] = {}
    for place, metric in entries(section, "metrics", _SECTION):
        name = metric.get("metricName", place)
        if name in names:
            message = f"the metric {shown(name)} is there already, at {names[name]}."
            yield Problem(f"{place}.metricName", message, "Each metric needs a name of its own.")
        names.setdefault(name, place)
        if problem := _expression(metric.get("expression"), data):
            yield Problem(f"{place}.expression", problem)
    path = inner(section, "metricsOutputConfig", "s3DataDestination").get("path")
    if path is not None:
        yield from check_folder(path, f"{_SECTION}.metricsOutputConfig.s3DataDestination.path")


def _expression(text: str | None, data: Data) -> str | None:
    if text is None:
        return None
    try:
        expression = parse_metric_expression(text)
    except ValueError as error:
        return str(error)
    # Problems of a schema are reported where it stands; here they would only be guessed at.
    known = expression.dataset is None or data.known(expression.dataset)
    return check_metric_expression(expression, data.schemas) if known else None
