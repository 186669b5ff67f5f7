import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.params.documents import RECIPE, movies

from personalize_pipeline.errors import ParamsInvalid
from personalize_pipeline.params import dataset_group_name, plan, read
from personalize_pipeline.params.document import MAX_BYTES

OPEN = '{"datasetGroup": {"name": "movies"}'

BROKEN = {
    "empty": ("", "the file is empty. It begins with {"),
    "only white space": (b" \n\t", "the file is empty"),
    "only a byte order mark": (b"\xef\xbb\xbf", "the file is empty"),
    "too large": (OPEN + " " * MAX_BYTES + "}", "200,000 are allowed"),
    "not UTF-8": (
        OPEN.encode() + b',\n"tags": "\xe9"}',
        "the file is not UTF-8: byte 0xe9 in line 2. Save it as UTF-8.",
    ),
    "UTF-16": (f"{OPEN}}}".encode("utf-16"), "the file is written in UTF-16 or UTF-32. Save it as UTF-8."),
    "a list": ("[1]", "the file holds a list, not a JSON object"),
    "null": ("null", "the file holds null"),
    "a number": ("7", "the file holds a single value"),
    "missing comma": (
        OPEN + '\n "datasets": {}}',
        "not JSON: line 2, column 2: expecting ',' delimiter. A comma is missing before it.",
    ),
    "comma at the end": (OPEN + ",}", "Remove the comma after the last entry."),
    "comma at the end of a list": (OPEN + ', "filters": [1,]}', "Remove the comma after the last entry."),
    "comment": (OPEN + ", // later\n}", "JSON has no comments; remove it."),
    "single quotes": ("{'datasetGroup': 1}", "JSON wants double quotes."),
    "curly quotes": ("{“datasetGroup”: 1}", 'Use the straight quote ".'),
    "Python's True": (OPEN + ', "x": True}', "JSON writes true."),
    "Python's None": (OPEN + ', "x": None}', "JSON writes null."),
    "cut off": (OPEN, "The file ends too early: a closing } or ] is missing."),
    "text after the end": (OPEN + "} }", "not JSON: line 1, column"),
    "not a number": (OPEN + ', "tags": NaN}', "tags: NaN is not a finite number."),
    "infinite": (OPEN + ', "tags": [1e999]}', "tags[0]: Infinity is not a finite number."),
    "thousands of digits": (OPEN + f', "tags": {"9" * 5000}}}', "a number cannot be read"),
    "half a character": (OPEN + r', "tags": "\ud800"}', "tags: half of a surrogate pair"),
    "half a character in a key": (OPEN + r', "\ud800": 1}', "half of a surrogate pair"),
    "nested too deeply": (OPEN + ', "tags": ' + "[" * 60 + "]" * 60 + "}", "nested more than 50 deep"),
    "nested beyond all bounds": ("[" * 90_000, "nested more than 50 deep"),
    "a key twice": (
        '{"datasetGroup": {"name": "a", "name": "b"}}',
        "datasetGroup.name: this key is given twice",
    ),
    "a section twice": ('{"datasetGroup": {}, "datasetGroup": {}}', "datasetGroup: this key is given twice"),
}


@pytest.mark.parametrize(("text", "because"), BROKEN.values(), ids=BROKEN)
def test_a_file_that_is_no_json_object_says_why(text, because):
    with pytest.raises(ParamsInvalid) as caught:
        read(text)

    assert because in str(caught.value)


def test_all_keys_that_are_there_twice_are_named_with_their_places():
    with pytest.raises(ParamsInvalid) as caught:
        read('{"filters": [{"a": 1, "a": 2, "a": 3}, {"b": {"c": 1, "c": 2}}]}')

    assert [problem.place for problem in caught.value.problems] == ["filters[0].a", "filters[1].b.c"]


@pytest.mark.parametrize(
    "text",
    [
        f"{OPEN}}}",
        f"{OPEN}}}".encode(),
        f"\ufeff{OPEN}}}".encode(),
        f"\ufeff{OPEN}}}",
        json.loads(f"{OPEN}}}"),
    ],
    ids=["text", "bytes", "bytes with a byte order mark", "text with a byte order mark", "document"],
)
def test_a_file_is_read_as(text):
    assert read(text).document == {"datasetGroup": {"name": "movies"}}


