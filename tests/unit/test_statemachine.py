"""The state machines: well-formed, patient, and honest about failures. Expressions run on jsonata-python."""

import hashlib
import json
import time
from typing import Any

import jsonata
import pytest
from tests.support.deployment import machine, scopes, states, strings
from tests.support.state_machines import evaluate

from personalize_pipeline.errors import PipelineError
from personalize_pipeline.reporting.failures import Failure, understand

MACHINES = ("pipeline", "ensure", "delete")
STATES = [(which, name, state) for which in MACHINES for name, state in states(machine(which))]
ALL_STATES = [pytest.param(name, state, id=f"{which}.{name}") for which, name, state in STATES]
TASKS = [
    pytest.param(name, state, id=f"{which}.{name}")
    for which, name, state in STATES
    if state["Type"] == "Task"
]
NESTED = [
    pytest.param(name, state, id=f"{which}.{name}")
    for which, name, state in STATES
    if state.get("Resource", "").endswith("startExecution.sync:2") and name != "Delete"  # of all kinds: below
]
EXPRESSIONS = [
    pytest.param(text, id=f"{which}.{name}.{number}")
    for which in MACHINES
    for name, state in states(machine(which))
    for number, text in enumerate(
        strings({key: value for key, value in state.items() if key not in ("ItemProcessor", "Comment")})
    )
    if text.startswith("{%")
]


def state(which: str, name: str) -> dict[str, Any]:
    return dict(states(machine(which)))[name]


def test_an_expression_that_was_read_long_ago_knows_what_time_it_is():
    first = evaluate("{% $millis() + 0 %}")
    evaluate("{% $millis() + 1 %}")
    time.sleep(0.02)

    assert evaluate("{% $millis() + 0 %}") >= first + 20


# --- form -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "state"), ALL_STATES)
def test_every_state_has_a_comment(name: str, state: dict[str, Any]):
    assert state["Comment"].endswith("."), name


@pytest.mark.parametrize(("name", "state"), TASKS)
def test_every_task_has_a_timeout(name: str, state: dict[str, Any]):
    assert state["TimeoutSeconds"] > 0, name


@pytest.mark.parametrize("which", MACHINES)
def test_no_timeout_of_a_whole_run_can_swallow_its_mail(which: str):
    assert "TimeoutSeconds" not in machine(which)


@pytest.mark.parametrize("which", MACHINES)
def test_every_state_is_reached_and_every_name_is_used_once(which: str):
    names = [name for name, _ in states(machine(which))]
    assert len(names) == len(set(names))
    for scope in scopes(machine(which)):
        following = {scope["StartAt"]}
        for one in scope["States"].values():
            branches = [one, *one.get("Choices", []), *one.get("Catch", [])]
            following |= {branch["Next"] for branch in branches if "Next" in branch}
            following |= {one["Default"]} if "Default" in one else set()
        assert following == set(scope["States"])


@pytest.mark.parametrize(("name", "state"), ALL_STATES)
def test_names_tell_questions_from_things(name: str, state: dict[str, Any]):
    assert (state["Type"] == "Choice") == name.startswith(("Is", "Are", "Did"))


@pytest.mark.parametrize(("name", "state"), TASKS)
def test_only_the_services_own_trouble_is_repeated(name: str, state: dict[str, Any]):
    repeated = {error for rule in state.get("Retry", []) for error in rule["ErrorEquals"]}
    if state["Resource"].endswith("lambda:invoke"):
        assert {"Lambda.ServiceException", "Lambda.TooManyRequestsException"} <= repeated, name
    service = "EventBridge." if state["Resource"].endswith("putEvents") else "Lambda."
    assert all(error.startswith(service) for error in repeated), name


def test_the_state_machines_only_name_errors_that_exist():
    rules = [
        rule
        for which in MACHINES
        for _, one in states(machine(which))
        for rule in one.get("Retry", []) + one.get("Catch", [])
    ]
    named = {name for rule in rules for name in rule["ErrorEquals"] if "." not in name}
    assert named <= {error.__name__ for error in PipelineError.__subclasses__()}


def test_whatever_fails_in_the_pipeline_is_caught():
    for which in ("pipeline", "delete"):
        for name, one in states(machine(which)):
            if one["Type"] in ("Task", "Map"):
                assert [rule["ErrorEquals"] for rule in one["Catch"]] == [["States.ALL"]], name


@pytest.mark.parametrize("which", MACHINES)
def test_a_failed_run_ends_in_a_fail_state(which: str):
    assert [name for name, one in states(machine(which)) if one["Type"] == "Fail"] == ["Failed"]


@pytest.mark.parametrize(("name", "state"), NESTED)
def test_a_nested_execution_is_named_after_run_state_and_resource(name: str, state: dict[str, Any]):
    given = state["Arguments"]
    assert given["Input"]["resource"] == name
    assert given["Input"]["function"] == f"${{{name}FunctionArn}}"
    parts = {part: {"name": "n"} for part in ("schema", "dataset", "solution")}
    plan = {"name": "n", "jobName": "n", **parts}
    ones = ("preprocess", "datasetGroup", "eventTracker", "metricAttribution", "schedules")
    long = {key: {"name": "n"} for key in ones}
    run = "x" * 30 + "movies-params-" + "0123456789ab" * 3
    asked = {"datasetGroup": {"name": "n"}}
    execution = {"Execution": {"Name": run, "Input": asked}}
    known = {"plan": long, "run": {"datasetGroup": "n"}}
    made = evaluate(given["Name"], known, input={"plan": plan}, context=execution)
    digest = hashlib.sha256(f"{run}/n/".encode()).hexdigest()[:8]
    assert made == f"{run[-50:]}-{name}-{digest}"
    assert len(made) <= 80  # StartExecution's limit
    # A name is used up, so that of a redriven run has to be another one.
    redriven = {"Execution": {"Name": run, "Input": asked, "RedriveCount": 1}}
    again = evaluate(given["Name"], known, input={"plan": plan}, context=redriven)
    assert again != made
    assert again.startswith(f"{run[-50:]}-{name}-")


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_every_expression_parses(text: str):
    assert text.endswith("%}")
    jsonata.Jsonata.jsonata(text[2:-2].strip())


