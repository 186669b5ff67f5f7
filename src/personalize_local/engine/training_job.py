"""What a training is given and what it gives back, for every recipe alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from personalize_local.engine.interactions import EventWeight
    from personalize_rules.schemas import Schema


class TrainingRejected(Exception):  # noqa: N818  # the name says what happened to the training
    """The service would not train on this; the text is its failureReason."""


@dataclass(frozen=True)
class Table:
    """A dataset as a training reads it: a Parquet file with the columns of the schema."""

    parquet: Path
    schema: Schema


@dataclass(frozen=True)
class Objective:
    """`optimizationObjective` of a solution: the Items column to favour, and OFF, LOW, MEDIUM or HIGH."""

    item_attribute: str
    sensitivity: str


@dataclass(frozen=True)
class TrainingJob:
    """What to train. Names follow CreateSolution.

    Attributes:
        recipe: its name, such as "aws-sims".
        output: folder of the model; it appears complete or not at all.
        interactions: Parquet with USER_ID, ITEM_ID, TIMESTAMP and what else the schema has; None only for
            recipes that can do without.
        interactions_schema: says which columns are context (not reserved, categorical or not).
        items, users, actions, action_interactions: the other datasets, if there are any. Columns that the
            solution leaves out are in none of the schemas, whatever the files have.
        now: the time of the training in epoch seconds: what "recent" is measured from. None is the time of
            the newest interaction, which makes trainings on old data repeatable.
        update_of: folder of the model that a training of mode UPDATE starts from. It takes the data of today,
            new users and items included, with what that training had learnt: decay, odds, hyperparameters.
        seed: same data, same seed: same model.

    """

    recipe: str
    output: Path
    interactions: Path | None = None
    interactions_schema: Schema | None = None
    items: Table | None = None
    users: Table | None = None
    actions: Table | None = None
    action_interactions: Table | None = None
    event_type: str | None = None
    event_value_threshold: float | None = None
    event_weights: Sequence[EventWeight] = ()
    hyperparameters: Mapping[str, str] = field(default_factory=dict)
    feature_parameters: Mapping[str, str] = field(default_factory=dict)
    objective: Objective | None = None
    perform_hpo: bool = False
    hpo: Mapping[str, Any] | None = None
    update_of: Path | None = None
    now: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class TrainingResult:
    """What came out.

    Attributes:
        metrics: under the keys of GetSolutionMetrics.
        tuned: hyperparameters that the search chose.
        interactions, users, items: how many were trained on, after filtering.
        seconds: wall time.

    """

    metrics: dict[str, float]
    tuned: dict[str, str]
    interactions: int
    users: int
    items: int
    seconds: float
