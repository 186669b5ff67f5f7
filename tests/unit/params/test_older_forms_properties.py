"""Older forms, changed by chance: never a traceback, and nothing is ever dropped in silence."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.params.older_forms import FORMS

from personalize_pipeline.errors import ParamsInvalid
from personalize_pipeline.params import Params, dataset_group_name, main_form, plan, read
from personalize_pipeline.params.dialects import FORMS as ALL_FORMS
from personalize_pipeline.params.dialects import form_of, upgrade
from personalize_rules.schemas import Problem

Path = tuple[str | int, ...]
MARK = "zq9xmark"
NOT_CREATED: Path = ("recommenders", 1, "serviceConfig")  # left out as a whole, and noted so

EVERYTHING = {form: make() for form, make in FORMS.items()}
EVERYTHING["workflow-config"]["datasetGroup"]["workflowConfig"] = {
    "schedules": {"import": "rate(6 hours)"},
    "maxAge": "1 day",
}
EVERYTHING["workflow-config"]["solutions"][0]["workflowConfig"] = {"schedules": {"full": "rate(7 days)"}}
EVERYTHING["service-config"]["preprocessing"] = {"jobName": "prepare", "run": False}
EVERYTHING["service-config"]["recommenders"].append(
    {"serviceConfig": {"name": "not-now"}, "createRecommender": False}
)


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from paths(inner, (*path, index))


def at(document: Any, path: Path) -> Any:
    for step in path:
        document = document[step]
    return document


WORDS = sorted(
    {
        step
        for document in EVERYTHING.values()
        for path in paths(document)
        for step in path
        if isinstance(step, str)
    }
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**12) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8) | st.sampled_from(["INTERACTIONS", "s3://b/k.csv", "films", "rate(1 day)", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@st.composite
def changed(draw: st.DrawFn) -> tuple[Any, str]:
    """A file of some form with a few things removed, renamed, added or replaced."""
    document = copy.deepcopy(EVERYTHING[draw(st.sampled_from(sorted(EVERYTHING)))])
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from([path for path in paths(document) if path]))
        holder, last = at(document, path[:-1]), path[-1]
        match draw(st.sampled_from(["remove", "rename", "add", "replace", "mistype"])):
            case "remove":
                del holder[last]
            case "rename" if isinstance(holder, dict):
                holder[draw(st.sampled_from(WORDS))] = holder.pop(last)
            case "mistype" if isinstance(holder, dict):
                letter = draw(st.integers(0, max(len(str(last)) - 1, 0)))
                holder[str(last)[:letter] + str(last)[letter + 1 :]] = holder.pop(last)
            case "add" if isinstance(holder, dict):
                holder[draw(st.sampled_from(WORDS) | st.text(max_size=6))] = draw(json_values)
            case _:
                holder[last] = draw(json_values)
    return document, json.dumps(document)


def said(document: Any) -> str:
    """All that is made of a file and said about it."""
    made, read_ = upgrade(document), read_or_problems(document)
    problems = [str(problem) for problem in read_] if isinstance(read_, list) else []
    return json.dumps([made.document, made.notes, problems])


def read_or_problems(document: Any) -> Params | list[Problem]:
    try:
        return read(document)
    except ParamsInvalid as error:
        return list(error.problems)


@given(changed())
def test_a_changed_file_is_read_or_its_problems_are_told(given_):
    document, text = given_

    params = read_or_problems(text)
    if isinstance(params, list):
        assert params
        assert all(problem.message for problem in params)
    else:
        assert plan(params, bucket="b")["datasetGroup"]["name"] == dataset_group_name(text)
        assert plan(main_form(text)) | {"notes": 0} == plan(text) | {"notes": 0}
    assert json.loads(text) == document  # it was not changed on the way


@given(st.dictionaries(st.sampled_from(WORDS), json_values, max_size=6))
def test_any_object_is_recognised_as_something_and_never_ends_in_a_traceback(document):
    assert form_of(document) in ALL_FORMS
    made = upgrade(document)
    assert form_of(made.document) == "main" or made.problems
    assert read_or_problems(document)


@pytest.mark.parametrize("form", EVERYTHING)
def test_every_value_is_used_noted_or_reported(form):
    """Each text of the file is marked in turn; the mark turns up again."""
    lost = []
    for path in paths(EVERYTHING[form]):
        if isinstance(at(EVERYTHING[form], path), str):
            document = copy.deepcopy(EVERYTHING[form])
            at(document, path[:-1])[path[-1]] = MARK
            if MARK not in said(document):
                lost.append(path)

    named = {path for path in lost if path[-1] in ("jobName", "maxAge", "name", "solutionversion", "type")}
    assert [path for path in lost if path not in named] == []
    for path in named - {path for path in named if path[-1] in ("solutionversion", "type")}:
        assert str(path[-1]) in said(EVERYTHING[form])


@pytest.mark.parametrize("form", EVERYTHING)
def test_every_unknown_key_is_reported_or_kept(form):
    lost = []
    for path in paths(EVERYTHING[form]):
        if isinstance(at(EVERYTHING[form], path), dict) and path != NOT_CREATED:
            document = copy.deepcopy(EVERYTHING[form])
            at(document, path)[MARK] = 1
            if MARK not in said(document):
                lost.append(path)

    assert lost == []


@pytest.mark.parametrize("form", EVERYTHING)
def test_every_key_that_is_misspelt_is_reported(form):
    """Except inside of free objects, such as hyperparameters; there are none in these files."""
    lost = []
    for path in paths(EVERYTHING[form]):
        if path and isinstance(path[-1], str) and path[:-1] != NOT_CREATED:
            document = copy.deepcopy(EVERYTHING[form])
            holder = at(document, path[:-1])
            misspelt = f"{path[-1]}x"
            items = list(holder.items())
            holder.clear()
            holder.update({misspelt if key == path[-1] else key: value for key, value in items})
            if misspelt not in said(document):
                lost.append(path)

    assert lost == []
