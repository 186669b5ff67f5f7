"""Expressions of metric attributions: `SUM(Items.PRICE)`, `SUM(Interactions.EVENT_VALUE)`, `SAMPLECOUNT()`.

Read without regard to case, as filter expressions are.

Source: Developer Guide, "Creating a metric attribution".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from personalize_rules.schemas import DatasetType, Schema
from personalize_rules.spelling import did_you_mean

_COUNT = re.compile(r"\s*samplecount\s*\(\s*\)\s*", re.IGNORECASE)
_SUM = re.compile(r"\s*sum\s*\(\s*(?P<dataset>\w+)\s*\.\s*(?P<column>\w+)\s*\)\s*", re.IGNORECASE | re.ASCII)
_DATASETS = {"items": DatasetType.ITEMS, "interactions": DatasetType.INTERACTIONS}


@dataclass(frozen=True, slots=True)
class MetricExpression:
    """What is computed of the events of a type. Dataset and column are those of a SUM."""

    function: Literal["sum", "samplecount"]
    dataset: DatasetType | None = None
    column: str | None = None


def parse_metric_expression(text: str) -> MetricExpression:
    """Read an expression.

    Raises:
        ValueError: it is none; the text says how to write one.

    """
    if _COUNT.fullmatch(text):
        return MetricExpression("samplecount")
    found = _SUM.fullmatch(text)
    if found is None:
        raise ValueError(
            f"'{text}' is not an expression. There are SUM(Items.COLUMN), SUM(Interactions.COLUMN) and"
            " SAMPLECOUNT()."
        )
    dataset = _DATASETS.get(found["dataset"].lower())
    if dataset is None:
        raise ValueError(f"'{text}': SUM takes columns of Items and Interactions, not of {found['dataset']}.")
    return MetricExpression("sum", dataset, found["column"])


def check_metric_expression(
    expression: MetricExpression, schemas: Mapping[DatasetType, Schema]
) -> str | None:
    """Tell what is wrong with the column it names, given the schemas of the dataset group."""
    if expression.dataset is None or expression.column is None:
        return None
    word = expression.dataset.word
    schema = schemas.get(expression.dataset)
    if schema is None:
        return f"the dataset group has no {word} dataset."
    field = schema.find(expression.column)
    if field is None:
        hint = did_you_mean(expression.column, [one.name for one in schema.fields])
        return f"the {word} dataset has no column '{expression.column}'.{hint}"
    if not field.numeric:
        return f"{field.name} has type {field.type}; SUM takes numeric columns."
    return None
