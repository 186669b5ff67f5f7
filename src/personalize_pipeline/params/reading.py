"""The door: text in, checked params out, or all problems at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from personalize_pipeline.errors import ParamsInvalid
from personalize_pipeline.params.candidates import candidates
from personalize_pipeline.params.checks import check, datasets
from personalize_pipeline.params.dialects import upgrade
from personalize_pipeline.params.document import load
from personalize_pipeline.params.places import in_order_of, moved, problem_at
from personalize_pipeline.params.schedules import in_lists
from personalize_pipeline.params.structure import check_structure
from personalize_rules.schemas import DatasetType, Schema


@dataclass(frozen=True, slots=True)
class Params:
    """A params file that passed all checks, in the main form."""

    document: Mapping[str, Any]
    """The sections, as the file has them. Nothing is missing that is required, nothing has the wrong type."""
    notes: tuple[str, ...]
    """What was read differently from how it was written, for the person who reads the mail."""
    schemas: Mapping[DatasetType, Schema]
    """The schema of each dataset."""


def read(text: str | bytes | Mapping[str, Any], *, now: datetime | None = None) -> Params:
    """Read a params file, or a document that is JSON already.

    `now` is what schedules have to be later than; a run that a schedule started gives an early one.

    Raises:
        ParamsInvalid: it has problems, all of which are listed, in the order of the file.

    """
    document = load(text)
    upgraded = upgrade(document)
    main, single = in_lists(upgraded.document)
    structure = check_structure(main, {**upgraded.places, **single})
    meaning = [
        problem_at(moved(problem.place, structure.places), problem)
        for problem in check(structure.document, now or datetime.now(UTC))
        if problem.place not in structure.reported
    ]
    problems = [
        problem_at(moved(moved(problem.place, single), upgraded.places), problem)
        for problem in (*structure.problems, *meaning)
    ]
    if problems or upgraded.problems:
        raise ParamsInvalid(in_order_of(document, (*upgraded.problems, *problems)))
    notes = [
        note for solution in structure.document.get("solutions", []) for note in candidates(solution).notes
    ]
    schemas = datasets.read(structure.document).schemas
    return Params(structure.document, (*upgraded.notes, *notes), schemas)


def main_form(text: str | bytes | Mapping[str, Any]) -> Mapping[str, Any]:
    """Read a document and turn it into the main form without any check: it may have mistakes in it.

    Raises:
        ParamsInvalid: it is not a JSON object.

    """
    return upgrade(load(text)).document


def dataset_group_name(text: str | bytes | Mapping[str, Any]) -> str | None:
    """Tell which dataset group a params file is for, whatever else is wrong with it; None if it names none.

    Raises:
        ParamsInvalid: it is not a JSON object.

    """
    group = main_form(text).get("datasetGroup")
    name = group.get("name") if isinstance(group, Mapping) else None
    return name if isinstance(name, str) else None
