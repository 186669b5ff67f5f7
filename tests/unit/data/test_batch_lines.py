"""The first lines of batch jobs' input: what the recipe answers, and what is said of anything else."""

import pytest

from personalize_pipeline.data.batch_lines import check_lines, lines_of


def lines(recipe, kind="batchInferenceJobs", job=None):
    arn = f"arn:aws:personalize:::recipe/{recipe}"
    document = {"solutions": [{"name": "s", "recipeArn": arn, kind: [{} if job is None else job]}]}
    (found,) = lines_of(document, "s3://b/p/")
    return found


@pytest.mark.parametrize(
    ("recipe", "kind", "keys"),
    [
        ("aws-user-personalization-v2", "batchInferenceJobs", ("userId",)),
        ("aws-popularity-count", "batchInferenceJobs", ("userId",)),
        ("aws-similar-items", "batchInferenceJobs", ("itemId",)),
        ("aws-personalized-ranking-v2", "batchInferenceJobs", ("userId", "itemList")),
        ("aws-item-affinity", "batchSegmentJobs", ("itemId",)),
        ("aws-item-attribute-affinity", "batchSegmentJobs", ("itemAttributes",)),
        ("aws-nobody-knows", "batchInferenceJobs", ()),
    ],
)
def test_a_line_has_what_the_recipe_answers(recipe, kind, keys):
    assert lines(recipe, kind).keys == keys


def test_lines_are_beside_the_params_file_unless_the_job_says_where():
    elsewhere = {"jobInput": {"s3DataSource": {"path": "s3://o/lines.json"}}}

    assert lines("aws-similar-items").location == "s3://b/p/batch/s/"
    assert lines("aws-similar-items", job=elsewhere).location == "s3://o/lines.json"


@pytest.mark.parametrize("document", [{}, {"solutions": 1}, {"solutions": [1, {"batchInferenceJobs": {}}]}])
def test_a_document_with_mistakes_has_as_many_inputs_as_can_be_told(document):
    assert list(lines_of(document, "s3://b/")) == []


@pytest.mark.parametrize(
    ("head", "said"),
    [
        pytest.param(b'{"itemId": "1"}\n{"x', None, id="good"),
        pytest.param(b'\xef\xbb\xbf{"itemId": "1"}', None, id="byte order mark, one line"),
        pytest.param(b'{"itemId": "' + b"x" * 100, None, id="longer than what was read"),
        pytest.param(b"ITEM_ID\n1\n", "its first line is no JSON. Every line is an object: {", id="CSV"),
        pytest.param(
            b'{"userId": "1"}\n', 'its first line has no "itemId". Every line of this', id="other key"
        ),
        pytest.param(b"[1]\n", 'its first line has no "itemId"', id="list"),
    ],
)
def test_the_first_line_of_each_file_is_looked_at(head, said):
    problems = [str(problem) for problem in check_lines(lines("aws-similar-items"), {"f.json": head})]

    assert len(problems) == (said is not None)
    assert all(problem.startswith(f"f.json: {said}") for problem in problems)