# --- ensure -----------------------------------------------------------------------------------------------

CONTEXT: dict[str, Any] = {
    "Execution": {
        "Id": "arn:aws:states:eu-west-1:1:execution:p:run",
        "Name": "run",
        "StartTime": "2026-01-02T03:04:05.678Z",
        "Input": {},
    },
    "StateMachine": {"Id": "arn:aws:states:eu-west-1:1:stateMachine:p"},
}
ENSURE_INPUT = {
    "function": "arn:f",
    "resource": "Campaign",
    "name": "movies",
    "want": {"name": "movies"},
    "context": {"run": {"id": "run"}, "solutionVersionArn": "arn:v"},
}


def test_a_step_is_told_when_the_loop_began_and_what_the_last_step_gave():
    step = state("ensure", "Step")
    first = evaluate(step["Arguments"], input=ENSURE_INPUT, context=CONTEXT)
    assert first["FunctionName"] == "arn:f"
    assert first["Payload"] == {
        "want": {"name": "movies"},
        "context": {
            "run": {"id": "run"},
            "solutionVersionArn": "arn:v",
            "startedAt": "2026-01-02T03:04:05.678Z",
        },
    }
    answer = {"done": False, "waitSeconds": 12, "did": "created"}
    again = evaluate(step["Output"], input=ENSURE_INPUT, result={"Payload": answer}, context=CONTEXT)
    second = evaluate(step["Arguments"], input=again, context=CONTEXT)
    assert second["Payload"]["context"]["last"] == answer
    assert evaluate(state("ensure", "Wait")["Seconds"], input=again) == 12


@pytest.mark.parametrize(
    ("last", "following"),
    [
        pytest.param({"done": True, "did": "reused"}, "Result", id="nothing new"),
        pytest.param({"done": True, "did": None}, "Result", id="nothing to do"),
        pytest.param({"done": True, "did": "created"}, "ChangeEvent", id="a change"),
        pytest.param({"done": False, "waitSeconds": 1}, "Wait", id="not yet"),
        pytest.param({"failed": {"error": "ResourceFailed", "reason": "12"}}, "FailureEvent", id="failed"),
    ],
)
def test_after_a_step(last: dict[str, Any], following: str):
    question = state("ensure", "IsDone")
    taken = [
        choice["Next"]
        for choice in question["Choices"]
        if evaluate(choice["Condition"], input={**ENSURE_INPUT, "last": last})
    ]
    assert (taken or [question["Default"]])[0] == following


def test_ensure_returns_what_the_pipeline_and_the_mail_need():
    last = {
        "done": True,
        "arn": "arn:c",
        "name": "movies",
        "status": "ACTIVE",
        "did": "updated",
        "details": {"a": 1},
    }
    result = evaluate(
        state("ensure", "Result")["Output"], input={**ENSURE_INPUT, "last": last}, context=CONTEXT
    )
    assert result.pop("seconds") > 0
    assert result == {
        "resource": "Campaign",
        "name": "movies",
        "arn": "arn:c",
        "status": "ACTIVE",
        "did": "updated",
        "details": {"a": 1},
    }


def failed_as(reason: str) -> dict[str, Any]:
    """The error and cause that `ensure` ends with."""
    last = {"failed": {"error": "ResourceFailed", "reason": reason}}
    ended = {key: state("ensure", "Failed")[key] for key in ("Error", "Cause")}
    return dict(evaluate(ended, input={**ENSURE_INPUT, "last": last}))


def test_a_reason_is_told_as_it_is():
    assert failed_as("r" * 2000) == {"Error": "ResourceFailed", "Cause": "r" * 2000}


def test_a_reason_that_is_very_long_keeps_its_beginning_and_its_end():
    failed = failed_as("What failed." + "x" * 100_000 + "What to do.")
    assert failed["Error"] == "ResourceFailed"
    assert len(failed["Cause"]) <= 2000
    assert failed["Cause"].startswith("What failed.x")
    assert "x [...] x" in failed["Cause"]
    assert failed["Cause"].endswith("xWhat to do.")


# --- pipeline ---------------------------------------------------------------------------------------------

ERROR = {"Error": "ResourceFailed", "Cause": "12 interactions"}
PLAN: dict[str, Any] = {
    "run": {"id": "run"},
    "notes": ["one note"],
    "datasetGroup": {"name": "movies"},
    "datasets": [{"dataset": {"name": "movies-interactions"}, "schema": {"name": "s"}}],
    "eventTracker": None,
    "filters": [],
    "solutions": [
        {
            "name": "for-you",
            "candidates": [],
            "campaigns": [{"name": "a"}, {"name": "b"}],
            "batchInferenceJobs": [{"jobName": "nightly"}],
            "batchSegmentJobs": [],
        }
    ],
    "recommenders": [],
    "expected": [{"resource": "DatasetGroup", "name": "movies"}],
}
DATA: dict[str, Any] = {"outcomes": []}
CREATED = {"resource": "DatasetGroup", "name": "movies", "arn": "arn:g", "did": "created"}
FAILED = {"resource": "Solution", "name": "for-you", "failed": ERROR}


