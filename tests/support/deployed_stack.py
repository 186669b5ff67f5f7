"""The template, deployed for real with `sam` on a local stack of its own, and runs on it."""

import json
import os
import random
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from personalize_pipeline.execution import execution_name
from personalize_pipeline.local_stack.stack import REGION, LocalStack

ROOT = Path(__file__).resolve().parents[2]
EMAIL = "you@example.com"
DATA_BUCKET = "e2e-data-of-others"
"""Not of the stack, which may read it nevertheless; a test that needs it makes it."""
GLUE_JOBS = "prepare-*"
RUN_SECONDS = 300.0  # on a busy computer; it is seconds on an idle one
MAIL_SECONDS = 60.0
DELETE_SECONDS = 120.0

INTERACTIONS_SCHEMA = {
    "type": "record",
    "name": "Interactions",
    "namespace": "com.amazonaws.personalize.schema",
    "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "EVENT_TYPE", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
    ],
    "version": "1.0",
}


@dataclass(frozen=True)
class Mail:
    subject: str
    body: str


@dataclass(frozen=True)
class Run:
    """A finished execution of the pipeline."""

    name: str
    status: str
    error: str
    cause: str
    mail: Mail
    steps: list[dict[str, Any]] = field(default_factory=list)
    """What each nested execution returned; {"resource", "name", "failed"} for one that failed."""

    def step(self, resource: str, name: str | None = None) -> dict[str, Any]:
        (step,) = (s for s in self.steps if s["resource"] == resource and name in (None, s["name"]))
        return step

    def did(self) -> dict[tuple[str, str], str]:
        """What was done to each resource; decisions, smoke tests and schedules that stay do nothing."""
        made = {(step["resource"], step["name"]): step.get("did", "failed") for step in self.steps}
        return {
            (resource, name): did
            for (resource, name), did in made.items()
            if resource not in ("Promotion", "SmokeTest") and (resource, did) != ("Schedules", "reused")
        }


