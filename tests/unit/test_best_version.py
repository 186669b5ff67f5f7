import pytest

from personalize_pipeline.best_version import best_version
from personalize_pipeline.errors import ResourceFailed

NDCG = "normalized_discounted_cumulative_gain_at_25"


def trained(name, **metrics):
    return {
        "resource": "SolutionVersion",
        "name": name,
        "arn": f"arn:aws:personalize:us-east-1:123456789012:solution/{name}/ab12",
        "status": "ACTIVE",
        "details": {"metrics": metrics, "recipeArn": f"arn:aws:personalize:::recipe/aws-{name}"},
    }


def failed(name):
    return {"resource": "SolutionVersion", "name": name, "failed": {"error": "ResourceFailed", "reason": "x"}}


def choose(*candidates, **more):
    return best_version({"name": "solution", "candidates": list(candidates)} | more)


@pytest.mark.parametrize(
    ("candidates", "best", "reason"),
    [
        pytest.param(
            [trained("a", **{NDCG: 0.1}), trained("b", **{NDCG: 0.2})],
            "b",
            f"aws-b has the highest {NDCG} (aws-a 0.1000; aws-b 0.2000).",
            id="highest",
        ),
        pytest.param(
            [trained("a", **{NDCG: 0.2}), trained("b", **{NDCG: 0.2})],
            "a",
            f"aws-a has the highest {NDCG} (aws-a 0.2000; aws-b 0.2000).",
            id="tie: the first",
        ),
        pytest.param(
            [trained("a", coverage=1.0), trained("b", **{NDCG: 0.0})],
            "b",
            f"aws-b has the highest {NDCG} (aws-a has none; aws-b 0.0000).",
            id="without the metric comes last",
        ),
        pytest.param(
            [failed("a"), trained("b", **{NDCG: 0.1})],
            "b",
            f"aws-b has the highest {NDCG} (a failed; aws-b 0.1000).",
            id="failed ones do not count",
        ),
        pytest.param(
            [trained("a"), trained("b")],
            "a",
            f"aws-a is taken, the first one: no candidate has {NDCG} (aws-a has none; aws-b has none).",
            id="nobody has the metric",
        ),
        pytest.param([trained("a")], "a", "aws-a is the only candidate.", id="only one"),
    ],
)
def test_the_best_is_chosen_and_said_why(candidates, best, reason):
    answer = choose(*candidates)

    assert answer["arn"].endswith(f"solution/{best}/ab12")
    assert answer["solutionArn"].endswith(f"solution/{best}")
    assert answer["reason"] == reason


def test_the_params_file_chooses_the_metric():
    one = trained("a", coverage=0.9, **{NDCG: 0.1})
    other = trained("b", coverage=0.1, **{NDCG: 0.9})

    assert choose(one, other, choose={"metric": "coverage"})["arn"] == one["arn"]


def test_when_all_failed_there_is_nothing_to_choose():
    with pytest.raises(ResourceFailed, match=r"solution: none of its candidates could be trained \(a, b\)"):
        choose(failed("a"), failed("b"))