def variables(**changes: Any) -> dict[str, Any]:
    return {"plan": PLAN | changes, "run": {"id": "run"}}


def test_params_with_problems_end_the_run():
    reading = state("pipeline", "ReadParams")
    failed = {"error": "ParamsInvalid", "reason": "seven problems"}
    answer = {"Payload": {"failed": failed, "run": {"id": "run"}}}
    output = evaluate(reading["Output"], input={}, result=answer)
    assert output == {"outcomes": [], "problem": failed}
    (choice,) = state("pipeline", "AreParamsValid")["Choices"]
    assert evaluate(choice["Condition"], input=output) is True
    assert evaluate(choice["Condition"], input=DATA) is False


def test_reading_is_told_the_run_even_when_it_is_started_by_hand():
    payload = evaluate(state("pipeline", "ReadParams")["Arguments"], input={}, context=CONTEXT)["Payload"]
    assert payload == {
        "input": {},
        "run": {
            "id": "run",
            "execution": CONTEXT["Execution"]["Id"],
            "stateMachine": CONTEXT["StateMachine"]["Id"],
            "startTime": "2026-01-02T03:04:05.678Z",
        },
    }


def test_without_dataset_group_nothing_else_is_begun():
    (catch,) = state("pipeline", "DatasetGroup")["Catch"]
    output = evaluate(catch["Output"], variables(), input=DATA, errorOutput=ERROR)
    assert output == {"outcomes": [{"resource": "DatasetGroup", "name": "movies", "failed": ERROR}]}
    assert catch["Next"] == "Results"


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_map_runs_over_exactly_what_is_planned(count: int):
    """JSONata turns lists of one into their element wherever it can; a Map needs a list."""
    filters = [{"name": str(number)} for number in range(count)]
    assert evaluate(state("pipeline", "Filters")["Items"], variables(filters=filters), input=DATA) == filters


@pytest.mark.parametrize("count", [0, 1, 2])
def test_what_the_branches_did_is_collected(count: int):
    results = [{"outcomes": [{"name": str(number)}]} for number in range(count)]
    before = {"outcomes": [CREATED]}
    output = evaluate(state("pipeline", "Filters")["Output"], variables(), input=before, result=results)
    assert output == {
        "outcomes": [CREATED, *({"name": str(number)} for number in range(count))],
    }


def test_training_does_not_begin_on_half_of_the_data():
    broken, tracker = state("pipeline", "IsDataThere")["Choices"]
    data = {"outcomes": [CREATED, {"resource": "DatasetImport", "name": "i", "failed": ERROR}]}
    assert evaluate(broken["Condition"], variables(), input=data) is True
    assert broken["Next"] == "Results"
    whole = {"outcomes": [CREATED]}
    assert evaluate(broken["Condition"], variables(), input=whole) is False
    assert evaluate(tracker["Condition"], variables(), input=whole) is False
    assert evaluate(tracker["Condition"], variables(eventTracker={"name": "e"}), input=whole) is True


def test_the_glue_job_comes_before_all_data_if_it_has_something_to_do():
    (choice,) = state("pipeline", "IsPreparing")["Choices"]
    job = {"name": "prepare"}
    assert evaluate(choice["Condition"], variables(), input=DATA) is False
    assert evaluate(choice["Condition"], variables(preprocess=job), input=DATA) is True
    assert choice["Next"] == "Preprocess"
    look, question, prepare = (state("pipeline", name) for name in ("Preprocess", "IsPrepared", "GlueJob"))
    assert (look["Next"], question["Default"], prepare["Next"]) == ("IsPrepared", "GlueJob", "DatasetGroup")

    made = {"resource": "Preprocess", "name": "prepare", "did": "reused"}
    output = evaluate(look["Output"], variables(), input={"outcomes": []}, result={"Output": made})
    assert output["outcomes"] in (made, [made])
    (choice,) = question["Choices"]
    assert choice["Next"] == "DatasetGroup"
    assert evaluate(choice["Condition"], {"preparation": made}, input=DATA) is True

    call = {"JobName": "prepare", "Arguments": {"--bucket": "b", "--run": "run"}, "Timeout": 60}
    wanted = {"resource": "Preprocess", "name": "prepare", "did": None, "details": {"call": call}}
    assert evaluate(look["Output"], variables(), input=DATA, result={"Output": wanted}) == DATA
    assert evaluate(choice["Condition"], {"preparation": wanted}, input=DATA) is False
    given = variables(preprocess=job) | {"preparation": wanted}
    assert evaluate(prepare["Arguments"], given, input=DATA) == call
    ran = {"Id": "jr_1", "JobRunState": "SUCCEEDED", "ExecutionTime": 73}
    [outcome] = evaluate(prepare["Output"], given, input=DATA, result=ran)["outcomes"]
    assert (outcome["name"], outcome["did"], outcome["seconds"]) == ("prepare", "prepared", 73)
    (catch,) = prepare["Catch"]
    assert catch["Next"] == "Results"