class DeployedStack:
    """A local stack with the template on it."""

    NAME = "personalize-pipeline"

    def __init__(self, home: Path) -> None:
        installed = (
            ROOT / ".personalize" / "ministack"
        )  # made once for the checkout, not once for each test session
        installed.mkdir(parents=True, exist_ok=True)
        (home / "ministack").symlink_to(installed)
        self._stack = LocalStack("e2e", place=home)
        self._earlier: frozenset[str] = frozenset()
        self._build = home / "build"

    def up(self) -> None:
        self._stack.up()
        self.variables = self._stack.environment()
        self._sam("build", "--build-dir", str(self._build))
        template = str(self._build / "template.yaml")
        config = str(ROOT / "samconfig.toml")  # sam looks for it beside the template otherwise
        # Said again, because `sam deploy --guided` may have saved other answers in samconfig.toml.
        usual = ("--stack-name", self.NAME, "--region", REGION, "--no-confirm-changeset")
        overrides = (
            f"Email={EMAIL}",
            f"DataBucketArns=arn:aws:s3:::{DATA_BUCKET}",
            f"GlueJobName={GLUE_JOBS}",
        )
        self._sam(
            "deploy", "-t", template, "--config-file", config, *usual, "--parameter-overrides", *overrides
        )
        (stack,) = self.client("cloudformation").describe_stacks(StackName=self.NAME)["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        self.bucket = outputs["InputBucketName"]
        self.pipeline_arn, self.ensure_arn = outputs["PipelineArn"], outputs["EnsureArn"]
        self.delete_arn = outputs["DeleteArn"]

    def down(self) -> None:
        self._stack.down()

    def client(self, service: str, **options: Any) -> Any:
        endpoint = {
            name: self.variables.get(f"AWS_ENDPOINT_URL_{name.upper().replace('-', '_')}")
            for name in ("personalize", "personalize-runtime", "personalize-events")
        }.get(service) or self.variables["AWS_ENDPOINT_URL"]
        session: Any = boto3.Session(
            self.variables["AWS_ACCESS_KEY_ID"],
            self.variables["AWS_SECRET_ACCESS_KEY"],
            region_name=self.variables["AWS_DEFAULT_REGION"],
        )
        return session.client(service, endpoint_url=endpoint, **options)

    def arn(self, tail: str) -> str:
        """The ARN of a resource in Personalize: `campaign/movies`."""
        arn: str = self.pipeline_arn.replace(":states:", ":personalize:")
        return f"{arn.rpartition(':stateMachine:')[0]}:{tail}"

    # --- what a person does ---------------------------------------------------------------------------------

    def upload(self, key: str, content: str | bytes) -> str:
        """Put an object into the input bucket; returns its version."""
        body = content.encode() if isinstance(content, str) else content
        version: str = self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body)["VersionId"]
        return version

    def upload_interactions(self, folder: str, **options: Any) -> None:
        """Upload `interactions_csv` with these options."""
        self.upload(f"{folder}/Interactions/interactions.csv", interactions_csv(**options))

    def run(self, folder: str, params: Mapping[str, Any] | str) -> Run:
        """Upload a params file and wait until its run has ended and its mail is there."""
        text = params if isinstance(params, str) else json.dumps(params)
        key = f"{folder}/params.json"
        name = execution_name(self.bucket, key, self.upload(key, text))
        return self.ended(name)

    def start(self, given: Mapping[str, Any], name: str) -> Run:
        """Paste this into Start Execution, and wait for the end."""
        client = self.client("stepfunctions")
        client.start_execution(stateMachineArn=self.pipeline_arn, name=name, input=json.dumps(given))
        return self.ended(name)

    def ended(self, name: str, *, mailed: bool = True) -> Run:
        """The run of this name, when it has ended; one that is not `mailed` has an empty mail."""
        arn = f"{self.pipeline_arn.replace(':stateMachine:', ':execution:')}:{name}"
        client = self.client("stepfunctions")
        deadline = time.monotonic() + RUN_SECONDS
        while True:
            try:
                execution = client.describe_execution(executionArn=arn)
            except client.exceptions.ExecutionDoesNotExist:
                execution = {"status": "NOT STARTED"}
            if execution["status"] not in ("NOT STARTED", "RUNNING"):
                break
            assert time.monotonic() < deadline, f"{name} is {execution['status']} after {RUN_SECONDS:.0f} s"
            time.sleep(0.2)
        return Run(
            name=name,
            status=execution["status"],
            error=execution.get("error", ""),
            cause=execution.get("cause", ""),
            mail=self._mail_about(name) if mailed else Mail("", ""),
            steps=self._steps(name),
        )

    def executions(self, folder: str) -> list[str]:
        """Names of the runs of params files in a folder, of this test."""
        return [name for name in self._runs() if name.startswith(f"{folder}-params-")]

    def fail_next(self, resource_type: str, reason: str) -> None:
        """Let Personalize fail the next resource of this type that is created."""
        self._admin("faults", {"resourceType": resource_type, "reason": reason})

    def refuse_next(self, operation: str, times: int, code: str = "ThrottlingException") -> None:
        """Let the next calls of an operation of Personalize end with an error."""
        self._admin("faults", {"operation": operation, "times": times, "code": code})

    def function(self, name: str) -> str:
        """The full name of a function; `name` is the first part of its logical ID: `DatasetGroup`."""
        pages = self.client("lambda").get_paginator("list_functions").paginate()
        (found,) = (
            function["FunctionName"]
            for page in pages
            for function in page["Functions"]
            if f"-{name}Function-" in function["FunctionName"]
        )
        return str(found)

    def empty(self) -> None:
        """Delete every dataset group (an account may have five), schema, schedule and file: those of the next
        test may be called the same.
        """
        self._admin("faults", method="DELETE")
        self._earlier |= frozenset(self._runs())
        s3 = self.client("s3")
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=self.bucket):
            for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                s3.delete_object(Bucket=self.bucket, Key=version["Key"], VersionId=version["VersionId"])
        scheduler = self.client("scheduler")
        for schedule in scheduler.list_schedules()["Schedules"]:
            scheduler.delete_schedule(Name=schedule["Name"], GroupName=schedule["GroupName"])
        personalize = self.client("personalize")
        for group in personalize.list_dataset_groups()["datasetGroups"]:
            inside = {"datasetGroupArn": group["datasetGroupArn"]}
            solutions = personalize.list_solutions(**inside)["solutions"]
            campaigns = [
                campaign
                for solution in solutions
                for campaign in personalize.list_campaigns(solutionArn=solution["solutionArn"])["campaigns"]
            ]
            # What refers to others goes first, and must be gone before these.
            self._delete("campaign", campaigns)
            self._delete("recommender", personalize.list_recommenders(**inside)["recommenders"])
            self._delete("solution", solutions)
            attributions = personalize.list_metric_attributions(**inside)["metricAttributions"]
            self._delete("metric_attribution", attributions)
            self._delete("filter", personalize.list_filters(**inside)["Filters"])
            self._delete("event_tracker", personalize.list_event_trackers(**inside)["eventTrackers"])
            self._delete("dataset", personalize.list_datasets(**inside)["datasets"])
            self._delete("dataset_group", [group])
        self._delete("schema", personalize.list_schemas()["schemas"])

    def mails(self) -> list[Mail]:
        return [Mail(mail["subject"], mail["message"]) for mail in self._admin("inbox")["mails"]]

    # --- how ------------------------------------------------------------------------------------------------

    def _runs(self) -> list[str]:
        """Names of all runs since the stack was emptied; executions cannot be deleted."""
        pages = (
            self.client("stepfunctions")
            .get_paginator("list_executions")
            .paginate(stateMachineArn=self.pipeline_arn)
        )
        names = (execution["name"] for page in pages for execution in page["executions"])
        return [name for name in names if name not in self._earlier]

    def _mail_about(self, name: str) -> Mail:
        deadline = time.monotonic() + MAIL_SECONDS
        while True:
            if found := [mail for mail in self.mails() if name in mail.body]:
                return found[-1]
            assert time.monotonic() < deadline, f"no mail about {name}"
            time.sleep(0.2)

    def _steps(self, name: str) -> list[dict[str, Any]]:
        client = self.client("stepfunctions")
        pages = client.get_paginator("list_executions").paginate(stateMachineArn=self.ensure_arn)
        steps = []
        for child in (one for page in pages for one in page["executions"]):
            if child["name"].startswith(f"{name[-50:]}-"):
                execution = client.describe_execution(executionArn=child["executionArn"])
                given, output = json.loads(execution["input"]), json.loads(execution.get("output") or "{}")
                failed = (
                    {}
                    if execution["status"] == "SUCCEEDED"
                    else {"failed": execution.get("cause") or execution["status"]}
                )
                steps.append({"resource": given["resource"], "name": given["name"], **output, **failed})
        return steps

    def _delete(self, kind: str, resources: list[dict[str, Any]]) -> None:
        personalize = self.client("personalize")
        head, *words = kind.split("_")
        argument = head + "".join(map(str.capitalize, words)) + "Arn"
        arns = [{argument: resource[argument]} for resource in resources]
        for arn in arns:
            getattr(personalize, f"delete_{kind}")(**arn)
        deadline = time.monotonic() + DELETE_SECONDS
        for arn in arns:
            while True:
                try:
                    getattr(personalize, f"describe_{kind}")(**arn)
                except personalize.exceptions.ResourceNotFoundException:
                    break
                assert time.monotonic() < deadline, f"{arn} is still there"
                time.sleep(0.05)

    def _admin(self, what: str, body: Any = None, method: str | None = None) -> Any:
        request = urllib.request.Request(
            f"{self.variables['AWS_ENDPOINT_URL_PERSONALIZE']}/_local/{what}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=10) as answer:
            return json.loads(answer.read() or "{}")

    def _sam(self, *arguments: str) -> None:
        path = f"{ROOT / '.tools' / 'bin'}{os.pathsep}{os.environ['PATH']}"
        sam = shutil.which("sam", path=path)
        if sam is None:
            pytest.skip("needs sam: `make test` sets it up in .tools")
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        done = subprocess.run(
            [sam, *arguments],
            cwd=ROOT,
            env=clean
            | self.variables
            | {
                "PATH": path,
                "SAM_CLI_TELEMETRY": "0",
                "NO_PROXY": "127.0.0.1,localhost",
                "AWS_CONFIG_FILE": os.devnull,
                "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"sam {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}"


def interactions_csv(users: int = 60, items: int = 40, each: int = 25, seed: int = 0) -> str:
    """Users of two tastes: those of even number keep to items of even number, with few exceptions."""
    chance = random.Random(seed)
    rows = ["USER_ID,ITEM_ID,EVENT_TYPE,TIMESTAMP"]
    for user in range(users):
        for visit in range(each):
            item = 2 * chance.randrange(items // 2) + (user % 2 if chance.random() > 0.05 else 1 - user % 2)
            rows.append(f"u{user},i{item},watch,{1_700_000_000 + 3600 * visit + 7 * user}")
    return "\n".join(rows) + "\n"


def params(group: str, **changes: Any) -> dict[str, Any]:
    """A params document with one dataset, one solution and one campaign, named after the dataset group."""
    solution = {
        "name": f"{group}-for-you",
        "recipeArn": "arn:aws:personalize:::recipe/aws-user-personalization-v2",
        "campaigns": [{"name": f"{group}-for-you", "minProvisionedTPS": 1}],
    }
    return {
        "datasetGroup": {"name": group},
        "datasets": {"Interactions": {"name": f"{group}-interactions", "schema": INTERACTIONS_SCHEMA}},
        "solutions": [solution],
    } | changes
