"""A solution as a model, with all that is its own: versions, candidates, campaigns, promotion, batch jobs."""

from functools import cache

from pydantic import Field

from personalize_pipeline.params.shapes import Fields, Model, always, call_model, make_model, member_type
from personalize_rules.recipe_metrics import DEFAULT_METRIC


@cache
def solution() -> type[Model]:
    """CreateSolution, with its versions and campaigns."""
    return call_model(
        "Solution",
        "CreateSolution",
        filled_in=frozenset({"datasetGroupArn"}),
        description="What to train and how, and where to serve it.",
        own={
            # What Personalize's own words would say of these two is not so here.
            "performAutoTraining": (
                member_type("CreateSolution", "performAutoTraining"),
                Field(
                    None,
                    description="Whether Personalize trains by itself too, every seven days, at your cost. "
                    "If left out: false; Personalize's own default is true.",
                ),
            ),
            "performAutoML": (
                member_type("CreateSolution", "performAutoML"),
                Field(
                    None,
                    description="true: several recipes are trained and the best is served, as in candidates. "
                    "Personalize itself does this no longer.",
                ),
            ),
            "solutionVersion": (
                solution_version(),
                Field(
                    None,
                    description="Whether and how a run trains it. If left out: in full, if data or settings "
                    "have changed since the last time.",
                ),
            ),
            "campaigns": (
                list[campaign()],  # type: ignore[misc]
                Field(
                    [],
                    description="Where the newest version is served. A campaign costs money while it lives.",
                ),
            ),
            "candidates": (
                list[candidate()],  # type: ignore[misc]
                Field(
                    None,
                    min_length=1,
                    description="A bake-off: each of these is trained (and billed) as a solution of its own; "
                    "the best by promotion.metric is served.",
                ),
            ),
            "promotion": (
                promotion(),
                Field(None, description="How good a version must be for the campaigns to move to it."),
            ),
            "batchInferenceJobs": (
                list[batch_inference_job()],  # type: ignore[misc]
                Field([], description="Recommendations written to files, by every version that is trained."),
            ),
            "batchSegmentJobs": (
                list[batch_segment_job()],  # type: ignore[misc]
                Field([], description="User segments written to files, by every version that is trained."),
            ),
        },
    )


@cache
def candidate() -> type[Model]:
    """CreateSolution, as far as it differs from the solution that it is a candidate of."""
    return call_model(
        "Candidate",
        "CreateSolution",
        filled_in=frozenset({"datasetGroupArn", "performAutoML"}),
        description="A variation of the solution: its keys replace those of the solution.",
        own={
            "name": (
                member_type("CreateSolution", "name"),
                Field(None, description="If left out: the solution's name with the recipe's added."),
            )
        },
    )


@cache
def solution_version() -> type[Model]:
    """CreateSolutionVersion; the name comes from the run, so that a repeated step finds its own version."""
    return call_model(
        "SolutionVersion",
        "CreateSolutionVersion",
        filled_in=frozenset({"solutionArn", "name"}),
        description="How a run trains the solution.",
        own={
            "train": (
                bool,
                Field(
                    default=None,
                    description="true: every run trains. false: nothing is trained; the newest version that "
                    "is ACTIVE is used. If left out: a run trains if data or settings have changed since.",
                ),
            )
        },
    )


@cache
def campaign() -> type[Model]:
    """CreateCampaign."""
    return call_model(
        "Campaign",
        "CreateCampaign",
        filled_in=frozenset({"solutionVersionArn"}),
        description="A campaign: real-time recommendations from the newest version of the solution.",
        own={
            "solutionVersionArn": (
                member_type("CreateCampaign", "solutionVersionArn"),
                Field(
                    None,
                    description="The version to stay at, whatever is trained; or <solutionArn>/$LATEST, and "
                    "Personalize moves the campaign by itself. If left out: the version of the run.",
                ),
            )
        },
    )


@cache
def promotion() -> type[Model]:
    """What the step `Promotion` decides by; no call of Personalize."""
    return make_model(
        "Promotion",
        {
            "metric": (
                str,
                Field(
                    DEFAULT_METRIC,
                    description="What counts, of the metrics of GetSolutionMetrics: more is better.",
                ),
            ),
            "atLeast": (
                float,
                Field(None, ge=0, description="The floor: a version with less is not served."),
            ),
            "maxDrop": (
                float,
                Field(
                    None,
                    ge=0,
                    description="How much less than the version that the campaign serves now is allowed, in "
                    "units of the metric: 0.05 lets 0.30 fall to 0.25.",
                ),
            ),
        },
        "A campaign moves to a new version only if that is good enough; otherwise it keeps what it serves.",
    )


@cache
def batch_inference_job() -> type[Model]:
    """CreateBatchInferenceJob."""
    return _batch_job("Inference", "ItemID", "Recommendations for the lines of files in S3, as files in S3.")


@cache
def batch_segment_job() -> type[Model]:
    """CreateBatchSegmentJob."""
    return _batch_job("Segment", "UserID", "Segments of users for the lines of files in S3, as files in S3.")


def _batch_job(kind: str, target: str, description: str) -> type[Model]:
    operation = f"CreateBatch{kind}Job"
    own: Fields = {
        "jobName": (
            member_type(operation, "jobName"),
            Field(
                None,
                description="The beginning of the jobs' names; each run adds an ending of its own, because a "
                "name can be used only once. If left out: the solution's name.",
            ),
        ),
        "jobInput": (
            member_type(operation, "jobInput"),
            Field(
                None,
                description="Where the lines are. If left out: batch/<name of the solution>/ beside the "
                "params file.",
            ),
        ),
        "jobOutput": (
            member_type(operation, "jobOutput"),
            Field(
                None,
                description="Where the answers go. If left out: a new folder for each job in "
                "batch-output/<name of the solution>/ beside the params file.",
            ),
        ),
        "filterArn": (
            str,
            Field(None, description=f"A filter for {target}: the name of one of this file, or an ARN."),
        ),
        "roleArn": (
            member_type(operation, "roleArn"),
            Field(
                None, description="As whom Personalize reads and writes. If left out: the role of the stack."
            ),
        ),
        **always("only if the lines, the version or the settings have changed"),
    }
    return call_model(
        f"Batch{kind}Job",
        operation,
        filled_in=frozenset({"solutionVersionArn"}),
        description=description,
        own=own,
    )