def test_only_the_run_of_a_file_brings_its_schedules_about():
    (choice,) = state("pipeline", "IsScheduling")["Choices"]
    assert evaluate(choice["Condition"], variables(), input=DATA) is False
    assert evaluate(choice["Condition"], variables(schedules={"schedules": []}), input=DATA) is True


def test_the_event_tracker_comes_before_the_training():
    order = list(machine("pipeline")["States"])
    assert order.index("EventTracker") < order.index("Models")
    assert state("pipeline", "EventTracker")["Next"] == "Filters"
    assert order.index("EventTracker") < order.index("Filters") < order.index("Models")


def test_users_are_forgotten_before_the_training_and_if_they_are_not_nothing_is_trained():
    assert state("pipeline", "DataDeletionJobs")["Next"] == "AreUsersForgotten"
    question = state("pipeline", "AreUsersForgotten")
    assert question["Default"] == "Models"
    (choice,) = question["Choices"]
    assert choice["Next"] == "Results"
    deleted = {"resource": "DataDeletionJob", "name": "movies", "did": "created"}
    filtered = {"resource": "Filter", "name": "f", "failed": ERROR}
    for outcomes, stops in (
        ([CREATED], False),
        ([CREATED, deleted, filtered], False),
        ([CREATED, deleted, {"resource": "DataDeletionJob", "name": "o", "failed": ERROR}], True),
    ):
        data = {"outcomes": outcomes}
        assert evaluate(choice["Condition"], variables(), input=data) is stops


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_deletion_knows_the_imports_of_the_run(count: int):
    imports = [
        {"resource": "DatasetImport", "name": str(number), "arn": f"arn:{number}"} for number in range(count)
    ]
    selector = state("pipeline", "DataDeletionJobs")["ItemSelector"]["importArns"]
    found = evaluate(selector, variables(), input={"outcomes": [CREATED, *imports]})
    assert found == [f"arn:{number}" for number in range(count)]


VERSION = {"resource": "SolutionVersion", "name": "a", "arn": "arn:v1", "did": "trained"}
OTHER = {"resource": "SolutionVersion", "name": "b", "arn": "arn:v2", "did": "trained"}


def test_of_several_candidates_the_chosen_one_is_served():
    best = state("pipeline", "BestVersion")
    plan = {"name": "for-you", "choose": {"metric": "m"}, "candidates": [1, 2], "campaigns": [{"name": "c"}]}
    data = {"plan": plan, "outcomes": [VERSION, OTHER], "versions": [VERSION, OTHER]}
    payload = evaluate(best["Arguments"]["Payload"], input=data)
    assert payload == {"name": "for-you", "choose": {"metric": "m"}, "candidates": [VERSION, OTHER]}
    answer = {"arn": "arn:v2", "name": "for-you", "metric": "m", "value": 0.4, "reason": "the best"}
    output = evaluate(best["Output"], input=data, result={"Payload": answer})
    assert output["versions"] == [OTHER]
    assert output["outcomes"][-1] == {
        "resource": "BestVersion",
        "name": "for-you",
        "arn": "arn:v2",
        "status": "ACTIVE",
        "did": None,
        "details": {"reason": "the best", "metric": "m", "value": 0.4},
    }
    uses = state("pipeline", "Uses")
    item = {"Map": {"Item": {"Value": {"resource": "Campaign", "plan": {"name": "c"}}}}}
    assert evaluate(uses["ItemSelector"], input=output, context=item) == {
        "resource": "Campaign",
        "plan": {"name": "c"},
        "promotion": {},
        "solutionVersionArn": "arn:v2",
        "outcomes": [],
    }


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_version_is_used_by_campaigns_and_batch_jobs_at_the_same_time(count: int):
    keys = {
        "campaigns": "Campaign",
        "batchInferenceJobs": "BatchInferenceJob",
        "batchSegmentJobs": "BatchSegmentJob",
    }
    plan = {key: [{"name": f"{key}{number}"} for number in range(count)] for key in keys}
    items = evaluate(state("pipeline", "Uses")["Items"], input={"plan": plan})
    assert items == [{"resource": keys[key], "plan": one} for key, some in plan.items() for one in some]

    question = state("pipeline", "IsBatchJob")
    taken = [
        (
            [one["Next"] for one in question["Choices"] if evaluate(one["Condition"], input=item)]
            or [question["Default"]]
        )[0]
        for item in items
    ]
    assert taken == [{"Campaign": "IsGated"}.get(item["resource"], item["resource"]) for item in items]


GATE = {"metric": "coverage", "atLeast": 0.1}


@pytest.mark.parametrize(
    ("promotion", "plan", "following"),
    [
        pytest.param({}, {"name": "c"}, "Campaign", id="no gate"),
        pytest.param(GATE, {"name": "c"}, "Promotion", id="gate"),
        pytest.param(GATE, {"name": "c", "solutionVersionArn": "arn:v1"}, "Campaign", id="pinned"),
    ],
)
def test_a_gate_is_asked_unless_the_file_names_the_version(
    promotion: dict[str, Any], plan: dict[str, Any], following: str
):
    question = state("pipeline", "IsGated")
    (choice,) = question["Choices"]
    asked = evaluate(choice["Condition"], input={"promotion": promotion, "plan": plan})
    assert (choice["Next"] if asked else question["Default"]) == following


