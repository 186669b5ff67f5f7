"""The form with one `solution` and one `campaign` object beside `datasetGroup` and `datasets`."""

from collections.abc import Mapping
from typing import Any

from personalize_pipeline.params.dialects.upgraded import Upgraded
from personalize_rules.schemas import Problem

_KEYS = ("solution", "campaign")


def recognises(document: Mapping[str, Any]) -> bool:
    """Tell by the keys in the singular."""
    return any(key in document for key in _KEYS)


def upgrade(document: Mapping[str, Any]) -> Upgraded:
    """Make `solutions` with one entry, and the campaign its campaign."""
    rest = {key: value for key, value in document.items() if key not in _KEYS}
    if "solutions" in document:
        given = " and ".join(f"'{key}'" for key in _KEYS if key in document)
        message = f"{given} and 'solutions' cannot stand in one file."
        advice = "Move it into the list 'solutions', a campaign into the 'campaigns' of its solution."
        place = next(key for key in _KEYS if key in document)
        return Upgraded(rest, problems=(Problem(place, message, advice),))
    if "solution" not in document:
        problem = Problem("campaign", "there is no solution that it could serve.", "Add 'solution'.")
        return Upgraded(rest, problems=(problem,))
    solution = document["solution"]
    problems: tuple[Problem, ...] = ()
    if "campaign" in document and isinstance(solution, Mapping):
        if "campaigns" in solution:
            message = "'campaign' and 'solution.campaigns' cannot stand in one file."
            problems = (Problem("campaign", message, "Move it into 'solution.campaigns'."),)
        else:
            solution = {**solution, "campaigns": [document["campaign"]]}
    note = (
        "The file is in the form with one 'solution' and one 'campaign'. It was read as a list 'solutions' "
        "with one entry, which holds the campaign in its list 'campaigns'."
    )
    places = {"solutions[0].campaigns[0]": "campaign", "solutions[0]": "solution", "solutions": "solution"}
    return Upgraded({**rest, "solutions": [solution]}, (note,), places, problems)