@pytest.mark.parametrize(
    ("document", "name"),
    [
        pytest.param({"datasetGroup": {"name": "movies"}, "oops": 1}, "movies", id="in a file with problems"),
        pytest.param({"datasetGroup": {"name": "movies"}, "solution": {}}, "movies", id="in an older form"),
        pytest.param({"datasetGroup": {"name": 7}}, None, id="not a text"),
        pytest.param({"datasetGroup": []}, None, id="not an object"),
        pytest.param({}, None, id="missing"),
    ],
)
def test_the_dataset_group_is_known(document, name):
    assert dataset_group_name(json.dumps(document)) == name


@given(st.binary(max_size=200))
def test_any_bytes_are_params_or_problems(data):
    _readable(data)


_SECTIONS = [
    "datasetGroup",
    "datasets",
    "Interactions",
    "Items",
    "schema",
    "fields",
    "filters",
    "filterExpression",
]
_SOLUTIONS = [
    "solutions",
    "solutionConfig",
    "eventsConfig",
    "eventParametersList",
    "eventType",
    "hpoConfig",
    "recipeArn",
]
_AUTO_ML = [
    "performAutoML",
    "autoMLConfig",
    "recipeList",
    "campaigns",
    "campaignConfig",
    "name",
    "type",
    "domain",
]
_OTHERS = [
    "solution",
    "campaign",
    "userPersonalization",
    "userPersonalizationCampaign",
    "serviceConfig",
    "solutoins",
]
_TAGS = ["tags", "tagz", "tagKey"]
_keys = st.sampled_from([*_SECTIONS, *_SOLUTIONS, *_AUTO_ML, *_OTHERS, *_TAGS])
_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(
        ["aws-hrnn", "arn:aws:personalize:::recipe/aws-hrnn", "ECOMMERCE", "Items", "s3://b/x", "string"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_keys | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=25,
)


@given(st.one_of(_values, st.dictionaries(_keys, _values, max_size=6)))
def test_any_json_is_params_or_problems(document):
    _readable(json.dumps(document))


def _full():
    """A file with every kind of setting."""
    document = movies()
    document["datasetGroup"] |= {"tags": [{"tagKey": "a", "tagValue": "b"}]}
    document["datasets"]["Items"] |= {"dataSource": {"dataLocation": "s3://b/i/"}, "tags": []}
    exploration = {
        "itemExplorationConfig": {"explorationWeight": "0.3"},
        "rankingInfluence": {"POPULARITY": 1},
    }
    config = {
        "eventValueThreshold": "1",
        "algorithmHyperParameters": {"bptt": "8"},
        "featureTransformationParameters": {"x": "1"},
        "hpoConfig": {
            "hpoResourceConfig": {"maxNumberOfTrainingJobs": "4"},
            "algorithmHyperParameterRanges": {
                "integerHyperParameterRanges": [{"name": "bptt", "minValue": 2, "maxValue": 8}],
                "continuousHyperParameterRanges": [{"name": "x", "minValue": 0.5, "maxValue": 1}],
                "categoricalHyperParameterRanges": [{"name": "recency_mask", "values": ["True"]}],
            },
        },
        "autoMLConfig": {"metricName": "coverage", "recipeList": [f"{RECIPE}aws-hrnn", f"{RECIPE}aws-sims"]},
        "eventsConfig": {
            "eventParametersList": [{"eventType": "watch", "eventValueThreshold": 1, "weight": 1}]
        },
        "optimizationObjective": {"itemAttribute": "YEAR", "objectiveSensitivity": "LOW"},
        "trainingDataConfig": {"excludedDatasetColumns": {"Items": ["YEAR"]}},
        "autoTrainingConfig": {"schedulingExpression": "rate(7 days)"},
    }
    settings = {
        "performHPO": True,
        "performAutoTraining": True,
        "eventType": "watch",
        "solutionConfig": config,
    }
    for solution in document["solutions"]:
        solution.update(copy.deepcopy(settings))
        solution["campaigns"][0]["campaignConfig"] = exploration
    document["solutions"].append(
        {"name": "x", "performAutoML": True, "solutionConfig": copy.deepcopy(config)}
    )
    return document


def _paths(value, path=()):
    yield path
    for key, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from _paths(inner, (*path, key))


_places = st.sampled_from([path for path in _paths(_full()) if path])


@given(st.lists(st.tuples(_places, _values), min_size=1, max_size=4))
def test_any_change_of_a_file_gives_params_or_problems(changes):
    document = _full()
    for (*path, last), value in changes:
        holder = document
        try:
            for key in path:
                holder = holder[key]
            holder[last] = value
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away

    _readable(json.dumps(document))


def _readable(text):
    try:
        params = read(text)
    except ParamsInvalid as error:
        refused = error
    else:
        assert plan(params)["datasetGroup"]["name"]
        return
    assert refused.problems
    assert all(problem.message for problem in refused.problems)