@pytest.mark.parametrize(
    ("decision", "serves", "following"),
    [("promoted", "arn:new", "Campaign"), ("kept", "arn:old", "Campaign"), ("withheld", None, "UseStopped")],
)
def test_the_campaign_serves_what_the_gate_says(decision: str, serves: str | None, following: str):
    given = {"promotion": GATE, "plan": {"name": "c"}, "solutionVersionArn": "arn:new", "outcomes": []}
    details = {"decision": decision, **({"solutionVersionArn": serves} if serves else {})}
    outcome = {"resource": "Promotion", "name": "c", "details": details}
    step = state("pipeline", "Promotion")
    assert evaluate(step["Arguments"]["Input"]["want"], input=given) == {**GATE, "name": "c"}

    output = evaluate(step["Output"], input=given, result={"Output": outcome})

    assert output == {**given, "outcomes": [outcome], "solutionVersionArn": serves or ""}
    question = state("pipeline", "IsGoodEnough")
    (choice,) = question["Choices"]
    stops = evaluate(choice["Condition"], input=output)
    assert (choice["Next"] if stops else question["Default"]) == following
    if stops:
        assert evaluate(choice["Output"], input=output) == {"outcomes": [outcome]}
    else:
        done = evaluate(
            state("pipeline", "Campaign")["Output"], input=output, result={"Output": {"arn": "c"}}
        )
        assert done == {"outcomes": [outcome, {"arn": "c"}]}


def test_what_is_live_is_tried_with_the_filters_that_were_made():
    tests = state("pipeline", "SmokeTests")
    campaign = {
        "resource": "Campaign",
        "name": "c",
        "arn": "arn:aws:personalize:r:1:campaign/c",
        "status": "ACTIVE",
    }
    given: dict[str, Any] = {
        "plan": {"candidates": [{"solution": {"recipeArn": "arn:a"}}, {"solution": {"recipeArn": "arn:b"}}]},
        "outcomes": [
            {"resource": "SolutionVersion", "name": "s", "arn": "arn:v", "status": "ACTIVE"},
            campaign,
            {"resource": "Campaign", "name": "d", "failed": {"error": "x"}},
            {"resource": "Recommender", "name": "r", "arn": "arn:r", "status": "INACTIVE"},
        ],
    }
    assert evaluate(tests["Items"], input=given) == [campaign]
    assert evaluate(tests["Items"], input={"outcomes": [given["outcomes"][0]]}) == []
    item = {"Map": {"Item": {"Value": campaign}}}
    selected = evaluate(tests["ItemSelector"], input=given, context=item)
    assert selected == {"plan": {"name": "campaign/c", "arn": campaign["arn"], "recipes": ["arn:a", "arn:b"]}}

    made = [
        {"resource": "Filter", "name": "f", "arn": "arn:f"},
        {"resource": "Filter", "name": "g", "failed": {}},
    ]
    assigned = evaluate(state("pipeline", "Filters")["Assign"], input={}, result={"outcomes": made})
    assert assigned == {"filterArns": [{"name": "f", "arn": "arn:f"}]}
    plan = {"filters": [{"name": name, "filterExpression": "x"} for name in ("f", "g")]}
    want = state("pipeline", "SmokeTest")["Arguments"]["Input"]["want"]
    assert evaluate(want, {"plan": plan, **assigned}, input=selected) == {
        **selected["plan"],
        "filters": [{"name": "f", "expression": "x", "arn": "arn:f"}, {"name": "g", "expression": "x"}],
    }
    nothing = evaluate(want, {"plan": {"filters": []}, "filterArns": []}, input=selected)
    assert nothing == {**selected["plan"], "filters": []}


@pytest.mark.parametrize(("solutions", "recommenders"), [(0, 0), (1, 0), (0, 1), (2, 2)])
def test_recommenders_and_solutions_are_made_at_the_same_time(solutions: int, recommenders: int):
    planned: dict[str, list[Any]] = {
        "recommenders": [{"name": f"r{number}", "recipeArn": "arn"} for number in range(recommenders)],
        "solutions": [{"name": f"s{number}", "candidates": [{}]} for number in range(solutions)],
    }
    items = evaluate(state("pipeline", "Models")["Items"], variables(**planned), input=DATA)
    assert items == planned["recommenders"] + planned["solutions"]

    (choice,) = state("pipeline", "IsRecommender")["Choices"]
    chosen = [item["name"][0] == "r" for item in items]
    assert [evaluate(choice["Condition"], input={"plan": item}) for item in items] == chosen


def test_no_version_no_campaign():
    nothing, several = state("pipeline", "IsTrained")["Choices"]
    plan = PLAN["solutions"][0] | {"candidates": [{"solutionVersion": {}}]}
    data = {"plan": plan, "outcomes": [FAILED], "versions": []}
    assert evaluate(nothing["Condition"], input=data) is True
    assert evaluate(nothing["Output"], input=data) == {"outcomes": [FAILED]}
    one = data | {"versions": [VERSION], "plan": {"candidates": [1]}}
    assert evaluate(nothing["Condition"], input=one) is False
    assert evaluate(several["Condition"], input=one) is False


PINNED: dict[str, Any] = {"candidates": [{"solution": {"name": "a"}}], "campaigns": [{"name": "c"}]}


def test_a_pinned_campaign_needs_the_solution_but_no_version():
    nothing, several = state("pipeline", "IsTrained")["Choices"]
    data = {"plan": PINNED, "outcomes": [CREATED], "versions": []}
    assert evaluate(nothing["Condition"], input=data) is False
    assert evaluate(several["Condition"], input=data) is False
    item = {"Map": {"Item": {"Value": {"resource": "Campaign", "plan": {"name": "c"}}}}}
    selected = evaluate(state("pipeline", "Uses")["ItemSelector"], input=data, context=item)
    assert selected["solutionVersionArn"] == ""

    assert evaluate(nothing["Condition"], input=data | {"outcomes": [FAILED]}) is True


