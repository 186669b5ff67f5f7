"""The template: complete, consistent with the code, and stingy with rights."""

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.support.deployment import ROOT, functions, machine, resources, states, strings, template

from personalize_pipeline.context import StepInput
from personalize_pipeline.params.batch import OUTPUT
from personalize_pipeline.params.data_jobs import EXPORTS, METRICS

FOLDERS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def statements(properties: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for policy in properties.get("Policies", []):
        found += (policy.get("PolicyDocument") or policy)["Statement"]
    return found


def all_statements() -> list[tuple[str, dict[str, Any]]]:
    kinds = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine", "AWS::IAM::Role")
    return [
        (name, statement)
        for kind in kinds
        for name, properties in resources(kind).items()
        for statement in statements(properties)
    ]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_every_function_folder_is_deployed_under_its_own_name():
    assert {name: properties["CodeUri"] for name, properties in functions().items()} == {
        f"{''.join(word.capitalize() for word in folder.split('_'))}Function": f"functions/{folder}"
        for folder in FOLDERS
    }


def test_every_state_that_names_a_function_has_its_folder():
    for name in ("pipeline", "ensure", "delete"):
        named = {
            placeholder.removesuffix("FunctionArn")
            for text in strings(machine(name))
            for placeholder in re.findall(r"\$\{(\w+FunctionArn)\}", text)
        }
        assert {snake(function) for function in named} <= set(FOLDERS)


@pytest.mark.parametrize("name", ["Pipeline", "Ensure", "Delete"])
def test_a_state_machine_gets_exactly_the_substitutions_it_names(name: str):
    properties = resources("AWS::Serverless::StateMachine")[name]
    named = {
        placeholder
        for text in strings(machine(name.lower()))
        for placeholder in re.findall(r"\$\{(\w+)\}", text)
    }
    assert named == properties["DefinitionSubstitutions"].keys()


@pytest.mark.parametrize("which", ["Pipeline", "Delete"])
def test_a_state_machine_may_invoke_what_it_invokes_and_nothing_else(which: str):
    may = {
        target["Fn::GetAtt"][0].removesuffix("Function")
        for statement in statements(resources("AWS::Serverless::StateMachine")[which])
        if statement["Action"] == "lambda:InvokeFunction"
        for target in statement["Resource"]
    }
    invokes = {
        name
        for name, state in states(machine(which.lower()))
        if state.get("Resource", "").endswith("lambda:invoke")
    }
    assert may == invokes


def test_ensure_may_invoke_every_function_that_is_given_to_it():
    may = {
        target["Fn::GetAtt"][0].removesuffix("Function")
        for statement in statements(resources("AWS::Serverless::StateMachine")["Ensure"])
        if statement["Action"] == "lambda:InvokeFunction"
        for target in statement["Resource"]
    }
    given = {
        name
        for which in ("pipeline", "delete")
        for name, state in states(machine(which))
        if state.get("Resource", "").endswith("startExecution.sync:2")
    }
    assert may == given


@pytest.mark.parametrize(("owner", "statement"), all_statements())
def test_a_policy_names_its_actions(owner: str, statement: dict[str, Any]):
    assert statement["Effect"] == "Allow", owner
    assert not [action for action in as_list(statement["Action"]) if "*" in action]


def test_every_star_in_a_policy_has_its_reason_beside_it():
    lines = (ROOT / "template.yaml").read_text(encoding="utf-8").splitlines()
    stars = [
        line for line in lines if re.search(r'^\s*(Resource|Principal|Action|- ).*("\*"|\w+:\*(\s|$))', line)
    ]
    stars = [line for line in stars if not re.search(r"s3:ObjectCreated|aws:SourceArn|execution:", line)]
    assert stars
    assert [line for line in stars if "#" not in line] == []


@pytest.mark.parametrize(("owner", "statement"), all_statements())
def test_a_resource_in_a_policy_is_of_this_account_and_of_any_partition(
    owner: str, statement: dict[str, Any]
):
    arns = [text for text in strings(statement["Resource"]) if text.startswith("arn:")]
    for arn in arns:
        assert arn.startswith("arn:${AWS::Partition}:"), owner
        assert "${AWS::AccountId}" in arn, owner


def test_roles_are_passed_to_personalize_only_and_one_to_scheduler():
    passing = [
        statement for _, statement in all_statements() if "iam:PassRole" in as_list(statement["Action"])
    ]
    (scheduling,) = (one for one in passing if one["Resource"] == {"Fn::GetAtt": ["SchedulerRole", "Arn"]})
    assert scheduling["Condition"] == {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
    passing.remove(scheduling)
    assert len(passing) == 7
    for statement in passing:
        assert statement["Condition"] == {
            "StringEquals": {"iam:PassedToService": "personalize.amazonaws.com"}
        }


def test_personalize_reads_the_input_bucket_for_this_account_only():
    condition = {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
        "ArnLike": {
            "aws:SourceArn": {
                "Fn::Sub": "arn:${AWS::Partition}:personalize:${AWS::Region}:${AWS::AccountId}:*"
            }
        },
    }
    trust = resources("AWS::IAM::Role")["PersonalizeRole"]["AssumeRolePolicyDocument"]["Statement"]
    bucket = resources("AWS::S3::BucketPolicy")["InputBucketPolicy"]["PolicyDocument"]["Statement"]
    for statement in [*trust, *(one for one in bucket if one["Effect"] == "Allow")]:
        assert statement["Principal"] == {"Service": "personalize.amazonaws.com"}
        assert statement["Condition"] == condition
    may = [statement["Action"] for statement in statements(resources("AWS::IAM::Role")["PersonalizeRole"])]
    assert may == ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "cloudwatch:PutMetricData"]


def test_the_pipeline_may_run_the_glue_job_that_the_stack_names_and_no_other():
    found = template()["Resources"]["PreprocessPolicy"]
    assert found["Condition"] == "HasGlueJob"
    assert found["Properties"]["Roles"] == [{"Ref": "PipelineRole"}]
    (statement,) = found["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Action"] == [
        "glue:StartJobRun",
        "glue:GetJobRun",
        "glue:GetJobRuns",
        "glue:BatchStopJobRun",
    ]
    assert statement["Resource"]["Fn::Sub"].endswith(":${AWS::AccountId}:job/${GlueJobName}")
    looking = statements(functions()["PreprocessFunction"])
    assert [one["Action"] for one in looking] == ["s3:ListBucket", ["glue:GetJob", "glue:GetJobRuns"]]
    assert looking[1]["Resource"] == statement["Resource"]
    reading = functions()["ReadParamsFunction"]["Environment"]["Variables"]
    assert reading["GLUE_JOB_NAME"] == {"Ref": "GlueJobName"}


def test_a_schedule_of_this_stack_may_start_the_pipeline_and_nothing_else():
    role = resources("AWS::IAM::Role")["SchedulerRole"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {
        "StringEquals": {
            "aws:SourceAccount": {"Ref": "AWS::AccountId"},
            "aws:SourceArn": {"Fn::GetAtt": ["ScheduleGroup", "Arn"]},
        }
    }
    start, dead_letters = statements(role)
    assert start["Action"] == "lambda:InvokeFunction"
    assert start["Resource"] == {"Fn::GetAtt": ["StartFunction", "Arn"]}
    assert dead_letters["Action"] == "sqs:SendMessage"
    assert dead_letters["Resource"] == {"Fn::GetAtt": ["ScheduleDeadLetters", "Arn"]}


def test_personalize_writes_only_into_the_folders_for_what_it_makes():
    role = statements(resources("AWS::IAM::Role")["PersonalizeRole"])
    bucket = resources("AWS::S3::BucketPolicy")["InputBucketPolicy"]["PolicyDocument"]["Statement"]
    writing = [one for one in (*role, *bucket) if one["Action"] == "s3:PutObject"]
    folders = [f"{above}{folder}/*" for folder in (OUTPUT, EXPORTS, METRICS) for above in ("", "*/")]
    assert [one["Resource"] for one in writing] == 2 * [
        [{"Fn::Sub": f"${{InputBucket.Arn}}/{folder}"} for folder in folders]
    ]


def test_the_input_bucket_outlives_the_stack_but_not_a_first_deploy_that_failed():
    bucket = template()["Resources"]["InputBucket"]
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_the_input_bucket_is_private_encrypted_versioned_and_tls_only():
    bucket = resources("AWS::S3::Bucket")["InputBucket"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    policy = resources("AWS::S3::BucketPolicy")["InputBucketPolicy"]["PolicyDocument"]["Statement"]
    (deny,) = (statement for statement in policy if statement["Effect"] == "Deny")
    assert deny["Condition"]["Bool"] == {"aws:SecureTransport": False}
    assert deny["Action"] == "s3:*"


def test_environment_variables_of_functions_are_the_ones_they_read():
    source = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "src" / "personalize_pipeline").rglob("*.py")
    )
    for name, properties in functions().items():
        for variable in properties.get("Environment", {}).get("Variables", {}):
            assert f'"{variable}"' in source, f"{name}: nothing reads {variable}"


def test_the_layer_has_the_services_that_functions_may_call():
    kept = runpy.run_path(str(ROOT / "layer" / "build.py"))["SERVICES"]
    called = {
        action.split(":")[0]
        for properties in functions().values()
        for statement in statements(properties)
        for action in as_list(statement["Action"])
    }
    by_prefix = {"states": "stepfunctions"}  # the others are called in boto3 as in IAM
    without_client = {"iam", "kms"}  # rights that other services use on behalf of a function
    # Personalize has one prefix for its APIs; requests are an API of their own.
    runtime = {"personalize-runtime"}
    assert {by_prefix.get(prefix, prefix) for prefix in called - without_client} | runtime | {
        "glue"
    } == kept  # whose model the params file is checked against


def test_the_outputs_are_those_that_the_command_line_reads():
    assert template()["Outputs"].keys() == {
        "InputBucketName",
        "PipelineArn",
        "EnsureArn",
        "DeleteArn",
        "ScheduleGroupName",
        "NotificationTopicArn",
    }


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("layer")
    subprocess.run([sys.executable, "layer/build.py", str(out)], cwd=ROOT, check=True)
    return out / "python"


def test_the_layer_has_nothing_of_the_local_side_nor_of_the_tests(layer: Path):
    ours = {path.name for path in layer.iterdir() if path.name.startswith("personalize")}
    assert ours == {"personalize_pipeline", "personalize_rules"}
    inside = {path.name for path in (layer / "personalize_pipeline").iterdir()}
    assert not inside & {"cli", "local_stack"}
    others = {path.name for path in layer.iterdir()}
    assert not others & {"personalize_local", "pytest", "moto", "mypy", "numpy", "typer", "rich", "duckdb"}


def test_the_layer_fits_every_python_version_and_architecture(layer: Path):
    allowed = template()["Parameters"]
    modules = {path.name for path in (layer / "pydantic_core").glob("*.so")}
    for version in allowed["PythonVersion"]["AllowedValues"]:
        for architecture in allowed["Architecture"]["AllowedValues"]:
            tag = f"cpython-{version.removeprefix('python').replace('.', '')}"
            machine_name = {"arm64": "aarch64"}.get(architecture, architecture)
            assert f"_pydantic_core.{tag}-{machine_name}-linux-gnu.so" in modules


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_handler_starts_with_the_layer_alone(layer: Path, folder: str):
    """What the layer leaves out is not missing: no other package is on the path."""
    program = (
        f"import sys; sys.path[:0] = [{str(ROOT / 'functions' / folder)!r}, {str(layer)!r}]; import app; "
        "assert callable(app.handler); import boto3; s = boto3.Session('a', 'b', region_name='eu-west-1'); "
        f"[s.client(name) for name in ('personalize', 's3', 'sns', 'stepfunctions')]; "
        "print([m.__file__ for m in (boto3, sys.modules['personalize_pipeline'])])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": ""},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(str(layer)) == 2


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_function_has_a_sample_event_that_it_can_read(folder: str):
    event = json.loads((ROOT / "events" / f"{folder}.json").read_text(encoding="utf-8"))
    if "want" in event:
        given = StepInput.parse(event)
        assert given.context.run.execution.startswith("arn:")
        assert given.want
    else:
        assert folder in {
            "start",
            "read_params",
            "best_version",
            "notify",
            "deletion_plan",
            "watch",
            "plan",
        }  # not in the polling loop


def test_no_sample_event_is_left_of_a_function_that_is_gone():
    assert sorted(path.stem for path in (ROOT / "events").glob("*.json")) == FOLDERS
