"""A first look at the lines that batch jobs shall answer: are there files, do they ask for what is answered?

Only the beginnings of files are read; a line that is wrong further on gets an error as its answer.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from personalize_pipeline.params.batch import INPUT, THEMES, input_path
from personalize_pipeline.params.places import listed, shown
from personalize_rules import quotas
from personalize_rules.recipes import Recipe, find_recipe
from personalize_rules.schemas import Problem

# What a real-time request carries -> its key in a line.
_KEYS: Final = {"userId": "userId", "itemId": "itemId", "inputList": "itemList"}
_BY_ATTRIBUTES: Final = "aws-item-attribute-affinity"


@dataclass(frozen=True, slots=True)
class Lines:
    """The input of one batch job: where the job is in the file, and what each line must have."""

    place: str
    location: str
    keys: tuple[str, ...]
    """Empty where the recipe is not known."""
    most: int | None = None
    """How many lines a file may have; None if that is more than its beginning can show."""


def lines_of(document: Mapping[str, Any], beside: str) -> Iterator[Lines]:
    """The inputs of all batch jobs of a params document (main form, maybe with mistakes in it).

    `beside` is the folder of the params file, with a slash at its end.
    """
    for index, solution in enumerate(_objects(document.get("solutions"))):
        for kind in ("batchInferenceJobs", "batchSegmentJobs"):
            for number, job in enumerate(_objects(solution.get(kind))):
                place = f"solutions[{index}].{kind}[{number}]"
                location = input_path(job) or f"{beside}{INPUT}/{solution.get('name')}/"
                recipe = find_recipe(str(solution.get("recipeArn", "")))
                yield Lines(place, location, _keys(recipe, kind) if recipe else (), _most(job, kind, recipe))


def check_lines(lines: Lines, heads: Mapping[str, bytes]) -> Iterator[Problem]:
    """Check the first line of every file; `heads` are the beginnings of the files by name."""
    for name, head in heads.items():
        first, newline, _ = head.partition(b"\n")
        try:
            asked = json.loads(first.decode("utf-8-sig"))
        except ValueError:
            if newline or first.rstrip().endswith(b"}"):
                example = json.dumps(dict.fromkeys(lines.keys or ("userId",), "..."))
                yield Problem(name, "its first line is no JSON.", f"Every line is an object: {example}")
            continue
        missing = [key for key in lines.keys if not isinstance(asked, dict) or key not in asked]
        if missing:
            wanted = listed([f'"{key}"' for key in missing])
            advice = f"Every line of this recipe has {listed([shown(key) for key in lines.keys])}."
            yield Problem(name, f"its first line has no {wanted}.", advice)


def _keys(recipe: Recipe, kind: str) -> tuple[str, ...]:
    if kind == "batchSegmentJobs":
        return ("itemAttributes",) if recipe.name == _BY_ATTRIBUTES else ("itemId",)
    # Popular items are the same for all, but a line is about a user nevertheless.
    needed = recipe.request or frozenset({"userId"})
    return tuple(_KEYS[key] for key in ("userId", "itemId", "inputList") if key in needed)


def _most(job: Mapping[str, Any], kind: str, recipe: Recipe | None) -> int | None:
    if kind == "batchInferenceJobs":
        return quotas.BATCH_THEME_RECORDS if job.get("batchInferenceJobMode") == THEMES else None
    if recipe is None:
        return None
    by_attributes = recipe.name == _BY_ATTRIBUTES
    return quotas.BATCH_SEGMENT_ATTRIBUTE_QUERIES if by_attributes else quotas.BATCH_SEGMENT_AFFINITY_QUERIES


def _objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list, with empty ones in place of anything else."""
    if not isinstance(value, list):
        return []
    return [one if isinstance(one, Mapping) else {} for one in value]