@pytest.mark.parametrize(
    ("question", "plan", "goes_on"),
    [
        pytest.param("IsToBeImported", {"import": {"importMode": "FULL"}}, True, id="import"),
        pytest.param("IsToBeImported", {"dataset": {"name": "d"}}, False, id="no import"),
        pytest.param("IsVersionWanted", {"solutionVersion": {"trainingMode": "FULL"}}, True, id="version"),
        pytest.param("IsVersionWanted", {"solution": {"name": "s"}}, False, id="no version"),
    ],
)
def test_what_the_plan_leaves_out_is_left_out(question: str, plan: dict[str, Any], goes_on: bool):
    (choice,) = state("pipeline", question)["Choices"]
    assert evaluate(choice["Condition"], input={"plan": plan}) is goes_on


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param({"outcomes": [CREATED]}, "SUCCEEDED", id="all worked"),
        pytest.param({"outcomes": [CREATED, FAILED]}, "FAILED", id="one failed"),
        pytest.param({"outcomes": [FAILED]}, "FAILED", id="all failed"),
        pytest.param({**DATA, "problem": ERROR}, "FAILED", id="ended early"),
    ],
)
def test_a_run_in_which_anything_failed_failed(data: dict[str, Any], status: str):
    assert evaluate(state("pipeline", "Results")["Output"], input=data) == {**data, "status": status}


def test_the_mail_is_told_everything():
    payload = state("pipeline", "Notify")["Arguments"]["Payload"]
    data = {"outcomes": [CREATED], "status": "SUCCEEDED"}
    assert evaluate(payload, variables(), input=data) == {
        **data,
        "run": {"id": "run"},
        "notes": ["one note"],
        "expected": [{"resource": "DatasetGroup", "name": "movies"}],
        "datasetGroup": "movies",
    }


@pytest.mark.parametrize(
    ("plan", "group"),
    [
        pytest.param({}, None, id="reading crashed"),
        pytest.param(
            {"failed": {"error": "ParamsInvalid"}, "datasetGroup": "movies"}, "movies", id="invalid"
        ),
    ],
)
def test_the_mail_is_sent_even_if_there_is_no_plan(plan: dict[str, Any], group: str | None):
    payload = state("pipeline", "Notify")["Arguments"]["Payload"]
    data = {**DATA, "problem": ERROR, "status": "FAILED"}
    made = evaluate(payload, {"plan": plan, "run": {"id": "run"}}, input=data)
    assert made["problem"] == ERROR
    assert made["notes"] == []
    assert made["expected"] == []
    assert made.get("datasetGroup") == group


def test_a_run_whose_mail_could_not_be_sent_says_everything_itself():
    (catch,) = state("pipeline", "Notify")["Catch"]
    outcomes = [FAILED | {"name": str(number)} for number in range(2000)]
    data = {"outcomes": outcomes, "problem": ERROR, "status": "FAILED"}
    refused = {"Error": "AuthorizationError", "Cause": "not allowed to publish"}
    output = evaluate(catch["Output"], variables(), input=data, errorOutput=refused)
    ended = evaluate({key: state("pipeline", "Failed")[key] for key in ("Error", "Cause")}, input=output)
    assert ended["Error"] == "NotifyFailed"
    assert "not allowed to publish" in ended["Cause"]
    assert "12 interactions" in ended["Cause"]
    assert len(ended["Cause"]) <= 32_768


def test_the_result_of_the_run_is_the_mails_text():
    notify = state("pipeline", "Notify")
    answer = {"subject": "Failed: movies", "body": "...", "error": "ResourceFailed", "cause": "what failed"}
    output = evaluate(notify["Output"], input={"status": "FAILED"}, result={"Payload": answer})
    assert output == {"status": "FAILED", **answer}
    (worked,) = state("pipeline", "DidAllWork")["Choices"]
    assert evaluate(worked["Condition"], input=output) is False
    assert evaluate(worked["Condition"], input={**output, "status": "SUCCEEDED"}) is True


# --- failures as AWS reports them ---------------------------------------------------------------------------

STATE_DATA = 262_144  # bytes: more ends an execution with an error that no state can catch
CATCHES = [
    pytest.param(which, name, rule, id=f"{which}.{name}")
    for which, name, one in STATES
    if one.get("Resource", "").endswith("startExecution.sync:2")
    for rule in one["Catch"]
]
INNER = "arn:aws:states:us-east-1:123456789012:execution:personalize-pipeline-ensure:x"
SMALL: dict[str, Any] = {"want": {"name": "n"}, "context": {}}
"""What nested executions were started with: nothing of note."""
LOOKALIKE: dict[str, Any] = {"Cause": "no", "Error": "No", "Input": "no", "InputDetails": {}, "Status": "NO"}


def in_aws(given: Any, status: str = "FAILED", **why: str) -> dict[str, str]:
    """What a Catch gets: the answer of DescribeExecution, its keys in the order of the alphabet."""
    child = {
        "ExecutionArn": INNER,
        "Input": json.dumps(given, separators=(",", ":")),
        "InputDetails": {"Included": True},
        "Name": "movies-params-0123456789ab-SolutionVersion-01234567",
        "RedriveCount": 0,
        "RedriveStatus": "REDRIVABLE",
        "StartDate": 1732093320000,
        "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:personalize-pipeline-ensure",
        "Status": status,
        "StopDate": 1732093330000,
    }
    return {
        "Error": "States.TaskFailed",
        "Cause": json.dumps({**why, **child}, separators=(",", ":"))[:32_768],
    }


def caught(rule: dict[str, Any], failed: dict[str, str]) -> dict[str, str]:
    """What the outcome of a state, or the problem of its run, says of the failure."""
    plan: dict[str, Any] = {key: {"name": "n"} for key in ("datasetGroup", "preprocess", "schedules")}
    given = {
        "outcomes": [],
        "plan": {"name": "n"},
        "thing": {"kind": "Campaign", "name": "n", "arn": "arn:n"},
    }
    output = evaluate(rule["Output"], {"plan": plan}, input=given, context=CONTEXT, errorOutput=failed)
    outcomes = output["outcomes"]
    told = output.get("problem") or (outcomes if isinstance(outcomes, dict) else outcomes[-1])["failed"]
    return dict(told)


REASON = 'solution/movies failed: 12 interactions, "at least" 1000,\nand {"a":1,"Input":"none","Status":0},'


@pytest.mark.parametrize(
    ("failed", "expected"),
    [
        pytest.param(
            in_aws({**LOOKALIKE, "context": ["x" * 90] * 250}, Cause=REASON, Error="ResourceFailed"),
            Failure("ResourceFailed", REASON, INNER),
            id="failed",
        ),
        pytest.param(
            in_aws({**LOOKALIKE, "context": "x" * 40_000}, Cause=REASON, Error="ResourceFailed"),
            Failure("ResourceFailed", REASON, INNER),
            id="cut off by AWS",
        ),
        pytest.param(
            in_aws({**LOOKALIKE, "context": "x" * 20_000}, "ABORTED"),
            Failure("ABORTED", "Somebody stopped it.", INNER),
            id="stopped",
        ),
        pytest.param(
            in_aws(SMALL, Cause="x" * 30_000, Error="ResourceFailed"),
            None,
            id="no cause of ensure",
        ),
        pytest.param(ERROR, Failure("ResourceFailed", "12 interactions"), id="MiniStack"),
        pytest.param({"Error": "States.Timeout"}, understand({"Error": "States.Timeout"}), id="no cause"),
    ],
)
@pytest.mark.parametrize(("which", "name", "rule"), CATCHES)
def test_every_catch_of_a_nested_execution_keeps_why_it_failed_and_leaves_out_its_input(
    which: str, name: str, rule: dict[str, Any], failed: dict[str, str], expected: Failure | None
):
    told = caught(rule, failed)
    assert len(json.dumps(told)) < 4_200, f"{which}.{name}"
    if expected:
        assert understand(told) == expected
        assert len(json.dumps(told)) < 800


def test_a_crash_with_a_long_trace_is_told_by_its_message():
    crash = json.dumps({"errorMessage": "'arn'", "errorType": "KeyError", "stackTrace": ["x" * 300] * 30})
    ended = failed_as(crash) | {"Error": "KeyError"}
    (catch,) = state("pipeline", "Campaign")["Catch"]
    assert understand(caught(catch, in_aws(SMALL, **ended))) == Failure("KeyError", "'arn'", INNER)


def test_sixty_failures_with_long_reasons_end_with_a_mail():
    """Every state's input and output is counted; that of Notify is the largest."""
    names = [f"{number:03}".ljust(63, "x") for number in range(60)]  # 63: the longest there is
    reason = failed_as("solution version: " + 'what "failed", ' * 200)["Cause"]
    failed = in_aws({"run": "x" * 20_000}, Cause=reason, Error="ResourceFailed")
    solution, version = state("pipeline", "Solution"), state("pipeline", "SolutionVersion")
    (catch,) = version["Catch"]
    outcomes = []
    for name in names:
        arn = f"arn:aws:personalize:eu-central-1:123456789012:solution/{name}"
        made = {"resource": "Solution", "name": name, "arn": arn, "status": "ACTIVE", "did": "created"}
        given = {"plan": {"solution": {"name": name}}, "outcomes": []}
        after = evaluate(solution["Output"], input=given, result={"Output": {**made, "seconds": 123}})
        outcomes += evaluate(catch["Output"], input=after, errorOutput=failed)["outcomes"]
    gathered = evaluate(state("pipeline", "Models")["Output"], input=DATA, result=[{"outcomes": outcomes}])
    results = evaluate(state("pipeline", "Results")["Output"], input=gathered)
    expected = [
        {"resource": resource, "name": name}
        for name in names
        for resource in ("Solution", "SolutionVersion", "Campaign", "SmokeTest")
    ]
    foreseen = {"entries": [{**one, "action": "create", "why": "x" * 100} for one in expected]}
    known = {"plan": {**PLAN, "expected": expected}, "run": {"id": "run", "shares": "x" * 10_000}}
    payload = state("pipeline", "Notify")["Arguments"]["Payload"]
    told = evaluate(payload, {**known, "foreseen": foreseen}, input=results)

    assert len(outcomes) == 120
    assert len(json.dumps(told, separators=(",", ":"))) < STATE_DATA
    assert told["foreseen"] == {"missing": "it is too long for a run with so many results."}
    few = evaluate(payload, {**known, "foreseen": foreseen}, input={**results, "outcomes": outcomes[:9]})
    assert few["foreseen"] == foreseen


# --- delete -----------------------------------------------------------------------------------------------

THINGS = [
    {"kind": "Campaign", "name": "a", "arn": "arn:a"},
    {"kind": "Campaign", "name": "b", "arn": "arn:b"},
]
LATER = {"kind": "MetricAttribution", "name": "c", "arn": "arn:c"}


@pytest.mark.parametrize(
    ("asked", "group", "following"),
    [
        pytest.param({"datasetGroup": {"name": "movies"}}, "movies", "WaitForTurn", id="named"),
        pytest.param({"datasetGroup": {"name": 5}}, None, "DeletionPlan", id="a number"),
        pytest.param({"datasetGroup": "movies"}, None, "DeletionPlan", id="a text"),
        pytest.param({}, None, "DeletionPlan", id="nothing"),
        pytest.param("movies", None, "DeletionPlan", id="no object"),
        pytest.param(None, None, "DeletionPlan", id="no input"),
    ],
)
def test_a_deletion_waits_for_its_turn_if_it_names_a_group_and_is_told_otherwise(
    asked: Any, group: str | None, following: str
):
    context = {**CONTEXT, "Execution": {**CONTEXT["Execution"], "Input": asked}}
    begins = evaluate(state("delete", "Begin")["Assign"], input=asked, context=context)
    assert begins["run"].get("datasetGroup") == group
    assert (begins["run"]["id"], begins["run"]["startTime"]) == ("run", "2026-01-02T03:04:05.678Z")
    question = state("delete", "IsGroupNamed")
    (choice,) = question["Choices"]
    named = evaluate(choice["Condition"], begins, input=DATA)
    assert (choice["Next"] if named else question["Default"]) == following
    payload = state("delete", "Notify")["Arguments"]["Payload"]
    told = evaluate(payload, begins, input={**DATA, "problem": ERROR, "status": "FAILED"}, context=context)
    assert told.get("datasetGroup") == group
    assert told["problem"] == ERROR


@pytest.mark.parametrize("count", [1, 2], ids=["one thing", "two things"])
def test_the_stages_of_a_deletion_go_one_after_the_other(count: int):
    plan = {"Payload": {"stages": [{"things": THINGS[:count]}, {"things": [LATER]}], "notes": ["kept"]}}
    given = evaluate(state("delete", "DeletionPlan")["Assign"], input=DATA, result=plan)
    things = [*THINGS[:count], LATER]
    expected = [{"resource": thing["kind"], "name": thing["name"]} for thing in things]
    assert given == {"notes": ["kept"], "stages": plan["Payload"]["stages"], "expected": expected}
    stage = state("delete", "Stage")
    assert evaluate(stage["Items"], given) == THINGS[:count]

    second = evaluate(stage["Assign"], given)
    assert second == {"stages": [{"things": [LATER]}]}
    assert evaluate(stage["Items"], second) == [LATER]

    done = evaluate(stage["Assign"], second)
    assert done == {"stages": []}
    (end,) = state("delete", "IsMoreToDelete")["Choices"]
    assert evaluate(end["Condition"], done, input=DATA) is True
    assert evaluate(end["Condition"], second, input=DATA) is False


def test_a_deletion_of_nothing_has_no_stages():
    given = evaluate(
        state("delete", "DeletionPlan")["Assign"], input=DATA, result={"Payload": {"stages": [], "notes": []}}
    )
    assert given == {"notes": [], "stages": [], "expected": []}


def test_what_cannot_be_deleted_keeps_the_later_stages():
    (ended,) = state("delete", "IsMoreToDelete")["Choices"]
    data = {"outcomes": [CREATED, FAILED]}
    stages = {"stages": [{"things": THINGS}, {"things": [LATER]}]}
    assert evaluate(ended["Condition"], stages, input=data) is True
    assert evaluate(ended["Condition"], stages, input={"outcomes": [CREATED]}) is False
    assert evaluate(ended["Condition"], stages, input={**DATA, "problem": ERROR}) is True


def test_each_thing_is_deleted_by_an_execution_of_its_own():
    given = state("delete", "Delete")["Arguments"]
    run = "x" * 60 + "movies-destroy-0123abcd"
    context = {"Execution": {"Name": run, "Id": "arn:run"}}
    made = evaluate(given, {"run": {"id": run}}, input={"thing": LATER}, context=context)
    assert made["Name"].startswith(f"{run[-50:]}-MetricAttribution-")
    assert len(made["Name"]) <= 80  # StartExecution's limit
    assert made["Input"] == {
        "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": "arn:run",
        "function": "${DeleteFunctionArn}",
        "resource": "MetricAttribution",
        "name": "c",
        "want": LATER,
        "context": {"run": {"id": run}},
    }
    other = evaluate(given["Name"], input={"thing": {**LATER, "arn": "arn:d"}}, context=context)
    assert other != made["Name"]


def test_the_mail_about_a_deletion_says_that_it_is_one():
    payload = state("delete", "Notify")["Arguments"]["Payload"]
    data = {**DATA, "status": "SUCCEEDED"}
    run = {"id": "run", "datasetGroup": "movies"}
    variables_ = {"run": run, "notes": ["kept"], "expected": [THINGS[0]]}
    made = evaluate(payload, variables_, input=data, context={"Execution": {"Input": {}}})
    assert made == {**data, **variables_, "deletes": True, "datasetGroup": "movies"}


def test_a_definition_is_small_enough_for_step_functions():
    for which in MACHINES:
        assert len(json.dumps(machine(which))) < 1_048_576
